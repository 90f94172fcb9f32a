package rules_test

import (
	"fmt"
	"testing"
	"time"

	"shouwang"
	"shouwang/analyze"
	"shouwang/analyze/event"
	"shouwang/analyze/event/rules"
)

var epoch = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

// world runs an Eventer and an Engine over painted observations.
type world struct {
	t   *testing.T
	ev  *event.Eventer
	en  *rules.Engine
	now int // pictures, ten a second
	// begun and ended collect the rules' events by phase.
	begun, ended []shouwang.Event
}

func newWorld(t *testing.T, list string) *world {
	t.Helper()
	r, err := rules.Parse([]byte(list))
	if err != nil {
		t.Fatal(err)
	}
	return &world{t: t, ev: event.New("cam", event.Config{}), en: rules.New("cam", r)}
}

// show shows so many seconds; paint changes the observation of second s.
func (w *world) show(seconds float64, paint func(s float64, o *analyze.Observation)) {
	for i := range int(seconds * 10) {
		o := &analyze.Observation{
			PTS: shouwang.MediaTime(w.now) * 9000, Decoded: true,
			Wall: shouwang.WallStamp{At: epoch.Add(time.Duration(w.now) * 100 * time.Millisecond)},
			Mean: 110 + float32(w.now*7919%1000)/1000, Dev: 50 + float32(w.now*104729%1000)/1000, Sharp: 6 + float32(w.now%3)/10,
			Key: w.now%20 == 0, Like: 0.9,
		}
		if paint != nil {
			paint(float64(i)/10, o)
		}
		w.now++
		w.ev.Observe(o)
		for _, e := range w.en.Observe(o, w.ev.Tracks()) {
			if e.Phase == shouwang.PhaseBegin {
				w.begun = append(w.begun, e)
			} else {
				w.ended = append(w.ended, e)
			}
		}
	}
}

func (w *world) want(begun int, what string) {
	w.t.Helper()
	if len(w.begun) != begun {
		w.t.Errorf("%s: %d events, want %d", what, len(w.begun), begun)
	}
}

func at(x, y float64) analyze.Region {
	return analyze.Region{Box: shouwang.Box{x - 0.025, y - 0.2, 0.05, 0.2}, Fill: 0.7, Score: 0.8, Moving: 1}
}

// walk goes from x0,y0 to x1,y1 within so many seconds.
func walk(x0, y0, x1, y1, seconds float64) func(float64, *analyze.Observation) {
	return func(s float64, o *analyze.Observation) {
		f := s / seconds
		o.Regions = append(o.Regions, at(x0+(x1-x0)*f, y0+(y1-y0)*f))
	}
}

const zone = `"zone":[[0.5,0],[1,0],[1,1],[0.5,1]]`

func TestIntrusion(t *testing.T) {
	w := newWorld(t, `[{"name":"yard","kind":"intrusion",`+zone+`}]`)
	w.show(12, nil)
	w.show(4, walk(0.1, 0.8, 0.4, 0.8, 4))
	w.want(0, "beside the zone")
	w.show(4, walk(0.4, 0.8, 0.9, 0.8, 4))
	w.show(6, nil)
	w.want(1, "into the zone")
	e := w.begun[0]
	if e.Rule != "yard" || e.Zone != "yard" || e.Kind != shouwang.KindIntrusion || len(w.ended) != 1 {
		t.Errorf("%+v, %d ended", e, len(w.ended))
	}
	if d := e.Start.Sub(epoch).Seconds(); d < 16.4 || d > 17.4 {
		t.Errorf("in the zone from %.1f s, want about 16.8", d)
	}
}

