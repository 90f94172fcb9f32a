package worker

import (
	"fmt"
	"time"

	"shouwang"
	"shouwang/analyze/decode"
	"shouwang/analyze/wire"
)

// renderer is one stream that is decoded, drawn over and encoded again.
type renderer struct {
	chain
	Renderer
	wanted [4]bool // classes to be looked for in whole pictures
	looked shouwang.MediaTime
	ever   bool // looked
	things []shouwang.Box
}

// lookEvery is the media time between two looks for people and vehicles that
// only stand; half of what one look hides them for is kept as a margin.
const lookEvery = shouwang.MediaTime(5 * shouwang.MediaRate)

// look has the things hidden that the classifier finds in the picture: in the
// first one before it is shown, and then now and then. A network that fails
// ends the rendering, since what it would have found might be shown.
func (w *loop) look(r *renderer, p *decode.Picture, pts shouwang.MediaTime) error {
	c := w.cfg.Classifier
	if c == nil || r.wanted == [4]bool{} || r.ever && pts >= r.looked && pts-r.looked < lookEvery {
		return nil
	}
	r.looked, r.ever = pts, true
	r.things = r.things[:0]
	err := c.Things(p, func(class uint8, box shouwang.Box) {
		if r.wanted[class&3] {
			r.things = append(r.things, box)
		}
	})
	if err != nil {
		return fmt.Errorf("look for people: %w", err)
	}
	r.Hide(r.things)
	return nil
}

func (w *loop) openRenderer(o *wire.Render) error {
	r := w.renderers[o.Handle]
	if r == nil {
		if len(w.cameras)+len(w.renderers) >= maxStreams {
			return w.fault(o.Handle, shouwang.Errorf(shouwang.CodeOverloaded, "this analyzer process has all the cameras it can hold"))
		}
		var known Scene
		if c := w.cameras[o.Like]; c != nil {
			known = c.scene
		}
		impl, err := w.cfg.NewRenderer(o.Spec, known)
		if err != nil {
			return w.fault(o.Handle, err)
		}
		r = &renderer{chain: chain{handle: o.Handle}, Renderer: impl}
		r.wanted[wire.ClassPerson], r.wanted[wire.ClassVehicle] = o.Spec.People, o.Spec.Vehicles
		w.renderers[o.Handle] = r
	}
	for _, m := range o.Marks {
		if err := r.Mark(m.ID, m.Text); err != nil {
			return w.fail(r, err)
		}
	}
	if err := r.setParams(&o.Params, w.cfg.Limits); err != nil {
		return w.fault(o.Handle, err)
	}
	return nil
}

// remark adds an output to a renderer, takes one away or refreshes one. The
// renderer may be gone by now, and its outputs with it.
func (w *loop) remark(m *wire.Remark) error {
	r := w.renderers[m.Handle]
	if r == nil {
		return nil
	}
	switch {
	case m.Drop:
		r.Unmark(m.ID)
		return nil
	case m.Key:
		r.Refresh(m.ID)
		return nil
	}
	if err := r.Mark(m.ID, m.Text); err != nil {
		return w.fail(r, err)
	}
	return nil
}

// render answers one unit: pictures, if any came out, and then an empty
// acknowledgement with the cost.
func (w *loop) render(r *renderer, u *wire.Unit, broken bool) error {
	r.remember(u, shouwang.MediaTime(u.PTS))
	began := cpuTime()
	ack := wire.Picture{Handle: r.handle, Seq: u.Seq, Flags: wire.FlagAck}
	if !broken && !r.refused {
		p, cost, err := r.decode(u, w.cfg.Limits)
		if cost.Errors > 0 {
			ack.Flags |= wire.FlagDamaged
			w.stats.Damaged++
		}
		if err == nil {
			err = w.draw(r, p)
		}
		if err != nil {
			if err := w.fail(r, err); err != nil {
				return err
			}
		}
	}
	return w.answer(&ack, began)
}

// draw renders p and what else the decoder gives.
func (w *loop) draw(r *renderer, p *decode.Picture) error {
	for ; p != nil; p = r.dec.Next() {
		i, known := r.info(p.Tag)
		if !known {
			continue
		}
		if err := w.look(r, p, i.pts); err != nil {
			return err
		}
		if err := r.Render(p, i.pts, i.wall, w.emit(r, i.seq)); err != nil {
			return err
		}
	}
	return nil
}

// emit returns the function that sends what the renderer encoded.
func (w *loop) emit(r *renderer, seq uint64) func(*Coded) {
	return func(c *Coded) {
		p := wire.Picture{
			Handle: r.handle, Mark: c.Mark, Seq: seq, PTS: int64(c.PTS), Width: uint16(c.Width), Height: uint16(c.Height),
			SPS: c.SPS, PPS: c.PPS, Data: c.Data,
		}
		if c.Key {
			p.Flags |= wire.FlagKey
		}
		w.msg = wire.AppendPicture(w.msg[:0], &p)
		_ = w.write(w.msg) // a broken socket is noticed by the acknowledgement
	}
}

// flushRenderer hands out what decoder and encoder hold back.
func (w *loop) flushRenderer(handle uint32) error {
	r := w.renderers[handle]
	if r == nil {
		return nil
	}
	began := cpuTime()
	if r.dec != nil {
		r.dec.Drain()
		if err := w.draw(r, r.dec.Next()); err != nil {
			return w.fail(r, err)
		}
		r.release()
	}
	if err := r.Flush(w.emit(r, 0)); err != nil {
		return w.fail(r, err)
	}
	return w.answer(&wire.Picture{Handle: handle, Flags: wire.FlagAck | wire.FlagEnd}, began)
}

func (w *loop) answer(p *wire.Picture, began time.Duration) error {
	p.Micros = micros(cpuTime() - began)
	w.msg = wire.AppendPicture(w.msg[:0], p)
	return w.write(w.msg)
}

// fail ends a renderer that could not do its duty: whoever watches gets
// nothing rather than an unmasked picture.
func (w *loop) fail(r *renderer, err error) error {
	w.drop(r.handle)
	return w.fault(r.handle, err)
}
