package composite

import (
	"math"
	"math/rand/v2"
)

// drawnStill is a street with houses and textured ground, for where there is
// no clip to take a background from.
func drawnStill(r *rand.Rand) *Still {
	s := newStill()
	horizon := Height * (30 + r.IntN(15)) / 100
	for y := range Height {
		for x := range Width {
			v := 175 - float64(y)/6
			if y > horizon {
				v = 95 + 30*math.Sin(float64(x)/57) + 14*math.Sin(float64(x+3*y)/11) + float64(y-horizon)/9
			}
			s.Y[y*Width+x] = clip(int(v) + r.IntN(13) - 6)
		}
	}
	for i := range 5 {
		s.house(r, i*Width/5+r.IntN(30), horizon-30-r.IntN(40), horizon+25+r.IntN(20))
	}
	return s
}

func (s *Still) house(r *rand.Rand, x0, y0, y1 int) {
	wall, window := 110+r.IntN(110), 40+r.IntN(50)
	for y := max(0, y0); y < y1; y++ {
		for x := x0; x < min(Width, x0+100); x++ {
			v := wall + (x*5+y*3)%9
			if (x-x0)%30 > 10 && (x-x0)%30 < 24 && (y-y0)%34 > 12 && (y-y0)%34 < 28 {
				v = window
			}
			s.Y[y*Width+x] = clip(v)
		}
	}
}
