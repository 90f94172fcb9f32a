package render

import (
	"image"
	"time"

	"golang.org/x/image/font/basicfont"
)

// watermark burns in who looks and when the picture was taken: a line at the
// bottom that can be read, and faint copies all over that cannot be cropped.
type watermark struct {
	text   string
	zone   *time.Location
	second int64
	line   []byte // one byte a pixel, 0 or 1
	width  int    // of line, in pixels
}

const glyphH = 13 // basicfont's rows, 7 columns a letter

func newWatermark(text string, zone int) *watermark {
	safe := []byte(text)
	for i, b := range safe {
		if b < ' ' || b > '~' {
			safe[i] = '?'
		}
	}
	return &watermark{text: string(safe), zone: time.FixedZone("", zone), second: -1 << 62}
}

// set writes the line anew when the second has changed. wall is microseconds
// since 1970; no picture was taken before, so 0 and less show no time.
func (w *watermark) set(wall int64) {
	second := wall / 1_000_000
	if second == w.second {
		return
	}
	w.second = second
	text := w.text
	if wall > 0 {
		text += "  " + time.Unix(second, 0).In(w.zone).Format("2006-01-02 15:04:05")
	}
	face := basicfont.Face7x13
	w.width = len(text) * face.Advance
	w.line = make([]byte, w.width*glyphH)
	glyphs := face.Mask.(*image.Alpha)
	for i := range len(text) {
		top := int(text[i]-' ') * glyphH // the face's first range is ASCII
		for y := range glyphH {
			for x := range face.Width {
				if glyphs.AlphaAt(x, top+y).A > 127 {
					w.line[y*w.width+i*face.Advance+x] = 1
				}
			}
		}
	}
}

// draw burns the line in: once clearly at the bottom, on a darkened band, and
// faintly in staggered rows over the rest.
func (w *watermark) draw(c *canvas, wall int64) {
	w.set(wall)
	scale := max(1, (c.width+240)/640)
	for scale > 1 && w.width*scale > c.width-8 {
		scale--
	}
	band := min(c.height, (glyphH+3)*scale)
	for y := c.height - band; y < c.height; y++ {
		row := c.y[y*c.strideY : y*c.strideY+c.width]
		for x := range row {
			row[x] = row[x]/3 + 10
		}
	}
	stepX, stepY := max(w.width*scale*3/2, 1), max(c.height/5, (glyphH+4)*scale)
	for i, y := 0, stepY/2; y+glyphH*scale < c.height-band; i, y = i+1, y+stepY {
		for x := -(i * stepX / 3) % stepX; x < c.width; x += stepX {
			w.stamp(c, x, y, scale, 72)
		}
	}
	w.stamp(c, 4, c.height-band+scale, scale, 256)
}

// stamp mixes the line into the luma; strength is of 256. Letters are light
// on dark ground and dark on light ground, so that both show.
func (w *watermark) stamp(c *canvas, x0, y0, scale, strength int) {
	for y := range glyphH * scale {
		row := c.y[(y0+y)*c.strideY : (y0+y)*c.strideY+c.width]
		letters := w.line[y/scale*w.width : (y/scale+1)*w.width]
		for x := max(0, -x0); x < w.width*scale && x0+x < c.width; x++ {
			if letters[x/scale] == 0 {
				continue
			}
			p := int(row[x0+x])
			to := 235
			if p > 150 && strength < 256 {
				to = 16
			}
			row[x0+x] = byte(p + (to-p)*strength/256)
		}
	}
}
