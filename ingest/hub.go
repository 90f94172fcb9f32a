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
	last    *shouwang.AccessUnit
}

// NewHub makes a hub that keeps history within the limits.
func NewHub(limits HistoryLimits) *Hub {
	return &Hub{history: history{limits: limits}}
}

// Publish hands the unit to every reader and to the history. It never waits
// and, once queues have grown to their working size, allocates nothing. The
// unit must not be changed afterwards.
func (h *Hub) Publish(u *shouwang.AccessUnit) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return
	}
	h.last = u
	h.history.push(u)
	for _, r := range h.readers {
		r.push(u)
	}
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

// History returns the kept units from the last key frame whose capture time is
// at or before from, or from the oldest kept key frame if all are later. The
// first unit is always a key frame; nil when nothing is kept.
func (h *Hub) History(from time.Time) []*shouwang.AccessUnit {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.history.since(from)
}

// Last returns the newest unit, nil before the first.
func (h *Hub) Last() *shouwang.AccessUnit {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.last
}

// Forget empties the history at once: what consent no longer covers must not
// be replayed.
func (h *Hub) Forget() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.history.clear()
	h.last = nil
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
