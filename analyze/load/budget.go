package load

import (
	"math"
	"slices"

	"shouwang/analyze/cascade"
)

// The signals and their bounds. A backlog of a second is half the usual
// distance of key frames: events are then late, but not missed.
const (
	tooLate = 1.0  // seconds of work waiting: cut
	late    = 0.25 // below it the budget grows
	// arriving is how late an analyzer may be while many of its cameras are
	// new: each first picture costs several times what the next ones do.
	arriving = 3.0
	// share of a core that one analyzer may be planned to take: what is left
	// is for bursts.
	share = 0.85
	// patience is how long lateness lasts until it counts, pause how long a cut
	// is given to show, in seconds.
	patience = 2.0
	pause    = 5.0
	// drop is the part of what was got done that a late analyzer's cameras go
	// without, so that what waits is worked off.
	drop = 0.2
	// plateau is after how many seconds without lateness the budget is back where
	// it was too much; each time that the same proves too much it is half as long
	// again, up to longest.
	plateau, longest = 8.0, 60.0
	// least is a budget that is never gone below, in microseconds a second: a
	// key frame every few seconds of some cameras.
	least = 20_000
)

// worker is one analyzer. Rates are microseconds of CPU a second.
type worker struct {
	State
	list []*camera

	queue  [3]float64 // what waited at the last ticks, microseconds
	limit  float64    // what it may be planned to take
	speed  float64    // what it gets done when there is enough to do
	target float64    // what its cameras may really take; +Inf for the limit
	top    float64    // what was too much, the last time
	calm   float64    // seconds without lateness since
	flat   float64    // its plateau
	over   float64    // seconds of lateness on end
	rest   float64    // seconds until the next cut
	gain   float64    // of what cameras really take to what is expected of them
}

// hold adapts what the analyzer's cameras may take: down to less than what was
// got done when work piles up; up again, while none waits, as CUBIC does (RFC
// 9438): fast to near what was too much, slowly past it, and fast again when
// that was no bound any more.
func (w *worker) hold(m Worker, sec float64) {
	w.limit = share * 1e6
	if m.Share > 0 {
		w.limit = max(least, min(share, m.Share)*1e6)
	}
	taken, wanted := 0.0, 0.0
	for _, c := range w.list {
		taken += c.rate
		wanted += c.whole()
	}
	w.lateness(m, taken, sec)
	w.learn(sec)
	w.rest -= sec
	switch {
	case w.over >= patience && w.rest <= 0:
		w.tooMuch(min(w.target, w.limit, w.speed))
	case w.Late < late && !math.IsInf(w.top, 1):
		w.calm += sec
		x := (w.calm - w.flat) / w.flat
		w.target = max(w.target, least, w.top*(1+drop*x*x*x))
	}
	if w.target >= w.limit && w.calm > w.flat {
		w.top, w.target = math.Inf(1), math.Inf(1)
	}
	w.Wanted, w.Taken, w.Budget = wanted/1e6, taken/1e6, w.allowed()/1e6
	if math.IsInf(w.target, 1) && wanted <= w.expected() {
		w.Budget = math.Inf(1)
	}
}

// tooMuch cuts the budget below what proved too much.
func (w *worker) tooMuch(top float64) {
	if w.flat > 0 && top > 0.8*w.top && top < 1.25*w.top {
		w.flat = min(longest, 1.5*w.flat)
	} else {
		w.flat = plateau
	}
	w.top, w.target = top, max(least, (1-drop)*top)
	w.calm, w.rest = 0, pause
}

// lateness estimates how long what waits will take. It goes by the least that
// waited lately, as CoDel does (RFC 8289): cameras that were switched on together
// send their key frames together, and a queue that is gone before the next ones
// come is no sign of too much. The speed is that which was seen while something
// waited: an analyzer with little to do says nothing of what it could.
func (w *worker) lateness(m Worker, taken, sec float64) {
	copy(w.queue[:], w.queue[1:])
	w.queue[len(w.queue)-1] = float64(m.Backlog.Microseconds())
	waits := slices.Min(w.queue[:])
	if waits > late*w.speed {
		w.speed += (taken - w.speed) * min(1, sec/3)
	} else {
		w.speed += (1e6 - w.speed) * min(1, sec/minute)
	}
	w.speed = max(w.speed, taken, least)
	w.Late = waits / w.speed
	bound := tooLate
	if w.crowded() {
		bound = arriving
	}
	if w.Late > bound {
		w.over += sec
	} else {
		w.over = 0
	}
}

// crowded reports whether more than a quarter of the cameras are new.
func (w *worker) crowded() bool {
	n := 0
	for _, c := range w.list {
		if c.age <= 2*settle {
			n++
		}
	}
	return 4*n > len(w.list)
}

// learn compares what cameras took with what was expected of them. While work
// waits they take less than they would, so that only more counts then.
func (w *worker) learn(sec float64) {
	took, expected := 0.0, 0.0
	for _, c := range w.list {
		if c.fresh() || c.since < pause || c.GOP == 0 {
			continue
		}
		took += c.rate
		expected += c.at(c.Step)
	}
	if expected <= 0 {
		return
	}
	if ratio := took / expected; ratio > w.gain || w.Late < late {
		w.gain += (min(2, max(0.5, ratio)) - w.gain) * min(1, sec/15)
	}
}

// allowed is what the cameras may really take, expected the same as a sum of
// what is expected of each.
func (w *worker) allowed() float64  { return min(w.target, w.limit) }
func (w *worker) expected() float64 { return w.allowed() / w.gain }

// pressed reports whether anything is cut.
func (w *worker) pressed() bool {
	for _, c := range w.list {
		if c.next >= cascade.StepPresence {
			return true
		}
	}
	return false
}
