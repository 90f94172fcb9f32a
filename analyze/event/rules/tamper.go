package rules

import (
	"math"

	"shouwang"
	"shouwang/analyze"
)

// tamper keeps what the camera's picture is usually like: its sharpness and
// contrast, over about ten minutes.
type tamper struct {
	sharp, dev float64
	mean       float64
	seen       int
	lastSharp  float32
	lastMean   float32
	lastDev    float32
	same       int // pictures in a row with the very same statistics
	sameKeys   int // of them, those coded anew
	jumped     shouwang.MediaTime
	jumpedAway bool
	last       shouwang.MediaTime
	suspect    string
	loop       *loop
	loops      bool               // the last key frames came before, in this order
	unlike     bool               // the structure is not that of home
	unlikeFrom shouwang.MediaTime // since then
}

const tamperWarm = 50 // pictures

// alike is the likeness to home below which the camera sees another scene:
// other scenes have under 0.2, the same one by infrared 0.4 and more.
const alike = 0.25

// look decides what the picture is suspected of: "covered", "defocused",
// "turned", "frozen", "loop" or nothing.
func (t *tamper) look(o *analyze.Observation) {
	if o.Key {
		if t.loop == nil {
			t.loop = &loop{}
		}
		t.loops = t.loop.look(o)
	}
	if u := o.Like > 0 && o.Like < alike; u != t.unlike {
		t.unlike, t.unlikeFrom = u, o.PTS
	}
	t.seen++
	mean, dev, sharp := float64(o.Mean), float64(o.Dev), float64(o.Sharp)
	dt := math.Min(2, math.Max(0.01, (o.PTS-t.last).Duration().Seconds()))
	t.last = o.PTS
	if o.Mean == t.lastMean && o.Dev == t.lastDev && o.Sharp == t.lastSharp {
		t.same++ // even a still scene has sensor noise
		if o.Key {
			t.sameKeys++
		}
	} else {
		t.same, t.sameKeys = 0, 0
	}
	t.lastMean, t.lastDev, t.lastSharp = o.Mean, o.Dev, o.Sharp
	if t.seen < tamperWarm {
		k := 1 / float64(t.seen)
		t.sharp += (sharp - t.sharp) * k
		t.dev += (dev - t.dev) * k
		t.mean += (mean - t.mean) * k
		t.suspect = ""
		return
	}
	if o.Light == analyze.LightChange && !t.jumpedAway {
		t.jumped, t.jumpedAway = o.PTS, true
	}
	t.suspect = t.judge(mean, dev, sharp)
	if t.suspect == "" {
		k := dt / 600
		t.sharp += (sharp - t.sharp) * k
		t.dev += (dev - t.dev) * k
		t.mean += (mean - t.mean) * k
	}
}

func (t *tamper) judge(mean, dev, sharp float64) string {
	switch {
	case dev < 0.2*t.dev && sharp < 0.25*t.sharp:
		return "covered" // also a lamp into the lens
	case sharp < 0.35*t.sharp && dev > 0.3*t.dev:
		return "defocused"
	case t.same >= 30 && t.sameKeys >= 2 || t.sameKeys >= 4:
		return "frozen" // a coder may skip a whole group of a still scene, but not the next key frame

	case t.loops:
		return "loop"
	case t.unlike && sharp < 0.55*t.sharp && math.Abs(mean-t.mean) < 12:
		return "defocused" // half of the edges are gone and the light is the same
	case t.unlike:
		return "turned"
	}
	return ""
}

// turned reports whether the scene was exchanged as a whole and has not come
// back for as long as the rule asks; lamps and infrared keep the structure.
func (t *tamper) turned(o *analyze.Observation, r *Rule) bool {
	if !t.jumpedAway {
		return false
	}
	if (o.PTS - t.jumped).Duration() > 4*r.lasts()+60e9 {
		t.jumpedAway = false
		return false
	}
	ratio := float64(o.Sharp) / math.Max(t.sharp, 0.1)
	return o.Light == analyze.LightSteady && (ratio > 1.8 || ratio < 0.55) && (o.PTS-t.jumped).Duration() >= r.lasts()
}

// tampered applies the rule.
func (e *Engine) tampered(r *Rule, s *state, o *analyze.Observation) {
	if !e.looked { // once a picture, however many rules ask
		e.tamper.look(o)
		e.looked = true
	}
	what := e.tamper.suspect
	if what == "" && e.tamper.turned(o, r) {
		what = "turned"
	}
	was := s.live
	e.lasting(r, s, o, what != "", shouwang.Box{0, 0, 1, 1})
	if s.live && !was {
		s.event.Label, s.event.LabelScore = what, 0.7
		e.out[len(e.out)-1] = s.event
	}
}
