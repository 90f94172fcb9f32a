package render

import (
	"math/rand/v2"
	"testing"

	"shouwang"
)

// TestCellsAreMeasuredAlike: four samples at a time, or one by one.
func TestCellsAreMeasuredAlike(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	const width, height, stride = 640, 360, 672
	luma := make([]byte, stride*(height-1)+width) // nothing behind the last row
	for range 5 {
		for i := range luma {
			luma[i] = byte(r.Uint32())
			if r.IntN(3) == 0 {
				luma[i] = byte(255 * r.IntN(2))
			}
		}
		var fast, slow veil
		fast.reset(45)
		slow.reset(45)
		fast.reduce(luma, stride, width, height)
		for row := range slow.rows {
			for c := range slow.cols {
				slow.cell(luma, stride, width, height, row*8, row*8+8, row, c)
			}
		}
		for i := range fast.mean.cur {
			if fast.mean.cur[i] != slow.mean.cur[i] || fast.texture.cur[i] != slow.texture.cur[i] {
				t.Fatalf("cell %d: %d and %d, one by one %d and %d", i, fast.mean.cur[i], fast.texture.cur[i], slow.mean.cur[i], slow.texture.cur[i])
			}
		}
	}
}

// TestPaceIsTheFraction: dividing less changes nothing.
func TestPaceIsTheFraction(t *testing.T) {
	for _, constant := range []shouwang.MediaTime{1, 20, 900} {
		constant *= shouwang.MediaRate
		for _, step := range []shouwang.MediaTime{0, 1, 3600, 9000, 36_000, 90_000, 180_000, 900_000, 5_400_000} {
			p := newPace(step, constant)
			for d := -4080; d <= 4080; d++ {
				move := shouwang.MediaTime(d) * min(step, constant) / constant
				if move == 0 && step > 0 && (d > 8 || d < -8) && constant <= 20*shouwang.MediaRate {
					move = shouwang.MediaTime(max(-1, min(1, d)))
				}
				from, to := int16(max(0, -d)), int16(max(0, d))
				if got := p.towards(from, to); got != from+int16(move) {
					t.Fatalf("%d in %d of %d: moves to %d, not %d", d, step, constant, got, from+int16(move))
				}
			}
		}
	}
}
