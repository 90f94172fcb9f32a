package scene

import (
	"math"
	"math/rand/v2"
	"testing"

	"shouwang"
	"shouwang/analyze"
)

// stage paints pictures with known contents: a textured background, noise,
// things at known places, and a light.
type stage struct {
	w, h         int
	noise        float64
	gain, offset float64
	fps          int
	things       []thing
	sway         bool
	dx, dy       float64 // how far the camera is thrown, pixels
	pool, glow   pool
	at           int // picture number
	r            *rand.Rand
	back         []float64
	luma         []byte
	m            *Model
}

type thing struct{ x, y, w, h, luma int }

// pool is a torch's light: its middle, its radius in pixels, by how much it
// multiplies what it falls on.
type pool struct{ x, y, r, k float64 }

func (p *pool) gain(x, y int) float64 {
	if p.r == 0 {
		return 1
	}
	dx, dy := float64(x)-p.x, float64(y)-p.y
	return 1 + p.k*math.Exp(-1.5*(dx*dx+dy*dy)/(p.r*p.r))
}

func newStage(w, h int) *stage {
	s := &stage{w: w, h: h, noise: 2, gain: 1, fps: 5, r: rand.New(rand.NewPCG(1, 2)), m: New(Config{})}
	s.back, s.luma = make([]float64, w*h), make([]byte, w*h)
	for y := range h {
		for x := range w {
			v := 90 + 40*math.Sin(float64(x)/23) + 25*math.Cos(float64(y)/17)
			if (x/16+y/12)%5 == 0 {
				v += 22
			}
			s.back[y*w+x] = v
		}
	}
	return s
}

func (s *stage) paint() {
	for i := range s.luma {
		x, y := i%s.w, i/s.w
		v := s.back[i]
		if s.dx != 0 || s.dy != 0 {
			v = s.between(float64(x)+s.dx, float64(y)+s.dy)
		}
		if s.sway && x > 3*s.w/4 && y < s.h/2 {
			v += 30 * math.Sin(float64(s.at)*1.9+float64(x/6)*2.1+float64(y/5)*1.3)
		}
		for _, o := range s.things {
			if x >= o.x && x < o.x+o.w && y >= o.y && y < o.y+o.h {
				v = float64(o.luma + (x*7+y*3)%9)
			}
		}
		if s.glow.r > 0 {
			v += s.glow.gain(x, y) - 1
		}
		v = v*s.gain*s.pool.gain(x, y) + s.offset + s.noise*s.r.NormFloat64()
		s.luma[i] = byte(max(0, min(255, v)))
	}
}

// between is the background between pixels.
func (s *stage) between(x, y float64) float64 {
	x, y = max(0, min(float64(s.w)-1.01, x)), max(0, min(float64(s.h)-1.01, y))
	i, j := int(x), int(y)
	fx, fy, k := x-float64(i), y-float64(j), j*s.w+i
	return (s.back[k]*(1-fx)+s.back[k+1]*fx)*(1-fy) + (s.back[k+s.w]*(1-fx)+s.back[k+s.w+1]*fx)*fy
}

func (s *stage) time() shouwang.MediaTime {
	return shouwang.MediaTime(s.at * shouwang.MediaRate / s.fps)
}

// show paints the next picture and returns what the model sees.
func (s *stage) show() Result {
	s.paint()
	r := s.m.Observe(s.luma, s.w, s.w, s.h, s.time(), false)
	s.at++
	return r
}

// run shows so many seconds and returns in how many pictures there were regions.
func (s *stage) run(seconds float64) (busy int) {
	for range int(seconds * float64(s.fps)) {
		if len(s.show().Regions) > 0 {
			busy++
		}
	}
	return busy
}

func (s *stage) box(o thing) shouwang.Box {
	w, h := float64(s.w), float64(s.h)
	return shouwang.Box{float64(o.x) / w, float64(o.y) / h, float64(o.w) / w, float64(o.h) / h}
}

func covers(r Result, b shouwang.Box) bool {
	for _, g := range r.Regions {
		if g.Box.IoU(b) > 0.35 {
			return true
		}
	}
	return false
}

// holds reports whether a region reaches over the middle of a box.
func holds(r Result, b shouwang.Box) bool {
	x, y := b.Center()
	for _, g := range r.Regions {
		if x > g.Box[0] && x < g.Box[0]+g.Box[2] && y > g.Box[1] && y < g.Box[1]+g.Box[3] {
			return true
		}
	}
	return false
}