func TestLineCrossing(t *testing.T) {
	for _, c := range []struct {
		direction    string
		there, again int
	}{{"", 1, 2}, {"left", 0, 1}, {"right", 1, 1}} {
		// The line goes up the picture at x 0.5; its right side is x > 0.5.
		w := newWorld(t, fmt.Sprintf(`[{"name":"gate","kind":"line_crossing","line":[[0.5,1],[0.5,0.3]],"direction":%q}]`, c.direction))
		w.show(12, nil)
		w.show(5, walk(0.2, 0.8, 0.8, 0.8, 5))
		w.want(c.there, c.direction+" to the right")
		w.show(5, walk(0.8, 0.8, 0.2, 0.8, 5))
		w.want(c.again, c.direction+" and back")
		w.show(8, nil)
		before := len(w.begun)
		w.show(5, walk(0.2, 0.25, 0.8, 0.25, 5))
		w.want(before, "past the end of the line")
	}
}

func TestLoitering(t *testing.T) {
	w := newWorld(t, `[{"name":"door","kind":"loitering","seconds":20,`+zone+`}]`)
	pace := func(seconds float64) func(float64, *analyze.Observation) {
		return func(s float64, o *analyze.Observation) {
			x := 0.6 + 0.05*float64(int(s)%6)
			if int(s)/6%2 == 1 {
				x = 0.9 - 0.05*float64(int(s)%6)
			}
			o.Regions = append(o.Regions, at(x, 0.8))
		}
	}
	w.show(12, nil)
	w.show(12, pace(12))
	w.show(10, nil)
	w.want(0, "twelve seconds")
	w.show(30, pace(30))
	w.show(10, nil)
	w.want(1, "thirty seconds")
}

func TestLeftObjectAndParked(t *testing.T) {
	w := newWorld(t, `[{"name":"bag","kind":"left_object"},{"name":"car","kind":"parked","seconds":40}]`)
	still := func(x, y, ww, h float64) func(float64, *analyze.Observation) {
		return func(_ float64, o *analyze.Observation) {
			o.Regions = append(o.Regions, analyze.Region{Box: shouwang.Box{x, y, ww, h}, Fill: 0.8, Score: 0.7})
		}
	}
	w.show(12, nil)
	w.show(25, still(0.4, 0.7, 0.04, 0.05))
	w.want(0, "a bag for 25 s")
	w.show(10, still(0.4, 0.7, 0.04, 0.05))
	w.want(1, "a bag for 35 s")
	w.show(20, nil)
	w.show(35, still(0.2, 0.5, 0.25, 0.2))
	w.want(1, "a car for 35 s")
	w.show(10, still(0.2, 0.5, 0.25, 0.2))
	w.want(2, "a car for 45 s")
	if w.begun[0].Kind != shouwang.KindLeftObject || w.begun[1].Kind != shouwang.KindParked {
		t.Errorf("kinds %s, %s", w.begun[0].Kind, w.begun[1].Kind)
	}
}

// TestParkedForHours: what drove in and stands becomes scenery after minutes;
// it is parked until it is gone. What only appears and vanishes is not.
func TestParkedForHours(t *testing.T) {
	for _, drives := range []bool{true, false} {
		w := newWorld(t, `[{"name":"car","kind":"parked","seconds":600}]`)
		car := func(moving float64, x func(float64) float64) func(float64, *analyze.Observation) {
			return func(s float64, o *analyze.Observation) {
				o.Regions = append(o.Regions, analyze.Region{Box: shouwang.Box{x(s), 0.5, 0.25, 0.2}, Fill: 0.8, Score: 0.7, Moving: moving})
			}
		}
		there := func(float64) float64 { return 0.4 }
		w.show(12, nil)
		if drives {
			w.show(4, car(1, func(s float64) float64 { return 0.1 * s }))
		}
		w.show(140, car(0, there))
		w.show(400, nil) // scenery now
		w.want(0, "after nine minutes")
		w.show(100, nil)
		if !drives {
			w.want(0, "what did not drive in")
			continue
		}
		w.want(1, "after eleven minutes")
		if len(w.ended) != 0 {
			t.Error("it ends while the car is there")
		}
		w.show(0.1, func(_ float64, o *analyze.Observation) {
			o.Regions = append(o.Regions, analyze.Region{Box: shouwang.Box{0.4, 0.5, 0.25, 0.2}, Gone: true})
		})
		w.show(10, nil)
		if len(w.ended) != 1 {
			t.Error("it does not end when the car has gone")
		}
	}
}

