package scene

import (
	"math"
	"time"

	"shouwang"
)

// home remembers where the scene has edges, so that a camera that looks
// elsewhere is told from one whose light has changed: lamps, clouds and
// infrared change how strong edges are, and hardly where they are.
type home struct {
	edges, now []uint8 // luma steps per cell
	known      bool
	like       float32
	next       shouwang.MediaTime // when to look again
	learned    shouwang.MediaTime
	lowSince   shouwang.MediaTime
	low        bool
}

const (
	homeAfter = 30 * time.Second // of seeing the scene it is taken for home
	homeEvery = 150 * time.Second
	homeMoves = 10 * time.Minute // after this long elsewhere that is home
	homeLeast = 0.25             // likeness below which it is elsewhere
)

// restart waits for the scene to be known again; what home was is kept.
func (h *home) restart(pts shouwang.MediaTime) {
	h.next, h.learned, h.low = pts+shouwang.MediaRate, pts, false
}

// look compares the picture with home once a second and returns the likeness
// last found: the correlation of edges, 0..1, 0 while home is not known.
func (h *home) look(m *Model, pts shouwang.MediaTime) float32 {
	if pts < h.next {
		return h.like
	}
	h.next = pts + shouwang.MediaRate
	h.steps(m)
	if !h.known {
		if (pts - m.born).Duration() >= homeAfter {
			copy(h.edges, h.now)
			h.known, h.learned = true, pts
		}
		return 0
	}
	h.like = max(0.001, float32(correlation(h.edges, h.now)))
	h.learn(pts)
	return h.like
}

// steps fills now with how much each cell differs from its neighbours to the
// right and below; the last row and column have none.
func (h *home) steps(m *Model) {
	clear(h.now)
	for r := range m.rows - 1 {
		row, below := m.cur[r*m.cols:(r+1)*m.cols], m.cur[(r+1)*m.cols:(r+2)*m.cols]
		out := h.now[r*m.cols : (r+1)*m.cols]
		v := int32(row[0])
		for c := 0; c < len(row)-1 && c < len(below) && c < len(out); c++ {
			next := int32(row[c+1])
			right, down := next-v, int32(below[c])-v
			out[c] = uint8(min(255, (max(right, -right)+max(down, -down))>>7))
			v = next
		}
	}
}

func (h *home) learn(pts shouwang.MediaTime) {
	if low := h.like < homeLeast; low != h.low {
		h.low, h.lowSince = low, pts
	}
	switch {
	case h.low && (pts-h.lowSince).Duration() > homeMoves:
		copy(h.edges, h.now)
		h.low, h.learned = false, pts
	case !h.low && (pts-h.learned).Duration() > homeEvery:
		for i, v := range h.now {
			h.edges[i] = uint8((3*int(h.edges[i]) + int(v) + 2) / 4)
		}
		h.learned = pts
	}
}

// correlation is Pearson's of two fields of equal length.
func correlation(a, b []uint8) float64 {
	var sa, sb, aa, bb, ab int64
	for i, x := range a {
		y := int64(b[i])
		x := int64(x)
		sa, sb, aa, bb, ab = sa+x, sb+y, aa+x*x, bb+y*y, ab+x*y
	}
	n := float64(len(a))
	va := float64(aa) - float64(sa)*float64(sa)/n
	vb := float64(bb) - float64(sb)*float64(sb)/n
	if va <= 0 || vb <= 0 {
		return 0
	}
	return (float64(ab) - float64(sa)*float64(sb)/n) / math.Sqrt(va*vb)
}
