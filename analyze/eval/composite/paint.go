package composite

import (
	"io"
	"math"
	"math/rand/v2"
	"time"
)

// painter holds what is needed while a film is painted.
type painter struct {
	*Film
	r       *rand.Rand
	grain   []int8 // noise, longer than a picture so that each begins elsewhere
	y, u, v []byte
	insects []insect
	torches []torch
	flakes  []flake
}

// Paint writes the film as raw 4:2:0 pictures, Y then U then V.
func (f *Film) Paint(w io.Writer) error {
	p := f.painter()
	for n := range f.Pictures() {
		p.picture(n)
		for _, plane := range [][]byte{p.y, p.u, p.v} {
			if _, err := w.Write(plane); err != nil {
				return err
			}
		}
	}
	return nil
}

func (f *Film) painter() *painter {
	p := &painter{Film: f, r: rand.New(rand.NewPCG(f.Seed, 11)), y: make([]byte, Width*Height), u: make([]byte, Width*Height/4), v: make([]byte, Width*Height/4)}
	p.grain = grain(p.r, f.Noise)
	p.plan()
	return p
}

// grain makes sensor noise as cameras send it: a little smoothed by their own
// processing along the line, with the standard deviation asked for.
func grain(r *rand.Rand, sigma float64) []int8 {
	n := Width*Height + 1<<16
	raw := make([]float64, n+2)
	for i := range raw {
		raw[i] = r.NormFloat64() * sigma / math.Sqrt(0.375)
	}
	out := make([]int8, n)
	for i := range out {
		out[i] = int8(max(-120, min(120, math.Round(raw[i]/4+raw[i+1]/2+raw[i+2]/4))))
	}
	return out
}

func (p *painter) picture(n int) {
	t := at(n)
	dx, dy := p.Weather.shake(t)
	p.back(n, dx, dy)
	for i := range p.Visits {
		p.paste(&p.Visits[i], t, dx, dy)
	}
	p.fall(n)
	p.fly(t)
	p.light(t)
	p.shine(t)
	p.clock(t)
	from := p.r.IntN(1 << 16)
	if p.Noise == 0 {
		return
	}
	for i, g := range p.grain[from : from+len(p.y)] {
		p.y[i] = clip(int(p.y[i]) + int(g))
	}
}

func clip(v int) byte { return byte(max(0, min(255, v))) }

// back paints the background, moved by the shake and, where branches sway,
// bent.
func (p *painter) back(n int, dx, dy float64) {
	copy(p.u, p.Back.U)
	copy(p.v, p.Back.V)
	if dx == 0 && dy == 0 {
		copy(p.y, p.Back.Y)
	} else {
		for y := range Height {
			for x := range Width {
				p.y[y*Width+x] = p.Back.at(float64(x)+dx, float64(y)+dy)
			}
		}
	}
	if !p.Weather.Sway {
		return
	}
	t := at(n).Seconds()
	gust := 0.5 + 0.5*math.Sin(t/4)
	for y := range Height / 2 {
		for x := Width * 5 / 8; x < Width; x++ {
			bend := 2.5 * gust * math.Sin(t*3.1+float64(y)/23+float64(x)/41)
			p.y[y*Width+x] = p.Back.at(float64(x)+dx+bend, float64(y)+dy+bend/3)
		}
	}
}

// at is the luma between pixels.
func (s *Still) at(x, y float64) byte {
	x, y = max(0, min(Width-1.001, x)), max(0, min(Height-1.001, y))
	i, j := int(x), int(y)
	fx, fy := x-float64(i), y-float64(j)
	k := j*Width + i
	a := float64(s.Y[k])*(1-fx) + float64(s.Y[k+1])*fx
	b := float64(s.Y[k+Width])*(1-fx) + float64(s.Y[k+Width+1])*fx
	return byte(a*(1-fy) + b*fy + 0.5)
}

// paste lays the visit over the picture, between its doors.
func (p *painter) paste(v *Visit, t time.Duration, dx, dy float64) {
	x, walked, ok := v.where(t)
	if !ok {
		return
	}
	s := &v.frames[int(walked*FPS)%len(v.frames)]
	left, top := int(x-dx-float64(s.w)/2), int(v.Foot-dy)-s.h
	for sy := range s.h {
		y := top + sy
		if y < 0 || y >= Height {
			continue
		}
		for sx := range s.w {
			x, k := left+sx, sy*s.w+sx
			if x < max(0, int(v.Left-dx)) || x >= min(Width, int(v.Right-dx)) || s.a[k] == 0 {
				continue
			}
			if v.Leftwards {
				k = sy*s.w + s.w - 1 - sx
			}
			a, i := int(s.a[k]), y*Width+x
			p.y[i] = byte((int(p.y[i])*(255-a) + int(s.y[k])*a) / 255)
			if x%2 == 0 && y%2 == 0 {
				c := y/2*(Width/2) + x/2
				p.u[c] = byte((int(p.u[c])*(255-a) + int(s.u[k])*a) / 255)
				p.v[c] = byte((int(p.v[c])*(255-a) + int(s.v[k])*a) / 255)
			}
		}
	}
}
