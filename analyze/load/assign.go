package load

import (
	"cmp"
	"slices"

	"shouwang/analyze/cascade"
)

const (
	// stay is how long a camera keeps a step before it changes places with
	// another, in seconds.
	stay = minute
	// Cuts go a little below what is allowed, and giving back stays a little
	// more below it, so that noise moves nobody.
	cutTo, giveTo = 0.98, 0.95
	// giving is in how many seconds the room that there is would be given back.
	giving = 3.0
)

// assign finds each camera's next step: cuts when more is expected than is
// allowed, gives back when it is less, and lets cameras change places.
func (w *worker) assign(sec float64) {
	sum, allowed := 0.0, w.expected()
	for _, c := range w.list {
		c.next = base(c.Step)
		sum += c.at(c.next)
	}
	slices.SortFunc(w.list, dearest)
	if sum > allowed {
		w.cut(sum - cutTo*allowed)
	} else {
		w.give(giveTo*allowed-sum, sec)
		w.rotate(cutTo*allowed-sum, sec)
	}
	if !w.pressed() {
		for _, c := range w.list {
			c.next = cascade.StepNone
		}
	}
	w.admit()
}

// dearest orders cameras by whom to cut first: new ones, then those that spent
// most in the last minute.
func dearest(a, b *camera) int {
	if a.fresh() != b.fresh() {
		if a.fresh() {
			return -1
		}
		return 1
	}
	return cmp.Or(cmp.Compare(b.spent, a.spent), cmp.Compare(a.Camera, b.Camera))
}

// cut takes at least excess from the cameras, everybody's first step before
// anybody's second.
func (w *worker) cut(excess float64) {
	for _, s := range cascade.Steps[cascade.StepPresence:] {
		for _, c := range w.list {
			if excess <= 0 {
				return
			}
			excess -= c.cut(s)
		}
	}
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

// give gives back in the other order, a third of the room a second: what it
// really costs is seen only after a group of pictures.
func (w *worker) give(room, sec float64) {
	quota := room * min(1, sec/giving)
	for s := cascade.StepRare; s >= cascade.StepPresence; s-- {
		for _, c := range slices.Backward(w.list) {
			if c.next != s || base(c.Step) != s {
				continue
			}
			costs := c.lift()
			switch {
			case costs > room: // there may be room for a cheaper one
			case quota <= 0:
				return
			default:
				c.next = s - 1
				room -= costs
				quota -= costs
			}
		}
	}
}

// lift is what it costs to give the camera one step back.
func (c *camera) lift() float64 { return c.at(base(c.next-1)) - c.at(c.next) }

// rotate lets cameras that are cut most and have spent least change places with
// others that are cut less and spent more: each has its turn.
func (w *worker) rotate(room, sec float64) {
	deepest, low := cascade.StepNone, 0
	for _, c := range w.list {
		if !c.Fixed && c.next > deepest {
			deepest, low = c.next, 0
		}
		if c.next == deepest {
			low++
		}
	}
	if deepest < cascade.StepPresence {
		return
	}
	turns := 1 + int(float64(low)*sec/stay)
	victim := 0
	for _, c := range slices.Backward(w.list) {
		if turns == 0 {
			return
		}
		if c.next != deepest || c.Step != deepest || c.since < stay || c.Fixed {
			continue
		}
		room -= c.lift()
		c.next = deepest - 1
		turns--
		for room < 0 && victim < len(w.list) {
			v := w.list[victim]
			victim++
			if v.spent <= c.spent { // nobody left who had more
				c.next = deepest
				return
			}
			if v.next < deepest && base(v.Step) == v.next && v.since >= stay {
				room += v.cut(deepest)
			}
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
