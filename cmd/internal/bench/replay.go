package bench

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"shouwang"
	"shouwang/ingest/camsim"
	"shouwang/ingest/rtsp"
)

// replay is a street of cameras without a network: each plays the clip at its
// own pace from its own place in it, and hands over access units as ingest would have made them. What is not measured with it is the
// receiving: sockets, RTP, clocks.
type replay struct {
	clip  *camsim.Clip
	begun time.Time

	behind atomic.Int64 // nanoseconds that the last round came too late

	mu    sync.Mutex
	lane  map[int][]*playing // by the tick of a picture's distance at which they are due
	since map[shouwang.CameraID]time.Time
}

// started is when a camera showed its first picture.
func (r *replay) started(id shouwang.CameraID) (time.Time, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	t, ok := r.since[id]
	return t, ok
}

// playing is one camera's session.
type playing struct {
	cfg     rtsp.PullConfig
	first   int // picture of the clip
	n, seq  int // next picture of the endless clip; units so far
	started time.Time
	ctx     context.Context //nolint:containedctx // the session's
}

// beat is how often it is looked who is due; streams' pictures are spread over
// the beats of a picture's distance.
const beat = 10 * time.Millisecond

func newReplay(clip *camsim.Clip) *replay {
	return &replay{clip: clip, begun: time.Now(), lane: map[int][]*playing{}, since: map[shouwang.CameraID]time.Time{}}
}

// beats is how many beats the distance of two pictures has.
func (r *replay) beats() int {
	step := r.clip.Duration.Duration() / time.Duration(len(r.clip.Frames))
	return max(1, int(step/beat))
}

// phase is where in the clip a camera begins: cameras differ in the group of
// pictures and in the picture within a second.
func phase(clip *camsim.Clip, camera int) int {
	var keys []int
	for i := range clip.Frames {
		if clip.Frames[i].Key {
			keys = append(keys, i)
		}
	}
	return keys[camera*7919%len(keys)]
}

// Pull plays a camera until ctx ends.
func (r *replay) Pull(ctx context.Context, cfg rtsp.PullConfig) error {
	var i int
	if _, err := fmt.Sscanf(string(cfg.Camera), "cam-%d", &i); err != nil {
		return fmt.Errorf("replay: no camera of ours: %s", cfg.Camera)
	}
	p := &playing{cfg: cfg, n: phase(r.clip, i), first: phase(r.clip, i), ctx: ctx, started: time.Now()}
	if cfg.OnPlay != nil {
		cfg.OnPlay(rtsp.Playing{Transport: rtsp.TransportTCP, Codec: r.clip.Params.Codec, Counters: func() rtsp.Counters { return rtsp.Counters{} }})
	}
	at := i % r.beats()
	r.mu.Lock()
	r.lane[at] = append(r.lane[at], p)
	r.since[cfg.Camera] = p.started
	r.mu.Unlock()
	<-ctx.Done()
	r.mu.Lock()
	defer r.mu.Unlock()
	for k, q := range r.lane[at] {
		if q == p {
			r.lane[at] = append(r.lane[at][:k:k], r.lane[at][k+1:]...)
			break
		}
	}
	return ctx.Err()
}

// run plays until ctx ends. Beats that come late are made up for.
func (r *replay) run(ctx context.Context) {
	beats := r.beats()
	var scratch []byte
	for n := 0; ; n++ {
		due := r.begun.Add(time.Duration(n) * beat)
		late := time.Since(due)
		r.behind.Store(int64(max(0, late)))
		if late < 0 {
			select {
			case <-ctx.Done():
				return
			case <-time.After(-late):
			}
		} else if ctx.Err() != nil {
			return
		}
		r.mu.Lock()
		list := r.lane[n%beats]
		r.mu.Unlock()
		for _, p := range list {
			scratch = p.next(r.clip, scratch)
		}
	}
}

// next hands over one picture, put together in scratch as ingest does; it returns
// where the next one may be.
func (p *playing) next(clip *camsim.Clip, scratch []byte) []byte {
	if p.ctx.Err() != nil {
		return scratch
	}
	u := clip.UnitIn(scratch, p.cfg.Camera, p.cfg.Stream, p.started, p.n)
	// Taken when the camera's clock says, also when this process was held up.
	u.Wall = shouwang.WallStamp{At: p.started.Add((u.PTS - clip.Frames[p.first].PTS).Duration())}
	u.Epoch, u.Seq, u.Received = p.cfg.Epoch, uint64(p.seq), time.Now()
	p.n++
	p.seq++
	scratch = u.Data
	p.cfg.Publish(u)
	return scratch
}
