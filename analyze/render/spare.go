package render

import (
	"math"
	"slices"

	"shouwang"
	"shouwang/analyze/wire"
)

// One person may be spared the veil: a filmed person who is shown what was filmed
// of them. Where they are is marked by hand, as boxes at moments; nothing here
// knows who they are. What is hidden because of anybody else stays hidden, also
// where it lies within the box: where two tracks overlap the veil wins.
//
// So that this can be told, every cell that stands out is booked: to the spared
// person when it lies in their box, slightly grown, else to others. A region that
// the detector found is theirs when it lies in the grown box and is the only one
// there. What is booked to others stays so for the veil's hold, and on, for as
// long as the cell stands out at all.
const (
	// longestStep is the longest time between two marks over which somebody walks
	// in a straight line, longestStand over which somebody stays where they are.
	longestStep  = 5_000_000
	longestStand = 60_000_000
	// stands is how far, as a fraction of the picture, a box may move and still
	// stand.
	stands = 0.01
	// before is for how long before the first mark its box is theirs already, in
	// pictures that are shown to nobody but the renderer.
	before = 60_000_000
	// withinGrown is the part of a region that must lie in the grown box.
	withinGrown = 0.8
)

// spared is who is spared now.
type spared struct {
	marks []wire.Clear
	box   shouwang.Box // theirs, at this picture
	grown shouwang.Box
	on    bool // the box counts for booking
	shown bool // and what is in it is shown
	// others is until when a cell is booked to somebody else.
	others []shouwang.MediaTime
}

// checkClear refuses marks that are out of order or no boxes.
func checkClear(marks []wire.Clear) error {
	for i, m := range marks {
		b := m.Box
		for _, v := range b {
			if math.IsNaN(v) || v < 0 || v > 1 {
				return shouwang.Errorf(shouwang.CodeBadUsage, "mark %d lies outside the picture", i+1)
			}
		}
		if b[2] <= 0 || b[3] <= 0 || i > 0 && m.At <= marks[i-1].At {
			return shouwang.Errorf(shouwang.CodeBadUsage, "mark %d is empty, or not later than the one before", i+1)
		}
	}
	return nil
}

// move puts the box where it is at a moment, microseconds of wall time.
func (s *spared) move(wall int64) {
	s.on, s.shown = false, false
	n := len(s.marks)
	if n == 0 || wall > s.marks[n-1].At {
		return
	}
	i, exact := slices.BinarySearchFunc(s.marks, wall, func(m wire.Clear, at int64) int {
		switch {
		case m.At < at:
			return -1
		case m.At > at:
			return 1
		}
		return 0
	})
	switch {
	case exact:
		s.place(s.marks[i].Box, true)
	case i == 0:
		if s.marks[0].At-wall <= before {
			s.place(s.marks[0].Box, false)
		}
	default:
		a, b := s.marks[i-1], s.marks[i]
		gap := b.At - a.At
		if gap <= longestStep || gap <= longestStand && standing(a.Box, b.Box) {
			t := float64(wall-a.At) / float64(gap)
			var box shouwang.Box
			for k := range box {
				box[k] = a.Box[k] + (b.Box[k]-a.Box[k])*t
			}
			s.place(box, true)
		}
	}
}

func standing(a, b shouwang.Box) bool {
	for k := range a {
		if math.Abs(a[k]-b[k]) > stands {
			return false
		}
	}
	return true
}

func (s *spared) place(b shouwang.Box, shown bool) {
	s.box, s.on, s.shown = b, true, shown
	dx, dy := b[2]/6+1./cellsAcross, b[3]/6+1./cellsAcross
	s.grown = shouwang.Box{b[0] - dx, b[1] - dy, b[2] + 2*dx, b[3] + 2*dy}
}

// theirs reports which of the boxes is the spared person's: the one that lies in
// the grown box, if there is but one that has to do with it; else -1.
func (s *spared) theirs(n int, box func(int) *shouwang.Box) int {
	if !s.on {
		return -1
	}
	found, touching := -1, 0
	for i := range n {
		b := box(i)
		if overlap(b, &s.box) <= 0 {
			continue
		}
		touching++
		if overlap(b, &s.grown) >= withinGrown*b[2]*b[3] {
			found = i
		}
	}
	if touching != 1 {
		return -1
	}
	return found
}

// overlap is the area that two boxes share.
func overlap(a, b *shouwang.Box) float64 {
	w := math.Min(a[0]+a[2], b[0]+b[2]) - math.Max(a[0], b[0])
	h := math.Min(a[1]+a[3], b[1]+b[3]) - math.Max(a[1], b[1])
	if w <= 0 || h <= 0 {
		return 0
	}
	return w * h
}

// holds reports whether the middle of a cell lies in the grown box.
func (s *spared) holds(col, row, cols, rows int) bool {
	if !s.on {
		return false
	}
	x, y := (float64(col)+.5)/float64(cols), (float64(row)+.5)/float64(rows)
	g := &s.grown
	return x >= g[0] && x < g[0]+g[2] && y >= g[1] && y < g[1]+g[3]
}

// shows reports whether the cell is shown though it is hidden from everybody
// else: it lies in the box, and nobody else has to do with it.
func (s *spared) shows(i, col, row, cols, rows int, now shouwang.MediaTime) bool {
	if !s.shown || i >= len(s.others) || s.others[i] > now {
		return false
	}
	b := &s.box
	return float64(col+1)/float64(cols) > b[0] && float64(col)/float64(cols) < b[0]+b[2] &&
		float64(row+1)/float64(rows) > b[1] && float64(row)/float64(rows) < b[1]+b[3]
}
