package pool

import (
	"bytes"
	"time"

	"shouwang"
	"shouwang/analyze/wire"
)

const (
	// maxPictures bounds the rendered pictures that wait for their reader.
	maxPictures = 64
	// maxMark bounds a watermark, in bytes.
	maxMark = 256
	// refreshEvery is the least time between two key frames that readers of an
	// output ask for: whoever asks all the time costs the others no more bits.
	refreshEvery = time.Second
)

// Output is what one mark's viewers are given of a rendering.
type Output struct {
	r    *Render
	id   uint32
	text string
	out  chan *shouwang.AccessUnit
	more chan struct{} // one token when pics or ended changed
	left chan struct{} // closed when nobody will read any more

	// Guarded by Pool.mu.
	pics    []*shouwang.AccessUnit
	needKey bool
	fresh   time.Time // when a key frame was last asked for
	gone    bool
	ended   bool // nothing follows what is in pics
	why     error
	params  *shouwang.Params
	seq     uint64
	dropped uint64
}

// Mark adds an output whose pictures carry the text, beginning with a key
// frame: the next picture that is rendered. Close must be called, on it or on
// the rendering. Errors are CodeTooLarge for a text beyond 256 bytes,
// CodeOverloaded beyond 32 outputs, CodeInternal for an output without the mark
// that the rendering owes, and why the rendering ended, or ErrClosed.
func (r *Render) Mark(text string) (*Output, error) {
	p := r.s.p
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case r.ended && r.why != nil:
		return nil, r.why
	case r.ended:
		return nil, ErrClosed
	case len(text) > maxMark:
		return nil, shouwang.Errorf(shouwang.CodeTooLarge, "the mark for camera %s is longer than %d bytes", r.s.cam, maxMark)
	case r.spec.Marked == (text == ""):
		return nil, shouwang.Errorf(shouwang.CodeInternal, "the rendering of camera %s owes a mark: %v, and is asked for %q", r.s.cam, r.spec.Marked, text)
	case len(r.outputs) >= wire.MaxMarks:
		return nil, shouwang.Errorf(shouwang.CodeOverloaded, "camera %s has all the viewers that one renderer can serve; close one", r.s.cam)
	}
	r.lastID++
	o := &Output{
		r: r, id: r.lastID, text: text, out: make(chan *shouwang.AccessUnit), more: make(chan struct{}, 1), left: make(chan struct{}), needKey: true,
	}
	r.outputs[o.id] = o
	r.tell(wire.Remark{Mark: wire.Mark{ID: o.id, Text: text}})
	p.wg.Go(o.pump)
	return o, nil
}

// tell says to the process what changed, if it knows the stream: else it will
// be told everything with the first unit. Call under mu.
func (r *Render) tell(m wire.Remark) {
	s := r.s
	if s.sent == nil || s.home.proc == nil {
		return
	}
	m.Handle = s.handle
	if msg, err := wire.AppendJSON(s.home.ctl, wire.KindMark, m); err == nil {
		s.home.ctl = msg
		s.home.cond.Signal()
	}
}

// Out delivers H.264 (constrained baseline, no reordering) access units with
// their own parameter sets and the time stamps of the pictures they show. It
// is closed at the end; Err then says why.
func (o *Output) Out() <-chan *shouwang.AccessUnit { return o.out }

// Err returns why Out was closed: nil after Close or Finish.
func (o *Output) Err() error {
	o.r.s.p.mu.Lock()
	defer o.r.s.p.mu.Unlock()
	return o.why
}

// Close ends this output at once; the rendering goes on for the others. It may
// be called twice.
func (o *Output) Close() {
	o.r.s.p.mu.Lock()
	defer o.r.s.p.mu.Unlock()
	if o.gone {
		return
	}
	o.abandon()
	delete(o.r.outputs, o.id)
	o.r.tell(wire.Remark{Drop: true, Mark: wire.Mark{ID: o.id}})
}

// Refresh asks for a key frame, for a reader who lost pictures: else it would
// come with the end of the group, after as many as RenderOptions.GOP pictures.
// It is carried out once a second.
func (o *Output) Refresh() {
	o.r.s.p.mu.Lock()
	defer o.r.s.p.mu.Unlock()
	o.refresh()
}

// refresh is called under mu.
func (o *Output) refresh() {
	now := o.r.s.p.cfg.Now()
	if o.ended || now.Sub(o.fresh) < refreshEvery {
		return
	}
	o.fresh = now
	o.r.tell(wire.Remark{Key: true, Mark: wire.Mark{ID: o.id}})
}

// abandon ends the output without handing anything more out. Call under mu.
func (o *Output) abandon() {
	o.finish(nil)
	o.pics = nil
	if !o.gone {
		o.gone = true
		close(o.left)
	}
}

// finish lets pump hand out what is there and end. Call under mu.
func (o *Output) finish(why error) {
	if o.ended {
		return
	}
	o.ended, o.why = true, why
	o.signal()
}

func (o *Output) signal() {
	select {
	case o.more <- struct{}{}:
	default:
	}
}

// pump carries pictures to the reader.
func (o *Output) pump() {
	defer close(o.out)
	for {
		au, done := o.next()
		if done {
			return
		}
		if au == nil {
			<-o.more
			continue
		}
		select {
		case o.out <- au:
			o.r.s.signal() // there is room again
		case <-o.left:
		}
	}
}

func (o *Output) next() (au *shouwang.AccessUnit, done bool) {
	o.r.s.p.mu.Lock()
	defer o.r.s.p.mu.Unlock()
	if len(o.pics) == 0 {
		return nil, o.ended
	}
	au = o.pics[0]
	o.pics = o.pics[1:]
	return au, false
}

// deliver queues a picture, or drops to the next key frame when the reader is
// too slow: one that is asked for when there is room again. Call under mu.
func (o *Output) deliver(pic *wire.Picture) {
	s := o.r.s
	i, known := s.info(pic.Seq)
	key := pic.Flags&wire.FlagKey != 0
	if !known || o.ended {
		return
	}
	s.stats.Decoded++
	if len(o.pics) >= maxPictures || o.needKey && !key {
		o.needKey = true
		o.dropped++
		if len(o.pics) < maxPictures/2 {
			o.refresh()
		}
		return
	}
	o.needKey = false
	o.learn(pic, key)
	if o.params == nil {
		return
	}
	o.pics = append(o.pics, &shouwang.AccessUnit{
		Camera: s.cam, Stream: i.stream, Epoch: i.epoch, Seq: o.seq, PTS: i.pts, DTS: i.pts, Wall: i.wall,
		Received: s.p.cfg.Now(), Key: key, Params: o.params, Data: bytes.Clone(pic.Data),
	})
	o.seq++
	o.signal()
}

// learn takes the parameter sets of a key frame.
func (o *Output) learn(pic *wire.Picture, key bool) {
	if !key || len(pic.SPS) == 0 {
		return
	}
	next := &shouwang.Params{
		Codec: shouwang.CodecH264, SPS: bytes.Clone(pic.SPS), PPS: bytes.Clone(pic.PPS), Width: int(pic.Width), Height: int(pic.Height),
	}
	if !next.Equal(o.params) {
		o.params = next
	}
}
