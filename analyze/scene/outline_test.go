package scene

import "testing"

// TestMaskOfAGreyCar: of something whose middle has the colour of the road only
// the outline is different, and its rim only half as much; the mask is all of it.
func TestMaskOfAGreyCar(t *testing.T) {
	s := newStage(640, 360)
	for i := range s.back {
		if x, y := i%s.w, i/s.w; x > 150 && x < 350 && y > 80 && y < 220 {
			s.back[i] = 100 // the road
		}
	}
	s.run(20)
	s.things = []thing{{196, 116, 88, 68, 102}, {200, 120, 80, 60, 190}, {216, 136, 48, 28, 96}}
	s.show()
	mask, cols := s.m.Mask(nil)
	in, out := 0, 0
	for i, v := range mask {
		if v == 0 {
			continue
		}
		if x, y := i%cols*4, i/cols*4; x >= 192 && x < 288 && y >= 112 && y < 188 {
			in++
		} else {
			out++
		}
	}
	if whole := 80 * 60 / 16; in < whole || out > whole/20 {
		t.Errorf("%d cells of at least %d, and %d elsewhere", in, whole, out)
	}
	dst := make([]uint8, 0, len(mask))
	if n := testing.AllocsPerRun(20, func() { s.m.Mask(dst) }); n > 1 {
		t.Errorf("%v allocations a mask", n)
	}
}
