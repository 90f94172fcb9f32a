// Package render turns a camera's stream into one that may be shown: owners'
// masks filled, people and vehicles pixelated, the viewer's name and the time
// burned in, encoded again as H.264 that any browser plays. What it cannot do
// it does not show: every error ends the rendering.
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
	spec wire.RenderSpec
	det  worker.Detector
	enc  *encoder
	mask *mask
	mark *watermark
	veil veil

	detPTS  shouwang.MediaTime // the detector's clock never runs backwards
	detSeen bool
	joins   bool // the first picture follows right upon what is known
	base    shouwang.MediaTime
	lastOut shouwang.MediaTime
	anyOut  bool
	clock   int64 // the encoder's
	lastPTS shouwang.MediaTime
	times   [32]stamp // of pictures in the encoder, by clock
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
	if spec.Watermark != "" {
		r.mark = newWatermark(spec.Watermark, spec.Zone)
	}
	return r, nil
}

// Close frees the encoder.
func (r *Renderer) Close() {
	if r.enc != nil {
		r.enc.close()
		r.enc = nil
	}
}

// Render draws over one picture, encodes it and calls emit with what comes
// out; see worker.Renderer.
func (r *Renderer) Render(p *decode.Picture, pts shouwang.MediaTime, wall int64, emit func(*worker.Coded)) error {
	if r.spec.Veil {
		r.watch(p, pts)
	}
	if r.tooSoon(pts) {
		return nil
	}
	fresh, err := r.prepare(p)
	if err != nil {
		return err
	}
	c, err := r.enc.load(p)
	if err != nil {
		return err
	}
	if r.spec.Veil {
		r.veil.draw(c)
	}
	if len(r.spec.Masks) > 0 {
		r.mask.draw(c)
	}
	if r.mark != nil {
		r.mark.draw(c, wall)
	}
	out, err := r.enc.encode(r.tick(pts), fresh || r.spec.Keys && p.Key)
	if err != nil {
		return err
	}
	r.emit(out, emit)
	return nil
}

// watch shows the picture to the detector and to the veil.
func (r *Renderer) watch(p *decode.Picture, pts shouwang.MediaTime) {
	// A new session counts from its own zero; a scene from the analysis' zero.
	if r.joins || r.detSeen && pts+r.base <= r.detPTS {
		r.joins = false
		r.base = r.detPTS + shouwang.MediaRate/25 - pts
	}
	pts += r.base
	r.detSeen, r.detPTS = true, pts
	res := r.det.Observe(p.Y, p.StrideY, p.Width, p.Height, pts, p.Key)
	r.veil.observe(p.Y, p.StrideY, p.Width, p.Height, pts, res.Regions)
}

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

// prepare makes encoder and mask fit the picture; fresh asks for a key frame.
func (r *Renderer) prepare(p *decode.Picture) (fresh bool, err error) {
	w, h := fit(p.Width, p.Height, r.spec.MaxWidth)
	if w < 16 || h < 16 {
		return false, fmt.Errorf("render picture: %dx%d is too small", p.Width, p.Height)
	}
	if r.enc != nil && r.enc.width == w && r.enc.height == h && r.enc.fullRange == p.FullRange {
		return false, nil
	}
	r.Close()
	r.enc, err = newEncoder(settings{width: w, height: h, gop: r.spec.GOP, bitrate: r.spec.Bitrate, fullRange: p.FullRange})
	if err != nil {
		return false, err
	}
	r.mask = newMask(r.spec.Masks, w, h)
	return true, nil
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

func (r *Renderer) emit(p *packet, emit func(*worker.Coded)) {
	if p == nil {
		return
	}
	for _, t := range r.times {
		if t.clock == p.tag {
			r.coded = worker.Coded{Key: p.key, PTS: t.pts, Width: r.enc.width, Height: r.enc.height, SPS: p.sps, PPS: p.pps, Data: p.data}
			emit(&r.coded)
			return
		}
	}
}

// Flush emits what the encoder held back.
func (r *Renderer) Flush(emit func(*worker.Coded)) error {
	for r.enc != nil {
		p, err := r.enc.flush()
		if err != nil || p == nil {
			return err
		}
		r.emit(p, emit)
	}
	return nil
}
