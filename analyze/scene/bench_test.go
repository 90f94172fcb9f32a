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
