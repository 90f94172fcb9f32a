package scene

import (
	"image"
	"image/color"
	"image/draw"
	"math/rand/v2"
	"time"
)

func fill(dst *image.RGBA, x0, y0, x1, y1 int, c color.RGBA) {
	draw.Draw(dst, image.Rect(x0, y0, x1, y1), image.NewUniform(c), image.Point{}, draw.Src)
}

func disc(dst *image.RGBA, cx, cy, r int, c color.RGBA) {
	for y := -r; y <= r; y++ {
		for x := -r; x <= r; x++ {
			if x*x+y*y <= r*r && image.Pt(cx+x, cy+y).In(dst.Rect) {
				dst.SetRGBA(cx+x, cy+y, c)
			}
		}
	}
}

// still paints what does not move: sky, hills, houses, trees, the road.
func (s Scene) still() *image.RGBA {
	w, h := s.Width, s.Height
	rng := rand.New(rand.NewPCG(s.Seed, 3))
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h * 42 / 100 { // sky
		fill(img, 0, y, w, y+1, color.RGBA{uint8(150 + y/4), uint8(185 + y/5), 225, 255})
	}
	for i := range 4 { // hills
		disc(img, w*(2*i+1)/8+rng.IntN(60), h*6/10, h/4+rng.IntN(h/8), color.RGBA{110, uint8(140 + 10*i), 105, 255})
	}
	fill(img, 0, h*42/100, w, h*62/100, color.RGBA{128, 150, 100, 255}) // grass
	fill(img, 0, h*62/100, w, h*70/100, color.RGBA{168, 160, 150, 255}) // pavement
	fill(img, 0, h*70/100, w, h, color.RGBA{96, 97, 100, 255})          // road
	for x := 0; x < w; x += 60 {                                        // its middle line
		fill(img, x, h*84/100, x+32, h*84/100+4, color.RGBA{215, 210, 190, 255})
	}
	for i := range 4 {
		s.house(img, w*i/4+rng.IntN(w/16)+8, rng)
	}
	for range 5 {
		x := rng.IntN(w)
		fill(img, x-3, h*46/100, x+3, h*60/100, color.RGBA{92, 70, 50, 255})
		disc(img, x, h*42/100, h/14, color.RGBA{60, uint8(105 + rng.IntN(30)), 58, 255})
	}
	return img
}

func (s Scene) house(img *image.RGBA, x int, rng *rand.Rand) {
	w, h := s.Width/6, s.Height
	wall := color.RGBA{uint8(190 + rng.IntN(50)), uint8(180 + rng.IntN(40)), uint8(160 + rng.IntN(40)), 255}
	top := h * (26 + rng.IntN(8)) / 100
	fill(img, x, top, x+w, h*58/100, wall)
	for y := range h / 14 { // a tiled roof
		fill(img, x-8+(h/14-y)/2, top-h/14+y, x+w+8-(h/14-y)/2, top-h/14+y+1, color.RGBA{130, 62, 48, 255})
	}
	for i := range 3 {
		fill(img, x+10+i*w/3, top+h/16, x+10+i*w/3+w/6, top+h/16+h/12, color.RGBA{70, 90, 110, 255})
	}
	fill(img, x+w/2-8, h*48/100, x+w/2+10, h*58/100, color.RGBA{110, 74, 50, 255})
}

// paint draws the visit at the moment given, if it is there then.
func (v Visit) paint(img *image.RGBA, at time.Duration) {
	if at < v.Start || at >= v.Start+v.Lasts {
		return
	}
	w, h := img.Rect.Dx(), img.Rect.Dy()
	along := float64(at-v.Start) / float64(v.Lasts)
	if v.Leftwards {
		along = 1 - along
	}
	x, y := int(along*float64(w+160))-80, int(v.Lane*float64(h))
	if v.Kind == "car" {
		v.car(img, x, y)
		return
	}
	v.walker(img, x, y, at)
}

func (v Visit) car(img *image.RGBA, x, y int) {
	fill(img, x-60, y-30, x+60, y-6, v.Paint)
	fill(img, x-34, y-50, x+30, y-30, v.Paint)
	fill(img, x-28, y-46, x-4, y-31, color.RGBA{60, 80, 95, 255})
	fill(img, x+2, y-46, x+24, y-31, color.RGBA{60, 80, 95, 255})
	disc(img, x-36, y-6, 10, color.RGBA{25, 25, 28, 255})
	disc(img, x+36, y-6, 10, color.RGBA{25, 25, 28, 255})
}

func (v Visit) walker(img *image.RGBA, x, y int, at time.Duration) {
	step := int(at/(250*time.Millisecond))%2*6 - 3
	fill(img, x-6+step, y-26, x-1+step, y, color.RGBA{40, 44, 60, 255})
	fill(img, x+1-step, y-26, x+6-step, y, color.RGBA{40, 44, 60, 255})
	fill(img, x-9, y-56, x+9, y-24, v.Paint)
	disc(img, x, y-64, 8, color.RGBA{205, 165, 135, 255})
}
