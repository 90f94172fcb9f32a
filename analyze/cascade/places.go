package cascade

import (
	"math"

	"shouwang"
	"shouwang/analyze"
)

// places remembers where wakes came to nothing: a branch, a flag. Such a place
// is asked to wait longer each time before it wakes again, up to a minute; it
// is still looked at in every key frame.
type places struct {
	fails [9 * 16]float32
	last  [9 * 16]shouwang.MediaTime
}

const (
	longestWait = 60  // seconds
	leastMoving = 0.1 // share of a region that must move for it to be a reason
)

// span calls f for every place the box covers.
func span(b shouwang.Box, f func(i int)) {
	x0, x1 := int(b[0]*16), int(math.Ceil((b[0]+b[2])*16))
	y0, y1 := int(b[1]*9), int(math.Ceil((b[1]+b[3])*9))
	for y := max(0, y0); y < min(9, y1); y++ {
		for x := max(0, x0); x < min(16, x1); x++ {
			f(y*16 + x)
		}
	}
}

// wakes reports whether a region is reason to wake: it stands out, and at
// least half of it lies where wakes have been worth it, or have been long ago.
func (p *places) wakes(r *analyze.Region, pts shouwang.MediaTime) bool {
	if r.Moving < leastMoving || r.Gone {
		return false
	}
	open, all := 0, 0
	span(r.Box, func(i int) {
		all++
		wait := min(longestWait, 4*math.Exp2(float64(p.fails[i]))) * shouwang.MediaRate
		if p.fails[i] < 1 || pts-p.last[i] > shouwang.MediaTime(wait) || pts < p.last[i] {
			open++
		}
	})
	return all > 0 && 2*open >= all
}

// judge records what a wake over a region came to.
func (p *places) judge(b shouwang.Box, pts shouwang.MediaTime, useful bool) {
	span(b, func(i int) {
		if useful {
			p.fails[i] = 0
			return
		}
		p.fails[i], p.last[i] = min(8, p.fails[i]+1), pts
	})
}
