package scene

import (
	"math/rand/v2"
	"testing"

	"shouwang"
)

func noise(w, h int, seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 1))
	p := make([]byte, w*h)
	for i := range p {
		p[i] = byte(100 + i%w/8 + r.IntN(9))
	}
	return p
}

func BenchmarkObserve(b *testing.B) {
	for _, size := range [][2]int{{640, 360}, {1280, 720}, {1920, 1080}} {
		for _, scalar := range []bool{false, true} {
			name := map[bool]string{false: Variant(), true: "scalar"}[scalar]
			b.Run(name+"/"+map[int]string{360: "360p", 720: "720p", 1080: "1080p"}[size[1]], func(b *testing.B) {
				m := New(Config{Scalar: scalar})
				p, q := noise(size[0], size[1], 1), noise(size[0], size[1], 2)
				b.ReportAllocs()
				for i := range b.N {
					m.Observe(p, size[0], size[0], size[1], shouwang.MediaTime(i*9000), false)
					p, q = q, p
				}
			})
		}
	}
}

func BenchmarkPasses(b *testing.B) {
	m := New(Config{})
	p := noise(640, 360, 1)
	m.Observe(p, 640, 640, 360, 0, true)
	b.Run("reduce", func(b *testing.B) {
		for range b.N {
			reduce(true, p, 640, m.cell, m.cols, m.rows, m.acc, m.cur)
		}
	})
	b.Run("sums", func(b *testing.B) {
		for range b.N {
			sums(true, m.cur, m.cols, m.rows)
		}
	})
	t := threshold{floor: 640, gain: 64}
	b.Run("classify", func(b *testing.B) {
		for range b.N {
			classify(true, m.cur, m.bg, m.dev, &t, m.expect, m.hot)
		}
	})
	b.Run("clean", func(b *testing.B) {
		for range b.N {
			clean(true, m.hot, m.cols, m.rows, 3, m.clean)
		}
	})
	l := learn{alpha: 600, held: 9, up: 3, down: 1, still: 256, absorb: 200, revert: 3}
	b.Run("update", func(b *testing.B) {
		for range b.N {
			update(true, m, m.hold, m.hot, &l)
		}
	})
	l.tick = true
	b.Run("tick", func(b *testing.B) {
		for range b.N {
			update(true, m, m.hold, m.hot, &l)
		}
	})
	b.Run("light", func(b *testing.B) {
		for range b.N {
			m.light.estimate(m)
		}
	})
	b.Run("find", func(b *testing.B) {
		for range b.N {
			m.finder.find(m)
		}
	})
}
