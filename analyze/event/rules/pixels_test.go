package rules_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"shouwang"
	"shouwang/analyze"
	"shouwang/analyze/event"
	"shouwang/analyze/event/rules"
	"shouwang/analyze/scene"
)

// yard paints pictures and shows them to model, eventer and rules as they are
// joined for a camera: five pictures a second of 320x180, a key frame every
// two seconds.
type yard struct {
	t      *testing.T
	model  *scene.Model
	ev     *event.Eventer
	en     *rules.Engine
	back   []float64
	grain  []int8
	luma   []byte
	r      *rand.Rand
	things map[string]patch
	lens   func(luma []byte) // what is done to the camera
	now    int
	begun  []shouwang.Event
}

// patch is a textured rectangle in pixels.
type patch struct{ x, y, w, h, luma int }

const yardW, yardH, yardFPS = 320, 180, 5

func newYard(t *testing.T, list string) *yard {
	t.Helper()
	r, err := rules.Parse([]byte(list))
	if err != nil {
		t.Fatal(err)
	}
	y := &yard{
		t: t, model: scene.New(scene.Config{}), ev: event.New("cam", event.Config{}), en: rules.New("cam", r), r: rand.New(rand.NewPCG(4, 2)),
		back: make([]float64, yardW*yardH), luma: make([]byte, yardW*yardH), grain: make([]int8, yardW*yardH+4096), things: map[string]patch{},
	}
	for i := range y.grain {
		y.grain[i] = int8(math.Round(2 * y.r.NormFloat64()))
	}
	for i := range y.back {
		y.back[i] = ground(i%yardW, i/yardW, 0)
	}
	return y
}

// ground is a scene with edges; another seed is another scene.
func ground(x, y int, seed float64) float64 {
	v := 100 + 30*math.Sin(float64(x)/(19+seed)+seed) + 20*math.Cos(float64(y)/13+seed)
	if (int(float64(x)+9*seed)/17+y/(11+int(seed)))%4 == 0 {
		v += 55
	}
	return v
}

func (y *yard) paint() {
	from := y.r.IntN(4096)
	for i, v := range y.back {
		y.luma[i] = byte(max(0, min(255, v+float64(y.grain[from+i]))))
	}
	for _, p := range y.things {
		for j := max(0, p.y); j < min(yardH, p.y+p.h); j++ {
			for i := max(0, p.x); i < min(yardW, p.x+p.w); i++ {
				y.luma[j*yardW+i] = byte(p.luma + (i*7+j*3)%9 + int(y.grain[from+i]))
			}
		}
	}
	if y.lens != nil {
		y.lens(y.luma)
	}
}

// show shows so many seconds; before each picture act, unless it is nil, is
// told how many have passed.
func (y *yard) show(seconds float64, act func(s float64)) {
	for n := range int(seconds * yardFPS) {
		if act != nil {
			act(float64(n) / yardFPS)
		}
		y.paint()
		pts := shouwang.MediaTime(y.now * shouwang.MediaRate / yardFPS)
		key := y.now%(2*yardFPS) == 0
		s := y.model.Observe(y.luma, yardW, yardW, yardH, pts, key)
		o := &analyze.Observation{
			PTS: pts, Decoded: true, Key: key, Wall: shouwang.WallStamp{At: epoch.Add(pts.Duration())}, Regions: s.Regions, Light: s.Light,
			Mean: s.Mean, Dev: s.Dev, Changed: s.Changed, Sharp: s.Sharp, Like: s.Like,
		}
		y.now++
		y.ev.Observe(o)
		for _, e := range y.en.Observe(o, y.ev.Tracks()) {
			if e.Phase == shouwang.PhaseBegin {
				y.begun = append(y.begun, e)
			}
		}
	}
}

// walk lets a person go from x0 to x1, feet at y, within so many seconds.
func (y *yard) walk(name string, x0, x1, feet int, seconds float64) {
	y.show(seconds, func(s float64) {
		y.things[name] = patch{x0 + int(float64(x1-x0)*s/seconds), feet - 40, 14, 40, 210}
	})
}

// said is the rules' names in the order of their events.
func (y *yard) said() string {
	var names []string
	for _, e := range y.begun {
		names = append(names, strings.TrimSuffix(e.Rule+":"+e.Label, ":"))
	}
	y.begun = y.begun[:0]
	return strings.Join(names, " ")
}

func (y *yard) want(what, want string) {
	y.t.Helper()
	if got := y.said(); got != want {
		y.t.Errorf("%s: %q, want %q", what, got, want)
	}
}

// TestPassingBy: a line is crossed one way, a zone entered, and nobody stays.
func TestPassingBy(t *testing.T) {
	y := newYard(t, `[{"name":"in","kind":"line_crossing","line":[[0.5,1],[0.5,0]],"direction":"right"},
		{"name":"yard","kind":"intrusion","zone":[[0.6,0],[1,0],[1,1],[0.6,1]]},{"name":"stay","kind":"loitering","seconds":15}]`)
	y.show(20, nil)
	y.walk("she", -14, 110, 150, 6)
	delete(y.things, "she")
	y.show(8, nil)
	y.want("up to the line", "")
	y.walk("she", -14, 320, 150, 10)
	delete(y.things, "she")
	y.show(8, nil)
	y.want("through", "in yard")
	y.walk("he", 320, -14, 150, 10)
	delete(y.things, "he")
	y.show(8, nil)
	y.want("the other way", "yard")
	for range 4 {
		y.walk("he", 40, 110, 150, 3)
		y.walk("he", 110, 40, 150, 3)
	}
	y.want("to and fro", "stay")
}

