package pool

import (
	"bytes"
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
	// BlurPeople and BlurPlates pixelate whatever moves or moved within the
	// last minute; the two are carried out alike, as nothing here can tell
	// a person from a vehicle for certain.
	BlurPeople, BlurPlates bool
	// Watermark is burned in with the picture's wall time; ASCII, as the
	// renderer has no other letters. Empty leaves it out.
	Watermark string
	// MaxWidth in pixels and MaxFPS bound the output; 0 leaves them.
	MaxWidth int
	MaxFPS   float64
	// GOP is the most pictures between key frames; 0 means 50.
	GOP int
	// Keys puts a key frame wherever the input has one.
	Keys bool
	// Bitrate bounds the output in bits a second; 0 lets quality decide.
	Bitrate int
}

func (o *RenderOptions) spec(c *Config) (wire.RenderSpec, error) {
	points := 0
	for _, m := range o.Masks {
		points += len(m)
	}
	if len(o.Masks) > 64 || points > 1024 || len(o.Watermark) > 256 {
		// A mask that cannot be sent must not be left out.
		return wire.RenderSpec{}, shouwang.Errorf(shouwang.CodeTooLarge, "camera %s has more masks or a longer watermark than a renderer takes", o.Camera)
	}
	_, zone := c.Now().In(c.Zone).Zone()
	return wire.RenderSpec{
		Masks: o.Masks, Veil: o.BlurPeople || o.BlurPlates, Watermark: o.Watermark, Zone: zone,
		MaxWidth: o.MaxWidth, MaxFPS: o.MaxFPS, GOP: o.GOP, Keys: o.Keys, Bitrate: o.Bitrate,
	}, nil
}

// maxPictures bounds the rendered pictures that wait for their reader.
const maxPictures = 64

// Render is one stream on its way from a camera to viewers, drawn over as
// their obligations say. When anything goes wrong nothing comes out.
type Render struct {
	s    *stream
	spec wire.RenderSpec
	out  chan *shouwang.AccessUnit
	more chan struct{} // one token when pics or ended changed
	left chan struct{} // closed when nobody will read any more

	// Guarded by Pool.mu.
	stop     func() bool
	gone     bool
	pics     []*shouwang.AccessUnit
	needKey  bool
	flushing bool
	ended    bool // nothing follows what is in pics
	why      error
	params   *shouwang.Params
	seq      uint64
	dropped  uint64
}

// Render starts a renderer; Close must be called, or ctx ended. Errors are
// CodePoison while the camera is in quarantine and CodeTooLarge for masks
// beyond the bound.
func (p *Pool) Render(ctx context.Context, o RenderOptions) (*Render, error) {
	spec, err := o.spec(&p.cfg)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	s, err := p.newStream(o.Camera)
	if err != nil {
		p.mu.Unlock()
		return nil, fmt.Errorf("render camera %s: %w", o.Camera, err)
	}
	r := &Render{s: s, spec: spec, out: make(chan *shouwang.AccessUnit), more: make(chan struct{}, 1), left: make(chan struct{}), needKey: true}
	s.render, s.cost = r, 3000
	if o := p.watcher(s.cam); o != nil {
		s.home = o.home // where the scene is known
	}
	p.wg.Go(r.pump)
	r.stop = context.AfterFunc(ctx, r.Close)
	p.mu.Unlock()
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
// of its camera, 0 if it does not.
func (p *Pool) known(s *stream) uint32 {
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
		r.finish(nil)
		return nil
	}
	r.flushing = true
	r.s.home.say(wire.KindFlush, r.s.handle)
	return nil
}

// Out delivers H.264 (constrained baseline, no reordering) access units with
// their own parameter sets and the time stamps of the pictures they show. It
// is closed at the end; Err then says why.
func (r *Render) Out() <-chan *shouwang.AccessUnit { return r.out }

// Err returns why Out was closed: nil after Close or Finish.
func (r *Render) Err() error {
	r.s.p.mu.Lock()
	defer r.s.p.mu.Unlock()
	return r.why
}

// Stats returns the renderer's counters; Dropped includes pictures that the
// reader of Out was too slow for.
func (r *Render) Stats() SessionStats {
	st := r.s.snapshot()
	r.s.p.mu.Lock()
	defer r.s.p.mu.Unlock()
	st.Dropped += r.dropped
	return st
}

// Close ends the renderer at once and closes Out. It may be called twice.
func (r *Render) Close() {
	r.s.p.mu.Lock()
	defer r.s.p.mu.Unlock()
	r.abandon()
}

// abandon ends the renderer without handing anything more out. Call under mu.
func (r *Render) abandon() {
	r.finish(nil)
	r.pics = nil
	if !r.gone {
		r.gone = true
		r.stop()
		close(r.left)
	}
}

// finish lets pump hand out what is there and end. Call under mu.
func (r *Render) finish(why error) {
	if r.ended {
		return
	}
	r.ended, r.why = true, why
	r.s.p.end(r.s, why)
	r.signal()
}

// orphaned tells the renderer that its process died. Live goes on with the
// next key frame in the next process; a flush has nobody left to carry it out.
func (r *Render) orphaned() {
	r.needKey = true
	if r.flushing {
		r.finish(shouwang.Errorf(shouwang.CodeInternal, "the renderer died before it was done: try again"))
	}
}

func (r *Render) signal() {
	select {
	case r.more <- struct{}{}:
	default:
	}
}

// pump carries pictures to the reader.
func (r *Render) pump() {
	defer close(r.out)
	for {
		au, done := r.nextPicture()
		if done {
			return
		}
		if au == nil {
			<-r.more
			continue
		}
		select {
		case r.out <- au:
			r.s.signal() // there is room again
		case <-r.left:
		}
	}
}

func (r *Render) nextPicture() (au *shouwang.AccessUnit, done bool) {
	r.s.p.mu.Lock()
	defer r.s.p.mu.Unlock()
	if len(r.pics) == 0 {
		return nil, r.ended
	}
	au = r.pics[0]
	r.pics = r.pics[1:]
	return au, false
}

// outputFull reports whether playback must wait for its reader.
func (s *stream) outputFull() bool {
	return s.render != nil && len(s.render.pics)+s.inflight+s.n >= maxPictures/2
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
	if len(pic.Data) > 0 {
		s.render.deliver(&pic)
	}
	if end {
		s.render.finish(nil)
	}
	return nil
}

// deliver queues a picture, or drops to the next key frame when the reader is
// too slow.
func (r *Render) deliver(pic *wire.Picture) {
	i, known := r.s.info(pic.Seq)
	key := pic.Flags&wire.FlagKey != 0
	if !known || r.ended {
		return
	}
	r.s.stats.Decoded++
	if len(r.pics) >= maxPictures || r.needKey && !key {
		r.needKey = true
		r.dropped++
		return
	}
	r.needKey = false
	if key && len(pic.SPS) > 0 {
		next := &shouwang.Params{
			Codec: shouwang.CodecH264, SPS: bytes.Clone(pic.SPS), PPS: bytes.Clone(pic.PPS), Width: int(pic.Width), Height: int(pic.Height),
		}
		if !next.Equal(r.params) {
			r.params = next
		}
	}
	if r.params == nil {
		return
	}
	r.pics = append(r.pics, &shouwang.AccessUnit{
		Camera: r.s.cam, Stream: i.stream, Epoch: i.epoch, Seq: r.seq, PTS: i.pts, DTS: i.pts, Wall: i.wall,
		Received: r.s.p.cfg.Now(), Key: key, Params: r.params, Data: bytes.Clone(pic.Data),
	})
	r.seq++
	r.signal()
}
