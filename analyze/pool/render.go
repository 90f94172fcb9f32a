package pool

import (
	"context"
	"fmt"

	"shouwang"
	"shouwang/analyze"
	"shouwang/analyze/wire"
)

// RenderOptions are what a viewer's decision obliges us to do to each picture.
type RenderOptions struct {
	Camera shouwang.CameraID
	// Masks are filled flat, luma and chroma.
	Masks []shouwang.Polygon
	// BlurPeople and BlurPlates pixelate whatever moves or moved within the last
	// quarter of a minute, alike, as nothing here can tell a person from a vehicle
	// for certain. With a classifier, people (or vehicles) that only stand are
	// pixelated, too; without, one who stood still since before the scene was
	// known may be taken for scenery.
	BlurPeople, BlurPlates bool
	// Clear spares one person who was marked by hand: boxes at moments of wall
	// time, in order, at most wire.MaxClear.
	Clear []shouwang.TrackPoint
	// Watermark is burned in with the picture's wall time; ASCII, as the
	// renderer has no other letters. Empty leaves it out. For Share it only says
	// whether each output owes one.
	Watermark string
	// MaxWidth in pixels and MaxFPS bound the output; 0 leaves them.
	MaxWidth int
	MaxFPS   float64
	// GOP is the most pictures between key frames; 0 means 50.
	GOP int
	// Keys puts a key frame wherever the input has one.
	Keys bool
	// Taught leaves out what an analysis of the camera knows of its scene.
	Taught bool
	// Bitrate bounds the output in bits a second; 0 lets quality decide.
	Bitrate int
}

func (o *RenderOptions) spec(c *Config) (wire.RenderSpec, error) {
	points := 0
	for _, m := range o.Masks {
		points += len(m)
	}
	if len(o.Masks) > 64 || points > 1024 {
		// A mask that cannot be sent must not be left out.
		return wire.RenderSpec{}, shouwang.Errorf(shouwang.CodeTooLarge, "camera %s has more masks than a renderer takes", o.Camera)
	}
	if len(o.Clear) > wire.MaxClear {
		return wire.RenderSpec{}, shouwang.Errorf(shouwang.CodeTooLarge, "%d marks of one person: %d are taken", len(o.Clear), wire.MaxClear)
	}
	var clear []wire.Clear
	for _, p := range o.Clear {
		clear = append(clear, wire.Clear{At: p.At.UnixMicro(), Box: p.Box})
	}
	_, zone := c.Now().In(c.Zone).Zone()
	return wire.RenderSpec{
		Masks: o.Masks, Veil: o.BlurPeople || o.BlurPlates, People: o.BlurPeople, Vehicles: o.BlurPlates, Clear: clear, Marked: o.Watermark != "", Zone: zone,
		MaxWidth: o.MaxWidth, MaxFPS: o.MaxFPS, GOP: o.GOP, Keys: o.Keys, Bitrate: o.Bitrate,
	}, nil
}

// Render is one stream on its way from a camera to viewers, decoded and drawn
// over once as their obligations say, and marked and encoded once for each
// mark. When anything goes wrong nothing comes out.
type Render struct {
	s    *stream
	spec wire.RenderSpec
	only *Output // of a Render; nil for a Share
	// taught is as asked for.
	taught bool
	stop   func() bool

	// Guarded by Pool.mu.
	outputs  map[uint32]*Output
	lastID   uint32
	flushing bool
	ended    bool // nothing more is rendered
	why      error
}