func TestRemovedObject(t *testing.T) {
	gone := func(_ float64, o *analyze.Observation) {
		o.Regions = append(o.Regions, analyze.Region{Box: shouwang.Box{0.6, 0.5, 0.05, 0.06}, Gone: true})
	}
	back := func(_ float64, o *analyze.Observation) {
		o.Regions = append(o.Regions, analyze.Region{Box: shouwang.Box{0.6, 0.5, 0.05, 0.06}, Fill: 0.8, Score: 0.7})
	}
	w := newWorld(t, `[{"name":"extinguisher","kind":"removed_object",`+zone+`}]`)
	w.show(12, nil)
	w.show(0.1, gone)
	w.show(30, nil)
	w.want(0, "what the first picture showed")
	w.show(30, nil)
	w.show(0.1, gone)
	w.show(5, nil)
	w.show(5, back)
	w.show(20, nil)
	w.want(0, "taken and put back")
	w.show(0.1, gone)
	w.show(15, nil)
	w.want(1, "taken")
	if w.begun[0].Kind != shouwang.KindRemovedObject {
		t.Errorf("kind %s", w.begun[0].Kind)
	}
}

func TestCrowdByDensity(t *testing.T) {
	mass := func(share float64) func(float64, *analyze.Observation) {
		return func(_ float64, o *analyze.Observation) { // one region: nobody can be counted
			o.Regions = append(o.Regions, analyze.Region{Box: shouwang.Box{0.5, 0, 0.5 * share, 1}, Fill: 0.9, Score: 0.8, Moving: 0.1})
		}
	}
	w := newWorld(t, `[{"name":"square","kind":"crowd","density":0.4,`+zone+`}]`)
	w.show(12, nil)
	w.show(12, mass(0.3))
	w.want(0, "a third of the square")
	w.show(12, mass(0.6))
	w.want(1, "more than half of it")
}

func TestCrowd(t *testing.T) {
	w := newWorld(t, `[{"name":"square","kind":"crowd","count":4}]`)
	people := func(n int) func(float64, *analyze.Observation) {
		return func(s float64, o *analyze.Observation) {
			for i := range n {
				o.Regions = append(o.Regions, at(0.1+0.2*float64(i)+0.012*s, 0.8))
			}
		}
	}
	w.show(12, nil)
	w.show(12, people(3))
	w.show(6, nil)
	w.want(0, "three")
	w.show(12, people(4))
	w.want(1, "four")
}

