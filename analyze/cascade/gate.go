package cascade

import (
	"math"

	"shouwang"
)

// gate watches the sizes of pictures between key frames. It can only wake:
// size alone says little about stillness (a camera that holds its bit rate
// spends the same bits on noise), but a sudden growth says that something
// changed before the next key frame shows it.
type gate struct {
	mean, dev float64 // of log2 of the size
	seen      int
	above     int
	notBefore shouwang.MediaTime
	patience  shouwang.MediaTime // grows with every wake that was for nothing
}

const (
	gateWarm     = 50 // pictures
	firstPause   = 10 * shouwang.MediaRate
	longestPause = 600 * shouwang.MediaRate
)

// look takes the size of one picture that is no key frame and reports whether
// it is reason to wake.
func (g *gate) look(size int, pts shouwang.MediaTime) bool {
	v := math.Log2(float64(max(size, 16)))
	if g.seen++; g.seen == 1 {
		g.mean, g.dev = v, 1
	}
	d := v - g.mean
	high := g.seen > gateWarm && d > max(1, 5*g.dev)
	k := 0.02
	if high {
		k = 0.005
	}
	g.mean += d * k
	g.dev += (math.Abs(d) - g.dev) * k
	if !high {
		g.above = 0
		return false
	}
	g.above++
	if g.above < 2 || pts < g.notBefore {
		return false
	}
	g.above = 0
	g.notBefore = pts + max(g.patience, firstPause)
	return true
}

// learned tells the gate whether its last wake came to something.
func (g *gate) learned(useful bool) {
	if useful {
		g.patience, g.notBefore = 0, 0
		return
	}
	g.patience = min(longestPause, max(firstPause, 2*g.patience))
}

// restart begins anew with media time of another session.
func (g *gate) restart() { g.notBefore = 0 }
