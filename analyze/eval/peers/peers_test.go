package peers_test

import (
	"math/rand/v2"
	"testing"

	"shouwang/analyze/eval/peers"
)

// show looks at pictures of a noisy scene; in those for which at is not
// negative a bright thing of 20x50 stands there.
func show(r peers.Rule, pictures int, at func(n int) int) (moving int) {
	rnd := rand.New(rand.NewPCG(3, 4))
	luma, noise := make([]byte, 640*360), make([]byte, 640*360+1000)
	for i := range noise {
		noise[i] = byte(rnd.IntN(5))
	}
	for n := range pictures {
		from := rnd.IntN(1000)
		for i := range luma {
			luma[i] = byte(60+i%640/8) + noise[from+i]
		}
		if x := at(n); x >= 0 {
			for y := 150; y < 200; y++ {
				for i := x; i < x+20; i++ {
					luma[y*640+i] = 230
				}
			}
		}
		boxes := r.Look(luma, 640, 640, 360)
		if len(boxes) > 0 {
			moving++
		}
		for _, b := range boxes {
			if x, y := b.Center(); at(n) >= 0 && (y < .4 || y > .6 || x < 0 || x > 1) {
				panic("motion elsewhere")
			}
		}
	}
	return moving
}

func TestRules(t *testing.T) {
	nobody := func(int) int { return -1 }
	walker := func(n int) int {
		if n < 40 {
			return -1
		}
		return (n - 40) * 24 % 600 // far enough between key frames
	}
	for name, rule := range map[string]func() peers.Rule{
		"Frigate": func() peers.Rule { return &peers.Frigate{} }, "Kerberos": func() peers.Rule { return &peers.Kerberos{} },
	} {
		if n := show(rule(), 60, nobody); n != 0 {
			t.Errorf("%s: motion in %d of 60 quiet pictures", name, n)
		}
		if n := show(rule(), 70, walker); n < 25 {
			t.Errorf("%s: motion in %d of 30 pictures of a walker", name, n)
		}
	}
}
