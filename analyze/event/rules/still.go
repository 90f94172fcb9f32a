package rules

import (
	"shouwang"
	"shouwang/analyze"
	"shouwang/analyze/event"
)

const (
	// forgotten is how long a still region may be unseen; what is behind
	// a passer-by comes back sooner.
	forgotten = 10 * shouwang.MediaRate
	// settled is how long something must have stood still for its vanishing to
	// mean that it became scenery (see scene.Config.Absorb).
	settled = 60 * shouwang.MediaRate
	// young is for how long after a session's begin nothing is said to be gone:
	// the first picture may have shown somebody.
	young = 60 * shouwang.MediaRate
)

// still: a region that does not move stays in the zone. What came there by
// itself stays though the scene takes it for scenery, until it is gone: so that
// "parked" may ask for hours.
func (e *Engine) still(r *Rule, s *state, o *analyze.Observation, tracks []*event.Track) {
	for i := range o.Regions {
		g := &o.Regions[i]
		if g.Gone || g.Moving > 0.15 || !r.inside(g.Box) {
			continue
		}
		if m := s.markAt(g.Box, o); m != nil && o.PTS-m.since < forgotten {
			m.came = m.came || arrived(g.Box, tracks)
		}
	}
	keep := s.marks[:0]
	for _, m := range s.marks {
		if !m.stays(o) {
			continue
		}
		keep = append(keep, m)
		if (o.PTS - m.since).Duration() >= r.lasts() {
			e.hold(r, s, o, m.from, m.box, 0.7)
		}
	}
	s.marks = keep
}

// arrived reports whether something that moved here covers the place.
func arrived(b shouwang.Box, tracks []*event.Track) bool {
	for _, t := range tracks {
		if t.Confirmed && t.Travel > 0.03 && t.Box.IoU(b) > 0.3 {
			return true
		}
	}
	return false
}

// stays reports whether what was marked is still there.
func (m *mark) stays(o *analyze.Observation) bool {
	unseen := o.PTS - m.seen
	if unseen == 0 {
		return true
	}
	if !m.came || m.seen-m.since < settled {
		return unseen <= forgotten
	}
	for i := range o.Regions {
		g := &o.Regions[i]
		if iou := g.Box.IoU(m.box); g.Gone && iou > 0.25 || g.Moving > 0.3 && iou > 0.5 {
			return false
		}
	}
	return true
}

// removed: scenery in the zone has gone and is not put back.
func (e *Engine) removed(r *Rule, s *state, o *analyze.Observation) {
	for i := range o.Regions {
		if g := &o.Regions[i]; g.Gone && o.PTS-e.first > young && r.inside(g.Box) && len(s.marks) < 32 {
			s.marks = append(s.marks, mark{box: g.Box, since: o.PTS, from: o.Wall.At, seen: o.PTS})
		}
	}
	keep := s.marks[:0]
	for _, m := range s.marks {
		switch {
		case m.back(o): // it, or something like it
		case (o.PTS - m.since).Duration() >= r.lasts():
			e.hold(r, s, o, m.from, m.box, 0.7)
		default:
			keep = append(keep, m)
		}
	}
	s.marks = keep
}

// back reports whether something stands at the place again.
func (m *mark) back(o *analyze.Observation) bool {
	for i := range o.Regions {
		if g := &o.Regions[i]; !g.Gone && g.Moving < 0.15 && o.PTS > m.since && g.Box.IoU(m.box) > 0.3 {
			return true
		}
	}
	return false
}

func (s *state) markAt(b shouwang.Box, o *analyze.Observation) *mark {
	for i := range s.marks {
		if s.marks[i].box.IoU(b) > 0.5 {
			s.marks[i].seen = o.PTS
			return &s.marks[i]
		}
	}
	if len(s.marks) >= 32 {
		return nil
	}
	s.marks = append(s.marks, mark{box: b, since: o.PTS, from: o.Wall.At, seen: o.PTS})
	return &s.marks[len(s.marks)-1]
}
