package assemble

import (
	"time"

	"shouwang"
)

// maxReorder is the deepest reordering that H.264 and H.265 allow.
const maxReorder = 16

// maxJump is how far a camera's media clock may run away from ours between two
// pictures before it counts as a jump.
const maxJump = 10 * time.Second

// Timeline makes media time of RTP timestamps: unwrapped, from 0 at the first
// picture, free of jumps; and decoding times for streams that reorder. It is
// for one goroutine. The zero value is ready.
type Timeline struct {
	started bool
	prev    uint32             // timestamp of the picture before
	pts     shouwang.MediaTime // of the picture before
	at      time.Time          // arrival of the picture before

	top     shouwang.MediaTime // highest PTS so far
	dts     shouwang.MediaTime // last given out
	step    shouwang.MediaTime // usual distance of two pictures
	depth   int                // pictures by which the stream reorders
	pending [maxReorder + 1]shouwang.MediaTime
	n       int
}

// Next returns the times of the next picture in decoding order: its timestamp,
// its arrival, and the reordering depth that its parameter sets declare. DTS
// grows strictly and is never above PTS; it may be negative at the start of a
// reordering stream. Jumped says that the camera's media clock jumped by more
// than ten seconds against ours; time then goes on by our clock.
func (t *Timeline) Next(ts uint32, arrival time.Time, depth int) (pts, dts shouwang.MediaTime, jumped bool) {
	pts, jumped = t.unwrap(ts, arrival)
	t.prev, t.pts, t.at = ts, pts, arrival
	t.setDepth(depth, pts)
	t.top = max(t.top, pts)
	dts = t.decode(pts)
	if t.started && dts <= t.dts {
		dts = t.dts + 1
	}
	pts = max(pts, dts) // only a broken stream shows a picture before it can be decoded
	t.started, t.dts = true, dts
	return pts, dts, jumped
}

func (t *Timeline) unwrap(ts uint32, arrival time.Time) (shouwang.MediaTime, bool) {
	if !t.started {
		return 0, false
	}
	delta := shouwang.MediaTime(int32(ts - t.prev))
	elapsed := arrival.Sub(t.at)
	if d := delta.Duration() - elapsed; d > maxJump || d < -maxJump {
		return max(t.pts, t.top) + max(t.step, shouwang.MediaTimeOf(elapsed), 1), true
	}
	if delta > 0 && delta < shouwang.MediaRate {
		if t.step == 0 {
			t.step = delta
		} else {
			t.step += (min(delta, 2*t.step) - t.step) / 8 // one gap is no new rate
		}
	}
	return t.pts + delta, false
}

// setDepth adopts the declared depth, and learns a deeper one from a stream
// that reorders without saying so. It never shrinks within a session.
func (t *Timeline) setDepth(depth int, pts shouwang.MediaTime) {
	depth = max(0, min(depth, maxReorder))
	if t.started && pts < t.top && depth == 0 {
		depth = min(t.depth+1, 2)
	}
	if depth <= t.depth {
		return
	}
	if !t.started {
		t.step = 0
	}
	t.depth = depth
}

// decode returns the smallest of the last depth+1 presentation times: the time
// by which the picture must have been decoded. While fewer are known it
// extrapolates backwards from the first.
func (t *Timeline) decode(pts shouwang.MediaTime) shouwang.MediaTime {
	if t.depth == 0 {
		return pts
	}
	i := t.n
	for i > 0 && t.pending[i-1] > pts {
		i--
	}
	copy(t.pending[i+1:t.n+1], t.pending[i:t.n])
	t.pending[i] = pts
	t.n++
	if t.n <= t.depth {
		return t.pending[0] - shouwang.MediaTime(t.depth+1-t.n)*max(t.step, 1)
	}
	dts := t.pending[0]
	copy(t.pending[:], t.pending[1:t.n])
	t.n--
	return dts
}

// Step returns the usual distance of two pictures, 0 until known.
func (t *Timeline) Step() shouwang.MediaTime { return t.step }
