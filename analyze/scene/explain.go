package scene

import "math"

// texture compares the fine structure of the picture with the background's:
// light falls on things and leaves their structure, an object replaces it.
type texture struct {
	n          int
	bb, cc, bc float64
}

func (t *texture) add(m *Model, from, to int) {
	for i := from; i+1 < to; i++ {
		b := float64(m.bg[i+1]-m.bg[i]) / 128
		c := float64(m.cur[i+1]-m.cur[i]) / 128
		t.bb += b * b
		t.cc += c * c
		t.bc += b * c
		t.n++
	}
}

// explained reports whether light alone makes the region: the background's
// structure is rich and still there.
func (f *finder) explained(b *blob) bool {
	t := &b.texture
	if t.n < 12 || t.bb < 4*float64(t.n) {
		return false
	}
	like := t.bc / math.Sqrt(t.bb*t.cc+1e-9)
	return like > 0.85 && t.cc < 3*t.bb && t.bb < 6*t.cc
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
