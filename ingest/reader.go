package ingest

import (
	"context"
	"sync"
	"time"

	"shouwang"
)

// Overflow says what becomes of units that a reader has no room for.
type Overflow uint8

const (
	// SkipToKey drops what is queued and goes on at a key frame; the hole
	// shows in Seq and in the counters. For analysis and live views, for which
	// old pictures are worth less than new ones.
	SkipToKey Overflow = iota
	// Report keeps what is queued, drops what follows up to a key frame for
	// which there is room, and then returns one *shouwang.Overrun in the place
	// of what is missing. For recorders, which write it down as a gap.
	Report
)

// ReaderConfig is what a reader asks for.
type ReaderConfig struct {
	Name     string    // for counters: "analysis", "live", "recorder"
	MaxUnits int       // queued at most; default 512
	MaxBytes int64     // queued at most; default 16 MiB
	Policy   Overflow  // when either is exceeded
	From     time.Time // replay history from here first; zero starts live
	// Lean leaves a unit's bytes in the history while it holds them: Data is nil,
	// and Load brings them. For who looks at few of the units.
	Lean bool
}

// ReaderStats are a reader's counters since it subscribed.
type ReaderStats struct {
	Name        string
	Delivered   uint64
	Skipped     uint64 // units dropped for want of room
	SkippedSize uint64 // their bytes
	Overflows   uint64 // how often that began
	Queued      int
	QueuedBytes int64
}

// Reader takes access units from a hub. One goroutine reads; Close may come
// from any.
type Reader struct {
	hub *Hub
	cfg ReaderConfig

	mu      sync.Mutex
	replay  []*shouwang.AccessUnit // history, read before the queue
	queue   []entry                // circular, length a power of two
	head, n int
	bytes   int64
	waitKey bool              // drop until a key frame
	over    *shouwang.Overrun // being gathered; Report only
	ended   bool
	lean    bool
	stats   ReaderStats

	wake chan struct{} // holds one token when there may be something to read
}

// entry is a unit, or the report of units that are missing in its place.
type entry struct {
	unit *shouwang.AccessUnit
	over *shouwang.Overrun
}

func newReader(h *Hub, cfg ReaderConfig) *Reader {
	if cfg.MaxUnits <= 0 {
		cfg.MaxUnits = 512
	}
	if cfg.MaxBytes <= 0 {
		cfg.MaxBytes = 16 << 20
	}
	return &Reader{
		hub: h, cfg: cfg, waitKey: true, lean: cfg.Lean, wake: make(chan struct{}, 1),
		stats: ReaderStats{Name: cfg.Name},
	}
}

// Next returns the next unit, waiting for it. Its errors: the context's,
// ErrHubClosed once the stream was taken down, and, for a reader with policy
// Report, a *shouwang.Overrun once for each stretch that was lost; reading
// goes on after that one.
func (r *Reader) Next(ctx context.Context) (*shouwang.AccessUnit, error) {
	for {
		if u, err, ok := r.take(); ok {
			return u, err
		}
		select {
		case <-r.wake:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// TryNext is Next without waiting; ok is false when nothing is queued.
func (r *Reader) TryNext() (u *shouwang.AccessUnit, err error, ok bool) { //nolint:revive // mirrors Next
	return r.take()
}

func (r *Reader) take() (*shouwang.AccessUnit, error, bool) { //nolint:revive // ok belongs last
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.replay) > 0 {
		u := r.replay[0]
		r.replay[0] = nil
		r.replay = r.replay[1:]
		r.stats.Delivered++
		return u, nil, true
	}
	if r.n == 0 {
		if r.ended {
			return nil, ErrHubClosed, true
		}
		return nil, nil, false
	}
	e := r.pop()
	if e.over != nil {
		return nil, e.over, true
	}
	r.stats.Delivered++
	return e.unit, nil, true
}

// SetLean changes ReaderConfig.Lean for what is published from now on. What was
// published before is in the history when SetLean returns, if it is kept at all.
func (r *Reader) SetLean(lean bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lean = lean
}

// Load returns the unit with its bytes: itself if it has them, else a copy; nil
// when the history let go of them in the meantime.
func (r *Reader) Load(u *shouwang.AccessUnit) *shouwang.AccessUnit {
	if u.Whole() {
		return u
	}
	return r.hub.load(u)
}

// Stats returns the reader's counters.
func (r *Reader) Stats() ReaderStats {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.stats
	s.Queued, s.QueuedBytes = r.n+len(r.replay), r.bytes
	return s
}

// Close takes the reader out of the hub; a waiting Next returns ErrHubClosed.
func (r *Reader) Close() {
	r.hub.remove(r)
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.queue)
	r.replay, r.head, r.n, r.bytes, r.over = nil, 0, 0, 0, nil
	r.finish()
}

// end lets the reader finish what it has; called with Hub.mu held.
func (r *Reader) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.over != nil {
		r.put(entry{over: r.over})
		r.over = nil
	}
	r.finish()
}

// finish marks the end and leaves a token that a closed channel never loses.
func (r *Reader) finish() {
	if !r.ended {
		r.ended = true
		close(r.wake)
	}
}
