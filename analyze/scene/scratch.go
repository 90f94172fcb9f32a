package scene

import "shouwang/analyze"

// Scratch is memory that a Model needs only while it looks at a picture. Models
// of one goroutine share one: with hundreds of cameras that is a third less
// memory, and what is written to for each picture stays in the cache.
type Scratch struct {
	levels []int16 // cur, expect and moved, one after the other
	octets []uint8 // hot, clean and the edges of now
	acc    []uint16
	finder finder
}

// fit makes room for pictures of that many cells and columns of pixels.
func (s *Scratch) fit(n, rows, width int) {
	if len(s.octets) < 3*n {
		s.levels, s.octets = make([]int16, 3*n), make([]uint8, 3*n)
	}
	if len(s.acc) < width {
		s.acc = make([]uint16, width)
	}
	s.finder.fit(rows)
}

// fit makes room for the runs of a picture of that many rows.
func (f *finder) fit(rows int) {
	if f.runs == nil {
		f.runs, f.blobs = make([]run, 0, maxRuns), make([]blob, 0, maxRuns)
		f.index, f.out = make([]int16, maxRuns), make([]analyze.Region, 0, maxRegions)
	}
	if len(f.firstOf) < rows+1 {
		f.firstOf = make([]int16, rows+1)
	}
}

// borrow takes the scratch for the picture to come.
func (m *Model) borrow() {
	s, n := m.scratch, m.cols*m.rows
	s.fit(n, m.rows, m.cols*max(m.cell, 1))
	m.cur, m.expect, m.shake.moved = s.levels[:n:n], s.levels[n:2*n:2*n], s.levels[2*n:3*n:3*n]
	m.hot, m.clean, m.home.now = s.octets[:n:n], s.octets[n:2*n:2*n], s.octets[2*n:3*n:3*n]
	m.acc = s.acc[:m.cols*max(m.cell, 1)]
	s.finder.cols, s.finder.rows = m.cols, m.rows
	s.finder.out = s.finder.out[:0] // what another model found is not this one's
	m.finder = &s.finder
}
