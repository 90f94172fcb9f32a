package lab

import (
	"archive/zip"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"strings"

	"shouwang"
	"shouwang/analyze/eval"
	"shouwang/analyze/eval/composite"
	"shouwang/analyze/scene"
)

// Score counts cells or boxes.
type Score struct{ True, False, Missed int }

// Precision, Recall and F are the usual shares, 0..1.
func (s Score) Precision() float64 { return float64(s.True) / max(1, float64(s.True+s.False)) }

// Recall is the share of what is there that was found.
func (s Score) Recall() float64 { return float64(s.True) / max(1, float64(s.True+s.Missed)) }

// F is the harmonic mean of both.
func (s Score) F() float64 {
	p, r := s.Precision(), s.Recall()
	return 2 * p * r / max(1e-9, p+r)
}

// The values of a CDnet 2014 mask (Wang et al., CVPR Workshops 2014).
const (
	maskMotion  = 255
	maskUnknown = 170
	maskOutside = 85
)

// Masks compares our regions with a clip's pixel masks (NAME.gt.zip, CDnet's
// values) in pictures first to last, counted from 1, cell by cell: a cell is
// motion when half of it is, and does not count when any of it is unknown or
// outside.
func Masks(ctx context.Context, cache string, c eval.Clip, first, last int) (Score, error) {
	var s Score
	truth, err := openMasks(strings.TrimSuffix(c.Path, ".mp4") + ".gt.zip")
	if err != nil {
		return s, err
	}
	defer truth.Close()
	film, err := clipFilm(ctx, cache, c)
	if err != nil {
		return s, err
	}
	m := scene.New(scene.Config{})
	var mask []uint8
	for i := range film.Pictures {
		p := &film.Pictures[i]
		m.ObserveCells(p.Cells, film.Cols, film.Rows, p.PTS, p.Key)
		if n := i + 1; n >= first && n <= last {
			img, err := truth.read(n)
			if err != nil {
				return s, err
			}
			mask, _ = m.Mask(mask[:0])
			s.compare(img, mask, film.Cols, film.Rows)
		}
	}
	return s, nil
}

// masks are the pictures in a zip file, by name.
type masks struct {
	*zip.ReadCloser
	files map[string]*zip.File
}

func openMasks(path string) (*masks, error) {
	r, err := zip.OpenReader(path)
	if err != nil {
		return nil, err
	}
	m := &masks{r, map[string]*zip.File{}}
	for _, f := range r.File {
		m.files[f.Name] = f
	}
	return m, nil
}

func (m *masks) read(n int) (image.Image, error) {
	f := m.files[fmt.Sprintf("gt%06d.png", n)]
	if f == nil {
		return nil, fmt.Errorf("read masks: picture %d has none", n)
	}
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return png.Decode(r)
}

func (s *Score) compare(truth image.Image, mask []uint8, cols, rows int) {
	cell := truth.Bounds().Dx() / cols
	for r := range rows {
		for c := range cols {
			moving, counts := cellTruth(truth, c*cell, r*cell, cell)
			found := mask[r*cols+c] != 0
			switch {
			case !counts:
			case moving && found:
				s.True++
			case found:
				s.False++
			case moving:
				s.Missed++
			}
		}
	}
}

func cellTruth(truth image.Image, x, y, cell int) (moving, counts bool) {
	n := 0
	for j := y; j < y+cell; j++ {
		for i := x; i < x+cell; i++ {
			switch color.GrayModel.Convert(truth.At(i, j)).(color.Gray).Y {
			case maskMotion:
				n++
			case maskUnknown, maskOutside:
				return false, false
			}
		}
	}
	return 2*n >= cell*cell, true
}

// Walkers is how our regions compare with boxes that people drew.
type Walkers struct {
	// Boxes were drawn; Covered are those of which a region covers half, Own
	// those that a region of their own fits (intersection over union of 0.4).
	Boxes, Covered, Own int
	// Regions were reported; Empty are those that touch no box.
	Regions, Empty int
}

// People compares our regions with MOT boxes beside the clip, after the first
// ten seconds.
func People(ctx context.Context, cache string, c eval.Clip) (Walkers, error) {
	var w Walkers
	boxes, err := composite.Boxes(c.Path)
	if err != nil || boxes == nil {
		return w, fmt.Errorf("no boxes beside %s: %w", c.Name, err)
	}
	film, err := clipFilm(ctx, cache, c)
	if err != nil {
		return w, err
	}
	m := scene.New(scene.Config{})
	width, height, err := composite.Size(ctx, c.Path)
	if err != nil {
		return w, err
	}
	for i := range film.Pictures {
		p := &film.Pictures[i]
		r := m.ObserveCells(p.Cells, film.Cols, film.Rows, p.PTS, p.Key)
		if p.PTS.Duration().Seconds() < 10 {
			continue
		}
		var drawn []shouwang.Box
		for _, b := range boxes[i+1] {
			drawn = append(drawn, shouwang.Box{b.Box[0] / float64(width), b.Box[1] / float64(height), b.Box[2] / float64(width), b.Box[3] / float64(height)})
		}
		for _, b := range drawn {
			w.Boxes++
			covered, own := 0.0, 0.0
			for _, g := range r.Regions {
				covered, own = covered+overlap(b, g.Box)/b.Area(), max(own, b.IoU(g.Box))
			}
			if covered >= 0.5 {
				w.Covered++
			}
			if own >= 0.4 {
				w.Own++
			}
		}
		for _, g := range r.Regions {
			w.Regions++
			touched := false
			for _, b := range drawn {
				touched = touched || overlap(b, g.Box) > 0
			}
			if !touched {
				w.Empty++
			}
		}
	}
	return w, nil
}

func overlap(a, b shouwang.Box) float64 {
	w := min(a[0]+a[2], b[0]+b[2]) - max(a[0], b[0])
	h := min(a[1]+a[3], b[1]+b[3]) - max(a[1], b[1])
	return max(0, w) * max(0, h)
}

// clipFilm decodes a clip at its own size and rate, encoded once at a quality
// that changes nothing.
func clipFilm(ctx context.Context, cache string, c eval.Clip) (*Film, error) {
	real := composite.Real{Clip: c, Native: true}
	paths, err := real.Encode(ctx, cache, composite.Near)
	if err != nil {
		return nil, err
	}
	return Read(paths[0], shouwang.CodecH264, c.FPS, false)
}
