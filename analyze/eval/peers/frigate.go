package peers

import (
	"slices"

	"shouwang"
)

// Frigate is a motion detector with Frigate's published defaults (docs,
// "motion": threshold 30, contour_area 10, lightning_threshold 0.8,
// frame_alpha 0.01, frame_height 100, improve_contrast): the picture is reduced
// to a hundred rows, stretched between its 4th and 96th percentile, smoothed,
// and compared with a running mean. In the real product motion only calls an
// object detector; here motion at the right place counts as found, which is in
// its favour.
type Frigate struct {
	w, h        int
	small, soft []float32
	mean        []float32
	mark        []uint8
	stack       []int
	boxes       []shouwang.Box
	lo, hi      float32 // running percentiles
	moving      int     // pictures in a row with motion
	calibrating bool
	seen        int
}

const (
	frigateRows      = 100
	frigateThreshold = 30
	frigateArea      = 10
	frigateLightning = 0.8
	frigateAlpha     = 0.01
)

// Look implements Rule for every picture.
func (f *Frigate) Look(luma []byte, stride, width, height int) []shouwang.Box {
	if f.seen == 0 {
		f.h, f.w = frigateRows, frigateRows*width/height
		n := f.w * f.h
		f.small, f.soft, f.mean, f.mark = make([]float32, n), make([]float32, n), make([]float32, n), make([]uint8, n)
		f.calibrating = true
	}
	f.reduce(luma, stride, width, height)
	f.stretch()
	f.smooth()
	if f.seen++; f.seen == 1 {
		copy(f.mean, f.soft)
	}
	for i, v := range f.soft {
		f.mark[i] = 0
		if d := v - f.mean[i]; d > frigateThreshold || d < -frigateThreshold {
			f.mark[i] = 1
		}
	}
	area := f.contours()
	share := float64(area) / float64(f.w*f.h)
	if f.calibrating && share < 0.05 {
		f.calibrating = false
	}
	if share > frigateLightning {
		f.calibrating = true
	}
	f.learn()
	if f.calibrating {
		return nil
	}
	return f.boxes
}

// learn renews the mean: while something moves only after ten pictures of it.
func (f *Frigate) learn() {
	if len(f.boxes) == 0 {
		f.moving = 0
	} else if f.moving++; f.moving < 10 && !f.calibrating {
		return
	}
	a := float32(frigateAlpha)
	if f.calibrating {
		a = 0.2
	}
	for i, v := range f.soft {
		f.mean[i] += (v - f.mean[i]) * a
	}
}

func (f *Frigate) reduce(luma []byte, stride, width, height int) {
	for y := range f.h {
		y0, y1 := y*height/f.h, max(y*height/f.h+1, (y+1)*height/f.h)
		for x := range f.w {
			x0, x1 := x*width/f.w, max(x*width/f.w+1, (x+1)*width/f.w)
			sum := 0
			for j := y0; j < y1; j++ {
				for _, v := range luma[j*stride+x0 : j*stride+x1] {
					sum += int(v)
				}
			}
			f.small[y*f.w+x] = float32(sum) / float32((y1-y0)*(x1-x0))
		}
	}
}

// stretch spreads the luma between its percentiles, themselves running means
// over about fifty pictures.
func (f *Frigate) stretch() {
	copy(f.soft, f.small)
	slices.Sort(f.soft)
	lo, hi := f.soft[len(f.soft)*4/100], f.soft[len(f.soft)*96/100]
	k := max(float32(0.02), 1/float32(f.seen+1))
	f.lo += (lo - f.lo) * k
	f.hi += (hi - f.hi) * k
	if f.hi <= f.lo {
		return
	}
	for i, v := range f.small {
		f.small[i] = max(0, min(255, (v-f.lo)*255/(f.hi-f.lo)))
	}
}

// smooth is a Gaussian of one pixel.
func (f *Frigate) smooth() {
	at := func(x, y int) float32 { return f.small[max(0, min(f.h-1, y))*f.w+max(0, min(f.w-1, x))] }
	for y := range f.h {
		for x := range f.w {
			edge := at(x-1, y) + at(x+1, y) + at(x, y-1) + at(x, y+1)
			corner := at(x-1, y-1) + at(x+1, y-1) + at(x-1, y+1) + at(x+1, y+1)
			f.soft[y*f.w+x] = 0.2042*at(x, y) + 0.1238*edge + 0.0751*corner
		}
	}
}

// contours dilates the marks once, joins them and keeps what is larger than the
// contour area; it returns the area of all.
func (f *Frigate) contours() (area int) {
	f.boxes = f.boxes[:0]
	for y := range f.h {
		for x := range f.w {
			if f.mark[y*f.w+x] != 1 {
				continue
			}
			for j := max(0, y-1); j <= min(f.h-1, y+1); j++ {
				for i := max(0, x-1); i <= min(f.w-1, x+1); i++ {
					if f.mark[j*f.w+i] == 0 {
						f.mark[j*f.w+i] = 2
					}
				}
			}
		}
	}
	for start := range f.mark {
		if f.mark[start] != 0 {
			area += f.contour(start)
		}
	}
	return area
}

func (f *Frigate) contour(start int) int {
	x0, y0, x1, y1, n := f.w, f.h, 0, 0, 0
	f.stack = append(f.stack[:0], start)
	f.mark[start] = 0
	for len(f.stack) > 0 {
		k := f.stack[len(f.stack)-1]
		f.stack = f.stack[:len(f.stack)-1]
		x, y := k%f.w, k/f.w
		x0, x1, y0, y1, n = min(x0, x), max(x1, x+1), min(y0, y), max(y1, y+1), n+1
		for j := max(0, y-1); j <= min(f.h-1, y+1); j++ {
			for i := max(0, x-1); i <= min(f.w-1, x+1); i++ {
				if f.mark[j*f.w+i] != 0 {
					f.mark[j*f.w+i] = 0
					f.stack = append(f.stack, j*f.w+i)
				}
			}
		}
	}
	if n > frigateArea {
		w, h := float64(f.w), float64(f.h)
		f.boxes = append(f.boxes, shouwang.Box{float64(x0) / w, float64(y0) / h, float64(x1-x0) / w, float64(y1-y0) / h})
	}
	return n
}