func TestNoiseIsQuiet(t *testing.T) {
	for _, sigma := range []float64{0, 2, 6, 12} {
		s := newStage(320, 180)
		s.noise = sigma
		s.run(20)
		if busy := s.run(60); busy > 2 {
			t.Errorf("noise %.0f: %d of 300 pictures have regions", sigma, busy)
		}
	}
}

func TestWalkerIsFound(t *testing.T) {
	for _, size := range [][2]int{{178, 100}, {320, 180}, {640, 360}, {963, 541}} {
		s := newStage(size[0], size[1])
		s.run(10)
		h := size[1] / 6
		seen, shown := 0, 0
		for x := 10; x < size[0]-40; x += size[0] / 40 {
			o := thing{x, size[1] / 2, h / 2, h, 200}
			s.things = []thing{o}
			if r := s.show(); covers(r, s.box(o)) {
				seen++
			}
			shown++
		}
		if seen*10 < shown*9 {
			t.Errorf("%v: the walker is found in %d of %d pictures", size, seen, shown)
		}
	}
}

func TestSmallWalkerAtNight(t *testing.T) {
	s := newStage(640, 360)
	s.gain, s.offset, s.noise = 0.3, 20, 5
	s.run(15)
	seen, shown := 0, 0
	for x := 100; x < 500; x += 8 {
		s.things = []thing{{x, 200, 12, 32, 220}}
		if r := s.show(); len(r.Regions) > 0 {
			seen++
		}
		shown++
	}
	if seen*10 < shown*9 {
		t.Errorf("a walker 32 pixels high is seen in %d of %d pictures", seen, shown)
	}
}

func TestLightJumpIsNoThing(t *testing.T) {
	s := newStage(320, 180)
	s.run(15)
	for _, l := range [][2]float64{{1.35, 5}, {0.7, 0}, {1, 25}, {0.8, -10}, {1, 0}} {
		s.gain, s.offset = l[0], l[1]
		if busy := s.run(4); busy > 2 {
			t.Errorf("light %v: %d of 20 pictures have regions", l, busy)
		}
		o := thing{150, 80, 20, 40, 30}
		s.things = []thing{o}
		if !covers(s.show(), s.box(o)) {
			t.Errorf("light %v: what comes right after it is not seen", l)
		}
		s.things = nil
		s.run(2)
	}
}

func TestLightWithThingInPicture(t *testing.T) {
	s := newStage(320, 180)
	s.run(15)
	o := thing{100, 40, 60, 120, 40}
	s.things = []thing{o}
	s.run(2)
	s.gain = 1.25 // the camera opens up, for the thing is dark
	r := s.show()
	if !covers(r, s.box(o)) || len(r.Regions) > 2 {
		t.Errorf("auto exposure: regions %v, want the thing alone", r.Regions)
	}
}

// TestTorchlight: the light of a torch wanders over the dark scene, over walls
// with structure and over plain ones, and is no thing; who walks in it is.
func TestTorchlight(t *testing.T) {
	for name, plain := range map[string]bool{"structure": false, "plain ground": true} {
		for _, walks := range []bool{false, true} {
			s := newStage(640, 360)
			s.gain, s.offset = 0.3, 10
			if plain {
				for i := range s.back {
					s.back[i] = 90 + float64(i%640)/16
				}
			}
			s.run(15)
			seen, shown := 0, 0
			for x := 120; x < 520; x += 16 {
				s.pool = pool{float64(x), 180, 70, 2.5}
				o := thing{x - 12, 160, 24, 64, 240}
				if walks {
					s.things = []thing{o}
				}
				r := s.show()
				if shown++; walks && holds(r, s.box(o)) || !walks && len(r.Regions) > 0 {
					seen++
				}
			}
			if walks && seen*10 < shown*7 {
				t.Errorf("%s: the walker in the light is found in %d of %d pictures", name, seen, shown)
			}
			if !walks && seen*10 > shown*2 {
				t.Errorf("%s: light alone is a thing in %d of %d pictures", name, seen, shown)
			}
		}
	}
}

