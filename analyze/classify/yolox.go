package classify

import (
	"cmp"
	"math"
	"slices"
)

// What YOLOX (Ge et al., "YOLOX: Exceeding YOLO Series in 2021",
// arXiv:2107.08430) gives for a 416 picture: a row of 85 values for each cell
// of three grids, unscaled: centre within the cell, logarithm of the size in
// cells, whether there is a thing at all, and 80 classes.
const (
	rows     = 3549 // 52*52 + 26*26 + 13*13
	columns  = 85
	nmsBound = 0.45
)

var strides = [...]int{8, 16, 32}

// detection is one thing on a sheet: left top corner and size in pixels.
type detection struct {
	x, y, w, h, score float32
	class             Class
}

// detect reads the network's raw output and returns what scores at least the
// bound, the best of overlapping ones only, best first. Values that are no
// number are passed over.
func detect(out []float32, bound float32, into []detection) []detection {
	into = into[:0]
	row := 0
	for _, stride := range strides {
		cells := input / stride
		for y := range cells {
			for x := range cells {
				v := out[row*columns : row*columns+columns]
				row++
				if !(v[4] >= bound) {
					continue
				}
				best := 5
				for k := 6; k < columns; k++ {
					if v[k] > v[best] {
						best = k
					}
				}
				if score := v[4] * v[best]; score >= bound && score <= 1.001 {
					into = append(into, boxed(v, x, y, stride, score, classOf(best-5)))
				}
			}
		}
	}
	return suppress(into)
}

func boxed(v []float32, x, y, stride int, score float32, class Class) detection {
	s := float32(stride)
	w, h := s*exp(v[2]), s*exp(v[3])
	return detection{(v[0]+float32(x))*s - w/2, (v[1]+float32(y))*s - h/2, w, h, score, class}
}

// exp bounds a size by what a sheet can hold.
func exp(v float32) float32 { return float32(math.Exp(float64(max(-4, min(4, v))))) }

// suppress keeps of things of one class that overlap only the best.
func suppress(list []detection) []detection {
	slices.SortFunc(list, func(a, b detection) int { return cmp.Compare(b.score, a.score) })
	kept := list[:0]
	for _, d := range list {
		if !slices.ContainsFunc(kept, func(k detection) bool { return k.class == d.class && overlap(&k, &d) > nmsBound }) {
			kept = append(kept, d)
		}
	}
	return kept
}

func overlap(a, b *detection) float32 {
	w := min(a.x+a.w, b.x+b.w) - max(a.x, b.x)
	h := min(a.y+a.h, b.y+b.h) - max(a.y, b.y)
	if w <= 0 || h <= 0 {
		return 0
	}
	return w * h / (a.w*a.h + b.w*b.h - w*h)
}
