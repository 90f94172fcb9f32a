package composite

import (
	"math"
	"math/rand/v2"
)

// Mover is something that can be pasted: a cycle of pictures of it.
type Mover struct {
	Name string
	Kind string // person, car, animal
	// Real says that it was cut from a clip.
	Real   bool
	frames []sprite
}

// sprite is one picture of a mover. u and v are of full size; a is how much of
// each pixel is the mover, 0..255.
type sprite struct {
	w, h       int
	y, u, v, a []uint8
}

func newSprite(w, h int) sprite {
	n := w * h
	return sprite{w: w, h: h, y: make([]uint8, n), u: make([]uint8, n), v: make([]uint8, n), a: make([]uint8, n)}
}

// scaled returns the sprite h pixels high; each pixel is the mean of what it
// covers.
func (s *sprite) scaled(h int) sprite {
	f := float64(s.h) / float64(h)
	out := newSprite(max(2, int(math.Round(float64(s.w)/f))), h)
	for y := range out.h {
		y0, y1 := int(float64(y)*f), min(s.h, max(int(float64(y)*f)+1, int(float64(y+1)*f)))
		for x := range out.w {
			x0, x1 := min(s.w-1, int(float64(x)*f)), min(s.w, max(int(float64(x)*f)+1, int(float64(x+1)*f)))
			s.mean(x0, y0, max(x1, x0+1), y1, &out, y*out.w+x)
		}
	}
	return out
}

func (s *sprite) mean(x0, y0, x1, y1 int, out *sprite, i int) {
	var sy, su, sv, sa, n int
	for y := y0; y < y1; y++ {
		for x := x0; x < x1; x++ {
			k := y*s.w + x
			a := int(s.a[k])
			sy, su, sv, sa = sy+a*int(s.y[k]), su+a*int(s.u[k]), sv+a*int(s.v[k]), sa+a
			n++
		}
	}
	if n == 0 || sa == 0 {
		return
	}
	out.y[i], out.u[i], out.v[i], out.a[i] = uint8(sy/sa), uint8(su/sa), uint8(sv/sa), uint8(sa/n)
}

// drawn returns well-formed movers for where there is no clip: walkers with
// swinging limbs and textured clothes, and cars with windows and wheels.
func drawn(r *rand.Rand) []*Mover {
	var out []*Mover
	for range 4 {
		out = append(out, &Mover{Name: "drawn walker", Kind: "person", frames: walker(r)})
	}
	for range 2 {
		out = append(out, &Mover{Name: "drawn car", Kind: "car", frames: car(r)})
	}
	return out
}

// paint is a colour with the texture of cloth or metal.
type paint struct {
	y, u, v, rough int
	seed           uint64
}

func (p paint) put(s *sprite, x, y int) {
	if x < 0 || y < 0 || x >= s.w || y >= s.h {
		return
	}
	h := (uint64(x/3)*0x9E3779B97F4A7C15 ^ uint64(y/4)*0xC2B2AE3D27D4EB4F) + p.seed
	h ^= h >> 29
	i := y*s.w + x
	s.y[i] = uint8(min(250, max(5, p.y+int(h*0xBF58476D1CE4E5B9>>58)%(2*p.rough+1)-p.rough)))
	s.u[i], s.v[i], s.a[i] = uint8(p.u), uint8(p.v), 255
}

func (p paint) ellipse(s *sprite, cx, cy, rx, ry float64) {
	for y := int(cy - ry); y <= int(cy+ry); y++ {
		for x := int(cx - rx); x <= int(cx+rx); x++ {
			if dx, dy := (float64(x)-cx)/rx, (float64(y)-cy)/ry; dx*dx+dy*dy <= 1 {
				p.put(s, x, y)
			}
		}
	}
}

func (p paint) limb(s *sprite, x0, y0, x1, y1, r float64) {
	n := int(math.Hypot(x1-x0, y1-y0)) + 1
	for i := range n + 1 {
		f := float64(i) / float64(n)
		p.ellipse(s, x0+(x1-x0)*f, y0+(y1-y0)*f, r, r)
	}
}

func tint(r *rand.Rand, lo, hi int) paint {
	return paint{lo + r.IntN(hi-lo), 108 + r.IntN(40), 108 + r.IntN(40), 4 + r.IntN(14), r.Uint64()}
}

func walker(r *rand.Rand) []sprite {
	coat, legs, skin := tint(r, 30, 220), tint(r, 25, 120), paint{150, 112, 148, 6, 1}
	var out []sprite
	for i := range 10 {
		s := newSprite(72, 160)
		swing := 16 * math.Sin(float64(i)/10*2*math.Pi)
		legs.limb(&s, 36, 90, 36+swing, 154, 6)
		legs.limb(&s, 36, 90, 36-swing, 154, 6)
		coat.ellipse(&s, 36, 64, 15, 36)
		coat.limb(&s, 24, 42, 24-swing*.7, 88, 4)
		coat.limb(&s, 48, 42, 48+swing*.7, 88, 4)
		skin.ellipse(&s, 36, 17, 10, 13)
		out = append(out, s)
	}
	return out
}

func car(r *rand.Rand) []sprite {
	body, glass, tyre := tint(r, 40, 220), paint{70, 134, 122, 20, 7}, paint{28, 128, 128, 4, 9}
	s := newSprite(230, 100)
	body.ellipse(&s, 115, 60, 112, 26)
	body.ellipse(&s, 110, 36, 62, 30)
	glass.ellipse(&s, 84, 34, 26, 17)
	glass.ellipse(&s, 138, 34, 26, 17)
	tyre.ellipse(&s, 55, 82, 17, 17)
	tyre.ellipse(&s, 175, 82, 17, 17)
	return []sprite{s}
}
