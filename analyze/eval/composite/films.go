package composite

import (
	"math"
	"math/rand/v2"
	"strings"
	"time"
)

// sizes are the heights of movers in pixels, spread over every film.
var sizes = []int{32, 64, 24, 48, 16, 96, 40, 20}

// plan is one film before anything is cut for it.
type plan struct {
	name  string
	clip  string // whose background
	night bool
	noise float64
	gain  float64
	w     Weather
}

// plans are the scene kinds that are measured. A night's noise is that of a
// cheap sensor at its highest gain.
var plans = []plan{
	{"street by day", "vtest", false, 2, 1, Weather{Clock: true}},
	{"room, automatic exposure", "one-by-one", false, 2.5, 1, Weather{Exposure: .12}},
	{"road by day", "bgslibrary", false, 2, 1, Weather{}},
	{"garden, branches sway", "garden_cat", false, 2, 1, Weather{Sway: true}},
	{"infrared, insects", "night_175s", true, 4, 1, Weather{Insects: 8 * time.Second}},
	{"street, dark", "vtest", true, 6, .4, Weather{}},
	{"street, rain", "ahmetozlu", false, 3, .9, Weather{Rain: true, Clock: true}},
	{"car park, gusts", "car-detection", false, 2, 1, Weather{Shake: 3}},
	{"road, snow", "bgslibrary", false, 3, 1, Weather{Snow: true}},
	{"street, lamp out", "ahmetozlu", false, 3, .8, Weather{Switch: 36 * time.Second}},
	{"garden by night, torches", "garden_cat", true, 4, .35, Weather{Torch: 12 * time.Second}},
}

// filmLasts makes more than 368 counted visits in the encodings of every run:
// with none of them missed, 99 % is then inside the 95 % bound.
const filmLasts = 165 * time.Second

// Films plans every film. Stocks are what was cut from clips; a film whose
// clip is not among them has a drawn background, and without any movers cut
// they are drawn too.
func Films(stocks []*Stock) []*Film {
	r := rand.New(rand.NewPCG(20261, 7))
	made := drawn(r)
	var movers []*Mover
	for _, s := range stocks {
		movers = append(movers, s.Movers...)
	}
	if len(movers) == 0 {
		movers = made
	}
	var out []*Film
	for i, p := range plans {
		f := &Film{Name: p.name, Night: p.night, Noise: p.noise, Gain: p.gain, Weather: p.w, Lasts: filmLasts, Seed: uint64(i + 1)}
		for _, s := range stocks {
			if strings.Contains(s.Name, p.clip) {
				f.Back, f.Real = s.Back, true
			}
		}
		if f.Back == nil {
			f.Back = drawnStill(r)
		}
		f.schedule(rand.New(rand.NewPCG(f.Seed, 5)), movers, i)
		out = append(out, f)
	}
	return out
}

// schedule sends movers of every size through the film, one after another, at
// times that have nothing to do with key frames.
func (f *Film) schedule(r *rand.Rand, movers []*Mover, first int) {
	t := 8 * time.Second
	for i := first; ; i++ {
		t += time.Duration(60+r.IntN(40)) * 100 * time.Millisecond // so that a cascade falls asleep in between
		v := f.visit(r, movers, sizes[i%len(sizes)], t)
		if v.From+v.Lasts > f.Lasts-3*time.Second {
			return
		}
		f.Visits = append(f.Visits, v)
		t = v.From + v.Lasts
	}
}

// visit chooses who comes, how fast and where: a person goes 0.7 to 1.5 of
// their height in a second, a car two to four. It looks for a place where the
// mover differs from what is behind it by ten luma on the mean; nobody could
// find another.
func (f *Film) visit(r *rand.Rand, movers []*Mover, tall int, from time.Duration) Visit {
	var best Visit
	most := -1.0
	for range 12 {
		m := movers[r.IntN(len(movers))]
		speed := 0.7 + 0.8*r.Float64()
		if m.Kind != "person" {
			speed = 1.2 + 1.5*r.Float64()
		}
		lasts := time.Duration(15+r.IntN(40)) * 100 * time.Millisecond
		v := Visit{Mover: m, From: from, Lasts: lasts, Tall: tall, Leftwards: r.IntN(2) == 0}
		for i := range m.frames {
			v.frames = append(v.frames, m.frames[i].scaled(tall))
		}
		way := min(speed*float64(tall)*lasts.Seconds()-v.wide(), Width-40)
		if way < v.wide() {
			way = v.wide() // a pause must not make it invisible
		}
		v.Left = 20 + r.Float64()*(Width-40-way)
		v.Right = v.Left + way
		v.Foot = float64(tall) + 6 + (Height-float64(tall)-12)*(0.4+0.6*r.Float64())
		if r.IntN(6) == 0 {
			v.Pause = 3 * time.Second
			v.Lasts += v.Pause
		}
		c := f.contrast(&v)
		if c > most {
			best, most = v, c
		}
		if c >= 10 {
			break
		}
	}
	return best
}

// contrast is how far the mover's luma is from what it hides, on the mean over
// its way, in the film's light.
func (f *Film) contrast(v *Visit) float64 {
	sum, n := 0.0, 0
	for k := 1; k < 8; k++ {
		x, walked, ok := v.where(v.From + v.Lasts*time.Duration(k)/8)
		if !ok {
			continue
		}
		s := &v.frames[int(walked*FPS)%len(v.frames)]
		for j := range s.h {
			for i := range s.w {
				px, py := int(x)-s.w/2+i, int(v.Foot)-s.h+j
				if px < 0 || py < 0 || px >= Width || py >= Height || s.a[j*s.w+i] < 128 {
					continue
				}
				sum += math.Abs(float64(s.y[j*s.w+i]) - float64(f.Back.Y[py*Width+px]))
				n++
			}
		}
	}
	return f.Gain * sum / max(1, float64(n))
}
