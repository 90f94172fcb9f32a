package event_test

import (
	"math"
	"testing"
	"time"

	"shouwang"
	"shouwang/analyze"
	"shouwang/analyze/event"
)

var epoch = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

// play feeds an Eventer with made-up observations: at picture time t, seconds,
// what moves is what boxes returns.
type play struct {
	t      *testing.T
	e      *event.Eventer
	events map[shouwang.EventID][]shouwang.Event
	order  []shouwang.EventID
	now    float64
}

func newPlay(t *testing.T, cfg event.Config) *play {
	return &play{t: t, e: event.New("cam-1", cfg), events: map[shouwang.EventID][]shouwang.Event{}}
}

func (p *play) take(evs []shouwang.Event) {
	for _, ev := range evs {
		if len(p.events[ev.ID]) == 0 {
			p.order = append(p.order, ev.ID)
			if ev.Phase != shouwang.PhaseBegin {
				p.t.Errorf("event %s starts with phase %s", ev.ID, ev.Phase)
			}
		}
		p.events[ev.ID] = append(p.events[ev.ID], ev)
	}
}

func (p *play) show(until, fps float64, boxes func(s float64) []analyze.Region) {
	for ; p.now < until; p.now += 1 / fps {
		o := &analyze.Observation{
			PTS: shouwang.MediaTime(p.now * shouwang.MediaRate), Decoded: true,
			Wall: shouwang.WallStamp{At: epoch.Add(time.Duration(p.now * float64(time.Second)))},
		}
		if boxes != nil {
			o.Regions = boxes(p.now)
		}
		p.take(p.e.Observe(o))
	}
}

func (p *play) last(i int) shouwang.Event {
	p.t.Helper()
	if i >= len(p.order) {
		p.t.Fatalf("only %d events", len(p.order))
	}
	evs := p.events[p.order[i]]
	return evs[len(evs)-1]
}

func region(x, y, w, h float64) analyze.Region {
	return analyze.Region{Box: shouwang.Box{x, y, w, h}, Fill: 0.7, Score: 0.8, Moving: 1}
}

// walker crosses from x0 at a speed, seconds from to to.
func walker(from, to, x0, speed float64) func(float64) []analyze.Region {
	return func(s float64) []analyze.Region {
		if s < from || s > to {
			return nil
		}
		return []analyze.Region{region(x0+speed*(s-from), 0.4, 0.05, 0.2)}
	}
}

func near(t *testing.T, what string, got time.Time, want, tolerance float64) {
	t.Helper()
	if d := got.Sub(epoch).Seconds() - want; d > tolerance || d < -tolerance {
		t.Errorf("%s at %.2f s, want %.2f", what, got.Sub(epoch).Seconds(), want)
	}
}

func TestOneVisitIsOneEvent(t *testing.T) {
	for _, fps := range []float64{3, 5, 10, 30} {
		p := newPlay(t, event.Config{})
		p.show(12, fps, nil)
		p.show(30, fps, walker(15, 20, 0.1, 0.12))
		if len(p.order) != 1 {
			t.Fatalf("%v fps: %d events, want 1", fps, len(p.order))
		}
		ev := p.last(0)
		if ev.Phase != shouwang.PhaseEnd || ev.Kind != shouwang.KindMotion || ev.Score < 0.5 {
			t.Errorf("%v fps: %+v", fps, ev)
		}
		near(t, "begin", ev.Start, 15, 0.4)
		near(t, "end", ev.End, 20, 0.4)
		if len(ev.Track) < 8 || ev.Peak.Before(ev.Start) || ev.Peak.After(ev.End) {
			t.Errorf("%v fps: %d track points, peak %v", fps, len(ev.Track), ev.Peak)
		}
	}
}

