package view

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// street draws a scene of walls, doors and windows at the size given, shifted
// by dx, dy pixels, as bright as light says.
func street(seed uint64, width, height, dx, dy int, light func(v float64) float64) Grid {
	rng := rand.New(rand.NewPCG(seed, 9))
	type box struct {
		x, y, w, h int
		v          float64
	}
	boxes := []box{{-width, height / 2, 4 * width, height, 90}}
	for range 40 {
		boxes = append(boxes, box{rng.IntN(2*width) - width/2, rng.IntN(2*height) - height/2, 20 + rng.IntN(width/5), 20 + rng.IntN(height/4), 40 + 170*rng.Float64()})
	}
	luma := make([]byte, width*height)
	for y := range height {
		for x := range width {
			v := 130.0
			for _, b := range boxes {
				if px, py := x+dx, y+dy; px >= b.x && px < b.x+b.w && py >= b.y && py < b.y+b.h {
					v = b.v
				}
			}
			luma[y*width+x] = uint8(max(0, min(255, light(v)+4*rng.NormFloat64())))
		}
	}
	g, ok := Of(luma, width, width, height)
	if !ok {
		panic("no grid")
	}
	return g
}

func daylight(v float64) float64 { return v }
func evening(v float64) float64  { return 20 + 90*math.Pow(v/255, 1.6) }
func infrared(v float64) float64 { return 190 - 0.45*v } // bright and dark change places
func night(float64) float64      { return 18 }

func TestAViewIsTheSameWhateverTheLight(t *testing.T) {
	for seed := range uint64(8) {
		approved := street(seed, 640, 360, 0, 0, daylight)
		for name, light := range map[string]func(float64) float64{"day": daylight, "evening": evening, "infrared": infrared} {
			now := street(seed, 640, 360, 0, 0, light)
			if r := Compare(&approved, &now); r.Verdict != Same {
				t.Errorf("scene %d, %s: %+v", seed, name, r)
			}
		}
		dark := street(seed, 640, 360, 0, 0, night)
		if r := Compare(&approved, &dark); r.Verdict != Unclear {
			t.Errorf("scene %d in the dark: %+v", seed, r)
		}
	}
}

func TestAViewThatMovedOrTurnedIsFound(t *testing.T) {
	for seed := range uint64(8) {
		approved := street(seed, 640, 360, 0, 0, daylight)
		moved := street(seed, 640, 360, 90, -40, evening)
		if r := Compare(&approved, &moved); r.Verdict != Moved || math.Abs(r.DX+90.0/640) > 0.03 || math.Abs(r.DY-40.0/360) > 0.05 {
			t.Errorf("scene %d moved: %+v", seed, r)
		}
		turned := street(seed+100, 640, 360, 0, 0, daylight)
		if r := Compare(&approved, &turned); r.Verdict == Same {
			t.Errorf("scene %d turned: %+v", seed, r)
		}
	}
}

// TestPassersByMoveNoCamera has somebody walk and a lorry park; only a lasting
// other view is told, and once.
func TestOnlyALastingOtherViewIsTold(t *testing.T) {
	approved := street(1, 640, 360, 0, 0, daylight)
	w := Watch(approved, DefaultPatience)
	at := time.Date(2026, 11, 18, 9, 0, 0, 0, time.UTC)
	see := func(g Grid, seconds int) (told int) {
		for range seconds {
			at = at.Add(time.Second)
			if _, drifted := w.See(g, at); drifted {
				told++
			}
		}
		return told
	}
	lorry := approved
	for y := 10; y < 30; y++ {
		for x := 5; x < 25; x++ {
			lorry[y*Cols+x] = 220
		}
	}
	moved := street(1, 640, 360, 100, 30, daylight)
	if n := see(approved, 60) + see(lorry, 120) + see(approved, 30) + see(moved, 30) + see(approved, 60); n != 0 {
		t.Errorf("told %d times for passers-by and a nudge that was put right", n)
	}
	if n := see(moved, 80); n != 1 {
		t.Errorf("told %d times that the view had moved, state %+v", n, w.State())
	}
}

// TestPatienceIsKept at both bounds and between: nothing is told before the view
// has been another for as long as that, and it is told with the next picture.
func TestPatienceIsKept(t *testing.T) {
	approved, moved := street(1, 640, 360, 0, 0, daylight), street(1, 640, 360, 100, 30, daylight)
	for _, patience := range []time.Duration{LeastPatience, DefaultPatience, MostPatience} {
		w := Watch(approved, patience)
		at := time.Date(2026, 11, 18, 9, 0, 0, 0, time.UTC)
		for range 10 {
			at = at.Add(sampleEvery)
			w.See(approved, at)
		}
		turned, told := at.Add(sampleEvery), time.Duration(0)
		for told == 0 && at.Sub(turned) < 2*MostPatience {
			at = at.Add(sampleEvery)
			if r, drifted := w.See(moved, at); drifted {
				told = at.Sub(turned)
				if off := r.Since.Sub(turned).Abs(); off > Window {
					t.Errorf("patience %s: other since %s, turned at %s", patience, r.Since, turned)
				}
			}
		}
		if told < patience || told > patience+Window {
			t.Errorf("patience %s: told after %s", patience, told)
		}
	}
}

func TestGridsOfBadPlanesAreRefused(t *testing.T) {
	for _, c := range [][4]int{{0, 0, 0, 0}, {100, 640, 640, 360}, {640 * 360, 320, 640, 360}, {63 * 36, 63, 63, 36}} {
		if _, ok := Of(make([]byte, c[0]), c[1], c[2], c[3]); ok {
			t.Errorf("%v made a grid", c)
		}
	}
	if _, err := Parse(make([]byte, 10)); err == nil {
		t.Error("a short grid was read")
	}
	var flatGrid Grid
	if r := Compare(&flatGrid, &flatGrid); r.Verdict != Unclear {
		t.Errorf("nothing at all: %+v", r)
	}
}