// TestBodyOrGlow: of one key frame it is told whether what stands out is a
// thing in focus or only a glow.
func TestBodyOrGlow(t *testing.T) {
	s := newStage(640, 360)
	s.run(20)
	s.things = []thing{{300, 150, 30, 80, 200}}
	r := s.show()
	if !covers(r, s.box(s.things[0])) || r.Regions[0].Glows() || r.Regions[0].Scattered() {
		t.Errorf("a person in white: %+v", r.Regions)
	}
	s.things = nil
	s.run(10)
	s.glow = pool{320, 180, 12, 40}
	if r = s.show(); len(r.Regions) != 1 || !r.Regions[0].Glows() {
		t.Errorf("an insect before the lens: %+v", r.Regions)
	}
}

func TestSwitchToInfrared(t *testing.T) {
	s := newStage(320, 180)
	s.run(15)
	day := append([]float64(nil), s.back...)
	s.gain = 0.01
	if r := s.show(); r.Light != analyze.LightBlind {
		t.Errorf("a black picture: light %d, want blind", r.Light)
	}
	s.gain = 1
	for i := range s.back { // another world: foliage bright, sky dark
		s.back[i] = 60 + math.Mod(day[i]*3.7, 120)
	}
	if busy := s.run(2); busy > 2 {
		t.Errorf("infrared: %d of 10 pictures have regions", busy)
	}
	if busy := s.run(20); busy > 3 {
		t.Errorf("infrared settled: %d of 100 pictures have regions", busy)
	}
	copy(s.back, day)
	if busy := s.run(20); busy > 3 {
		t.Errorf("back to day: %d of 100 pictures have regions", busy)
	}
}

// TestThingThatStays: what stands still is reported for more than a minute,
// becomes scenery within minutes, and leaves nothing behind when it goes.
func TestThingThatStays(t *testing.T) {
	s := newStage(320, 180)
	s.run(30)
	o := thing{200, 70, 24, 60, 210}
	s.things = []thing{o}
	if s.show(); !covers(s.show(), s.box(o)) {
		t.Fatal("a thing that comes is not seen")
	}
	s.run(60)
	r := s.show()
	if !covers(r, s.box(o)) {
		t.Fatal("what stands still is forgotten within a minute")
	}
	if r.Regions[0].Moving > 0.2 {
		t.Errorf("what stands still is said to move: %.2f", r.Regions[0].Moving)
	}
	s.run(130)
	if busy := s.run(10); busy > 2 {
		t.Errorf("after three minutes it is not scenery: %d of 50 pictures", busy)
	}
	s.things = nil
	if r := s.show(); len(r.Regions) == 0 {
		t.Error("that it leaves is not seen")
	}
	s.run(4)
	if busy := s.run(10); busy > 2 {
		t.Errorf("the place it left stays a region: %d of 50 pictures", busy)
	}
}

func TestGhostOfFirstPicture(t *testing.T) {
	s := newStage(320, 180)
	s.things = []thing{{120, 60, 30, 70, 230}}
	s.run(1)
	s.things = nil
	s.run(8)
	if busy := s.run(10); busy > 2 {
		t.Errorf("what the first picture showed haunts %d of 50 pictures", busy)
	}
}

func TestSwayingBranches(t *testing.T) {
	s := newStage(320, 180)
	s.sway = true
	s.run(40)
	quiet := s.run(20)
	if quiet > 20 {
		t.Errorf("swaying branches: %d of 100 pictures have regions", quiet)
	}
	o := thing{60, 80, 20, 50, 220}
	s.things = []thing{o}
	if !covers(s.show(), s.box(o)) {
		t.Error("beside swaying branches a thing is not seen")
	}
}

// TestShake: gusts throw the camera; that is nothing, a thing that comes
// meanwhile is seen, and a camera that stays turned is believed.
func TestShake(t *testing.T) {
	s := newStage(640, 360)
	s.run(15)
	busy, seen := 0, 0
	for i := range 60 {
		s.dx, s.dy = 3*math.Sin(float64(i)*1.3), 2*math.Sin(float64(i)*2.1)
		s.things = nil
		if len(s.show().Regions) > 0 {
			busy++
		}
		o := thing{100 + 5*i, 200, 20, 48, 210}
		s.things = []thing{o}
		if covers(s.show(), s.box(o)) {
			seen++
		}
	}
	if busy > 3 || seen < 54 {
		t.Errorf("gusts: %d of 60 pictures have regions, a walker is seen in %d of 60", busy, seen)
	}
	s.things = nil
	s.dx, s.dy = 5, -3
	s.run(6)
	if busy := s.run(10); busy > 1 || s.m.shake.on {
		t.Errorf("turned a little for good: %d of 50 pictures have regions, still taken for a shake: %v", busy, s.m.shake.on)
	}
}

