package composite

import (
	"math"
	"time"
)

// insect is one flight before the lens.
type insect struct {
	from, lasts  time.Duration
	x, y, vx, vy float64 // pixels, pixels a second
	r            float64
	bright       int
}

// torch is the light of a torch that nobody in the picture carries: it wanders
// over the scene from x, y and brightens what it falls on.
type torch struct {
	from, lasts  time.Duration
	x, y, vx, vy float64
	r, strength  float64 // pixels; what it adds to the light, by day 1
}

type flake struct{ x, y, v, r float64 }

// plan rolls the dice for what flies and falls.
func (p *painter) plan() {
	if every := p.Weather.Insects; every > 0 {
		for t := every / 2; t < p.Lasts; t += every/2 + time.Duration(p.r.Float64()*float64(every)) {
			angle, speed := p.r.Float64()*2*math.Pi, 120+p.r.Float64()*500
			p.insects = append(p.insects, insect{
				t, time.Duration((0.3 + 1.2*p.r.Float64()) * float64(time.Second)), p.r.Float64() * Width, p.r.Float64() * Height,
				speed * math.Cos(angle), speed * math.Sin(angle), 3 + 9*p.r.Float64(), 40 + p.r.IntN(120),
			})
		}
	}
	p.torchlight()
	n := 0
	if p.Weather.Rain {
		n = 90
	}
	if p.Weather.Snow {
		n = 140
	}
	for range n {
		p.flakes = append(p.flakes, flake{p.r.Float64() * Width, p.r.Float64() * Height, 60 + 160*p.r.Float64(), 0.8 + 1.8*p.r.Float64()})
	}
}

func (p *painter) torchlight() {
	every := p.Weather.Torch
	if every == 0 {
		return
	}
	for t := every; t < p.Lasts; t += every/2 + time.Duration(p.r.Float64()*float64(every)) {
		angle, speed := p.r.Float64()*2*math.Pi, 60+p.r.Float64()*240
		lasts := time.Duration((1 + 2*p.r.Float64()) * float64(time.Second))
		way := speed * lasts.Seconds() / 2
		p.torches = append(p.torches, torch{
			t, lasts, Width*(.3+.4*p.r.Float64()) - way*math.Cos(angle), Height*(.4+.4*p.r.Float64()) - way*math.Sin(angle),
			speed * math.Cos(angle), speed * math.Sin(angle), 30 + 60*p.r.Float64(), .3 + .7*p.r.Float64(),
		})
	}
}

// shine brightens the torches' pools, most in their middle.
func (p *painter) shine(t time.Duration) {
	for i := range p.torches {
		l := &p.torches[i]
		s := (t - l.from).Seconds()
		if s < 0 || t >= l.from+l.lasts {
			continue
		}
		cx, cy := l.x+l.vx*s, l.y+l.vy*s
		for y := max(0, int(cy-2*l.r)); y <= min(Height-1, int(cy+2*l.r)); y++ {
			for x := max(0, int(cx-2*l.r)); x <= min(Width-1, int(cx+2*l.r)); x++ {
				d := (math.Pow(float64(x)-cx, 2) + math.Pow(float64(y)-cy, 2)) / (l.r * l.r)
				k := l.strength / p.Gain * math.Exp(-1.5*d)
				v := float64(p.y[y*Width+x])
				p.y[y*Width+x] = clip(int(v + max(0, v-16)*k))
			}
		}
	}
}

// shake is where gusts have thrown the camera: two seconds in every ten, dying
// away.
func (w *Weather) shake(t time.Duration) (dx, dy float64) {
	s := math.Mod(t.Seconds(), 10)
	if w.Shake == 0 || s > 2.5 {
		return 0, 0
	}
	a := w.Shake * math.Exp(-s*1.1)
	return a * math.Sin(s*2*math.Pi*2.3), a * 0.6 * math.Sin(s*2*math.Pi*1.7+1)
}

