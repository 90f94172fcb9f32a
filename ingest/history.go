package ingest

import (
	"sort"
	"time"

	"shouwang"
	"shouwang/ingest/ring"
)

// history is a circular buffer of whole groups of pictures: its oldest unit is
// always a key frame. Their bytes stand in memory of its own, which nobody else
// ever points into. It belongs to Hub.mu.
type history struct {
	limits HistoryLimits
	camera shouwang.CameraID
	stream shouwang.StreamKind
	units  []kept // circular
	head   int    // index of the oldest
	n      int
	bytes  int64
	data   ring.Ring
}

// kept is what an access unit is made of again.
type kept struct {
	seq      uint64
	pts, dts shouwang.MediaTime
	wall     shouwang.WallStamp
	received time.Time
	params   *shouwang.Params
	at       int64 // of its bytes in data
	size     int32
	lost     int32
	epoch    uint32
	key      bool
}

func (h *history) at(i int) *kept {
	if i += h.head; i >= len(h.units) {
		i -= len(h.units)
	}
	return &h.units[i]
}

// push appends a unit with its bytes and drops whole groups until both bounds
// hold; it reports whether the unit is held. A group that alone is larger than
// the bound is not kept at all, so the bound on memory never depends on a
// camera's good will.
func (h *history) push(u *shouwang.AccessUnit) bool {
	if h.limits.Bytes <= 0 || h.limits.For <= 0 || (h.n == 0 && !u.Key) {
		return false
	}
	if h.n > 0 && h.at(h.n-1).epoch != u.Epoch && !u.Key {
		h.clear()
		return false
	}
	if int64(len(u.Data)) > h.limits.Bytes {
		h.clear()
		return false
	}
	if h.n == len(h.units) {
		h.grow()
	}
	h.camera, h.stream = u.Camera, u.Stream
	h.n++
	*h.at(h.n - 1) = kept{
		seq: u.Seq, pts: u.PTS, dts: u.DTS, wall: u.Wall, received: u.Received, params: u.Params,
		at: h.data.Append(u.Data), size: int32(len(u.Data)), lost: int32(min(u.Lost, 1<<30)), epoch: u.Epoch, key: u.Key,
	}
	h.bytes += int64(len(u.Data))
	for h.n > 0 && h.over(u) {
		h.dropGroup()
	}
	return h.n > 0
}

// over reports whether the oldest group has to go: too many bytes, or the group
// after it alone already covers the time kept.
func (h *history) over(newest *shouwang.AccessUnit) bool {
	if h.bytes > h.limits.Bytes {
		return true
	}
	next := h.nextKey()
	return next < h.n && newest.Wall.At.Sub(h.at(next).wall.At) >= h.limits.For
}

func (h *history) nextKey() int {
	i := 1
	for i < h.n && !h.at(i).key {
		i++
	}
	return i
}

func (h *history) dropGroup() {
	n := h.nextKey()
	if n == h.n {
		h.clear()
		return
	}
	for range n {
		oldest := h.at(0)
		h.bytes -= int64(oldest.size)
		*oldest = kept{}
		h.n--
		if h.head++; h.head == len(h.units) {
			h.head = 0
		}
	}
	h.data.DropTo(h.at(0).at)
}

// clear forgets everything; no byte of it is left in memory.
func (h *history) clear() {
	clear(h.units)
	h.head, h.n, h.bytes = 0, 0, 0
	h.data.Clear()
}

func (h *history) grow() {
	units := make([]kept, max(64, len(h.units)+len(h.units)/2))
	for i := range h.n {
		units[i] = *h.at(i)
	}
	h.units, h.head = units, 0
}

// since copies out the units from the last key frame at or before from.
func (h *history) since(from time.Time) []*shouwang.AccessUnit {
	if h.n == 0 {
		return nil
	}
	start := h.n - 1
	for start > 0 && (!h.at(start).key || h.at(start).wall.At.After(from)) {
		start--
	}
	units := make([]shouwang.AccessUnit, h.n-start)
	out := make([]*shouwang.AccessUnit, 0, len(units))
	room := slab{left: int(h.data.Len())}
	for i := range units {
		k := h.at(start + i)
		h.restore(&units[i], k, room.take(int(k.size)))
		out = append(out, &units[i])
	}
	return out
}

// load makes a unit whole again, in memory of the caller's; nil when its bytes
// are not held any more.
func (h *history) load(u *shouwang.AccessUnit) *shouwang.AccessUnit {
	i := sort.Search(h.n, func(i int) bool {
		k := h.at(i)
		return k.epoch > u.Epoch || k.epoch == u.Epoch && k.seq >= u.Seq
	})
	if i == h.n || h.at(i).epoch != u.Epoch || h.at(i).seq != u.Seq {
		return nil
	}
	k, whole := h.at(i), new(shouwang.AccessUnit)
	h.restore(whole, k, make([]byte, k.size))
	return whole
}

// restore writes the unit that k was made of, its bytes into data.
func (h *history) restore(u *shouwang.AccessUnit, k *kept, data []byte) {
	h.data.Copy(data, k.at) // held: what is listed is
	*u = shouwang.AccessUnit{
		Camera: h.camera, Stream: h.stream, Epoch: k.epoch, Seq: k.seq, Lost: int(k.lost),
		PTS: k.pts, DTS: k.dts, Wall: k.wall, Received: k.received,
		Key: k.key, Params: k.params, Data: data, Length: len(data),
	}
}

// slab is where the bytes of many units are copied to, some hundred kilobytes at
// a time, so that they go as they are used and are few for the collector.
type slab struct {
	left int // bytes that are still to come, at most
	free []byte
}

const slabSize = 256 << 10

func (s *slab) take(n int) []byte {
	if n > len(s.free) {
		s.free = make([]byte, max(n, min(slabSize, s.left)))
	}
	out := s.free[:n:n]
	s.free, s.left = s.free[n:], s.left-n
	return out
}