func TestTwoTogetherAreOneAndApartAreTwo(t *testing.T) {
	p := newPlay(t, event.Config{})
	p.show(12, 10, nil)
	a, b := walker(15, 20, 0.1, 0.1), walker(17, 22, 0.8, -0.1)
	p.show(30, 10, func(s float64) []analyze.Region { return append(a(s), b(s)...) })
	if len(p.order) != 1 {
		t.Errorf("two who overlap in time: %d events, want 1", len(p.order))
	}
	if e := p.last(0); e.Things != 2 || len(e.Others) != 1 || len(e.Others[0]) < 5 {
		t.Errorf("two things: %d are told, with the ways of %d others", e.Things, len(e.Others))
	}
	p.show(31, 10, nil)
	a, b = walker(32, 36, 0.1, 0.15), walker(36.6, 41, 0.1, 0.15)
	p.show(50, 10, func(s float64) []analyze.Region { return append(a(s), b(s)...) })
	if len(p.order) != 3 {
		t.Errorf("two one after the other: %d events in all, want 3", len(p.order))
	}
}

func TestStandingStillKeepsTheEvent(t *testing.T) {
	p := newPlay(t, event.Config{})
	p.show(12, 10, nil)
	p.show(17, 10, walker(12, 17, 0.1, 0.06))
	p.show(29, 10, func(float64) []analyze.Region {
		r := region(0.4, 0.4, 0.05, 0.2)
		r.Moving = 0.02
		return []analyze.Region{r}
	})
	p.show(33, 10, walker(29, 33, 0.4, 0.1))
	p.show(40, 10, nil)
	if len(p.order) != 1 {
		t.Fatalf("%d events, want 1", len(p.order))
	}
	near(t, "end", p.last(0).End, 33, 0.3)
}

func TestLeftoverEndsTheEvent(t *testing.T) {
	p := newPlay(t, event.Config{})
	p.show(12, 10, nil)
	p.show(17, 10, walker(12, 17, 0.1, 0.1))
	p.show(60, 10, func(float64) []analyze.Region { // a moved chair
		r := region(0.55, 0.5, 0.02, 0.03)
		r.Moving = 0
		return []analyze.Region{r}
	})
	if len(p.order) != 1 {
		t.Fatalf("%d events, want 1", len(p.order))
	}
	near(t, "end", p.last(0).End, 17, 0.5)
}

func TestOcclusionIsBridged(t *testing.T) {
	p := newPlay(t, event.Config{})
	p.show(12, 10, nil)
	w := walker(12, 20, 0.1, 0.1)
	p.show(30, 10, func(s float64) []analyze.Region {
		if s > 15 && s < 16 {
			return nil // behind a tree
		}
		return w(s)
	})
	if len(p.order) != 1 {
		t.Errorf("%d events, want 1", len(p.order))
	}
}

// TestNoEvents holds what must stay silent.
func TestNoEvents(t *testing.T) {
	cases := map[string]func(i int, s float64) []analyze.Region{
		"a leaf in one place": func(i int, s float64) []analyze.Region {
			r := region(0.7+0.01*float64(i%3), 0.2, 0.03, 0.05)
			r.Score = 0.4
			return []analyze.Region{r}
		},
		"an insect before the lens": func(i int, s float64) []analyze.Region {
			if i%300 > 6 {
				return nil
			}
			return []analyze.Region{region(0.1+0.12*float64(i%300), 0.3+0.05*float64(i%2), 0.03, 0.03)}
		},
		"specks": func(i int, s float64) []analyze.Region {
			x := float64(i*37%97) / 100
			return []analyze.Region{region(x, float64(i*53%89)/100, 0.02, 0.02)}
		},
		"digits of a clock that change together": func(i int, s float64) []analyze.Region {
			switch i % 200 / 10 {
			case 1, 2, 3, 4:
				return []analyze.Region{region(0.222, 0.06, 0.009, 0.022)}
			case 5, 6:
				return []analyze.Region{region(0.1, 0.056, 0.131, 0.04)}
			}
			return nil
		},
		"a lamp before which an insect passes": func(i int, s float64) []analyze.Region {
			if i%300 == 290 {
				return []analyze.Region{region(0.52, 0.16, 0.1, 0.12)}
			}
			if i%300 > 200 {
				return []analyze.Region{region(0.594, 0.2, 0.02, 0.017)}
			}
			return nil
		},
		"something that only stands": func(i int, s float64) []analyze.Region {
			r := region(0.3, 0.3, 0.1, 0.2)
			r.Moving = 0
			return []analyze.Region{r}
		},
	}
	for name, f := range cases {
		p := newPlay(t, event.Config{})
		i := 0
		p.show(120, 10, func(s float64) []analyze.Region {
			i++
			return f(i, s)
		})
		if len(p.order) > 0 {
			t.Errorf("%s: %d events, want none", name, len(p.order))
		}
	}
}

