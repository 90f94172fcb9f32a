// Package mog is the reference that the scene model is measured against:
// OpenCV's MOG2 background model (Zivkovic 2004) with shadow detection at
// 320x180, as a careful conventional engine would use it. It is correct and
// slow; only the analyzer and tests link it, for it pulls in OpenCV.
package mog

import (
	"image"
	"math"

	"gocv.io/x/gocv"

	"shouwang"
	"shouwang/analyze"
	"shouwang/analyze/scene"
)

const (
	width, height = 320, 180
	history       = 500 // pictures
	varThreshold  = 16  // squared Mahalanobis distance, OpenCV's default
	minArea       = 24  // pixels of the 320x180 picture
	suddenShare   = 0.5 // more than this at once is light, not a thing
)

// Model is one camera's background. It is not safe for concurrent use. Close
// must be called: its memory is OpenCV's.
type Model struct {
	sub               gocv.BackgroundSubtractorMOG2
	full, small, mask gocv.Mat
	kernel            gocv.Mat
	w, h              int
	seen              int
	regions           []analyze.Region
}

// New returns a Model that takes its size from the first picture.
func New() *Model {
	return &Model{
		sub:   gocv.NewBackgroundSubtractorMOG2WithParams(history, varThreshold, true),
		small: gocv.NewMat(), mask: gocv.NewMat(), full: gocv.NewMat(),
		kernel: gocv.GetStructuringElement(gocv.MorphRect, image.Pt(3, 3)),
	}
}

// Close frees OpenCV's memory.
func (m *Model) Close() {
	_ = m.sub.Close()
	for _, mat := range []*gocv.Mat{&m.full, &m.small, &m.mask, &m.kernel} {
		_ = mat.Close()
	}
}

// Observe has the contract of scene.Model.Observe. pts and key are not used:
// MOG2 counts pictures.
func (m *Model) Observe(luma []byte, stride, w, h int, _ shouwang.MediaTime, _ bool) scene.Result {
	if w < 16 || h < 16 || w > 16384 || h > 16384 || stride < w || len(luma) < stride*(h-1)+w {
		return scene.Result{Light: analyze.LightBlind}
	}
	if !m.load(luma, stride, w, h) {
		return scene.Result{Light: analyze.LightBlind}
	}
	gocv.Resize(m.full, &m.small, image.Pt(width, height), 0, 0, gocv.InterpolationArea)
	r := m.statistics()
	m.sub.Apply(m.small, &m.mask)
	gocv.Threshold(m.mask, &m.mask, 200, 255, gocv.ThresholdBinary) // 127 is shadow
	gocv.MorphologyEx(m.mask, &m.mask, gocv.MorphOpen, m.kernel)
	gocv.Dilate(m.mask, &m.mask, m.kernel)
	m.seen++
	r.Changed = float32(gocv.CountNonZero(m.mask)) / (width * height)
	switch {
	case m.seen < 2:
	case r.Changed > suddenShare:
		r.Light = analyze.LightChange
	default:
		r.Regions = m.find()
	}
	return r
}

// load copies the picture into a Mat, row by row as the stride asks.
func (m *Model) load(luma []byte, stride, w, h int) bool {
	if w != m.w || h != m.h {
		_ = m.full.Close()
		m.full = gocv.NewMatWithSize(h, w, gocv.MatTypeCV8UC1)
		m.w, m.h, m.seen = w, h, 0
	}
	to, err := m.full.DataPtrUint8()
	if err != nil {
		return false
	}
	for y := range h {
		copy(to[y*w:(y+1)*w], luma[y*stride:y*stride+w])
	}
	return true
}

func (m *Model) statistics() scene.Result {
	pixels, err := m.small.DataPtrUint8()
	if err != nil {
		return scene.Result{}
	}
	var sum, squares float64
	for _, p := range pixels {
		sum += float64(p)
		squares += float64(p) * float64(p)
	}
	n := float64(len(pixels))
	mean := sum / n
	return scene.Result{Mean: float32(mean), Dev: float32(math.Sqrt(max(0, squares/n-mean*mean)))}
}

// find turns the mask's outlines into regions.
func (m *Model) find() []analyze.Region {
	m.regions = m.regions[:0]
	outlines := gocv.FindContours(m.mask, gocv.RetrievalExternal, gocv.ChainApproxSimple)
	defer outlines.Close()
	for i := 0; i < outlines.Size() && len(m.regions) < 32; i++ {
		area := gocv.ContourArea(outlines.At(i))
		if area < minArea {
			continue
		}
		b := gocv.BoundingRect(outlines.At(i))
		m.regions = append(m.regions, analyze.Region{
			Box: shouwang.Box{
				float64(b.Min.X) / width, float64(b.Min.Y) / height,
				float64(b.Dx()) / width, float64(b.Dy()) / height,
			},
			Fill: min(1, area/float64(b.Dx()*b.Dy())), Score: min(1, 0.4+area/2000), Moving: 1,
		})
	}
	return m.regions
}
