package classify

import (
	"math"

	"shouwang"
	"shouwang/analyze/decode"
)

// Crop is a square cut out of a picture for the network, in its colours.
type Crop struct {
	// Ask is whatever the asker wants back with the answer.
	Ask Ask
	// Region is the moving region inside the crop, and Window the crop itself,
	// both in fractions of the picture; Window may reach over the edge.
	Region, Window shouwang.Box
	// BGR holds Side rows of Side pixels of three bytes.
	BGR  []byte
	Side int
}

// Ask names a question so that its answer finds home.
type Ask struct {
	Handle uint32 // of the camera in the worker
	Ticket uint32 // of the asker
}

// Sizes of a crop. A moving region is often a part of its thing, and a network
// wants to see some ground around it.
const (
	margin  = 1.6 // window side as a multiple of the region's longer side
	least   = 64  // pixels of the picture
	most    = 416 // pixels of the crop: the network's input
	padding = 114 // grey that YOLOX is trained to take for nothing
)

// Cut fills c with the square of p around the region, resampled to at most
// 416 by 416 pixels. It reuses c.BGR. It reports false when the region is empty
// or the picture has no colour planes to read.
func Cut(c *Crop, p *decode.Picture, region shouwang.Box) bool {
	w, h := float64(p.Width), float64(p.Height)
	if region[2] <= 0 || region[3] <= 0 || p.Width < 16 || p.Height < 16 || len(p.Y) == 0 {
		return false
	}
	side := max(least, margin*max(region[2]*w, region[3]*h))
	side = min(side, max(w, h))
	cx, cy := (region[0]+region[2]/2)*w, (region[1]+region[3]/2)*h
	c.Region = region
	return cutWindow(c, p, shouwang.Box{(cx - side/2) / w, (cy - side/2) / h, side / w, side / h})
}

// cutWindow fills c with a window of p that is square in pixels.
func cutWindow(c *Crop, p *decode.Picture, window shouwang.Box) bool {
	if p.Width < 16 || p.Height < 16 || len(p.Y) == 0 {
		return false
	}
	w, h := float64(p.Width), float64(p.Height)
	side := window[2] * w
	c.Window = window
	c.Side = min(most, int(math.Ceil(side)))
	c.BGR = grow(c.BGR, 3*c.Side*c.Side)
	resample(c, p, window[0]*w, window[1]*h, side)
	return true
}

func grow(b []byte, n int) []byte {
	if cap(b) < n {
		return make([]byte, n)
	}
	return b[:n]
}

// resample takes the mean of the picture's samples under each pixel of the
// crop, at most four in each direction: enough against aliasing at the sizes
// that occur.
func resample(c *Crop, p *decode.Picture, x0, y0, side float64) {
	step := side / float64(c.Side)
	n := max(1, min(4, int(step+0.5)))
	for y := range c.Side {
		row := c.BGR[3*y*c.Side : 3*(y+1)*c.Side]
		for x := range c.Side {
			var b, g, r, inside int
			for j := range n {
				for i := range n {
					px := int(math.Floor(x0 + (float64(x)+(float64(i)+0.5)/float64(n))*step))
					py := int(math.Floor(y0 + (float64(y)+(float64(j)+0.5)/float64(n))*step))
					if px < 0 || py < 0 || px >= p.Width || py >= p.Height {
						continue
					}
					pb, pg, pr := colour(p, px, py)
					b, g, r, inside = b+pb, g+pg, r+pr, inside+1
				}
			}
			o := row[3*x : 3*x+3]
			if inside == 0 {
				o[0], o[1], o[2] = padding, padding, padding
				continue
			}
			o[0], o[1], o[2] = byte(b/inside), byte(g/inside), byte(r/inside)
		}
	}
}

// colour converts one sample from YCbCr to BGR: ITU-R BT.601 coefficients in
// 16.16 fixed point, studio range unless the stream says full range.
func colour(p *decode.Picture, x, y int) (b, g, r int) {
	luma := int(p.Y[y*p.StrideY+x])
	var u, v int
	if p.U != nil {
		at := (y>>p.ChromaH)*p.StrideC + x>>p.ChromaW
		u, v = int(p.U[at])-128, int(p.V[at])-128
	}
	if p.FullRange {
		l := luma << 16
		return clip(l + 116130*u), clip(l - 22554*u - 46802*v), clip(l + 91881*v)
	}
	l := (luma - 16) * 76309
	return clip(l + 132201*u), clip(l - 25675*u - 53279*v), clip(l + 104597*v)
}

func clip(v int) int { return max(0, min(255, (v+1<<15)>>16)) }
