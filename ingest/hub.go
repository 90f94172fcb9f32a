package ingest

import (
	"errors"
	"sync"
	"time"

	"shouwang"
)

// ErrHubClosed is what Reader.Next returns when the stream was taken down and
// everything queued has been read.
var ErrHubClosed = errors.New("stream was taken down")

// HistoryLimits bounds a hub's history. Both bounds hold; zero in either
// keeps no history.
type HistoryLimits struct {
	Bytes int64
	For   time.Duration // of capture time
}

// Hub hands one stream's access units to any number of readers. One goroutine
// publishes; any may subscribe. A slow reader never slows the writer or
// another reader.
//
// Lock order: Hub.mu before Reader.mu.
type Hub struct {
	mu      sync.Mutex
	history history
	readers []*Reader
	closed  bool
}

// NewHub makes a hub that keeps history within the limits.
func NewHub(limits HistoryLimits) *Hub {
	return &Hub{history: history{limits: limits}}
}

// Publish hands the unit to every reader and to the history. It never waits
// and, once queues have grown to their working size, allocates nothing unless a
// reader wants the bytes at once. The unit is the hub's from then on; what its
// Data pointed to is the caller's again when Publish returns.
func (h *Hub) Publish(u *shouwang.AccessUnit) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return
	}
	o := offer{head: u, data: u.Data, held: h.history.push(u)}
	u.Data, u.Length = nil, len(o.data)
	for _, r := range h.readers {
		r.push(&o)
	}
}

// offer is a unit on its way to the readers.
type offer struct {
	head  *shouwang.AccessUnit // without its bytes
	data  []byte               // borrowed
	held  bool                 // the history has them
	whole *shouwang.AccessUnit // with bytes of its own, once somebody wanted that
}

// to returns the unit as a reader is given it.
func (o *offer) to(lean bool) *shouwang.AccessUnit {
	if lean && o.held || len(o.data) == 0 {
		return o.head
	}
	if o.whole == nil {
		u := *o.head
		u.Data = append(make([]byte, 0, len(o.data)), o.data...)
		o.whole = &u
	}
	return o.whole
}

// load makes a unit whole that a reader was given without its bytes; nil when
// the history let go of them.
func (h *Hub) load(u *shouwang.AccessUnit) *shouwang.AccessUnit {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.history.load(u)
}

// Subscribe adds a reader. With cfg.From set it first gets the history from
// the last key frame at or before From, then what is published afterwards,
// without a hole or a duplicate; without it, it starts at the next key frame.
// Close the reader when done.
func (h *Hub) Subscribe(cfg ReaderConfig) *Reader {
	r := newReader(h, cfg)
	h.mu.Lock()
	defer h.mu.Unlock()
	if !cfg.From.IsZero() {
		r.replay = h.history.since(cfg.From)
		// The replay ends with the newest unit, so live goes on mid-GOP.
		r.waitKey = len(r.replay) == 0
	}
	if h.closed {
		r.end()
		return r
	}
	h.readers = append(h.readers, r)
	return r
}

// History returns copies of the kept units from the last key frame whose capture time is
// at or before from, or from the oldest kept key frame if all are later. The
// first unit is always a key frame; nil when nothing is kept.
func (h *Hub) History(from time.Time) []*shouwang.AccessUnit {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.history.since(from)
}

// Forget empties the history at once: what consent no longer covers must not
// be replayed. No byte of it is in the history's memory when it returns.
func (h *Hub) Forget() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.history.clear()
}

// Stats returns a snapshot of every reader's counters and of the history.
func (h *Hub) Stats() HubStats {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := HubStats{HistoryUnits: h.history.n, HistoryBytes: h.history.bytes}
	for _, r := range h.readers {
		s.Readers = append(s.Readers, r.Stats())
	}
	return s
}

// HubStats is a snapshot of a hub.
type HubStats struct {
	HistoryUnits int
	HistoryBytes int64
	Readers      []ReaderStats
}

// Close ends every reader after what it has queued. It is safe to call twice.
func (h *Hub) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for _, r := range h.readers {
		r.end()
	}
	h.readers = nil
	h.history.clear()
}

func (h *Hub) remove(r *Reader) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i, x := range h.readers {
		if x == r {
			last := len(h.readers) - 1
			h.readers[i] = h.readers[last]
			h.readers[last] = nil
			h.readers = h.readers[:last]
			return
		}
	}
}
