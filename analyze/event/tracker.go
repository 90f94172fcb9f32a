package event

import (
	"shouwang"
	"shouwang/analyze"
)

const maxTracks = 48

// Tracker follows regions from picture to picture.
type Tracker struct {
	cfg         Config
	Tracks      []*Track
	spare       []*Track
	next        uint64
	first, last shouwang.MediaTime
	// interval is the usual time between decoded pictures, seconds.
	interval float64
	// sparse says that only key frames are decoded, but for short looks at what
	// lies between: the interval follows at once.
	sparse bool
	seen   int
	// clutter is the usual number of small regions that belong to nothing
	// confirmed: leaves, rain, a swarm.
	clutter float64
	order   []int
}

// NewTracker returns a Tracker with the defaults of cfg filled in.
func NewTracker(cfg Config) *Tracker { return &Tracker{cfg: cfg.withDefaults()} }

// Observe takes the regions of one decoded picture.
func (k *Tracker) Observe(o *analyze.Observation) {
	dt := (o.PTS - k.last).Duration().Seconds()
	if k.seen > 0 && dt > 0 && dt < 30 {
		if k.interval == 0 {
			k.interval = dt
		}
		rate := 0.2
		if dt < k.interval {
			rate = 0.5
		}
		if k.sparse && max(dt, k.interval) > 4*min(dt, k.interval) {
			rate = 1
		}
		k.interval += (dt - k.interval) * rate
	}
	if k.seen == 0 {
		k.first = o.PTS
	}
	k.seen++
	k.last = o.PTS
	if o.Light == analyze.LightSteady {
		k.match(o, dt)
	}
	k.drop(o.PTS)
}

// match gives every region to the track it continues best, in one greedy
// round; what is left begins tracks.
func (k *Tracker) match(o *analyze.Observation, dt float64) {
	old := len(k.Tracks)
	for _, i := range k.bySize(o.Regions) {
		r := &o.Regions[i]
		if r.Gone {
			continue // nothing is there
		}
		var best *Track
		top := 0.15
		for _, t := range k.Tracks[:old] {
			a := affinity(t.predict(o.PTS), r.Box, dt)
			if t.fresh.matched && a < 0.6 {
				continue // a piece of the thing lies in or beside it
			}
			if !t.fresh.matched && r.Box.Area() < 0.12*t.Box.Area() {
				continue // what it left behind, or something else
			}
			if t.Confirmed {
				a *= 1.2
			} else if t.Hits >= 4 {
				a *= 1.15 // what has been followed keeps its piece
			}
			if a > top {
				best, top = t, a
			}
		}
		if best == nil && len(k.Tracks) < maxTracks {
			best = k.begin(o)
		}
		if best != nil {
			best.take(r)
		}
		// A thing that walks behind or before another shares its region.
		for _, t := range k.Tracks[:old] {
			if t != best && t.Confirmed && !t.fresh.matched && r.Box.Area() >= 0.4*t.Box.Area() && inside(t.predict(o.PTS), r.Box) > 0.3 {
				t.Last, t.Seen, t.AliveUntil, t.aliveAt = o.PTS, o.Wall.At, o.PTS, o.Wall.At
			}
		}
	}
	small := 0
	for _, t := range k.Tracks {
		if t.fresh.matched && !t.Confirmed && t.fresh.box.Area() < 0.01 {
			small++
		}
		t.settle(o, &k.cfg)
	}
	k.clutter += (float64(small) - k.clutter) * min(1, max(2*dt, 0.05))
}

// rewind goes back to before a picture: what a single key frame showed is
// followed anew, from where it really began.
func (k *Tracker) rewind(pts shouwang.MediaTime) {
	k.spare = append(k.spare, k.Tracks...)
	k.Tracks, k.last = k.Tracks[:0], pts-1
}

func (k *Tracker) begin(o *analyze.Observation) *Track {
	var t *Track
	if n := len(k.spare); n > 0 {
		t, k.spare = k.spare[n-1], k.spare[:n-1]
		points := t.points[:0]
		if t.shown {
			points = nil
		}
		*t = Track{points: points}
	} else {
		t = &Track{}
	}
	k.next++
	t.ID, t.First, t.Last, t.Start, t.Seen = k.next, o.PTS, o.PTS, o.Wall.At, o.Wall.At
	k.Tracks = append(k.Tracks, t)
	return t
}

// quiet is how long a track may be unseen at the present rate of pictures.
func (k *Tracker) quiet() shouwang.MediaTime {
	q := k.cfg.Quiet.Seconds()
	return shouwang.MediaTime(max(q, 2.5*min(k.interval, 10)) * shouwang.MediaRate)
}

// drop forgets tracks that are gone: unconfirmed ones sooner.
func (k *Tracker) drop(pts shouwang.MediaTime) {
	quiet := k.quiet()
	live := k.Tracks[:0]
	for _, t := range k.Tracks {
		limit := quiet
		if !t.Confirmed {
			limit = max(shouwang.MediaRate*2/5, shouwang.MediaTime(2.5*min(k.interval, 10)*shouwang.MediaRate))
		}
		if pts-t.Last > limit || t.Confirmed && pts-t.AliveUntil > quiet {
			k.spare = append(k.spare, t)
			continue
		}
		live = append(live, t)
	}
	k.Tracks = live
}

// age is for how many seconds pictures have come.
func (k *Tracker) age() float64 { return (k.last - k.first).Duration().Seconds() }

// bySize returns the regions' indices, the largest first, so that a thing's
// main part finds its track before its pieces do.
func (k *Tracker) bySize(regions []analyze.Region) []int {
	k.order = k.order[:0]
	for i := range regions {
		k.order = append(k.order, i)
		for j := i; j > 0 && regions[k.order[j]].Box.Area() > regions[k.order[j-1]].Box.Area(); j-- {
			k.order[j], k.order[j-1] = k.order[j-1], k.order[j]
		}
	}
	return k.order
}
