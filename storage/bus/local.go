package bus

import (
	"context"
	"encoding/json"
	"sort"
	"sync"
	"time"

	"shouwang"
)

// Local is the bus of one process: the default. Its log lives in memory and
// ends with the process; a reader that comes back after a restart is told that
// it missed.
type Local struct {
	keep  Keep
	clock func() time.Time

	mu      sync.Mutex
	log     []entry // oldest first
	base    uint64  // the index, since start, of log[0]
	bytes   int
	last    ID // of the newest message ever published
	dropped ID // of the newest message that is no longer kept
	wake    chan struct{}
	closed  bool
}

// entry is a message with its ID as numbers, for searching.
type entry struct {
	id  ID
	msg shouwang.Message
}

// NewLocal returns an empty bus. The clock dates messages and ends their life.
func NewLocal(keep Keep, clock func() time.Time) *Local {
	return &Local{keep: keep.WithDefaults(), clock: clock, wake: make(chan struct{})}
}

// Publish implements Bus. It never waits for a reader.
func (l *Local) Publish(ctx context.Context, topic shouwang.Topic, body any) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	raw, err := Encode(topic, body)
	if err != nil {
		return "", err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return "", ErrClosed
	}
	return l.append(topic, raw), nil
}

// append needs mu.
func (l *Local) append(topic shouwang.Topic, raw json.RawMessage) string {
	now := l.clock()
	l.last = l.last.After(now)
	msg := shouwang.Message{ID: l.last.String(), Topic: topic, At: now.UTC(), Body: raw}
	l.log = append(l.log, entry{id: l.last, msg: msg})
	l.bytes += len(raw)
	l.trim(now)
	close(l.wake)
	l.wake = make(chan struct{})
	return msg.ID
}

// trim drops from the front what a bound no longer allows; it needs mu. The
// newest message always stays. Storage is given back once half of it is unused,
// so that trimming costs a constant per message.
func (l *Local) trim(now time.Time) {
	drop := 0
	for drop < len(l.log)-1 && l.over(drop, now) {
		l.bytes -= len(l.log[drop].msg.Body)
		l.dropped = l.log[drop].id
		l.log[drop] = entry{} // lets go of the body
		drop++
	}
	l.log = l.log[drop:]
	l.base += uint64(drop)
	if cap(l.log) > 2*len(l.log)+64 {
		l.log = append(make([]entry, 0, len(l.log)+len(l.log)/2), l.log...)
	}
}

func (l *Local) over(drop int, now time.Time) bool {
	return len(l.log)-drop > l.keep.Count || l.bytes > l.keep.Bytes ||
		now.Sub(l.log[drop].msg.At) > l.keep.Age
}

// Read implements Bus. The reader costs no goroutine.
func (l *Local) Read(_ context.Context, topics []shouwang.Topic, after string) (shouwang.MessageReader, error) {
	set, err := NewTopics(topics)
	if err != nil {
		return nil, err
	}
	r := &localReader{bus: l, topics: set, done: make(chan struct{})}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, ErrClosed
	}
	l.trim(l.clock())
	switch after {
	case FromNow:
		r.next = l.base + uint64(len(l.log))
	case FromOldest:
		r.next = l.base
	default:
		id, err := ParseID(after)
		if err != nil {
			return nil, err
		}
		r.next, r.missed = l.place(id)
	}
	return r, nil
}

// place returns the index to read after the message id, and whether messages
// may be missing in between; it needs mu. An id that is neither kept nor the
// very last one dropped is not from this log as it stands.
func (l *Local) place(id ID) (next uint64, missed bool) {
	i := sort.Search(len(l.log), func(i int) bool { return !l.log[i].id.Less(id) })
	if i < len(l.log) && l.log[i].id == id {
		return l.base + uint64(i) + 1, false
	}
	return l.base, id != l.dropped
}

// Close ends all readers. A second Close does nothing.
func (l *Local) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.closed {
		l.closed = true
		close(l.wake)
	}
	return nil
}

// localReader is a position in the log.
type localReader struct {
	bus    *Local
	topics Topics
	next   uint64 // index of the next message to look at
	missed bool
	once   sync.Once
	done   chan struct{}
}

// Next implements shouwang.MessageReader.
func (r *localReader) Next(ctx context.Context) (shouwang.Message, error) {
	for {
		select {
		case <-r.done:
			return shouwang.Message{}, ErrClosed
		default:
		}
		if err := ctx.Err(); err != nil {
			return shouwang.Message{}, err
		}
		msg, wake, err := r.step()
		if err != nil || wake == nil {
			return msg, err
		}
		select {
		case <-wake:
		case <-r.done:
		case <-ctx.Done():
		}
	}
}

// step returns the next message, or a channel that closes when there may be
// one.
func (r *localReader) step() (shouwang.Message, <-chan struct{}, error) {
	l := r.bus
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return shouwang.Message{}, nil, ErrClosed
	}
	l.trim(l.clock())
	if r.missed || r.next < l.base {
		r.missed, r.next = false, l.base
		return shouwang.Message{}, nil, shouwang.ErrMissed
	}
	for end := l.base + uint64(len(l.log)); r.next < end; {
		msg := l.log[r.next-l.base].msg
		r.next++
		if r.topics[msg.Topic] {
			return msg, nil, nil
		}
	}
	return shouwang.Message{}, l.wake, nil
}

// Close implements shouwang.MessageReader.
func (r *localReader) Close() error {
	r.once.Do(func() { close(r.done) })
	return nil
}
