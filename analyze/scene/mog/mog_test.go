package mog_test

import (
	"math/rand/v2"
	"testing"

	"shouwang"
	"shouwang/analyze"
	"shouwang/analyze/scene/mog"
)

// paint returns a noisy picture with a bright block at x.
func paint(r *rand.Rand, x int) []byte {
	p := make([]byte, 704*360)
	for i := range p {
		p[i] = byte(90 + r.IntN(8))
		if c, y := i%704, i/704; x > 0 && c >= x && c < x+40 && y > 150 && y < 240 {
			p[i] = 220
		}
	}
	return p
}

func TestFindsWhatMovesAndNothingElse(t *testing.T) {
	m := mog.New()
	defer m.Close()
	r := rand.New(rand.NewPCG(1, 1))
	for i := range 30 {
		res := m.Observe(paint(r, 0), 704, 640, 360, shouwang.MediaTime(i*9000), false)
		if i > 5 && len(res.Regions) > 0 {
			t.Fatalf("noise: regions %v", res.Regions)
		}
	}
	want := shouwang.Box{300.0 / 640, 151.0 / 360, 40.0 / 640, 89.0 / 360}
	res := m.Observe(paint(r, 300), 704, 640, 360, 0, false)
	if len(res.Regions) != 1 || res.Regions[0].Box.IoU(want) < 0.7 {
		t.Errorf("a block: regions %v, want %v", res.Regions, want)
	}
	if res := m.Observe(nil, 704, 640, 360, 0, false); res.Light != analyze.LightBlind {
		t.Error("a picture without pixels is accepted")
	}
}

func BenchmarkObserve(b *testing.B) {
	m := mog.New()
	defer m.Close()
	r := rand.New(rand.NewPCG(1, 1))
	p, q := paint(r, 0), paint(r, 300)
	for range b.N {
		m.Observe(p, 704, 640, 360, 0, false)
		p, q = q, p
	}
}
