package scene

import (
	"bytes"
	"encoding/binary"
	"math/bits"

	"shouwang"
	"shouwang/analyze"
)

const (
	maxRuns    = 2048
	maxRegions = 32
	minCells   = 4
)

// run is a stretch of hot cells in one row: columns from..to, to excluded.
type run struct {
	row, from, to int16
	parent        int16
}

// blob is what the runs of one region add up to.
type blob struct {
	left, top, right, bottom int
	cells, strong, moving    int
	diff                     int
	texture                  texture
	head                     int16
	kept                     bool // it became a region
}

// finder joins hot cells to regions.
type finder struct {
	cols, rows int
	runs       []run
	firstOf    []int16 // index of the first run of each row
	index      []int16
	blobs      []blob
	out        []analyze.Region
	edge       []int32 // of a mask that grows
}

// find returns the regions of m.clean and marks their cells in m.hold.
func (f *finder) find(m *Model) []analyze.Region {
	f.scan(m.clean)
	f.join()
	f.gather(m)
	clear(m.hold)
	f.out = f.out[:0]
	for i := range f.blobs {
		b := &f.blobs[i]
		if b.cells < minCells {
			continue
		}
		f.mark(m, int16(i))
		if f.explained(m, b) {
			continue
		}
		gone := f.ghost(m, b, int16(i))
		if len(f.out) < maxRegions {
			b.kept = !gone
			f.out = append(f.out, f.region(m, b))
			f.out[len(f.out)-1].Gone = gone
		}
	}
	return f.out
}

// scan lists the runs of hot cells row by row.
func (f *finder) scan(hot []uint8) {
	f.runs = f.runs[:0]
	for r := 0; r < f.rows; r++ {
		f.firstOf[r] = int16(len(f.runs))
		row := hot[r*f.cols : (r+1)*f.cols]
		for c := 0; c < f.cols && len(f.runs) < maxRuns; {
			if row[c] == 0 {
				k := nonZero(row[c:])
				if k < 0 {
					break
				}
				c += k
			}
			e := bytes.IndexByte(row[c:], 0)
			if e < 0 {
				e = f.cols - c
			}
			f.runs = append(f.runs, run{row: int16(r), from: int16(c), to: int16(c + e), parent: int16(len(f.runs))})
			c += e
		}
	}
	f.firstOf[f.rows] = int16(len(f.runs))
}

// nonZero returns the index of the first cell that is set, or -1; eight cells
// at a time, for most are not.
func nonZero(s []uint8) int {
	i := 0
	for ; i+8 <= len(s); i += 8 {
		if v := binary.LittleEndian.Uint64(s[i:]); v != 0 {
			return i + bits.TrailingZeros64(v)/8
		}
	}
	for ; i < len(s); i++ {
		if s[i] != 0 {
			return i
		}
	}
	return -1
}

// reach is how many cells apart two hot cells may be and still belong together.
const reach = 2

// join unites runs that touch or nearly touch.
func (f *finder) join() {
	for i := range f.runs {
		a := &f.runs[i]
		if i+1 < len(f.runs) && f.runs[i+1].row == a.row && f.runs[i+1].from-a.to < reach {
			f.unite(int16(i), int16(i+1))
		}
		for r := int(a.row) + 1; r <= min(f.rows-1, int(a.row)+reach); r++ {
			for j := f.firstOf[r]; j < f.firstOf[r+1]; j++ {
				b := &f.runs[j]
				if b.from < a.to+reach && a.from < b.to+reach {
					f.unite(int16(i), j)
				}
			}
		}
	}
}

func (f *finder) root(i int16) int16 {
	for f.runs[i].parent != i {
		f.runs[i].parent = f.runs[f.runs[i].parent].parent
		i = f.runs[i].parent
	}
	return i
}

func (f *finder) unite(i, j int16) {
	a, b := f.root(i), f.root(j)
	if a < b {
		f.runs[b].parent = a
	} else {
		f.runs[a].parent = b
	}
}

// gather adds up each region's runs.
func (f *finder) gather(m *Model) {
	f.blobs = f.blobs[:0]
	for i := range f.runs {
		u := &f.runs[i]
		if root := f.root(int16(i)); root == int16(i) {
			f.index[i] = int16(len(f.blobs))
			f.blobs = append(f.blobs, blob{left: int(u.from), right: int(u.to), top: int(u.row), head: int16(i)})
		} else {
			f.index[i] = f.index[root]
		}
		f.blobs[f.index[i]].add(m, u, f.cols)
	}
}

func (b *blob) add(m *Model, u *run, cols int) {
	b.left, b.right = min(b.left, int(u.from)), max(b.right, int(u.to))
	b.bottom = int(u.row) + 1
	base := int(u.row) * cols
	for i := base + int(u.from); i < base+int(u.to); i++ {
		d := int(m.cur[i]) - int(m.expect[i])
		b.diff += max(d, -d)
		b.cells++
		b.strong += int(m.clean[i] >> 1)
		if m.still[i] < 2 {
			b.moving++
		}
	}
	b.texture.add(m, base+int(u.from), base+int(u.to))
}

// mark holds the region's cells, and those beside them, out of learning.
func (f *finder) mark(m *Model, region int16) {
	for i := f.blobs[region].head; int(i) < len(f.runs); i++ {
		u := &f.runs[i]
		if f.index[i] != region {
			continue
		}
		for r := max(0, int(u.row)-1); r <= min(f.rows-1, int(u.row)+1); r++ {
			for c := max(0, int(u.from)-1); c < min(f.cols, int(u.to)+1); c++ {
				m.hold[r*f.cols+c] = 1
			}
		}
	}
}

func (f *finder) region(m *Model, b *blob) analyze.Region {
	w, h := float64(f.cols), float64(f.rows)
	area := (b.right - b.left) * (b.bottom - b.top)
	excess := float64(b.diff)/float64(b.cells)/128/m.cfg.Floor - 1
	if m.shake.on || m.shake.gusty(m.lastPTS) {
		excess *= 0.4 // an edge that the wind moves looks like this too
	}
	return analyze.Region{
		Box: shouwang.Box{
			float64(b.left) / w, float64(b.top) / h,
			float64(b.right-b.left) / w, float64(b.bottom-b.top) / h,
		},
		Fill:   float64(b.cells) / float64(area),
		Score:  min(1, max(0.05, excess/4)),
		Moving: float64(b.moving) / float64(b.cells),
		Bright: float64(b.texture.bright) / float64(b.cells),
		Grain:  b.grain(),
		Rim:    min(analyze.MaxGrain, b.texture.rim(b)),
	}
}
