package load

import (
	"cmp"
	"math"
	"slices"
	"time"

	"shouwang"
	"shouwang/analyze/cascade"
)

// The signals and their bounds. A backlog of a second is half the usual
// distance of key frames: events are then late, but not missed.
const (
	tooLate = 1.0  // seconds of work waiting: cut
	late    = 0.25 // below it the budget grows
	// share of a core that one analyzer may be planned to take: what is left
	// is for bursts.
	share = 0.85
	// pause is how long a cut is given to show, in seconds.
	pause = 2.0
	// minute is the time constant of what counts as spent, in seconds.
	minute = 60.0
	// least is a budget that is never gone below, in microseconds a second: a
	// key frame every few seconds of some cameras.
	least = 20_000
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
	round   uint64
}

type camera struct {
	Demand
	spent  float64 // microseconds a second, over about a minute: what it really took
	want   float64 // the same, uncut
	looks  float64 // the same, with key frames only
	warm   float64 // seconds that want was measured for
	since  float64 // seconds at the present step
	next   cascade.Step
	seenIn uint64
}

type worker struct {
	State
	budget float64 // microseconds a second
	rest   float64 // seconds until the next cut
	served float64 // microseconds a second, lately
	list   []*camera
}

// New returns a Governor that cuts nothing yet.
func New() *Governor {
	return &Governor{cameras: map[shouwang.CameraID]*camera{}, workers: map[int]*worker{}}
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
	changed := map[shouwang.CameraID]cascade.Step{}
	for i, w := range g.workers {
		w.hold(workers[i], sec)
		w.assign()
		for _, c := range w.list {
			if c.next != c.Step {
				changed[c.Camera], c.since = c.next, 0
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

// measure books what a camera took.
func (g *Governor) measure(d *Demand, sec float64) {
	c := g.cameras[d.Camera]
	if c == nil {
		c = &camera{}
		g.cameras[d.Camera] = c
	}
	if c.Step != d.Step {
		c.since = 0
	}
	c.Demand, c.seenIn = *d, g.round
	c.since += sec
	rate := float64(d.Spent.Microseconds()) / sec
	c.spent += (rate - c.spent) * min(1, sec/minute)
	c.looks = 0
	if d.Look > 0 && d.GOP > 0 {
		c.looks = float64(d.Look.Microseconds()) / d.GOP.Seconds()
	}
	if d.Step < cascade.StepPresence {
		// A plain mean at first, so that one costly second is not taken for all.
		c.warm = min(minute, c.warm+sec)
		c.want += (rate - c.want) * min(1, sec/c.warm)
	}
	w := g.workers[d.Worker]
	if w == nil {
		w = &worker{budget: math.Inf(1)}
		g.workers[d.Worker] = w
	}
	w.list = append(w.list, c)
}

// at is what the camera takes at a step, in microseconds a second.
func (c *camera) at(s cascade.Step) float64 {
	whole := max(c.want, c.looks)
	switch {
	case c.Fixed || s < cascade.StepPresence:
		return whole
	case c.looks == 0: // not measured yet: say that key frames are a third
		return whole / 3
	case s == cascade.StepPresence:
		return c.looks
	}
	return min(c.looks, float64(c.Look.Microseconds())/s.Apart().Seconds())
}

// hold adapts the budget: down to less than what was got done when work piles
// up, slowly up when none waits.
func (w *worker) hold(m Worker, sec float64) {
	var taken, wanted float64
	for _, c := range w.list {
		taken += float64(c.Spent.Microseconds()) / sec
		wanted += c.at(cascade.StepNone)
	}
	w.served += (taken - w.served) * min(1, sec/3)
	w.Late = 0
	if m.Backlog > 0 {
		w.Late = float64(m.Backlog.Microseconds()) / max(taken, w.served, least)
	}
	w.rest -= sec
	switch {
	case w.Late > tooLate && w.rest <= 0:
		w.budget = max(least, min(w.budget, 0.85*max(taken, w.served)))
		w.rest = pause
	case w.Late < late && !math.IsInf(w.budget, 1):
		w.budget += sec * max(0.05*w.budget, 0.01*1e6)
	}
	if limit := share * 1e6; w.budget > limit {
		w.budget = math.Inf(1)
		if wanted > limit {
			w.budget = limit
		}
	}
	w.Budget, w.Wanted, w.Taken = w.budget/1e6, wanted/1e6, taken/1e6
}

// stay is how long a camera keeps a step before it is cut less, in seconds.
const stay = 30

// assign finds the steps that bring the cameras below the budget, cutting
// those first that spent most.
func (w *worker) assign() {
	defer w.admit()
	sum := 0.0
	for _, c := range w.list {
		c.next = cascade.StepNone
		sum += c.at(cascade.StepNone)
	}
	if sum <= w.budget && !w.recent() {
		return
	}
	for _, c := range w.list {
		c.next = cascade.StepAudit
	}
	slices.SortFunc(w.list, func(a, b *camera) int {
		return cmp.Or(cmp.Compare(b.spent, a.spent), cmp.Compare(a.Camera, b.Camera))
	})
	for _, s := range cascade.Steps[cascade.StepPresence:] {
		// Who was just cut stays so for a while: each change of a camera costs.
		for _, c := range w.list {
			if c.Step >= s && c.since < stay {
				sum -= c.cut(s)
			}
		}
		for _, c := range w.list {
			if sum <= w.budget {
				break
			}
			sum -= c.cut(s)
		}
	}
}

// abreast is how many cameras an analyzer may measure at a time by decoding
// everything; those beyond it are measured by key frames alone.
const abreast = 8

// admit keeps a street of cameras that come at once from all being decoded
// fully until the distance of their key frames is known.
func (w *worker) admit() {
	measuring := 0
	slices.SortFunc(w.list, func(a, b *camera) int { return cmp.Compare(a.Camera, b.Camera) })
	for _, c := range w.list {
		if c.GOP > 0 || c.Fixed {
			continue
		}
		if measuring++; measuring > abreast {
			c.next = max(c.next, cascade.StepAudit)
		}
	}
}

// recent reports whether a camera was cut too recently to be let go.
func (w *worker) recent() bool {
	for _, c := range w.list {
		if c.Step >= cascade.StepPresence && c.since < stay {
			return true
		}
	}
	return false
}

// cut brings the camera to a step and returns what that saves.
func (c *camera) cut(s cascade.Step) float64 {
	if c.Fixed || c.next >= s {
		return 0
	}
	saved := c.at(c.next) - c.at(s)
	if s > cascade.StepPresence && saved <= 0 {
		return 0 // its key frames are further apart already
	}
	c.next = s
	return max(0, saved)
}
