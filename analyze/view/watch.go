package view

import (
	"slices"
	"time"
)

// Watcher follows one camera's view. It takes a picture of it now and then and
// says when the view has been another for long enough that neither a passing
// lorry nor a cleaning cloth explains it. It is for one goroutine.
type Watcher struct {
	approved Grid
	recent   []Grid // the last pictures, for a median without passers-by
	last     time.Time
	patience time.Duration
	since    time.Time // when the view was first not the approved one
	state    Result
}

const (
	// sampleEvery is how often a picture counts, medianOf how many make one.
	sampleEvery = 5 * time.Second
	medianOf    = 5
	// Window is how long one comparison looks back.
	Window = medianOf * sampleEvery
	// DefaultPatience is for how long a view must be another, LeastPatience and
	// MostPatience bound what may be chosen: below, a lorry that unloads would do.
	DefaultPatience = 45 * time.Second
	LeastPatience   = 15 * time.Second
	MostPatience    = 10 * time.Minute
)

// Watch returns a watcher of a view that was approved. The view has drifted when
// it has been another for as long as patience says.
func Watch(approved Grid, patience time.Duration) *Watcher {
	return &Watcher{approved: approved, patience: patience, state: Result{Verdict: Unclear}}
}

// See takes a picture captured at the time given and reports whether the view
// has drifted, with the comparison that says so. It says so once; after that
// the camera is looked at anew.
func (w *Watcher) See(now Grid, at time.Time) (Result, bool) {
	if at.Sub(w.last) < sampleEvery && !at.Before(w.last) {
		return w.state, false
	}
	w.last = at
	if len(w.recent) == medianOf {
		w.recent = slices.Delete(w.recent, 0, 1)
	}
	w.recent = append(w.recent, now)
	if len(w.recent) < medianOf {
		return w.state, false
	}
	usual := Median(w.recent)
	w.state = Compare(&w.approved, &usual)
	switch v := w.state.Verdict; v {
	case Same:
		w.since = time.Time{}
	case Moved, Turned:
		if w.since.IsZero() {
			w.since = at
		}
		if at.Sub(w.since) >= w.patience {
			w.state.Since, w.since = w.since.Add(-Window), time.Time{}
			return w.state, true
		}
	}
	return w.state, false
}

// State returns the last comparison.
func (w *Watcher) State() Result { return w.state }

// Median returns the picture in which every cell has the middle of its values:
// who walks by is in few of them.
func Median(list []Grid) (out Grid) {
	values := make([]uint8, len(list))
	for i := range out {
		for k := range list {
			values[k] = list[k][i]
		}
		slices.Sort(values)
		out[i] = values[len(values)/2]
	}
	return out
}
