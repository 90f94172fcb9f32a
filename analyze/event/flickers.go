package event

import (
	"math"

	"shouwang"
)

// flickers remembers where things began to be seen in key frames: a burned-in
// clock, a lamp and a branch begin again and again where they are, and people
// seldom twice within minutes on the same spot. Cells are a 32nd and an 18th of
// the picture.
type flickers [32 * 18]shouwang.MediaTime

// flickerAgain is for how long a beginning is remembered.
const flickerAgain = 300 * shouwang.MediaRate

// cellOf is the cell of a box's middle.
func cellOf(b shouwang.Box) (c, r int) {
	x, y := b.Center()
	return min(31, max(0, int(32*x))), min(17, max(0, int(18*y)))
}

// again notes that something began at a place and reports whether something had
// there, or beside it, not long before.
func (f *flickers) again(b shouwang.Box, pts shouwang.MediaTime) (known bool) {
	c, r := cellOf(b)
	for j := max(0, r-1); j <= min(17, r+1); j++ {
		for i := max(0, c-1); i <= min(31, c+1); i++ {
			at := f[32*j+i]
			known = known || at > 0 && pts > at && pts-at < flickerAgain
		}
	}
	f[32*r+c] = pts
	return known
}

// forget takes back what was noted in a stretch of time.
func (f *flickers) forget(from, to shouwang.MediaTime) {
	for i, at := range f {
		if at >= from && at <= to {
			f[i] = 0
		}
	}
}

// passage is the way of an event from key frame to key frame. Who passes is no
// flicker, and the next who comes by the same door is not doubted for it.
type passage struct {
	seen          int // key frames
	at            shouwang.MediaTime
	fromX, fromY  float64
	x, y          float64
	path, largest float64
}

// see takes the largest that is seen of the event in a key frame.
func (p *passage) see(b shouwang.Box, pts shouwang.MediaTime) {
	x, y := b.Center()
	size := math.Sqrt(b.Area())
	switch {
	case p.seen == 0:
		p.fromX, p.fromY = x, y
	case pts == p.at:
		return // tracks come by age; the first is the event's own
	default:
		p.path += math.Hypot(x-p.x, y-p.y)
	}
	p.seen, p.at, p.x, p.y, p.largest = p.seen+1, pts, x, y, max(p.largest, size)
}

// went reports whether it went its way: straight, in three key frames at least,
// over twice its size. Two insects that are taken for one do not.
func (p *passage) went() bool {
	way := math.Hypot(p.x-p.fromX, p.y-p.fromY)
	return p.seen >= 3 && way >= 0.8*p.path && way >= 2*p.largest
}
