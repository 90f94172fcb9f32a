package rules

import (
	"bytes"
	"io"
	"time"

	"shouwang"
	"shouwang/analyze"
	"shouwang/analyze/event"
)

func bytesReader(b []byte) io.Reader { return bytes.NewReader(b) }

// Engine applies one camera's rules. It is not safe for concurrent use.
type Engine struct {
	camera shouwang.CameraID
	rules  []Rule
	states []state
	serial uint64
	tamper tamper
	out    []shouwang.Event
	epoch  uint32
	first  shouwang.MediaTime
	last   shouwang.MediaTime
	begun  bool
	looked bool // at this picture, for tampering
}

// state is one rule's memory.
type state struct {
	live   bool
	event  shouwang.Event
	seen   time.Time          // capture time at which the rule last held
	seenAt shouwang.MediaTime // the same in media time
	tracks map[uint64]*presence
	marks  []mark
	since  shouwang.MediaTime // the condition has held since; for crowd and tamper
	from   time.Time
	holds  bool
}

// presence is one followed thing as a rule sees it.
type presence struct {
	inSince shouwang.MediaTime
	from    time.Time
	in      bool
	x, y    float64
	placed  bool
	seen    shouwang.MediaTime
}

// mark is a region that stands still, by its place.
type mark struct {
	box   shouwang.Box
	since shouwang.MediaTime
	from  time.Time
	seen  shouwang.MediaTime
	// came says that something followed moved to this place and stopped: then
	// it stays there though the scene takes it for scenery.
	came bool
}

// New returns the Engine of a camera with rules from Parse.
func New(camera shouwang.CameraID, list []Rule) *Engine {
	e := &Engine{camera: camera}
	e.Set(list)
	return e
}

// Set replaces the rules. What lives under a rule that stays as it is lives
// on; the rest ends without a report beyond those already given.
func (e *Engine) Set(list []Rule) {
	states := make([]state, len(list))
	for i := range list {
		states[i].tracks = map[uint64]*presence{}
		for j := range e.rules {
			if e.rules[j].Name == list[i].Name && e.rules[j].Kind == list[i].Kind {
				states[i] = e.states[j]
			}
		}
	}
	e.rules, e.states = list, states
}

// Observe takes an observation and what is followed in it, as the Eventer has
// it after the same observation, and returns the rules' events. The slice is
// overwritten by the next call.
func (e *Engine) Observe(o *analyze.Observation, tracks []*event.Track) []shouwang.Event {
	e.out = e.out[:0]
	if !o.Decoded {
		return e.out
	}
	if o.Epoch == e.epoch && o.PTS < e.last && e.last-o.PTS < 10*shouwang.MediaRate {
		return e.out // seen before
	}
	if !e.begun || o.Epoch != e.epoch || o.PTS < e.last {
		e.restart()
		e.epoch, e.first, e.begun = o.Epoch, o.PTS, true
	}
	e.last = o.PTS
	e.looked = false
	for i := range e.rules {
		r, s := &e.rules[i], &e.states[i]
		switch r.Kind {
		case shouwang.KindIntrusion, shouwang.KindLoitering:
			e.stay(r, s, o, tracks)
		case shouwang.KindLineCrossing:
			e.cross(r, s, o, tracks)
		case shouwang.KindCrowd:
			e.crowd(r, s, o, tracks)
		case shouwang.KindLeftObject, shouwang.KindParked:
			e.still(r, s, o, tracks)
		case shouwang.KindRemovedObject:
			e.removed(r, s, o)
		case shouwang.KindTamper:
			e.tampered(r, s, o)
		}
		if s.live && o.PTS-s.seenAt > linger {
			e.end(s)
		}
	}
	return e.out
}

// linger is how long after its last sign a rule's event ends.
const linger = 3 * shouwang.MediaRate

// Close ends what lives.
func (e *Engine) Close() []shouwang.Event {
	e.out = e.out[:0]
	for i := range e.states {
		e.end(&e.states[i])
	}
	return e.out
}

// restart begins with another session's media time.
func (e *Engine) restart() {
	for i := range e.states {
		e.end(&e.states[i])
		e.states[i] = state{tracks: map[uint64]*presence{}}
	}
	e.tamper = tamper{}
}

// hold reports that the rule holds now, with something at box since from.
func (e *Engine) hold(r *Rule, s *state, o *analyze.Observation, from time.Time, box shouwang.Box, score float64) {
	s.seen, s.seenAt = o.Wall.At, o.PTS
	if s.live {
		return
	}
	e.serial++
	s.live = true
	s.event = shouwang.Event{
		ID: event.NewID(e.camera, from, e.serial) + shouwang.EventID("-"+r.Name), Camera: e.camera, Kind: r.Kind, Phase: shouwang.PhaseBegin,
		Start: from, Peak: o.Wall.At, Score: score, Box: box, Rule: r.Name,
	}
	if len(r.Zone) > 0 {
		s.event.Zone = r.Name
	}
	e.out = append(e.out, s.event)
}

func (e *Engine) end(s *state) {
	if !s.live {
		return
	}
	s.live = false
	s.event.Phase, s.event.End = shouwang.PhaseEnd, s.seen
	if !s.event.End.After(s.event.Start) {
		s.event.End = s.event.Start.Add(time.Millisecond)
	}
	e.out = append(e.out, s.event)
}
