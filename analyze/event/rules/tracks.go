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
	if r.Density > 0 {
		share, box := r.covered(o)
		e.lasting(r, s, o, share >= r.Density, box)
		return
	}
	n, box := 0, shouwang.Box{}
	for _, t := range tracks {
		if t.Confirmed && o.PTS-t.Last < shouwang.MediaRate && r.inside(t.Box) {
			n += max(1, int(t.Box[2]/max(t.Box[3]*0.45, 0.01)+0.3))
			box = box.Union(t.Box)
		}
	}
	e.lasting(r, s, o, n >= r.Count, box)
}

// covered is the share of the zone that lies under regions, and the box around
// them. It counts points of a grid, 24 each way.
func (r *Rule) covered(o *analyze.Observation) (share float64, box shouwang.Box) {
	if o.Light != analyze.LightSteady {
		return 0, box
	}
	const grid = 24
	all, under := 0, 0.0
	for i := range grid * grid {
		x, y := (float64(i%grid)+.5)/grid, (float64(i/grid)+.5)/grid
		if len(r.Zone) > 0 && !r.Zone.Contains(x, y) {
			continue
		}
		all++
		for k := range o.Regions {
			g := &o.Regions[k]
			if b := g.Box; !g.Gone && x >= b[0] && x < b[0]+b[2] && y >= b[1] && y < b[1]+b[3] {
				under += min(1, g.Fill*1.2) // a person does not fill a box
				box = box.Union(b)
				break
			}
		}
	}
	return under / float64(max(1, all)), box
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