func TestKeyFramesOnly(t *testing.T) {
	s := newStage(320, 180)
	s.fps = 1
	s.run(30)
	if busy := s.run(60); busy > 1 {
		t.Errorf("one picture a second: %d of 60 have regions", busy)
	}
	o := thing{60, 80, 14, 32, 220}
	s.things = []thing{o}
	if !covers(s.show(), s.box(o)) {
		t.Error("one picture a second: what comes is not seen at once")
	}
}

// TestLikeness: light and infrared leave the scene alike, a turned camera does
// not, and what was taken away is said to be gone.
func TestLikeness(t *testing.T) {
	s := newStage(320, 180)
	for i := range s.back { // with the edges of a real scene
		if x, y := i%s.w, i/s.w; x*7/40%3 == 0 && y*3/50%2 == 1 {
			s.back[i] += 50
		}
	}
	s.run(40)
	day := append([]float64(nil), s.back...)
	like := func(what string, least, most float32) {
		t.Helper()
		s.run(4)
		if l := s.show().Like; l < least || l > most {
			t.Errorf("%s: likeness %.2f, want %.2f to %.2f", what, l, least, most)
		}
	}
	like("day", 0.8, 1)
	s.gain = 0.4
	like("dusk", 0.6, 1)
	s.gain = 1
	for i := range s.back {
		s.back[i] = 230 - 0.7*day[i]
	}
	like("infrared", 0.5, 1)
	for i := range s.back {
		s.back[i] = day[(i*7/3+s.w*50)%len(day)]
	}
	like("turned away", 0, 0.24)
}

// TestCatchUpKeepsTheBackground: pictures from before the newest are looked at
// with all that is known of the scene.
func TestCatchUpKeepsTheBackground(t *testing.T) {
	s := newStage(320, 180)
	s.run(20)
	o := thing{60, 80, 20, 50, 220}
	s.things = []thing{o}
	s.at += 10
	s.show()
	s.at -= 9
	for range 8 {
		if r := s.show(); !covers(r, s.box(o)) || len(r.Regions) != 1 {
			t.Fatalf("looking back: regions %v, want the thing alone", r.Regions)
		}
	}
	s.things = nil
	if busy := s.run(4); busy > 1 {
		t.Errorf("after looking back %d of 20 pictures have regions", busy)
	}
}

func TestGoneIsSaidOnce(t *testing.T) {
	s := newStage(320, 180)
	s.things = []thing{{100, 60, 24, 30, 230}}
	s.run(40)
	s.things = nil
	gone := 0
	for i := range 50 {
		for _, g := range s.show().Regions {
			if !g.Gone {
				if i > 5 { // until it is known not to move
					t.Errorf("%v is said to be there", g.Box)
				}
			} else if g.Box.IoU(s.box(thing{100, 60, 24, 30, 0})) > 0.5 {
				gone++
			}
		}
	}
	if gone != 1 {
		t.Errorf("said to be gone %d times, want once", gone)
	}
}

func TestHostileSizes(t *testing.T) {
	m := New(Config{})
	buf := make([]byte, 5000*100)
	for _, c := range [][4]int{{0, 0, 0, 0}, {15, 15, 15, 225}, {1 << 20, 1 << 20, 1 << 20, 1000}, {640, 320, 360, 230400}, {640, 640, 360, 1000}, {-4, -4, -4, 100}, {64, 64, 1 << 30, 1000}} {
		n := min(max(c[3], 0), len(buf))
		if r := m.Observe(buf[:n], c[0], c[1], c[2], 0, true); r.Light != analyze.LightBlind {
			t.Errorf("%v is accepted", c)
		}
	}
	for _, c := range [][2]int{{16, 16}, {5000, 16}, {17, 99}, {176, 99}, {3001, 33}} {
		for i := range 4 {
			m.Observe(buf, c[0], c[0], c[1], shouwang.MediaTime(i*9000), false)
		}
	}
}

func TestNoAllocations(t *testing.T) {
	s := newStage(640, 360)
	s.run(4)
	s.things = []thing{{100, 100, 40, 80, 220}}
	s.paint()
	n := testing.AllocsPerRun(50, func() {
		s.at++
		s.m.Observe(s.luma, s.w, s.w, s.h, s.time(), false)
	})
	if n != 0 {
		t.Errorf("%v allocations a picture, want none", n)
	}
}
