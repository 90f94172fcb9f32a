package rules

import (
	"math"

	"shouwang/analyze"
)

// loop tells a recording that is played in a circle from a camera: no two
// pictures of a real sensor are alike to the last bit, but those of a recording
// come back in the same order. Only key frames are compared, for they are
// looked at whatever else is.
type loop struct {
	marks [loopLength]uint64
	at    uint64 // marks written
	lag   uint64 // how many key frames ago the same was seen
	run   int    // key frames in a row that were seen with this lag
}

const (
	loopLength = 2048 // key frames: over an hour at one every two seconds
	loopRun    = 4    // pictures that must come back in order
)

// look notes a key frame and reports whether the film repeats itself. A frozen
// picture is no loop: it is alike from one picture to the next.
func (l *loop) look(o *analyze.Observation) bool {
	v := fingerprint(o)
	lag := l.before(v)
	switch {
	case lag <= 1:
		l.run = 0
	case lag == l.lag:
		l.run++
	default:
		l.run = 1
	}
	l.lag = lag
	l.marks[l.at%loopLength] = v
	l.at++
	return l.run >= loopRun
}

// before is how many key frames ago the same picture was seen, 0 never. The
// lag in force is tried first.
func (l *loop) before(v uint64) uint64 {
	n := min(l.at, loopLength)
	if l.lag > 0 && l.lag <= n && l.marks[(l.at-l.lag)%loopLength] == v {
		return l.lag
	}
	for k := uint64(1); k <= n; k++ {
		if l.marks[(l.at-k)%loopLength] == v {
			return k
		}
	}
	return 0
}

// fingerprint is made of the picture's exact statistics, each a mean over all
// cells: sensor noise alone makes every one another.
func fingerprint(o *analyze.Observation) uint64 {
	a, b, c := uint64(math.Float32bits(o.Mean)), uint64(math.Float32bits(o.Dev)), uint64(math.Float32bits(o.Sharp))
	return a<<32 ^ b<<16*0x9E3779B97F4A7C15 ^ c*0xC2B2AE3D27D4EB4F
}
