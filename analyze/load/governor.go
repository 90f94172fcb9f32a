package load

import (
	"math"
	"time"

	"shouwang"
	"shouwang/analyze/cascade"
)

// Demand is what one camera was measured to take.
type Demand struct {
	Camera shouwang.CameraID
	Worker int           // the analyzer that has it
	Spent  time.Duration // CPU time since the last Tick
	Look   time.Duration // CPU time of one key frame by itself, 0 while unknown
	GOP    time.Duration // distance of key frames, 0 while unknown
	// Fixed says that the camera is not to be cut.
	Fixed bool
	// Step is what it is at; a camera not asked about before is at StepNone.
	Step cascade.Step
}

// Worker is what one analyzer was measured to do.
type Worker struct {
	Backlog time.Duration // CPU time of what waits for it
	// Share is the part of a core that it may be planned to take; 0, or more
	// than 0.85, is 0.85: what is left is for bursts.
	Share float64
}

// State is what a Governor holds an analyzer to, for metrics.
type State struct {
	Budget float64 // cores; +Inf while nothing is bounded
	Wanted float64 // cores that its cameras would take uncut, as far as is known
	Taken  float64 // cores that they take
	Late   float64 // seconds of work that wait
}

// Governor decides. It is for one goroutine.
type Governor struct {
	cameras map[shouwang.CameraID]*camera
	workers map[int]*worker
	fleet   fleet
	round   uint64
}

// New returns a Governor that cuts nothing yet.
func New() *Governor {
	return &Governor{cameras: map[shouwang.CameraID]*camera{}, workers: map[int]*worker{}, fleet: fleet{ratio: priorRatio, looks: priorLooks}}
}

// Tick takes what was measured over the last dt and returns the step of each
// camera whose step changes.
func (g *Governor) Tick(dt time.Duration, demands []Demand, workers map[int]Worker) map[shouwang.CameraID]cascade.Step {
	sec := max(dt.Seconds(), 1e-3)
	g.round++
	for _, w := range g.workers {
		w.list = w.list[:0]
	}
	for i := range demands {
		g.measure(&demands[i], sec)
	}
	for id, c := range g.cameras {
		if c.seenIn != g.round {
			delete(g.cameras, id)
		}
	}
	g.fleet.learn(g.cameras)
	changed := map[shouwang.CameraID]cascade.Step{}
	for i, w := range g.workers {
		if len(w.list) == 0 {
			continue
		}
		w.hold(workers[i], sec)
		w.assign(sec)
		for _, c := range w.list {
			if c.next == c.Step {
				continue
			}
			changed[c.Camera] = c.next
			if base(c.next) != base(c.Step) {
				c.since = 0
			}
		}
	}
	return changed
}

// States returns what each analyzer is held to.
func (g *Governor) States() map[int]State {
	out := make(map[int]State, len(g.workers))
	for i, w := range g.workers {
		if len(w.list) > 0 {
			out[i] = w.State
		}
	}
	return out
}

// measure books what a camera took and puts it on its analyzer's list.
func (g *Governor) measure(d *Demand, sec float64) {
	c := g.cameras[d.Camera]
	if c == nil {
		c = &camera{fleet: &g.fleet}
		g.cameras[d.Camera] = c
	}
	c.seenIn = g.round
	c.book(d, sec)
	w := g.workers[d.Worker]
	if w == nil {
		w = &worker{speed: 1e6, gain: 1, top: math.Inf(1), target: math.Inf(1)}
		g.workers[d.Worker] = w
	}
	w.list = append(w.list, c)
}
