package auth

import (
	"container/list"
	"sync"
	"time"

	"shouwang"
)

// Throttle slows guessing: each key (an account, an address) may fail Burst
// times at once and once more every Refill. It remembers at most Max keys, the
// least recently failed forgotten first, so its memory is bounded whoever tries.
type Throttle struct {
	burst  float64
	refill time.Duration
	max    int
	clock  func() time.Time

	mu    sync.Mutex
	keys  map[string]*list.Element
	order *list.List // of *bucket, most recent first
}

// bucket holds how many failures count against a key, as of at.
type bucket struct {
	key    string
	failed float64
	at     time.Time
}

// NewThrottle returns a throttle without memory of anybody. refill is the time
// after which one failure is forgiven.
func NewThrottle(burst int, refill time.Duration, maxKeys int, clock func() time.Time) *Throttle {
	return &Throttle{
		burst: float64(burst), refill: refill, max: maxKeys, clock: clock,
		keys: map[string]*list.Element{}, order: list.New(),
	}
}

// Take counts one try against the key and returns 0, or, without counting it,
// how long to wait. It counts before the outcome is known, so that many tries
// at once cannot slip through; Forgive takes a success back.
func (t *Throttle) Take(key string) (wait time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	b := t.bucket(key)
	if b.failed+1 > t.burst {
		return time.Duration((b.failed + 1 - t.burst) * float64(t.refill)).Round(time.Millisecond)
	}
	b.failed++
	return 0
}

// Forgive takes back one try counted against the key.
func (t *Throttle) Forgive(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	b := t.bucket(key)
	b.failed = max(0, b.failed-1)
}

// bucket returns the key's bucket as of now, made if need be; it needs mu.
func (t *Throttle) bucket(key string) *bucket {
	now := t.clock()
	if e, ok := t.keys[key]; ok {
		t.order.MoveToFront(e)
		b := e.Value.(*bucket)
		if gone := now.Sub(b.at); gone > 0 {
			b.failed = max(0, b.failed-float64(gone)/float64(t.refill))
		}
		b.at = now
		return b
	}
	if t.order.Len() >= t.max {
		oldest := t.order.Back()
		delete(t.keys, oldest.Value.(*bucket).key)
		t.order.Remove(oldest)
	}
	b := &bucket{key: key, at: now}
	t.keys[key] = t.order.PushFront(b)
	return b
}

// TooMany is the refusal of a try that came too soon.
type TooMany struct {
	after time.Duration
	err   *shouwang.Error
}

func tooMany(after time.Duration) *TooMany {
	seconds := int(after.Seconds()) + 1
	return &TooMany{after: after, err: shouwang.Errorf(shouwang.CodeRateLimited,
		"too many tries: wait %s and try again", (time.Duration(seconds) * time.Second).String())}
}

func (e *TooMany) Error() string { return e.err.Error() }

// Unwrap returns the shouwang.Error with code rate_limited.
func (e *TooMany) Unwrap() error { return e.err }

// RetryAfter returns how long to wait.
func (e *TooMany) RetryAfter() time.Duration { return e.after }

// RateLimited is the refusal of another room that slows tries down with a
// Throttle, to be answered like this one's own.
func RateLimited(after time.Duration) *TooMany { return tooMany(after) }