// fall paints rain as streaks that are elsewhere in each picture, snow as
// flakes that sink.
func (p *painter) fall(n int) {
	for i := range p.flakes {
		f := &p.flakes[i]
		if p.Weather.Rain {
			x, y := p.r.IntN(Width), p.r.IntN(Height-14)
			for k := range 8 + p.r.IntN(6) {
				j := (y+k)*Width + x
				p.y[j] = clip(int(p.y[j]) + 22)
			}
			continue
		}
		f.y += f.v / FPS
		f.x += 2 * math.Sin(float64(n)/7+float64(i))
		if f.y > Height {
			f.y, f.x = 0, p.r.Float64()*Width
		}
		p.blob(f.x, f.y, f.r, 60)
	}
}

func (p *painter) fly(t time.Duration) {
	for i := range p.insects {
		b := &p.insects[i]
		if s := (t - b.from).Seconds(); s >= 0 && t < b.from+b.lasts {
			wobble := 14 * math.Sin(s*17+float64(i))
			p.blob(b.x+b.vx*s+wobble, b.y+b.vy*s-wobble, b.r, b.bright)
		}
	}
}

// blob is a bright, unsharp spot.
func (p *painter) blob(cx, cy, r float64, bright int) {
	for y := max(0, int(cy-r)); y <= min(Height-1, int(cy+r)); y++ {
		for x := max(0, int(cx-r)); x <= min(Width-1, int(cx+r)); x++ {
			d := (math.Pow(float64(x)-cx, 2) + math.Pow(float64(y)-cy, 2)) / (r * r)
			if d < 1 {
				p.y[y*Width+x] = clip(int(p.y[y*Width+x]) + int(float64(bright)*(1-d)))
			}
		}
	}
}

// light applies the film's gain, exposure and the switch to infrared.
func (p *painter) light(t time.Duration) {
	g, off := p.Gain, 16*(1-p.Gain)
	if e := p.Weather.Exposure; e > 0 {
		s := t.Seconds()
		g *= 1 + e*0.6*math.Sin(s/9)                 // clouds
		g *= 1 + e*0.5*math.Tanh(3*math.Sin(s/6.1))  // the camera's own steps
		off += 12 * e * math.Tanh(4*math.Sin(s/7.3)) // and its black level
	}
	infrared := false
	if sw := p.Weather.Switch; sw > 0 && t >= sw {
		infrared = true
		if t < sw+600*time.Millisecond {
			g, off = 0.02, 0
		}
	}
	if g == 1 && off == 0 && !infrared {
		return
	}
	var lut [256]byte
	for i := range lut {
		v := float64(i)
		if infrared { // foliage bright, contrast another
			v = 30 + 150*math.Pow(v/255, 0.6)
		}
		lut[i] = clip(int(v*g + off + 0.5))
	}
	for i, v := range p.y {
		p.y[i] = lut[v]
	}
	if infrared || p.Night {
		for i := range p.u {
			p.u[i], p.v[i] = 128, 128
		}
	}
}

// digits are the segments of 0..9: top, upper left, upper right, middle, lower
// left, lower right, bottom.
var digits = [10]uint8{0x77, 0x24, 0x5d, 0x6d, 0x2e, 0x6b, 0x7b, 0x25, 0x7f, 0x6f}

// clock burns the time into the picture, as cameras do.
func (p *painter) clock(t time.Duration) {
	if !p.Weather.Clock {
		return
	}
	s := int(t.Seconds())
	for i, d := range []int{s / 600 % 10, s / 60 % 10, s / 10 % 6, s % 10} {
		p.digit(12+14*i+i/2*6, 10, d)
	}
}

func (p *painter) digit(x, y, d int) {
	for bit, b := range [7][4]int{{0, 0, 8, 2}, {0, 0, 2, 8}, {6, 0, 8, 8}, {0, 7, 8, 9}, {0, 8, 2, 16}, {6, 8, 8, 16}, {0, 14, 8, 16}} {
		if digits[d]>>bit&1 == 0 {
			continue
		}
		for j := b[1]; j < b[3]; j++ {
			for i := b[0]; i < b[2]; i++ {
				p.y[(y+j)*Width+x+i] = 235
			}
		}
	}
}