func TestLightChangeIsNoEvent(t *testing.T) {
	p := newPlay(t, event.Config{})
	p.show(12, 10, nil)
	for i := range 30 {
		p.take(p.e.Observe(&analyze.Observation{
			PTS: shouwang.MediaTime((12 + float64(i)/10) * shouwang.MediaRate), Decoded: true, Light: analyze.LightChange,
			Regions: []analyze.Region{region(0.1+float64(i)/50, 0.1, 0.4, 0.4)}, Wall: shouwang.WallStamp{At: epoch},
		}))
	}
	if len(p.order) > 0 {
		t.Errorf("%d events while the light changes", len(p.order))
	}
}

func TestGlimpseOnlyWhereAsked(t *testing.T) {
	for _, on := range []bool{false, true} {
		p := newPlay(t, event.Config{})
		p.e.SetGlimpse(on)
		p.show(20, 0.5, nil)
		p.show(24, 0.5, func(s float64) []analyze.Region {
			if s < 22 {
				return []analyze.Region{region(0.4, 0.4, 0.08, 0.2)}
			}
			return nil
		})
		p.show(60, 0.5, nil)
		if want := map[bool]int{false: 0, true: 1}[on]; len(p.order) != want {
			t.Errorf("glimpse %v: %d events, want %d", on, len(p.order), want)
		}
	}
}

// TestSmallGlimpse: of a person of 32 pixels in 360 a single key frame is
// enough, alone and standing out; not among flakes, nor an edge in the wind.
func TestSmallGlimpse(t *testing.T) {
	small := func(x float64) analyze.Region {
		r := region(x, 0.5, 0.016, 0.085)
		r.Score = 0.9
		return r
	}
	for name, c := range map[string]struct {
		show []analyze.Region
		want int
	}{
		"a person":  {[]analyze.Region{small(0.4)}, 1},
		"flakes":    {[]analyze.Region{small(0.1), small(0.3), small(0.5), small(0.7), small(0.9)}, 0},
		"an edge":   {[]analyze.Region{{Box: shouwang.Box{0.4, 0.4, 0.1, 0.2}, Fill: 0.15, Score: 0.9, Moving: 1}}, 0},
		"a shimmer": {[]analyze.Region{{Box: shouwang.Box{0.4, 0.5, 0.016, 0.085}, Fill: 0.7, Score: 0.4, Moving: 1}}, 0},
	} {
		p := newPlay(t, event.Config{})
		p.e.SetGlimpse(true)
		p.show(20, 0.5, nil)
		p.show(22, 0.5, func(float64) []analyze.Region { return c.show })
		p.show(60, 0.5, nil)
		if len(p.order) != c.want {
			t.Errorf("%s: %d events, want %d", name, len(p.order), c.want)
		}
	}
}

