package render

import (
	"slices"

	"shouwang"
	"shouwang/analyze/worker"
)

// output is one mark and what is encoded under it.
type output struct {
	id   uint32
	mark *watermark // nil where none is owed
	enc  *encoder   // opened with the first picture, which is then a key frame
	// fresh asks for a key frame next.
	fresh bool
}

func (o *output) close() {
	if o.enc != nil {
		o.enc.close()
		o.enc = nil
	}
}

// Mark adds an output whose pictures carry the text; see worker.Renderer. Where
// a mark is owed one without text is refused, with CodeInternal: the shared
// picture leaves marked or not at all.
func (r *Renderer) Mark(id uint32, text string) error {
	if r.spec.Marked == (text == "") {
		return shouwang.Errorf(shouwang.CodeInternal, "the rendering owes a mark: %v, and is asked for %q", r.spec.Marked, text)
	}
	if slices.ContainsFunc(r.outputs, func(o *output) bool { return o.id == id }) {
		return nil // told again, as after new parameter sets
	}
	o := &output{id: id}
	if text != "" {
		o.mark = newWatermark(text, r.spec.Zone)
	}
	r.outputs = append(r.outputs, o)
	return nil
}

// Unmark ends an output.
func (r *Renderer) Unmark(id uint32) {
	r.outputs = slices.DeleteFunc(r.outputs, func(o *output) bool {
		if o.id == id {
			o.close()
		}
		return o.id == id
	})
}

// Refresh makes the output's next picture a key frame.
func (r *Renderer) Refresh(id uint32) {
	for _, o := range r.outputs {
		if o.id == id {
			o.fresh = true
		}
	}
}

// encode draws each output's mark on the base, or on a copy of it while others
// still need the base, and encodes that.
func (r *Renderer) encode(tick, wall int64, key bool, emit func(*worker.Coded)) error {
	for i, o := range r.outputs {
		c := r.base
		if o.mark != nil && i+1 < len(r.outputs) {
			var err error
			if c, err = r.copied(); err != nil {
				return err
			}
		}
		if err := r.encodeOne(o, c, tick, wall, key, emit); err != nil {
			return err
		}
	}
	return nil
}

// copied returns the spare canvas with the base's picture.
func (r *Renderer) copied() (c *canvas, err error) {
	if r.spare == nil {
		if r.spare, err = newCanvas(r.base.width, r.base.height, r.base.fullRange); err != nil {
			return nil, err
		}
	}
	return r.spare, r.spare.copyOf(r.base)
}

func (r *Renderer) encodeOne(o *output, c *canvas, tick, wall int64, key bool, emit func(*worker.Coded)) (err error) {
	if o.mark != nil {
		o.mark.draw(c, wall)
	}
	if o.enc == nil {
		key = true
		o.enc, err = newEncoder(settings{width: c.width, height: c.height, gop: r.spec.GOP, bitrate: r.spec.Bitrate, fullRange: c.fullRange})
		if err != nil {
			return err
		}
	}
	out, err := o.enc.encode(c, tick, key || o.fresh)
	o.fresh = false
	if err == nil {
		r.emit(o, out, emit)
	}
	return err
}

// emit hands on what an encoder gave, nil for nothing, under the media time of
// the picture that it shows.
func (r *Renderer) emit(o *output, p *packet, emit func(*worker.Coded)) {
	if p == nil {
		return
	}
	for _, t := range r.times {
		if t.clock == p.tag {
			r.coded = worker.Coded{
				Mark: o.id, Key: p.key, PTS: t.pts, Width: r.base.width, Height: r.base.height, SPS: p.sps, PPS: p.pps, Data: p.data,
			}
			emit(&r.coded)
			return
		}
	}
}

// Flush emits what the encoders held back.
func (r *Renderer) Flush(emit func(*worker.Coded)) error {
	for _, o := range r.outputs {
		for o.enc != nil {
			p, err := o.enc.flush()
			if err != nil {
				return err
			}
			if p == nil {
				break
			}
			r.emit(o, p, emit)
		}
	}
	return nil
}
