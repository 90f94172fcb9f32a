package classify

import "shouwang"

// input is the side of the network's picture; a sheet is one such picture.
const input = 416

// sheet is the network's input, planes of B, G and R values 0..255, with the
// crops laid on it: one that fills it, or up to four in its quarters.
type sheet struct {
	pixels [3 * input * input]float32
	places [4]place
	used   int
}

// place is where a crop lies on the sheet: left top corner and side in pixels
// of the sheet.
type place struct {
	crop    *Crop
	x, y, s int
}

const (
	quarter = input / 2
	gap     = 6 // pixels of grey between neighbours, so that nothing spans two
)

// lay puts crops on the sheet and returns how many it took: the first alone if
// it would lose detail in a quarter or is the only one, else up to four.
func (s *sheet) lay(crops []*Crop) int {
	for i := range s.pixels {
		s.pixels[i] = padding
	}
	s.used = 0
	if len(crops) == 1 {
		s.put(crops[0], 0, 0, input)
		return 1
	}
	for i, c := range crops[:min(4, len(crops))] {
		s.put(c, i%2*quarter, i/2*quarter, quarter-gap)
	}
	return s.used
}

// put scales the crop to side pixels (bilinear) at the place.
func (s *sheet) put(c *Crop, x, y, side int) {
	s.places[s.used] = place{c, x, y, side}
	s.used++
	const plane = input * input
	ratio := float32(c.Side) / float32(side)
	for j := range side {
		fy := max(0, (float32(j)+0.5)*ratio-0.5)
		y0 := min(int(fy), c.Side-1)
		y1, wy := min(y0+1, c.Side-1), fy-float32(y0)
		at := (y+j)*input + x
		for i := range side {
			fx := max(0, (float32(i)+0.5)*ratio-0.5)
			x0 := min(int(fx), c.Side-1)
			x1, wx := min(x0+1, c.Side-1), fx-float32(x0)
			for k := range 3 {
				a, b := float32(c.BGR[3*(y0*c.Side+x0)+k]), float32(c.BGR[3*(y0*c.Side+x1)+k])
				d, e := float32(c.BGR[3*(y1*c.Side+x0)+k]), float32(c.BGR[3*(y1*c.Side+x1)+k])
				top, bottom := a+(b-a)*wx, d+(e-d)*wx
				s.pixels[k*plane+at+i] = top + (bottom-top)*wy
			}
		}
	}
}

// home returns the place on which a detection (pixels of the sheet) lies, and
// its box in fractions of that crop's picture.
func (s *sheet) home(d *detection) (*Crop, shouwang.Box) {
	cx, cy := d.x+d.w/2, d.y+d.h/2
	for i := range s.places[:s.used] {
		p := &s.places[i]
		if cx < float32(p.x) || cy < float32(p.y) || cx >= float32(p.x+p.s) || cy >= float32(p.y+p.s) {
			continue
		}
		w := p.crop.Window
		kx, ky := w[2]/float64(p.s), w[3]/float64(p.s)
		return p.crop, shouwang.Box{
			w[0] + float64(d.x-float32(p.x))*kx, w[1] + float64(d.y-float32(p.y))*ky, float64(d.w) * kx, float64(d.h) * ky,
		}
	}
	return nil, shouwang.Box{}
}
