package scene

import (
	"math"

	"shouwang/analyze"
)

// texture compares the fine structure of the picture with the background's:
// light falls on things and leaves their structure, an object replaces it. The
// structure of a cell is its difference from the four around it, which a
// light's own slope leaves alone.
type texture struct {
	n          int
	bb, cc, bc float64 // of structure, picture against background
	// The same of the steps along rows, which tell more of what is faint.
	steps         int
	sbb, scc, sbc float64
	bright        int // cells that are brighter than expected
	// The differences at the outline, to the sides and up and down.
	side, rise   int
	sides, rises int
}

func (t *texture) add(m *Model, from, to int) {
	w := m.cols
	for i := from; i < to; i++ {
		d := int(m.cur[i]) - int(m.expect[i])
		if d > 0 {
			t.bright++
		}
		if i == from || i == to-1 {
			t.side, t.sides = t.side+absi(d), t.sides+1
		}
		if i+1 < to {
			b, c := float64(m.bg[i+1]-m.bg[i])/128, float64(m.cur[i+1]-m.cur[i])/128
			t.sbb, t.scc, t.sbc = t.sbb+b*b, t.scc+c*c, t.sbc+b*c
			t.steps++
		}
		if i < w || i+w >= len(m.cur) || i%w == 0 || i%w == w-1 {
			continue
		}
		if m.clean[i-w] == 0 || m.clean[i+w] == 0 {
			t.rise, t.rises = t.rise+absi(d), t.rises+1
		}
		b := float64(4*int(m.bg[i])-int(m.bg[i-1])-int(m.bg[i+1])-int(m.bg[i-w])-int(m.bg[i+w])) / 128
		c := float64(4*int(m.cur[i])-int(m.cur[i-1])-int(m.cur[i+1])-int(m.cur[i-w])-int(m.cur[i+w])) / 128
		t.bb += b * b
		t.cc += c * c
		t.bc += b * c
		t.n++
	}
}

// explained reports whether light alone makes the region: the background's
// structure is rich and still there, or there is no edge in it at all.
func (f *finder) explained(m *Model, b *blob) bool {
	t := &b.texture
	if t.steps >= 12 && t.sbb >= 4*float64(t.steps) && t.sbc > 0.85*math.Sqrt(t.sbb*t.scc) && t.scc < 3*t.sbb && t.sbb < 6*t.scc {
		return true
	}
	if t.n < poolCells {
		return false
	}
	// The light's usual deviation is a median; that of four neighbours and four
	// times the cell itself has twenty times the variance.
	noise := 20 * 1.48 * 1.48 * m.light.noise * m.light.noise
	cc := max(t.cc-noise*float64(t.n), t.cc/4)
	return t.lit(cc) || t.soft(b, cc)
}

// poolCells is how large a region must be to be judged as a pool of light: what
// is small has few cells to be alike by, and nothing but outline.
const poolCells = 60

// lit reports a bright light on structure, which it makes stronger without
// moving it; cc is that of the picture without noise.
func (t *texture) lit(cc float64) bool {
	return t.bb > 16*float64(t.n) && t.bc > 0.7*math.Sqrt(t.bb*cc) && cc < 30*t.bb && t.bb < 6*cc
}

// soft reports a pool of light on plain ground: it only brightens, rises slowly
// from its outline on every side, and has no edge within.
func (t *texture) soft(b *blob, cc float64) bool {
	if t.sides == 0 || t.rises == 0 || t.bright*20 < b.cells*19 {
		return false
	}
	rim := t.rim(b)
	cc /= float64(t.n)
	return rim < 0.5 && cc < 25 || rim < 0.3 && cc < 150
}

// rim is how far the region stands out at its outline, in its mean.
func (t *texture) rim(b *blob) float64 {
	return max(float64(t.side)/float64(max(1, t.sides)), float64(t.rise)/float64(max(1, t.rises))) * float64(b.cells) / float64(max(1, b.diff))
}

// grain is analyze.Region's: a glow adds no edge to the background's, and a
// large one hides those.
func (b *blob) grain() float64 {
	t := &b.texture
	if t.n == 0 {
		return 0
	}
	mean := float64(b.diff) / float64(b.cells) / 128
	return min(analyze.MaxGrain, max(1e-3, min(t.cc, t.cc+t.bb-2*t.bc)/float64(t.n)/(mean*mean)))
}

// ghost reports whether a still region is where something used to be: its
// outline is an edge in the background and none in the picture. Such a region
// is taken into the background at once.
func (f *finder) ghost(m *Model, b *blob, region int16) bool {
	if b.moving*10 > b.cells {
		return false
	}
	inPicture, inBackground := 0, 0
	for i := b.head; int(i) < len(f.runs); i++ {
		if f.index[i] != region {
			continue
		}
		u := &f.runs[i]
		base := int(u.row) * f.cols
		for _, at := range [2][2]int{{int(u.from), -2}, {int(u.to) - 1, 2}} {
			if c := at[0] + at[1]; c >= 0 && c < f.cols {
				in, out := base+at[0], base+c
				inPicture += step(m.cur[in], m.cur[out])
				inBackground += step(m.bg[in], m.bg[out])
			}
		}
	}
	if inBackground < inPicture*3/2 {
		return false
	}
	f.adopt(m, region)
	return true
}

func step(a, b int16) int { return max(int(a)-int(b), int(b)-int(a)) }

// adopt makes the region's cells background, and what they were the other
// known state, for what was taken may be put back.
func (f *finder) adopt(m *Model, region int16) {
	for i := f.blobs[region].head; int(i) < len(f.runs); i++ {
		if f.index[i] != region {
			continue
		}
		u := &f.runs[i]
		for r := max(0, int(u.row)-1); r <= min(f.rows-1, int(u.row)+1); r++ {
			from, to := r*f.cols+max(0, int(u.from)-1), r*f.cols+min(f.cols, int(u.to)+1)
			for c := from; c < to; c++ {
				if m.bg[c] == m.cur[c] {
					continue // taken with the row before: old is what stood there
				}
				m.old[c], m.bg[c], m.expect[c], m.still[c] = m.bg[c], m.cur[c], m.cur[c], 0
			}
		}
	}
}
