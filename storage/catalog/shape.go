package catalog

import (
	"math"

	"shouwang"
)

// grid is the number of rows and of columns of cells in which a track is
// remembered for searching: eight times eight bits fit one integer.
const grid = 8

// aspect is the picture's height in widths, by which a direction is judged;
// most cameras are 16:9, and a quarter more or less turns it by few degrees.
const aspect = 9.0 / 16

// shape is what a search asks of an event's movement.
type shape struct {
	area   float64 // largest share of the picture it covered, 0..1
	dx, dy float64 // from where it began to where it ended, in picture widths
	cells  int64   // bit row*8+column of each cell it passed
}

// shapeOf sums an event up.
func shapeOf(e *shouwang.Event) shape {
	s := shape{area: e.Box.Area()}
	eachPlace(e, func(p shouwang.Point) bool {
		s.cells |= 1 << cellOf(p)
		return true
	})
	for _, p := range e.Track {
		s.area = max(s.area, p.Box.Area())
	}
	if n := len(e.Track); n > 1 {
		x0, y0 := e.Track[0].Box.Center()
		x1, y1 := e.Track[n-1].Box.Center()
		s.dx, s.dy = x1-x0, (y1-y0)*aspect
	}
	return s
}

// eachPlace calls f for where the thing was: its middle and the middle of its
// lower edge (where it stands), at each point of its track and, between two, in
// steps of half a cell at most, until f says false.
func eachPlace(e *shouwang.Event, f func(shouwang.Point) bool) {
	if len(e.Track) == 0 {
		middle, foot := places(e.Box)
		_ = f(middle) && f(foot)
		return
	}
	was := e.Track[0].Box
	for _, point := range e.Track {
		m0, f0 := places(was)
		m1, f1 := places(point.Box)
		steps := 1 + int(max(far(m0, m1), far(f0, f1))*2*grid)
		for i := range steps {
			k := float64(i+1) / float64(steps)
			if !f(between(m0, m1, k)) || !f(between(f0, f1, k)) {
				return
			}
		}
		was = point.Box
	}
}

func places(b shouwang.Box) (middle, foot shouwang.Point) {
	x, y := b.Center()
	return shouwang.Point{x, y}, shouwang.Point{x, b[1] + b[3]}
}

func far(a, b shouwang.Point) float64 { return max(math.Abs(a[0]-b[0]), math.Abs(a[1]-b[1])) }

func between(a, b shouwang.Point, k float64) shouwang.Point {
	return shouwang.Point{a[0] + (b[0]-a[0])*k, a[1] + (b[1]-a[1])*k}
}

func cellOf(p shouwang.Point) int { return cell(p[1])*grid + cell(p[0]) }

func cell(v float64) int { return max(0, min(grid-1, int(v*grid))) }

// cellsOf returns the cells that a region may share a point with: those of its
// bounding box whose middle, corners or edges' middles lie in it, or in which
// one of its own corners lies, or that one of its edges crosses.
func cellsOf(region shouwang.Polygon) (cells int64) {
	for row := range grid {
		for col := range grid {
			x, y := float64(col)/grid, float64(row)/grid
			if region.Contains(x+0.5/grid, y+0.5/grid) {
				cells |= 1 << (row*grid + col)
			}
		}
	}
	for i, a := range region {
		b := region[(i+1)%len(region)]
		steps := 1 + int(far(a, b)*grid*16)
		for k := range steps + 1 {
			cells |= 1 << cellOf(between(a, b, float64(k)/float64(steps)))
		}
	}
	return widen(cells)
}

// widen adds the neighbours of each cell, since an edge was walked in steps: a
// cell too many costs a look into a body, a cell too few an event not found.
func widen(cells int64) (out int64) {
	for row := range grid {
		for col := range grid {
			if cells>>(row*grid+col)&1 == 0 {
				continue
			}
			for r := max(0, row-1); r <= min(grid-1, row+1); r++ {
				for c := max(0, col-1); c <= min(grid-1, col+1); c++ {
					out |= 1 << (r*grid + c)
				}
			}
		}
	}
	return out
}

// passes reports whether the event's thing was ever in the region.
func passes(e *shouwang.Event, region shouwang.Polygon) bool {
	in := false
	eachPlace(e, func(p shouwang.Point) bool {
		in = region.Contains(min(p[0], 1-1e-9), min(p[1], 1-1e-9))
		return !in
	})
	return in
}

// Heading is a direction of movement in the picture.
type Heading string

// The headings; each takes in sixty degrees to either side.
const (
	HeadingLeft  Heading = "left"
	HeadingRight Heading = "right"
	HeadingUp    Heading = "up"
	HeadingDown  Heading = "down"
)

// leastMove is how far a thing must have come, in picture widths, to have gone
// anywhere.
const leastMove = 0.05

// spread is the tangent of sixty degrees.
const spread = 1.7320508

// along returns the movement in the heading's direction and across it.
func (h Heading) along(dx, dy float64) (ahead, aside float64) {
	switch h {
	case HeadingLeft:
		return -dx, math.Abs(dy)
	case HeadingRight:
		return dx, math.Abs(dy)
	case HeadingUp:
		return -dy, math.Abs(dx)
	}
	return dy, math.Abs(dx)
}

// goes reports whether the movement has the heading.
func (h Heading) goes(s shape) bool {
	ahead, aside := h.along(s.dx, s.dy)
	return ahead >= leastMove && aside <= ahead*spread
}

// clause is goes in SQL.
func (h Heading) clause() string {
	ahead, aside := "dy", "dx"
	switch h {
	case HeadingLeft, HeadingRight:
		ahead, aside = "dx", "dy"
	}
	if h == HeadingLeft || h == HeadingUp {
		ahead = "-" + ahead
	}
	return "(" + ahead + " >= 0.05 AND abs(" + aside + ") <= (" + ahead + ") * 1.7320508)"
}
