package view

import (
	"fmt"
	"math"
)

// Cols and Rows are the size of every grid: 16 cells a row of a coded 1080p
// picture's macroblocks would be too fine for noise, 16 in all too coarse for
// a camera that was turned by a tenth of its picture.
const (
	Cols = 64
	Rows = 36
)

// Grid is a picture reduced to the mean luma of Cols x Rows cells, row by row,
// 0..255. It tells where walls and doors stand and shows nobody's face.
type Grid [Cols * Rows]uint8

// Of reduces a luma plane of height rows of width bytes, stride bytes apart.
// ok is false for a plane that is smaller than the grid or than it says.
func Of(luma []byte, stride, width, height int) (g Grid, ok bool) {
	if width < Cols || height < Rows || stride < width || len(luma) < stride*(height-1)+width {
		return g, false
	}
	for y := range Rows {
		top, bottom := y*height/Rows, (y+1)*height/Rows
		for x := range Cols {
			left, right := x*width/Cols, (x+1)*width/Cols
			sum := 0
			for row := top; row < bottom; row++ {
				for _, v := range luma[row*stride+left : row*stride+right] {
					sum += int(v)
				}
			}
			g[y*Cols+x] = uint8(sum / ((bottom - top) * (right - left)))
		}
	}
	return g, true
}

// Parse reads a grid as Bytes wrote it.
func Parse(raw []byte) (g Grid, err error) {
	if len(raw) != len(g) {
		return g, fmt.Errorf("grid of %d cells, want %d", len(raw), len(g))
	}
	copy(g[:], raw)
	return g, nil
}

// edges is the strength of the edge at each cell, by direction: across and
// down. Strength is compressed and each picture is scaled to the same energy,
// so that a lamp or a bright shop window does not stand for the whole picture.
type edges struct {
	across, down [Cols * Rows]float32
	// energy is the mean strength before scaling, luma steps a cell: below
	// about 1.5 there is nothing to compare.
	energy float64
}

// flat is the mean edge below which a picture shows too little: fog, night
// without a lamp, a lens that is covered.
const flat = 1.5

func edgesOf(g *Grid) *edges {
	e := &edges{}
	at := func(x, y int) float64 { return float64(g[y*Cols+x]) }
	sum, power := 0.0, 0.0
	for y := 1; y < Rows-1; y++ {
		for x := 1; x < Cols-1; x++ {
			dx := math.Abs(at(x+1, y)-at(x-1, y)) / 2
			dy := math.Abs(at(x, y+1)-at(x, y-1)) / 2
			sum += dx + dy
			// The square root keeps one strong edge from outweighing twenty.
			a, d := math.Sqrt(dx), math.Sqrt(dy)
			e.across[y*Cols+x], e.down[y*Cols+x] = float32(a), float32(d)
			power += a*a + d*d
		}
	}
	e.energy = sum / float64((Cols-2)*(Rows-2))
	e.center()
	return e
}

// center takes the mean away: what is compared is where there is more edge than
// elsewhere.
func (e *edges) center() {
	for _, plane := range []*[Cols * Rows]float32{&e.across, &e.down} {
		sum := float32(0)
		for y := 1; y < Rows-1; y++ {
			for x := 1; x < Cols-1; x++ {
				sum += plane[y*Cols+x]
			}
		}
		mean := sum / float32((Cols-2)*(Rows-2))
		for y := 1; y < Rows-1; y++ {
			for x := 1; x < Cols-1; x++ {
				plane[y*Cols+x] -= mean
			}
		}
	}
}

// match is the correlation of two pictures' edges, -1..1, with the second
// shifted by dx, dy cells, over the part that both show.
func match(a, b *edges, dx, dy int) float64 {
	var ab, aa, bb float64
	for y := max(1, 1-dy); y < min(Rows-1, Rows-1-dy); y++ {
		for x := max(1, 1-dx); x < min(Cols-1, Cols-1-dx); x++ {
			i, j := y*Cols+x, (y+dy)*Cols+x+dx
			p, q := float64(a.across[i]), float64(b.across[j])
			r, s := float64(a.down[i]), float64(b.down[j])
			ab += p*q + r*s
			aa += p*p + r*r
			bb += q*q + s*s
		}
	}
	if aa == 0 || bb == 0 {
		return 0
	}
	return ab / math.Sqrt(aa*bb)
}