// TestGlimpseWithoutBody: a glow before the lens, a clock's digits and what is
// one of many bright specks are no events by a key frame alone but doubts, which
// the pictures around it settle; a white coat that is alone is an event.
func TestGlimpseWithoutBody(t *testing.T) {
	look := func(x, bright, grain float64) analyze.Region {
		r := region(x, 0.4, 0.06, 0.15)
		r.Bright, r.Grain, r.Rim = bright, grain, 0.6
		return r
	}
	specks := []analyze.Region{look(0.1, 1, 0.8), look(0.4, 1, 0.6), look(0.7, 1, 0.7)}
	for name, c := range map[string]struct {
		show   []analyze.Region
		events int
		doubt  bool
	}{
		"a person":     {[]analyze.Region{look(0.4, 0.3, 1.2)}, 1, false},
		"a white coat": {[]analyze.Region{look(0.4, 1, 0.8)}, 1, false},
		"an insect":    {[]analyze.Region{look(0.4, 1, 0.15)}, 0, true},
		"its shadow":   {[]analyze.Region{look(0.4, 0, 0.05)}, 0, true},
		"a clock":      {[]analyze.Region{look(0.4, 0.5, 20)}, 0, true},
		"a swarm":      {specks, 0, true},
	} {
		p := newPlay(t, event.Config{})
		p.e.SetGlimpse(true)
		p.show(20, 0.5, nil)
		if name == "a swarm" {
			for i := range specks {
				specks[i].Box[2], specks[i].Box[3] = 0.05, 0.14
			}
			p.show(22, 0.5, func(float64) []analyze.Region { return specks })
		}
		p.show(24, 0.5, func(float64) []analyze.Region { return c.show })
		if got := p.e.Doubts(); got != c.doubt {
			t.Errorf("%s: doubt %v, want %v", name, got, c.doubt)
		}
		p.show(60, 0.5, nil)
		if len(p.order) != c.events {
			t.Errorf("%s: %d events, want %d", name, len(p.order), c.events)
		}
	}
}

// TestDoubtIsSettled: what a key frame left in doubt is an event when the
// pictures around it, shown after it, show something that goes its way.
func TestDoubtIsSettled(t *testing.T) {
	for name, c := range map[string]struct {
		speed float64
		want  int
	}{"someone with a lamp": {0.1, 1}, "a light that stays": {0, 0}} {
		p := newPlay(t, event.Config{})
		p.e.SetGlimpse(true)
		p.show(20, 0.5, nil)
		lamp := func(s float64) []analyze.Region {
			r := region(0.2+c.speed*(s-19), 0.4, 0.06, 0.15)
			r.Bright, r.Grain, r.Rim = 1, 0.1, 0.5
			return []analyze.Region{r}
		}
		p.show(21, 0.5, lamp)
		if !p.e.Doubts() || len(p.order) > 0 {
			t.Fatalf("%s: doubt %v, %d events by one key frame", name, p.e.Doubts(), len(p.order))
		}
		p.now = 18.1
		p.show(22, 10, lamp)
		p.now = 22
		p.show(60, 0.5, nil)
		if len(p.order) != c.want {
			t.Errorf("%s: %d events, want %d", name, len(p.order), c.want)
		}
	}
}

func TestOneWalkerInKeyFramesIsOneEvent(t *testing.T) {
	p := newPlay(t, event.Config{})
	p.e.SetGlimpse(true)
	p.show(20, 0.5, nil)
	p.show(28, 0.5, walker(20, 27, 0.05, 0.12))
	p.show(60, 0.5, nil)
	if len(p.order) != 1 {
		t.Errorf("%d events, want 1", len(p.order))
	}
}

func TestNewSessionEndsWhatLived(t *testing.T) {
	p := newPlay(t, event.Config{})
	p.show(12, 10, nil)
	p.show(16, 10, walker(12, 20, 0.1, 0.1))
	p.take(p.e.Observe(&analyze.Observation{Epoch: 1, Decoded: true, Wall: shouwang.WallStamp{At: epoch.Add(time.Hour)}}))
	if len(p.order) != 1 || p.last(0).Phase != shouwang.PhaseEnd {
		t.Fatalf("events %v", p.events)
	}
	near(t, "end", p.last(0).End, 16, 0.3)
	if p.e.Live() || p.e.Stirring() {
		t.Error("the new session inherits tracks")
	}
}

