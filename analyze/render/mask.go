package render

import (
	"encoding/binary"
	"math"

	"shouwang"
)

// mask is the owner's polygons as 2x2-pixel blocks of one picture size: the
// grain of 4:2:0 chroma, so that no colour shines through at an edge.
type mask struct {
	cols, rows int
	hidden     []bool
}

// checkMasks refuses polygons that enclose nothing or are no polygons: what
// cannot be drawn must not be shown without it.
func checkMasks(masks []shouwang.Polygon) error {
	for _, m := range masks {
		if len(m) < 3 {
			return shouwang.Errorf(shouwang.CodeBadConfig, "a privacy mask has %d corners: draw it again with three or more", len(m))
		}
		for _, p := range m {
			if !(math.Abs(p[0]) <= 16 && math.Abs(p[1]) <= 16) {
				return shouwang.Errorf(shouwang.CodeBadConfig, "a privacy mask has a corner far outside the picture: draw it again")
			}
		}
	}
	return nil
}

func newMask(masks []shouwang.Polygon, width, height int) *mask {
	m := &mask{cols: width / 2, rows: height / 2}
	m.hidden = make([]bool, m.cols*m.rows)
	for _, p := range masks {
		m.fill(p)
	}
	return m
}

// fill hides every block that the polygon touches, rounding outwards: the
// polygon is cut along several lines a block row, and its edges' ends are
// marked for those too thin to be cut.
func (m *mask) fill(p shouwang.Polygon) {
	const cuts = 8
	var xs []float64
	for row := range m.rows {
		for cut := 0; cut <= cuts; cut++ {
			y := (float64(row) + float64(cut)/cuts) / float64(m.rows)
			xs = crossings(p, y, xs[:0])
			for i := 0; i+1 < len(xs); i += 2 {
				m.hide(row, xs[i], xs[i+1])
			}
		}
	}
	for i, a := range p {
		m.edge(a, p[(i+1)%len(p)])
	}
}

// edge hides the blocks along a line.
func (m *mask) edge(a, b shouwang.Point) {
	steps := int(2*math.Max(math.Abs(a[0]-b[0])*float64(m.cols), math.Abs(a[1]-b[1])*float64(m.rows))) + 1
	for i := 0; i <= steps; i++ {
		t := float64(i) / float64(steps)
		x, y := a[0]+(b[0]-a[0])*t, a[1]+(b[1]-a[1])*t
		if row := int(math.Floor(y * float64(m.rows))); row >= 0 && row < m.rows {
			m.hide(row, x, x)
		}
	}
}

func (m *mask) hide(row int, from, to float64) {
	first := max(0, int(math.Floor(from*float64(m.cols))))
	last := min(m.cols-1, int(math.Floor(to*float64(m.cols))))
	for c := first; c <= last; c++ {
		m.hidden[row*m.cols+c] = true
	}
}

// crossings returns where the polygon's edges cross the height y, from left
// to right; by the even-odd rule the inside lies between each pair.
func crossings(p shouwang.Polygon, y float64, xs []float64) []float64 {
	for i, j := 0, len(p)-1; i < len(p); j, i = i, i+1 {
		a, b := p[i], p[j]
		if (a[1] > y) == (b[1] > y) {
			continue
		}
		x := (b[0]-a[0])*(y-a[1])/(b[1]-a[1]) + a[0]
		at := len(xs)
		xs = append(xs, x)
		for ; at > 0 && xs[at-1] > x; at-- {
			xs[at] = xs[at-1]
		}
		xs[at] = x
	}
	return xs
}

// Masked blocks are a flat dark grey.
const (
	maskLuma   = 40
	maskChroma = 128
)

func (m *mask) draw(c *canvas) {
	for row := range m.rows {
		line := m.hidden[row*m.cols : (row+1)*m.cols]
		for from := 0; from < len(line); {
			if !line[from] {
				from++
				continue
			}
			to := from
			for to < len(line) && line[to] {
				to++
			}
			at := 2*row*c.strideY + 2*from
			flat(c.y[at:at+2*(to-from)], maskLuma)
			flat(c.y[at+c.strideY:at+c.strideY+2*(to-from)], maskLuma)
			at = row*c.strideC + from
			flat(c.u[at:at+to-from], maskChroma)
			flat(c.v[at:at+to-from], maskChroma)
			from = to
		}
	}
}

// flat fills b with v, eight bytes at a time.
func flat(b []byte, v byte) {
	for ; len(b) >= 8; b = b[8:] {
		binary.LittleEndian.PutUint64(b, uint64(v)*0x0101010101010101)
	}
	for i := range b {
		b[i] = v
	}
}
