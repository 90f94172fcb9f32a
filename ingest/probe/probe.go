// Package probe looks at a camera once, for `shouwang camera test` and for
// onboarding: what it sends, how fast, and how wrong its clock is.
package probe

import (
	"context"
	"errors"
	"time"

	"shouwang"
	"shouwang/ingest/guard"
	"shouwang/ingest/rtsp"
)

// Result is what a camera was seen to send.
type Result struct {
	Codec     shouwang.Codec `json:"-"`
	CodecName string         `json:"codec"`
	Width     int            `json:"width"`
	Height    int            `json:"height"`
	FPS       float64        `json:"fps"`     // measured, not declared
	Bitrate   float64        `json:"bitrate"` // bits a second, measured
	GOP       time.Duration  `json:"gop_ns"`  // 0 when fewer than two key frames came
	// Offset is the camera's clock minus ours; valid if ClockKnown.
	Offset      time.Duration `json:"clock_offset_ns"`
	Uncertainty time.Duration `json:"clock_uncertainty_ns"`
	ClockKnown  bool          `json:"clock_known"`
	Transport   string        `json:"transport"`
	RTT         time.Duration `json:"rtt_ns"`
	Units       int           `json:"units"`
	Lost        int           `json:"lost"`
	BFrames     bool          `json:"b_frames"`
}

// Options bound a probe.
type Options struct {
	// For is how long pictures are watched; default 6 s. It ends early when
	// two key frames and a sender report have come and two seconds passed.
	For time.Duration
	TLS rtsp.TLS
}

// errSeen ends a session that has shown enough.
var errSeen = errors.New("seen enough")

// Probe connects, watches, and describes. The guard decides about the address;
// nil uses its defaults. Errors are those of rtsp.Pull: a code and one line to
// act on.
func Probe(ctx context.Context, url string, g *guard.Guard, opts Options) (Result, error) {
	if opts.For <= 0 {
		opts.For = 6 * time.Second
	}
	limited, cancel := context.WithTimeoutCause(ctx, opts.For+10*time.Second, errSeen)
	defer cancel()
	stop, end := context.WithCancelCause(limited)
	defer end(nil)
	w := &watch{limit: opts.For, end: func() { end(errSeen) }}
	err := rtsp.Pull(stop, rtsp.PullConfig{
		Identity: rtsp.Identity{Camera: "probe", Stream: shouwang.StreamMain, Epoch: 1},
		URL:      url, Guard: g, TLS: opts.TLS, Timeout: 5 * time.Second, Stall: 8 * time.Second,
		Publish: w.unit, OnPlay: w.playing,
	})
	if ctx.Err() != nil {
		return Result{}, ctx.Err()
	}
	if w.Units == 0 {
		if errors.Is(context.Cause(stop), errSeen) {
			return Result{}, shouwang.Errorf(shouwang.CodeStalled, "the camera sent no picture in time: check its load and its key frame interval")
		}
		return Result{}, err
	}
	return w.result(), nil
}

// watch gathers what units tell. Only the session's goroutine uses it until the
// session is over.
type watch struct {
	Result
	limit       time.Duration
	end         func()
	first, last *shouwang.AccessUnit
	keys        int
	keyAt       shouwang.MediaTime
	top         shouwang.MediaTime
	bytes       int
}

func (w *watch) playing(p rtsp.Playing) {
	w.Codec, w.CodecName, w.Transport, w.RTT = p.Codec, p.Codec.String(), string(p.Transport), p.RTT
}

func (w *watch) unit(u *shouwang.AccessUnit) {
	if w.first == nil {
		w.first = u
	}
	w.last = u
	w.Units++
	w.Lost += u.Lost
	w.Width, w.Height = u.Params.Width, u.Params.Height
	w.BFrames = w.BFrames || u.PTS < w.top
	w.top = max(w.top, u.PTS)
	if u.Key {
		if w.keys > 0 {
			w.GOP = (u.PTS - w.keyAt).Duration()
		}
		w.keys++
		w.keyAt = u.PTS
	}
	if u.Wall.Source == shouwang.StampSenderReport {
		w.Offset, w.Uncertainty, w.ClockKnown = u.Wall.Offset, u.Wall.Uncertainty, true
	}
	watched := u.Received.Sub(w.first.Received)
	if watched >= w.limit || watched >= 2*time.Second && w.keys > 1 && w.ClockKnown {
		w.end()
		return
	}
	w.bytes += u.Size() // what came within the time watched
}

func (w *watch) result() Result {
	if d := w.last.Received.Sub(w.first.Received).Seconds(); d > 0 {
		w.FPS = float64(w.Units-1) / d
		w.Bitrate = float64(w.bytes) * 8 / d
	}
	return w.Result
}
