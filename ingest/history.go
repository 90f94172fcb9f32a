package ingest

import (
	"time"

	"shouwang"
)

// history is a circular buffer of whole groups of pictures: its oldest unit is
// always a key frame. It belongs to Hub.mu.
type history struct {
	limits HistoryLimits
	ring   []*shouwang.AccessUnit // length is a power of two
	head   int                    // index of the oldest
	n      int
	bytes  int64
}

func (h *history) at(i int) *shouwang.AccessUnit { return h.ring[(h.head+i)&(len(h.ring)-1)] }

// push appends a unit and drops whole groups until both bounds hold. A group
// that alone is larger than the bound is not kept at all, so the bound on
// memory never depends on a camera's good will.
func (h *history) push(u *shouwang.AccessUnit) {
	if h.limits.Bytes <= 0 || h.limits.For <= 0 || (h.n == 0 && !u.Key) {
		return
	}
	if h.n > 0 && h.at(h.n-1).Epoch != u.Epoch && !u.Key {
		h.clear()
		return
	}
	if h.n == len(h.ring) {
		h.grow()
	}
	h.ring[(h.head+h.n)&(len(h.ring)-1)] = u
	h.n++
	h.bytes += int64(u.Size())
	for h.n > 0 && h.over(u) {
		h.dropGroup()
	}
}

// over reports whether the oldest group has to go: too many bytes, or the group
// after it alone already covers the time kept.
func (h *history) over(newest *shouwang.AccessUnit) bool {
	if h.bytes > h.limits.Bytes {
		return true
	}
	next := h.nextKey()
	return next < h.n && newest.Wall.At.Sub(h.at(next).Wall.At) >= h.limits.For
}

func (h *history) nextKey() int {
	i := 1
	for i < h.n && !h.at(i).Key {
		i++
	}
	return i
}

func (h *history) dropGroup() {
	for i := h.nextKey(); i > 0; i-- {
		h.bytes -= int64(h.ring[h.head].Size())
		h.ring[h.head] = nil
		h.head = (h.head + 1) & (len(h.ring) - 1)
		h.n--
	}
}

func (h *history) clear() {
	clear(h.ring)
	h.head, h.n, h.bytes = 0, 0, 0
}

func (h *history) grow() {
	ring := make([]*shouwang.AccessUnit, max(64, 2*len(h.ring)))
	for i := range h.n {
		ring[i] = h.at(i)
	}
	h.ring, h.head = ring, 0
}

// since copies out the units from the last key frame at or before from.
func (h *history) since(from time.Time) []*shouwang.AccessUnit {
	if h.n == 0 {
		return nil
	}
	start := h.n - 1
	for start > 0 && (!h.at(start).Key || h.at(start).Wall.At.After(from)) {
		start--
	}
	out := make([]*shouwang.AccessUnit, 0, h.n-start)
	for i := start; i < h.n; i++ {
		out = append(out, h.at(i))
	}
	return out
}