func TestTamper(t *testing.T) {
	const rule = `[{"name":"tamper","kind":"tamper"}]`
	var w *world
	for name, c := range map[string]struct {
		paint func(s float64, o *analyze.Observation)
		want  int
		label string
	}{
		"nothing":       {nil, 0, ""},
		"covered":       {func(_ float64, o *analyze.Observation) { o.Mean, o.Dev, o.Sharp = 14, 2, 0.4 }, 1, "covered"},
		"sprayed white": {func(_ float64, o *analyze.Observation) { o.Mean, o.Dev, o.Sharp = 240, 3, 0.3 }, 1, "covered"},
		"defocused":     {func(_ float64, o *analyze.Observation) { o.Dev, o.Sharp = 38, 1.2 }, 1, "defocused"},
		"frozen":        {func(_ float64, o *analyze.Observation) { o.Mean, o.Dev, o.Sharp = 110, 50, 6 }, 1, "frozen"},
		"frozen, key frames alone": {func(_ float64, o *analyze.Observation) {
			o.Mean, o.Dev, o.Sharp, o.Decoded = 110, 50, 6, o.Key
		}, 1, "frozen"},
		"groups of ten seconds skipped by the coder": {func(s float64, o *analyze.Observation) {
			n := float32(w.now / 100)
			o.Mean, o.Dev, o.Sharp, o.Key = 110+n/7, 50+n/13, 6, w.now%100 == 0
		}, 0, ""},
		"dusk": {func(s float64, o *analyze.Observation) {
			o.Mean, o.Dev, o.Sharp = 110-float32(s), 50-float32(s)/2, 6-float32(s)/20
		}, 0, ""},
		"a hand for two seconds": {func(s float64, o *analyze.Observation) {
			if s < 2 {
				o.Dev, o.Sharp = 3, 0.3
			}
		}, 0, ""},
		"a recording in a circle": {func(s float64, o *analyze.Observation) {
			o.Mean, o.Dev, o.Sharp = 110+float32(int(s*10)%60)/7, 50+float32(int(s*10)%60)/11, 6
		}, 1, "loop"},
		"turned slowly": {func(s float64, o *analyze.Observation) { o.Like = float32(max(0.05, 0.9-s/5)) }, 1, "turned"},
		"infrared":      {func(s float64, o *analyze.Observation) { o.Like = 0.4 }, 0, ""},
		"turned away": {func(s float64, o *analyze.Observation) {
			if s < 1 {
				o.Light = analyze.LightChange
			}
			o.Sharp *= 2.4
		}, 1, "turned"},
	} {
		w = newWorld(t, rule)
		w.show(30, nil)
		w.show(40, c.paint)
		w.want(c.want, name)
		if c.want == 1 && len(w.begun) == 1 && w.begun[0].Label != c.label {
			t.Errorf("%s: called %q", name, w.begun[0].Label)
		}
		w.show(20, nil)
		if len(w.ended) != len(w.begun) {
			t.Errorf("%s: does not end when it is over", name)
		}
	}
}

func TestSetKeepsWhatLives(t *testing.T) {
	w := newWorld(t, `[{"name":"yard","kind":"intrusion",`+zone+`}]`)
	w.show(12, nil)
	w.show(3, walk(0.5, 0.8, 0.7, 0.8, 3))
	w.want(1, "in the zone")
	r, err := rules.Parse([]byte(`[{"name":"other","kind":"tamper"},{"name":"yard","kind":"intrusion",` + zone + `,"seconds":1}]`))
	if err != nil {
		t.Fatal(err)
	}
	w.en.Set(r)
	w.show(3, walk(0.7, 0.8, 0.9, 0.8, 3))
	w.want(1, "after the rules were replaced")
	w.show(8, nil)
	if len(w.ended) != 1 {
		t.Errorf("%d ended, want 1", len(w.ended))
	}
}

func TestParseRefuses(t *testing.T) {
	for _, bad := range []string{
		`{}`, `[{"kind":"intrusion"}]`, `[{"name":"a","kind":"face_match"}]`, `[{"name":"a","kind":"line_crossing","line":[[0,0]]}]`,
		`[{"name":"a","kind":"intrusion","zone":[[0,0],[1,1]]}]`, `[{"name":"a","kind":"intrusion","zone":[[0,0],[1,1],[0,7]]}]`,
		`[{"name":"a","kind":"crowd","colour":1}]`, `[{"name":"a","kind":"crowd"},{"name":"a","kind":"tamper"}]`,
		`[{"name":"a","kind":"crowd","seconds":-1}]`, `[{"name":"a","kind":"crowd","density":1.5}]`, `[{"name":"a","kind":"line_crossing","line":[[0,0],[1,1]],"direction":"up"}]`,
	} {
		if _, err := rules.Parse([]byte(bad)); shouwang.CodeOf(err) != shouwang.CodeBadConfig {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func TestManyTracksStayBounded(t *testing.T) {
	w := newWorld(t, `[{"name":"yard","kind":"loitering"},{"name":"bag","kind":"left_object"}]`)
	w.show(120, func(s float64, o *analyze.Observation) {
		for i := range 40 {
			r := at(float64((w.now*7+i*13)%97)/97, float64((w.now*3+i*29)%89)/89)
			r.Moving = float64(i%2) * 0.5
			o.Regions = append(o.Regions, r)
		}
	})
}