func TestCloseAndLength(t *testing.T) {
	p := newPlay(t, event.Config{MaxLength: 30 * time.Second})
	p.show(12, 10, nil)
	p.show(100, 10, func(s float64) []analyze.Region {
		x := 0.3 + 0.2*float64(int(s*10)%20)/20
		return []analyze.Region{region(x, 0.4, 0.2, 0.3)}
	})
	p.take(p.e.Close())
	if n := len(p.order); n < 3 || n > 4 {
		t.Errorf("88 s of motion in events of 30 s: %d events", n)
	}
	for i := range p.order {
		ev := p.last(i)
		if ev.Phase != shouwang.PhaseEnd || !ev.Start.Before(ev.End) {
			t.Errorf("event %d: %s %v-%v", i, ev.Phase, ev.Start, ev.End)
		}
		if i > 0 && !p.last(i-1).End.Before(ev.Start) {
			t.Errorf("event %d begins %v before %d ends %v", i, ev.Start, i-1, p.last(i-1).End)
		}
		if i > 0 && p.order[i-1] >= p.order[i] {
			t.Errorf("ids do not sort: %s, %s", p.order[i-1], p.order[i])
		}
	}
}

// TestReorderedAndRepeatedPictures: acknowledgements without a picture come out
// of order, and a catch-up begins with what was seen.
func TestReorderedAndRepeatedPictures(t *testing.T) {
	p := newPlay(t, event.Config{})
	p.show(12, 10, nil)
	w := walker(12, 20, 0.1, 0.1)
	for p.now < 24 {
		p.show(p.now+0.1, 10, w)
		for _, back := range []float64{0.3, 0.1, 0} {
			o := &analyze.Observation{PTS: shouwang.MediaTime((p.now - 0.1 - back) * shouwang.MediaRate), Decoded: back == 0.1, Wall: shouwang.WallStamp{At: epoch}}
			p.take(p.e.Observe(o))
		}
	}
	if len(p.order) != 1 {
		t.Errorf("%d events, want 1", len(p.order))
	}
}

// TestCatchUpBeginsWhereItBegan: between two key frames somebody comes in; the
// second shows them, then what lies between is shown. The event begins where
// they came in, and is told at once.
func TestCatchUpBeginsWhereItBegan(t *testing.T) {
	p := newPlay(t, event.Config{})
	w := walker(20.4, 26, 0.1, 0.12)
	p.show(22.1, 0.5, w) // key frames: 20 s and 22 s
	p.now = 20.1
	p.show(21.6, 10, w)
	if len(p.order) != 1 {
		t.Fatalf("%d events before the catch-up is over, want 1", len(p.order))
	}
	p.show(30, 10, w)
	if len(p.order) != 1 {
		t.Fatalf("%d events, want 1", len(p.order))
	}
	near(t, "begin", p.last(0).Start, 20.4, 0.15)
	near(t, "end", p.last(0).End, 26, 0.3)
}

// TestHostileObservations: the numbers come from another process, which looks
// at hostile bytes.
func TestHostileObservations(t *testing.T) {
	e := event.New("cam-1", event.Config{})
	for i := range 3000 {
		o := &analyze.Observation{PTS: shouwang.MediaTime(i*i*7919%1000000) * 90, Decoded: true, Epoch: uint32(i / 500)}
		for k := range i % 64 {
			v := float64((i*31+k*17)%300)/100 - 1
			o.Regions = append(o.Regions, analyze.Region{Box: shouwang.Box{v, -v, v * 2, 1 - v}, Fill: v, Score: v, Moving: v})
		}
		for _, ev := range e.Observe(o) {
			if len(ev.Track) > 256 {
				t.Fatalf("a track of %d points", len(ev.Track))
			}
		}
	}
}

func TestQuietAllocatesNothing(t *testing.T) {
	e := event.New("cam-1", event.Config{})
	o := &analyze.Observation{Decoded: true, Wall: shouwang.WallStamp{At: epoch}}
	i := 0
	n := testing.AllocsPerRun(500, func() {
		i++
		o.PTS = shouwang.MediaTime(i * 9000)
		o.Regions = o.Regions[:0]
		if i%50 < 2 {
			o.Regions = append(o.Regions, region(0.5, 0.5, 0.02, 0.02))
		}
		e.Observe(o)
	})
	if n > 0 {
		t.Errorf("%v allocations an observation, want none", n)
	}
}

