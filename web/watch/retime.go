package watch

import (
	"time"

	"shouwang"
)

const (
	// catchUpStep is the spacing given to pictures out of the history, so that
	// a viewer sees the newest at once instead of an old second first.
	catchUpStep = shouwang.MediaRate / 1000
	// liveWithin is how late a picture may be and still count as live.
	liveWithin = 400 * time.Millisecond
	// maxStep is the longest pause that a player is shown as it was; a longer
	// one (or a step back, or a new session) is closed up.
	maxStep = 10 * shouwang.MediaRate
	// joinStep is what a closed-up pause lasts.
	joinStep = shouwang.MediaRate / 30
)

// Mark ties a time stamp that a viewer sees to when the picture was taken.
type Mark struct {
	// Media is the picture's presentation time as the viewer's player tells it:
	// 90 kHz ticks of an MP4's line, or an RTP time stamp.
	Media int64
	Wall  shouwang.WallStamp
}

// Retimer lays the media times of a live run on one growing line of 90 kHz
// ticks that begins at zero: history is squeezed together, and sessions with
// clocks of their own are joined. Decode times grow strictly.
type Retimer struct {
	started, live bool
	last, shift   shouwang.MediaTime
	epoch         uint32
}

// Next returns the unit's decode and presentation time on the viewer's line.
// now is the moment of sending; a unit without arrival time counts as live.
func (r *Retimer) Next(au *shouwang.AccessUnit, now time.Time) (dts, pts shouwang.MediaTime) {
	late := !au.Received.IsZero() && now.Sub(au.Received) > liveWithin
	switch {
	case !r.started:
		r.started, r.live, r.epoch = true, !late, au.Epoch
		r.shift = -au.DTS
	case !r.live && late:
		r.shift = r.last + catchUpStep - au.DTS
	case !r.live:
		r.live = true
		r.shift = r.last + joinStep - au.DTS
	}
	dts = au.DTS + r.shift
	if dts != 0 && (dts <= r.last || dts > r.last+maxStep || au.Epoch != r.epoch) {
		r.shift = r.last + joinStep - au.DTS
		dts = au.DTS + r.shift
	}
	r.last, r.epoch = dts, au.Epoch
	return dts, dts + max(0, au.PTS-au.DTS)
}
