package rules

import (
	"shouwang"
	"shouwang/analyze"
	"shouwang/analyze/event"
)

// maxPresence bounds what a rule remembers; the tracker follows fewer.
const maxPresence = 128

// presenceOf returns the rule's memory of a track and forgets old ones.
func (s *state) presenceOf(t *event.Track, now shouwang.MediaTime) *presence {
	p := s.tracks[t.ID]
	if p == nil {
		if len(s.tracks) >= maxPresence {
			for id, q := range s.tracks {
				if now-q.seen > linger {
					delete(s.tracks, id)
				}
			}
			if len(s.tracks) >= maxPresence {
				return nil
			}
		}
		p = &presence{}
		s.tracks[t.ID] = p
	}
	p.seen = now
	return p
}

// stay: something followed is in the zone for as long as the rule says.
func (e *Engine) stay(r *Rule, s *state, o *analyze.Observation, tracks []*event.Track) {
	for _, t := range tracks {
		if !t.Confirmed || t.Last != o.PTS {
			continue
		}
		p := s.presenceOf(t, o.PTS)
		if p == nil {
			continue
		}
		if !r.inside(t.Box) {
			p.in = false
			continue
		}
		if !p.in {
			p.in, p.inSince, p.from = true, o.PTS, o.Wall.At
		}
		if (o.PTS - p.inSince).Duration() >= r.lasts() {
			e.hold(r, s, o, p.from, t.Box, t.Score)
		}
	}
}

// cross: where something stands passes from one side of the line to the other,
// between the line's ends.
func (e *Engine) cross(r *Rule, s *state, o *analyze.Observation, tracks []*event.Track) {
	for _, t := range tracks {
		if !t.Confirmed || t.Last != o.PTS || t.Box.Area() < r.MinArea || t.Box.Area() > r.MaxArea {
			continue
		}
		p := s.presenceOf(t, o.PTS)
		if p == nil {
			continue
		}
		x, y := foot(t.Box)
		was, is := r.side(p.x, p.y), r.side(x, y)
		if p.placed && was*is < 0 && between(r, p.x, p.y, x, y) && (r.Direction == "" || (is > 0) == (r.Direction == "right")) {
			e.end(s) // each crossing is an event of its own
			e.hold(r, s, o, o.Wall.At, t.Box, t.Score)
		}
		if is != 0 {
			p.x, p.y, p.placed = x, y, true
		}
	}
}

// between reports whether the way a-b meets the line within its ends.
func between(r *Rule, ax, ay, bx, by float64) bool {
	way := Rule{Line: []shouwang.Point{{ax, ay}, {bx, by}}}
	return way.side(r.Line[0][0], r.Line[0][1])*way.side(r.Line[1][0], r.Line[1][1]) <= 0
}

// crowd: so many things at once are in the zone. A thing much wider than high
// counts as several, since people who stand together share one region.
func (e *Engine) crowd(r *Rule, s *state, o *analyze.Observation, tracks []*event.Track) {
	n, box := 0, shouwang.Box{}
	for _, t := range tracks {
		if t.Confirmed && o.PTS-t.Last < shouwang.MediaRate && r.inside(t.Box) {
			n += max(1, int(t.Box[2]/max(t.Box[3]*0.45, 0.01)+0.3))
			box = box.Union(t.Box)
		}
	}
	e.lasting(r, s, o, n >= r.Count, box)
}

// lasting holds the rule once its condition has held long enough.
func (e *Engine) lasting(r *Rule, s *state, o *analyze.Observation, holds bool, box shouwang.Box) {
	if holds && !s.holds {
		s.since, s.from = o.PTS, o.Wall.At
	}
	s.holds = holds
	if holds && (o.PTS-s.since).Duration() >= r.lasts() {
		e.hold(r, s, o, s.from, box, 0.8)
	}
}

// still: a region that does not move stays in the zone. Whether something was
// put there or taken away looks the same in brightness; both are reported.
func (e *Engine) still(r *Rule, s *state, o *analyze.Observation) {
	for i := range o.Regions {
		g := &o.Regions[i]
		if g.Moving > 0.15 || !r.inside(g.Box) {
			continue
		}
		m := s.markAt(g.Box, o)
		if m != nil && (o.PTS-m.since).Duration() >= r.lasts() {
			e.hold(r, s, o, m.from, g.Box, g.Score)
		}
	}
	keep := s.marks[:0]
	for _, m := range s.marks {
		if o.PTS-m.seen <= 10*shouwang.MediaRate {
			keep = append(keep, m)
		}
	}
	s.marks = keep
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