// Render starts a renderer with one output; Close must be called, or ctx ended.
// Errors are CodePoison while the camera is in quarantine and CodeTooLarge for
// masks or a watermark beyond the bound.
func (p *Pool) Render(ctx context.Context, o RenderOptions) (*Render, error) {
	r, err := p.Share(ctx, o)
	if err != nil {
		return nil, err
	}
	if r.only, err = r.Mark(o.Watermark); err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

// Share starts a renderer for any number of outputs, which [Render.Mark] adds.
// Until there is one nothing is drawn. Close must be called, or ctx ended.
func (p *Pool) Share(ctx context.Context, o RenderOptions) (*Render, error) {
	spec, err := o.spec(&p.cfg)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	s, err := p.newStream(o.Camera)
	if err != nil {
		return nil, fmt.Errorf("render camera %s: %w", o.Camera, err)
	}
	r := &Render{s: s, spec: spec, taught: o.Taught, outputs: map[uint32]*Output{}}
	s.render, s.cost = r, 3000
	if o := p.watcher(s.cam); o != nil {
		s.home = o.home // where the scene is known
	}
	r.stop = context.AfterFunc(ctx, r.Close)
	return r, nil
}

// watcher returns the session that keeps the camera's scene, or nil. Call
// under mu.
func (p *Pool) watcher(cam shouwang.CameraID) *stream {
	for _, s := range p.streams {
		if s.cam == cam && s.sess != nil && s.sess.opts.Veil {
			return s
		}
	}
	return nil
}

// known returns the handle under which the renderer's process keeps the scene
// of its camera, 0 if it does not, or if that is not wanted.
func (p *Pool) known(s *stream) uint32 {
	if s.render != nil && s.render.taught {
		return 0
	}
	if o := p.watcher(s.cam); o != nil && o.home == s.home && o.sent != nil {
		return o.handle
	}
	return 0
}

// Push queues one unit and never waits; see Session.Push for its errors. Units
// come in the stream's order, from any key frame on.
func (r *Render) Push(au *shouwang.AccessUnit) error { return r.s.push(au, analyze.ModeChain) }

// PushWait is Push for playback: it waits for room, and for Out to be read,
// and drops nothing.
func (r *Render) PushWait(ctx context.Context, au *shouwang.AccessUnit) error {
	return r.s.pushWait(ctx, au, analyze.ModeChain)
}

// Finish waits until every unit was rendered and makes the renderer hand out
// what it still holds; then Out is closed. Out must be read meanwhile.
func (r *Render) Finish(ctx context.Context) error {
	if err := r.s.drain(ctx); err != nil {
		return err
	}
	r.s.p.mu.Lock()
	defer r.s.p.mu.Unlock()
	if r.ended || r.s.sent == nil {
		r.finish(r.why)
		return nil
	}
	r.flushing = true
	r.s.home.say(wire.KindFlush, r.s.handle)
	return nil
}

// Out is the Out of the one output of a Render.
func (r *Render) Out() <-chan *shouwang.AccessUnit { return r.only.out }

// Err returns why the rendering ended: nil after Close or Finish.
func (r *Render) Err() error {
	r.s.p.mu.Lock()
	defer r.s.p.mu.Unlock()
	return r.why
}

// Stats returns the renderer's counters; Dropped includes pictures that the
// readers of outputs were too slow for.
func (r *Render) Stats() SessionStats {
	st := r.s.snapshot()
	r.s.p.mu.Lock()
	defer r.s.p.mu.Unlock()
	for _, o := range r.outputs {
		st.Dropped += o.dropped
	}
	return st
}

// Close ends the renderer and every output at once. It may be called twice.
func (r *Render) Close() {
	r.s.p.mu.Lock()
	defer r.s.p.mu.Unlock()
	r.abandon()
}

// abandon ends the renderer without handing anything more out. Call under mu.
func (r *Render) abandon() {
	r.finish(nil)
	for _, o := range r.outputs {
		o.abandon()
	}
	if r.stop != nil {
		r.stop()
	}
}

// finish lets the outputs hand out what is there and end. Call under mu.
func (r *Render) finish(why error) {
	if r.ended {
		return
	}
	r.ended, r.why = true, why
	r.s.p.end(r.s, why)
	for _, o := range r.outputs {
		o.finish(why)
	}
}

// orphaned tells the renderer that its process died. Live goes on with the
// next key frame in the next process; a flush has nobody left to carry it out.
func (r *Render) orphaned() {
	for _, o := range r.outputs {
		o.needKey = true
	}
	if r.flushing {
		r.finish(shouwang.Errorf(shouwang.CodeInternal, "the renderer died before it was done: try again"))
	}
}

// marks are what the process is told of the outputs.
func (r *Render) marks() []wire.Mark {
	out := make([]wire.Mark, 0, len(r.outputs))
	for id, o := range r.outputs {
		out = append(out, wire.Mark{ID: id, Text: o.text})
	}
	return out
}

// outputFull reports whether playback must wait for its reader.
func (s *stream) outputFull() bool {
	if s.render == nil || s.render.only == nil {
		return false
	}
	return len(s.render.only.pics)+s.inflight+s.n >= maxPictures/2
}

// pictured books one rendered picture and queues it for the reader.
func (w *worker) pictured(body []byte) error {
	var pic wire.Picture
	if err := wire.ParsePicture(body, &pic); err != nil {
		return err
	}
	p := w.p
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.streams[pic.Handle]
	ack, end := pic.Flags&wire.FlagAck != 0, pic.Flags&wire.FlagEnd != 0
	if ack && !end {
		if _, ok := w.settle(pic.Handle, pic.Seq, int64(pic.Micros)); !ok {
			return errViolation
		}
	}
	if s == nil || s.render == nil || s.home != w {
		return nil
	}
	if ack {
		s.clear()
	}
	if pic.Flags&wire.FlagDamaged != 0 {
		s.stats.Damaged++
	}
	if o := s.render.outputs[pic.Mark]; o != nil && len(pic.Data) > 0 {
		o.deliver(&pic)
	}
	if end {
		s.render.finish(nil)
	}
	return nil
}
