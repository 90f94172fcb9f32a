package analyze

import (
	"strconv"
)

// Mask says which cells of the analysis picture belong to regions, as run
// lengths: row by row from the top left, first how many cells do not, then how
// many do, and so on in turn. The first may be 0; together they are all cells.
type Mask struct {
	Cols, Rows int
	Runs       []int
}

// MaskOf returns the mask of cells that are 0 or not, cols in a row.
func MaskOf(cells []uint8, cols int) Mask {
	m := Mask{Cols: cols}
	if cols > 0 {
		m.Rows = len(cells) / cols
	}
	set, run := false, 0
	for _, c := range cells {
		if (c != 0) != set {
			m.Runs = append(m.Runs, run)
			set, run = !set, 0
		}
		run++
	}
	if run > 0 {
		m.Runs = append(m.Runs, run)
	}
	return m
}

// String writes the mask as "160x90:5030 4 156 6 ...": columns, rows, runs.
func (m Mask) String() string {
	out := strconv.AppendInt(nil, int64(m.Cols), 10)
	out = strconv.AppendInt(append(out, 'x'), int64(m.Rows), 10)
	for i, r := range m.Runs {
		sep := byte(' ')
		if i == 0 {
			sep = ':'
		}
		out = strconv.AppendInt(append(out, sep), int64(r), 10)
	}
	return string(out)
}
