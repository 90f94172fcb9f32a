package event

import "shouwang"

// flickers remembers where things began to be seen in key frames: a burned-in
// clock, a lamp and a branch begin again and again where they are, and people
// seldom twice within minutes on the same spot. Cells are a 32nd and an 18th of
// the picture.
type flickers [32 * 18]shouwang.MediaTime

// flickerAgain is for how long a beginning is remembered.
const flickerAgain = 300 * shouwang.MediaRate

// again notes that something began at a place and reports whether something had
// there, or beside it, not long before.
func (f *flickers) again(b shouwang.Box, pts shouwang.MediaTime) (known bool) {
	x, y := b.Center()
	c, r := min(31, max(0, int(32*x))), min(17, max(0, int(18*y)))
	for j := max(0, r-1); j <= min(17, r+1); j++ {
		for i := max(0, c-1); i <= min(31, c+1); i++ {
			at := f[32*j+i]
			known = known || at > 0 && pts > at && pts-at < flickerAgain
		}
	}
	f[32*r+c] = pts
	return known
}
