package event

import (
	"math"

	"shouwang"
)

// way is where one thing of an event went. Things that come together are one
// event; their ways tell them apart.
type way struct {
	id     uint64 // of the track that continues it
	seen   shouwang.MediaTime
	noted  shouwang.MediaTime
	box    shouwang.Box
	points []shouwang.TrackPoint
}

const (
	maxWays      = 32
	maxWayPoints = 64
	wayEvery     = shouwang.MediaRate / 2
	// resumed is how soon, after a thing was lost, one that appears beside that
	// place is taken for the same.
	resumed = 2 * shouwang.MediaRate
)

// walk notes where a confirmed track is.
func (e *Eventer) walk(t *Track) {
	w := e.wayOf(t)
	if w == nil {
		return
	}
	w.seen, w.box = t.Last, t.Box
	if len(w.points) > 0 && t.Last-w.noted < wayEvery {
		return
	}
	if len(w.points) == maxWayPoints { // every second one goes
		for i := range maxWayPoints / 2 {
			w.points[i] = w.points[2*i]
		}
		w.points = w.points[:maxWayPoints/2]
	}
	w.points, w.noted = append(w.points, shouwang.TrackPoint{At: t.Seen, Box: t.Box}), t.Last
}

// wayOf is the way that the track continues: its own, else one that ended
// beside it a moment ago, else a new one; nil when there are too many.
func (e *Eventer) wayOf(t *Track) *way {
	var lost *way
	for i := range e.ways {
		w := &e.ways[i]
		if w.id == t.ID {
			return w
		}
		if gone := t.First - w.seen; gone > 0 && gone < resumed && beside(w.box, t.Box) {
			lost = w
		}
	}
	if lost != nil {
		lost.id = t.ID
		return lost
	}
	if len(e.ways) == maxWays {
		return nil
	}
	e.ways = append(e.ways, way{id: t.ID})
	return &e.ways[len(e.ways)-1]
}

// beside reports whether two boxes of about one size touch, or nearly.
func beside(a, b shouwang.Box) bool {
	ax, ay := a.Center()
	bx, by := b.Center()
	return math.Abs(ax-bx) < 0.75*(a[2]+b[2]) && math.Abs(ay-by) < 0.75*(a[3]+b[3])
}

// things is how many the event has shown so far: those followed for half a
// second and more, and at least one.
func (e *Eventer) things() int {
	n := 0
	for i := range e.ways {
		if len(e.ways[i].points) > 1 {
			n++
		}
	}
	return max(1, n)
}

// others are the ways of what the event's own track does not show.
func (e *Eventer) others() [][]shouwang.TrackPoint {
	var out [][]shouwang.TrackPoint
	for i := range e.ways {
		if w := &e.ways[i]; w.id != e.lead && len(w.points) > 1 {
			out = append(out, append([]shouwang.TrackPoint(nil), w.points...))
		}
	}
	return out
}
