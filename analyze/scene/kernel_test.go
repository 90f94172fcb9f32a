package scene

import (
	"math/rand/v2"
	"os"
	"slices"
	"testing"
)

// TestVariantsAgree runs every pass in both code variants over random levels,
// extremes included, and asks for equal bits.
func TestVariantsAgree(t *testing.T) {
	if !fast {
		if os.Getenv("SHOUWANG_CI") == "1" {
			t.Fatal("this processor has no AVX2, so the two variants cannot be compared")
		}
		t.Skip("this processor has no AVX2: only the scalar code can run here")
	}
	r := rand.New(rand.NewPCG(7, 7))
	for _, size := range [][3]int{{160, 90, 4}, {89, 50, 2}, {161, 91, 8}, {153, 86, 5}, {160, 90, 24}, {17, 3, 1}} {
		cols, rows, cell := size[0], size[1], size[2]
		luma := make([]byte, cols*cell*rows*cell)
		for i := range luma {
			luma[i] = byte(r.Uint32())
		}
		a, b := pair(r, cols, rows, cell)
		for round := range 40 {
			var totals [2][4]int64
			for k, m := range []*Model{a, b} {
				simd := k == 1
				reduce(simd, luma, cols*cell, cell, cols, rows, m.acc, m.cur)
				if round%2 == 0 {
					extremes(rand.New(rand.NewPCG(uint64(round), 1)), m.cur)
				}
				th := threshold{shift: round*64 - 1000, floor: 640, gain: 64}
				if round%3 == 0 {
					th.lut = &m.light.lut
				}
				n := classify(simd, m.cur, m.bg, m.dev, &th, m.expect, m.hot)
				clean(simd, m.hot, cols, rows, 3, m.clean)
				s1, s2, s3 := sums(simd, m.cur, cols, rows)
				l := learn{alpha: round * 1600, held: round * 20, tick: round%2 == 1, up: 12, down: 4, still: 256, absorb: 5, revert: 2}
				update(simd, m, m.clean, m.hot, &l)
				pulse(simd, m.cur, 3*round, round, m.kref, m.kdev)
				widest(simd, m.dev, m.kdev, m.wide)
				totals[k] = [4]int64{int64(n), s1, s2, s3}
			}
			same(t, a, b)
			if totals[0] != totals[1] {
				t.Fatalf("sums differ: %v", totals)
			}
		}
	}
}

func pair(r *rand.Rand, cols, rows, cell int) (a, b *Model) {
	a, b = New(Config{Scalar: true}), New(Config{})
	for _, m := range []*Model{a, b} {
		m.cell = cell
		m.shape(cols, rows)
		m.borrow()
	}
	for i := range a.bg {
		a.bg[i], a.old[i], a.ref[i] = int16(r.IntN(32641)), int16(r.IntN(32641)), int16(r.IntN(32641))
		a.dev[i], a.still[i] = byte(r.IntN(250)+1), byte(r.Uint32())
	}
	for i := range a.light.lut {
		a.light.lut[i] = int16(r.IntN(65536) - 32768)
	}
	copy(b.bg, a.bg)
	copy(b.old, a.old)
	copy(b.ref, a.ref)
	copy(b.dev, a.dev)
	copy(b.still, a.still)
	b.light.lut = a.light.lut
	return a, b
}

func extremes(r *rand.Rand, s []int16) {
	for range len(s) / 8 {
		s[r.IntN(len(s))] = 0
		s[r.IntN(len(s))] = 32640
	}
}

func same(t *testing.T, a, b *Model) {
	t.Helper()
	for name, p := range map[string][2][]int16{"cur": {a.cur, b.cur}, "expect": {a.expect, b.expect}, "bg": {a.bg, b.bg}, "old": {a.old, b.old}, "ref": {a.ref, b.ref}, "kref": {a.kref, b.kref}} {
		if !slices.Equal(p[0], p[1]) {
			t.Fatalf("%s differs between the variants", name)
		}
	}
	for name, p := range map[string][2][]uint8{"hot": {a.hot, b.hot}, "clean": {a.clean, b.clean}, "dev": {a.dev, b.dev}, "still": {a.still, b.still}, "kdev": {a.kdev, b.kdev}, "wide": {a.wide, b.wide}} {
		if !slices.Equal(p[0], p[1]) {
			t.Fatalf("%s differs between the variants", name)
		}
	}
}

// TestReduceMeans checks the box means against the plain definition.
func TestReduceMeans(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	for cell := 1; cell <= 26; cell++ {
		w, h, stride := 5*cell+cell/2, 3*cell, 5*cell+40
		luma := make([]byte, stride*h)
		for i := range luma {
			luma[i] = byte(r.Uint32())
		}
		got := Reduce(luma, stride, w, h, cell)
		for i, v := range got {
			sum := 0
			for y := range cell {
				for x := range cell {
					sum += int(luma[(i/5*cell+y)*stride+i%5*cell+x])
				}
			}
			want := 128 * float64(sum) / float64(cell*cell)
			if d := float64(v) - want; d > 2 || d < -2 {
				t.Fatalf("cell %d: mean %d is %d, want %.1f", cell, i, v, want)
			}
		}
	}
}