// TestThingsComeAndGo: a bag is left, a car parks, and what stood there from
// the beginning is taken away; putting it back at once is nothing.
func TestThingsComeAndGo(t *testing.T) {
	y := newYard(t, `[{"name":"bag","kind":"left_object"},{"name":"car","kind":"parked","seconds":40},
		{"name":"gone","kind":"removed_object","zone":[[0.75,0.2],[1,0.2],[1,0.8],[0.75,0.8]]}]`)
	post := patch{270, 80, 16, 30, 230}
	y.things["post"] = post
	y.show(80, nil)
	y.walk("he", -14, 100, 170, 6)
	y.things["bag"] = patch{116, 156, 14, 14, 20}
	y.walk("he", 100, -14, 170, 6)
	delete(y.things, "he")
	y.show(15, nil)
	y.want("a bag for a quarter of a minute", "")
	y.show(25, nil)
	y.want("a bag for longer", "bag")
	delete(y.things, "bag")
	y.show(20, nil)
	y.said()
	y.show(5, func(s float64) { y.things["car"] = patch{-70 + int(22*s), 60, 70, 36, 225} })
	y.show(30, nil)
	y.want("a car for half a minute", "")
	y.show(20, nil)
	y.want("a car for longer", "car")
	delete(y.things, "post")
	y.show(5, nil)
	y.things["post"] = post
	y.show(20, nil)
	y.want("taken and put back", "")
	delete(y.things, "post")
	y.show(20, nil)
	y.want("taken", "gone")
}

// TestManyCome: people are counted while they can be told apart, and a zone's
// cover when they cannot.
func TestManyCome(t *testing.T) {
	y := newYard(t, `[{"name":"five","kind":"crowd"},{"name":"dense","kind":"crowd","density":0.4,"zone":[[0,0.5],[1,0.5],[1,1],[0,1]]}]`)
	come := func(n, apart int) {
		y.show(14, func(s float64) {
			for i := range n {
				y.things[string(rune('a'+i))] = patch{-40 + int(9*s) + apart*i, 110 + i%3, 14, 40, 200 + 2*(i%5)}
			}
		})
		clear(y.things)
		y.show(10, nil)
	}
	y.show(20, nil)
	come(4, 45)
	y.want("four", "")
	come(5, 45)
	y.want("five", "five")
	y.show(14, func(s float64) { y.things["mass"] = patch{-220 + int(32*s), 90, 230, 84, 200} })
	y.show(8, nil)
	if got := y.said(); !strings.Contains(got, "dense") {
		t.Errorf("a mass: %q", got)
	}
}

// TestTheCameraSuffers: each kind of tampering on pixels is called by its name,
// and dusk is none.
func TestTheCameraSuffers(t *testing.T) {
	for _, c := range []struct {
		what, want string
		begin      func(y *yard)
	}{
		{"a hand over the lens", "tamper:covered", func(y *yard) {
			y.lens = func(l []byte) {
				for i := range l {
					l[i] = 12 + l[i]/40
				}
			}
		}},
		{"grease", "tamper:defocused", func(y *yard) { y.back = blurred(y.back, 14) }},
		{"turned away", "tamper:turned", func(y *yard) {
			for i := range y.back {
				y.back[i] = ground(i%yardW, i/yardW, 3)
			}
		}},
		{"the same picture for ever", "tamper:frozen", func(y *yard) {
			still := append([]byte(nil), y.luma...)
			y.lens = func(l []byte) { copy(l, still) }
		}},
		{"a recording of eight seconds", "tamper:loop", func(y *yard) {
			var kept [][]byte
			at := 0
			y.lens = func(l []byte) {
				if len(kept) < 8*yardFPS {
					kept = append(kept, append([]byte(nil), l...))
				}
				copy(l, kept[at%len(kept)])
				if at++; at < 8*yardFPS {
					return
				}
				copy(l, kept[at%len(kept)])
			}
		}},
		{"dusk", "", func(y *yard) {
			from := y.now
			y.lens = func(l []byte) {
				g := max(0.35, 1-float64(y.now-from)/yardFPS/60)
				for i := range l {
					l[i] = byte(float64(l[i]) * g)
				}
			}
		}},
	} {
		y := newYard(t, `[{"name":"tamper","kind":"tamper"}]`)
		y.show(45, nil)
		y.want(c.what+", before", "")
		c.begin(y)
		y.show(60, nil)
		if got := y.said(); !strings.HasPrefix(got, c.want) || c.want == "" && got != "" {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
	}
}

// blurred is the mean over squares of 2r+1 pixels.
func blurred(in []float64, r int) []float64 {
	out := make([]float64, len(in))
	for i := range in {
		x, y, n := i%yardW, i/yardW, 0.0
		for j := max(0, y-r); j <= min(yardH-1, y+r); j += 2 {
			for k := max(0, x-r); k <= min(yardW-1, x+r); k += 2 {
				out[i] += in[j*yardW+k]
				n++
			}
		}
		out[i] /= n
	}
	return out
}