// TestFlickersBecomeDoubts: what begins again where something began minutes ago,
// a digit of a clock, is an event by a key frame alone once and a doubt after.
func TestFlickersBecomeDoubts(t *testing.T) {
	p := newPlay(t, event.Config{})
	p.e.SetGlimpse(true)
	p.show(20, 0.5, nil)
	digit := func(s float64) []analyze.Region {
		if int(s)%20 != 0 {
			return nil
		}
		r := region(0.1, 0.05, 0.02, 0.08)
		r.Score = 1
		return []analyze.Region{r}
	}
	p.show(200, 0.5, digit)
	if len(p.order) != 1 {
		t.Errorf("%d events of one place that flickers, want 1", len(p.order))
	}
}

// TestWhoPassesIsNoFlicker: who comes by the same door again, and goes on from
// there, is an event by key frames alone each time, and nothing to doubt.
func TestWhoPassesIsNoFlicker(t *testing.T) {
	p := newPlay(t, event.Config{})
	p.e.SetGlimpse(true)
	p.show(20, 0.5, nil)
	doubts := 0
	for p.now < 220 {
		p.show(p.now+2, 0.5, func(s float64) []analyze.Region {
			if in := math.Mod(s, 60); in < 7 {
				r := region(0.1+0.06*in, 0.4, 0.03, 0.08)
				r.Score = 1
				return []analyze.Region{r}
			}
			return nil
		})
		if p.e.Doubts() {
			doubts++
		}
	}
	if len(p.order) != 3 || doubts > 0 {
		t.Errorf("%d events of three who pass, %d doubts", len(p.order), doubts)
	}
}

// TestAfterANewSessionEventsBeginWhenTheyBegan: media time begins anew with each
// session; what was dated by the one before says nothing of the new one.
func TestAfterANewSessionEventsBeginWhenTheyBegan(t *testing.T) {
	p := newPlay(t, event.Config{})
	walk := func(from float64) func(float64) []analyze.Region {
		return func(s float64) []analyze.Region {
			if s < from || s > from+5 {
				return nil
			}
			return []analyze.Region{region(0.1+0.08*(s-from), 0.4, 0.05, 0.15)}
		}
	}
	p.show(120, 10, walk(100))
	const away = time.Hour
	for s := 0.0; s < 40; s += 0.1 {
		o := &analyze.Observation{
			Epoch: 1, PTS: shouwang.MediaTime(s * shouwang.MediaRate), Decoded: true,
			Wall: shouwang.WallStamp{At: epoch.Add(away + time.Duration(s*float64(time.Second)))}, Regions: walk(20)(s),
		}
		p.take(p.e.Observe(o))
	}
	if len(p.order) != 2 {
		t.Fatalf("%d events, want one of each session", len(p.order))
	}
	if began := p.last(1).Start.Sub(epoch.Add(away)).Seconds(); began < 19.5 || began > 21 {
		t.Errorf("the second began %.1f s after the session", began)
	}
}

// TestDarkAmongFlakes: among flakes, which are bright, somebody in a dark coat
// is told no later than without them by more than a second; a bright one waits.
func TestDarkAmongFlakes(t *testing.T) {
	told := map[float64]float64{}
	for _, bright := range []float64{0.2, 1} {
		p := newPlay(t, event.Config{})
		walk := func(s float64) []analyze.Region {
			var out []analyze.Region
			for i := range 12 {
				f := region(float64(i%6)*0.15+0.03*float64(int(s*10)*7%5), 0.05+0.1*float64(i%3), 0.01, 0.02)
				f.Bright, f.Score = 1, 0.3
				out = append(out, f)
			}
			if s >= 14 && s < 19 {
				r := region(0.1+0.07*(s-14), 0.6, 0.04, 0.15)
				r.Bright, r.Grain, r.Rim = bright, 1, 1
				out = append(out, r)
			}
			return out
		}
		for len(p.order) == 0 && p.now < 25 {
			p.show(p.now+0.1, 10, walk)
		}
		told[bright] = p.now - 14
	}
	if told[0.2] > 1.5 || told[1] <= told[0.2] {
		t.Errorf("told after %.1f s in a dark coat, %.1f s in a bright one", told[0.2], told[1])
	}
}
