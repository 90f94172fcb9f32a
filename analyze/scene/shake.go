package scene

import (
	"math"

	"shouwang"
)

// shake finds how far the camera was thrown against the background, in cells,
// and what the background looks like from there. A pole in the wind moves by
// a pixel or two: less than a cell, but every edge of the scene with it.
//
// The shift is found by Gauss-Newton on the brightness constraint (Lucas and
// Kanade 1981), all cells together, twice with what fits badly left out: that
// is what moves by itself.
type shake struct {
	moved  []int16 // the background as seen from the shifted camera, with its light
	x, y   float64 // the shift in force, cells
	on     bool
	steady shouwang.MediaTime // since when the shift has stayed the same
	sx, sy float64            // the shift then
	last   shouwang.MediaTime // of the newest picture that was shifted
	ever   bool
}

const (
	// shakeShare is the share of hot cells from which it is worth looking:
	// less cannot be the whole picture.
	shakeShare = 0.012
	// shakeLeast is the least shift, in cells, that is one; shakeMost is the
	// largest that can be found.
	shakeLeast, shakeMost = 0.06, 2.0
	// shakeGain is what must remain of the difference at most for the shift to
	// be believed.
	shakeGain = 0.7
	// turnedAfter is how long a shift must stay the same to be the camera's
	// new place.
	turnedAfter = 4 * shouwang.MediaRate
	// gust is for how long after a shift even small ones are looked for, and
	// edges get room: the pole still swings.
	gust = 3 * shouwang.MediaRate
)

// find looks for a shift that explains the picture better than none; before it
// m.expect holds the background in the present light.
func (s *shake) find(m *Model, pts shouwang.MediaTime) bool {
	copy(s.moved, m.expect)
	was := s.misfit(m)
	dx, dy := 0.0, 0.0
	for step := range 4 {
		ux, uy, ok := s.step(m, 2*was, step > 0)
		if !ok {
			break
		}
		dx, dy = dx+ux, dy+uy
		if math.Abs(dx) > shakeMost || math.Abs(dy) > shakeMost {
			return s.none()
		}
		s.warp(m, dx, dy)
		if math.Hypot(ux, uy) < 0.02 {
			break
		}
	}
	if math.Hypot(dx, dy) < shakeLeast || s.misfit(m) > shakeGain*was {
		return s.none()
	}
	if !s.on || math.Hypot(dx-s.sx, dy-s.sy) > 0.15 {
		s.steady, s.sx, s.sy = pts, dx, dy
	}
	s.on, s.x, s.y, s.last, s.ever = true, dx, dy, pts, true
	return true
}

// gusty reports whether the camera was thrown about a moment ago.
func (s *shake) gusty(pts shouwang.MediaTime) bool {
	since := pts - s.last
	return s.ever && since < gust && since > -gust
}

// still is for a picture in a gust that is not shifted itself.
func (s *shake) still(m *Model) {
	s.none()
	copy(s.moved, m.expect)
}

func (s *shake) none() bool {
	s.on, s.x, s.y = false, 0, 0
	return false
}

// each calls f with the cells that the shift is judged by: inside, and not
// held by anything.
func (s *shake) each(m *Model, f func(i int)) {
	for r := 3; r < m.rows-3; r++ {
		for c := 3 + r%2; c < m.cols-3; c += 2 {
			if i := r*m.cols + c; m.hold[i] == 0 {
				f(i)
			}
		}
	}
}

// misfit is the mean difference where the scene has edges, in levels.
func (s *shake) misfit(m *Model) float64 {
	sum, n := 0, 0
	s.each(m, func(i int) {
		if edge := absi(int(s.moved[i+1])-int(s.moved[i-1])) + absi(int(s.moved[i+m.cols])-int(s.moved[i-m.cols])); edge > 6*128 {
			sum += min(absi(int(m.cur[i])-int(s.moved[i])), 30*128)
			n++
		}
	})
	if n < 50 {
		return 0
	}
	return float64(sum) / float64(n)
}

// step returns by how much the shift is to be changed.
func (s *shake) step(m *Model, most float64, trim bool) (ux, uy float64, ok bool) {
	var xx, xy, yy, xd, yd float64
	s.each(m, func(i int) {
		gx := float64(int(s.moved[i+1])-int(s.moved[i-1])) / 2
		gy := float64(int(s.moved[i+m.cols])-int(s.moved[i-m.cols])) / 2
		d := float64(int(m.cur[i]) - int(s.moved[i]))
		if trim && math.Abs(d) > most || math.Abs(d) > 60*128 {
			return
		}
		xx, xy, yy, xd, yd = xx+gx*gx, xy+gx*gy, yy+gy*gy, xd+gx*d, yd+gy*d
	})
	det := xx*yy - xy*xy
	if det < 1e-3*xx*yy || xx < 1e6 || yy < 1e6 {
		return 0, 0, false // edges in one direction only, or none
	}
	ux, uy = (yy*xd-xy*yd)/det, (xx*yd-xy*xd)/det
	return max(-1, min(1, ux)), max(-1, min(1, uy)), true
}

// warp makes moved from m.expect, dx and dy cells further on.
func (s *shake) warp(m *Model, dx, dy float64) {
	fx, fy := math.Floor(dx), math.Floor(dy)
	ox, oy := int(fx), int(fy)
	wx, wy := int((dx-fx)*256), int((dy-fy)*256)
	w00, w01, w10, w11 := (256-wx)*(256-wy), wx*(256-wy), (256-wx)*wy, wx*wy
	for r := range m.rows {
		a := max(0, min(m.rows-1, r+oy)) * m.cols
		b := max(0, min(m.rows-1, r+oy+1)) * m.cols
		for c := range m.cols {
			p, q := max(0, min(m.cols-1, c+ox)), max(0, min(m.cols-1, c+ox+1))
			v := int(m.expect[a+p])*w00 + int(m.expect[a+q])*w01 + int(m.expect[b+p])*w10 + int(m.expect[b+q])*w11
			s.moved[r*m.cols+c] = int16(v >> 16)
		}
	}
}

// classify is the kernel's classify for the shifted background. Between cells
// the warp only guesses, so edges get room; the border is not judged.
func (s *shake) classify(m *Model, t *threshold) (hot int) {
	edge := 3 + int(math.Ceil(max(math.Abs(s.x), math.Abs(s.y))))
	clear(m.hot)
	for r := edge; r < m.rows-edge; r++ {
		for c := edge; c < m.cols-edge; c++ {
			i := r*m.cols + c
			e := int(s.moved[i])
			slope := max(absi(e-int(s.moved[i-1])), absi(e-int(s.moved[i+1])), absi(e-int(s.moved[i-m.cols])), absi(e-int(s.moved[i+m.cols])))
			limit := max(t.floor, int(m.wide[i])*t.gain) + slope*2/5
			switch d := absi(int(m.cur[i]) - e); {
			case d > 2*limit:
				m.hot[i] = 3
				hot++
			case d > limit:
				m.hot[i] = 1
				hot++
			}
		}
	}
	copy(m.expect, s.moved)
	return hot
}

func absi(v int) int { return max(v, -v) }
