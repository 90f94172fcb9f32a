package main

import (
	"shouwang"
	"shouwang/analyze"
	"shouwang/analyze/worker"
)

// three is a detector to measure against, not to use: the last three pictures
// are compared by a fixed threshold, as engines do that look at key frames and
// keep no background. A point counts when it differs from both pictures before
// it; enough points are movement, and their box is the region.
type three struct {
	last [2][]byte
	n    int
	out  [1]analyze.Region
}

const (
	threeStep   = 4     // every fourth point of every fourth line
	threeDiffer = 25    // levels of 255
	threeShare  = 0.002 // of the points
)

func newThree([]byte) (worker.Detector, error) { return &three{}, nil }

// Observe implements worker.Detector.
func (t *three) Observe(luma []byte, stride, width, height int, _ shouwang.MediaTime, _ bool) worker.Result {
	cols, rows := width/threeStep, height/threeStep
	cur := make([]byte, cols*rows)
	sum := 0
	for y := range rows {
		line := luma[y*threeStep*stride:]
		for x := range cols {
			v := line[x*threeStep]
			cur[y*cols+x] = v
			sum += int(v)
		}
	}
	a, b := t.last[0], t.last[1]
	t.last = [2][]byte{cur, a}
	if t.n++; t.n < 3 || len(b) != len(cur) || len(a) != len(cur) {
		return worker.Result{}
	}
	x0, y0, x1, y1, count := cols, rows, 0, 0, 0
	for i, v := range cur {
		if apart(v, a[i]) > threeDiffer && apart(v, b[i]) > threeDiffer {
			x, y := i%cols, i/cols
			x0, y0, x1, y1 = min(x0, x), min(y0, y), max(x1, x+1), max(y1, y+1)
			count++
		}
	}
	r := worker.Result{Mean: float32(sum) / float32(len(cur)), Changed: float32(count) / float32(len(cur))}
	if float64(count) > threeShare*float64(len(cur)) {
		w, h := float64(cols), float64(rows)
		t.out[0] = analyze.Region{
			Box:  shouwang.Box{float64(x0) / w, float64(y0) / h, float64(x1-x0) / w, float64(y1-y0) / h},
			Fill: float64(count) / float64((x1-x0)*(y1-y0)), Score: 1, Moving: 1,
		}
		r.Regions = t.out[:]
	}
	return r
}

func apart(a, b byte) int {
	if a > b {
		return int(a - b)
	}
	return int(b - a)
}
