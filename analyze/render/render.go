// Package render turns a camera's stream into one that may be shown: owners'
// masks filled, people and vehicles pixelated, the viewer's name and the time
// burned in, encoded again as H.264 that any browser plays. All but the last
// is done once however many watch; marking and encoding once for each mark.
// What it cannot do it does not show: every error ends the rendering.
package render

import (
	"fmt"

	"shouwang"
	"shouwang/analyze"
	"shouwang/analyze/decode"
	"shouwang/analyze/wire"
	"shouwang/analyze/worker"
)

// Renderer draws over and encodes the pictures of one stream. It is not safe
// for concurrent use.
type Renderer struct {
	spec    wire.RenderSpec
	det     worker.Detector
	base    *canvas // veiled and masked, not yet marked: never encoded like that if a mark is owed
	spare   *canvas // the base's copy under one mark
	outputs []*output
	mask    *mask
	veil    veil
	things  []shouwang.Box // found in the next picture

	detPTS  shouwang.MediaTime // the detector's clock never runs backwards
	detSeen bool
	joins   bool // the first picture follows right upon what is known
	shift   shouwang.MediaTime
	lastOut shouwang.MediaTime
	anyOut  bool
	clock   int64 // the encoder's
	lastPTS shouwang.MediaTime
	times   [32]stamp // of pictures in the encoders, by clock
	coded   worker.Coded
}

type stamp struct {
	clock int64
	pts   shouwang.MediaTime
}

// Scene keeps a camera's veil while it is only analysed; see worker.Scene.
type Scene struct{ veil veil }

// NewScene returns a Scene that knows nothing.
func NewScene() *Scene { return &Scene{} }

// Watch learns from one picture. pts must be on one clock.
func (s *Scene) Watch(p *decode.Picture, pts shouwang.MediaTime, regions []analyze.Region) {
	s.veil.observe(p.Y, p.StrideY, p.Width, p.Height, pts, regions)
}

// New checks what is asked. det finds what moves and may be nil when nothing
// is to be veiled. known, if not nil, is what is known of the scene already:
// without it the whole picture is hidden for the first 15 seconds, and who
// stood still all that time is taken for scenery until they move. The error is CodeBadConfig for masks that cannot be drawn.
func New(spec wire.RenderSpec, det worker.Detector, known *Scene) (*Renderer, error) {
	if err := checkMasks(spec.Masks); err != nil {
		return nil, err
	}
	if err := checkClear(spec.Clear); err != nil {
		return nil, err
	}
	if spec.Veil && det == nil {
		return nil, shouwang.Errorf(shouwang.CodeInternal, "the renderer has no detector to veil with")
	}
	if spec.GOP <= 0 {
		spec.GOP = 50
	}
	r := &Renderer{spec: spec, det: det}
	if known != nil && known.veil.warm() {
		r.veil, r.detPTS = known.veil.clone(), known.veil.last
		r.joins = true
	}
	if len(spec.Clear) > 0 {
		// What is known of the scene does not say who is who in it.
		r.veil, r.joins = veil{spared: &spared{marks: spec.Clear}}, false
	}
	return r, nil
}

// Close frees the encoders and the canvases.
func (r *Renderer) Close() {
	r.unfit()
	r.outputs = nil
}

// unfit frees what has the size of the pictures.
func (r *Renderer) unfit() {
	for _, o := range r.outputs {
		o.close()
	}
	r.base.close()
	r.spare.close()
	r.base, r.spare = nil, nil
}

// Render draws over one picture, and marks and encodes it for each output; it
// calls emit with what comes out; see worker.Renderer.
func (r *Renderer) Render(p *decode.Picture, pts shouwang.MediaTime, wall int64, emit func(*worker.Coded)) error {
	if r.spec.Veil {
		if r.veil.spared != nil {
			r.veil.spared.move(wall)
		}
		r.watch(p, pts)
	}
	if r.tooSoon(pts) {
		return nil
	}
	if len(r.outputs) == 0 {
		return nil
	}
	if err := r.prepare(p); err != nil {
		return err
	}
	if err := r.base.load(p); err != nil {
		return err
	}
	if r.spec.Veil {
		r.veil.draw(r.base)
	}
	if len(r.spec.Masks) > 0 {
		r.mask.draw(r.base)
	}
	return r.encode(r.tick(pts), wall, r.spec.Keys && p.Key, emit)
}

// watch shows the picture to the detector and to the veil.
func (r *Renderer) watch(p *decode.Picture, pts shouwang.MediaTime) {
	// A new session counts from its own zero; a scene from the analysis' zero.
	if r.joins || r.detSeen && pts+r.shift <= r.detPTS {
		r.joins = false
		r.shift = r.detPTS + shouwang.MediaRate/25 - pts
	}
	pts += r.shift
	r.detSeen, r.detPTS = true, pts
	res := r.det.Observe(p.Y, p.StrideY, p.Width, p.Height, pts, p.Key)
	r.veil.observe(p.Y, p.StrideY, p.Width, p.Height, pts, res.Regions)
	r.veil.hideAll(len(r.things), func(i int) *shouwang.Box { return &r.things[i] }, pts)
	r.things = r.things[:0]
}

// Hide adds things found in the next picture to what is veiled, for as long as
// what moves is; see worker.Renderer.
func (r *Renderer) Hide(things []shouwang.Box) { r.things = append(r.things[:0], things...) }

// tooSoon reports whether the picture is to be left out for MaxFPS.
func (r *Renderer) tooSoon(pts shouwang.MediaTime) bool {
	if r.spec.MaxFPS > 0 && r.anyOut && pts > r.lastOut {
		// A tenth of slack: time stamps jitter.
		if float64(pts-r.lastOut) < 0.9*shouwang.MediaRate/r.spec.MaxFPS {
			return true
		}
	}
	r.lastOut, r.anyOut = pts, true
	return false
}

// prepare makes canvases and mask fit the picture.
func (r *Renderer) prepare(p *decode.Picture) (err error) {
	w, h := fit(p.Width, p.Height, r.spec.MaxWidth)
	if w < 16 || h < 16 {
		return fmt.Errorf("render picture: %dx%d is too small", p.Width, p.Height)
	}
	if r.base.like(w, h, p.FullRange) {
		return nil
	}
	r.unfit()
	if r.base, err = newCanvas(w, h, p.FullRange); err != nil {
		return err
	}
	r.mask = newMask(r.spec.Masks, w, h)
	return nil
}

// fit returns the even size that keeps the picture's shape within a width.
func fit(width, height, limit int) (w, h int) {
	if limit <= 0 || width <= limit {
		return width &^ 1, height &^ 1
	}
	return limit &^ 1, (height*limit/width + 1) &^ 1
}

// tick returns the encoder's time stamp for the picture: it follows media
// time and never stands still.
func (r *Renderer) tick(pts shouwang.MediaTime) int64 {
	step := int64(pts - r.lastPTS)
	if step <= 0 || step > 10*shouwang.MediaRate {
		step = shouwang.MediaRate / 25
	}
	r.clock += step
	r.lastPTS = pts
	copy(r.times[1:], r.times[:])
	r.times[0] = stamp{r.clock, pts}
	return r.clock
}
