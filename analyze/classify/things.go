package classify

import (
	"shouwang"
	"shouwang/analyze/decode"
)

// hideBound is below what a thing is not taken for one when the question is
// whom to hide: a wall that is hidden costs less than a person who is not.
const hideBound = 0.2

// Thing is something in a whole picture.
type Thing struct {
	Class Class
	Score float32      // 0..1
	Box   shouwang.Box // fractions of the picture; may reach over its edge
}

// Things looks at the whole picture, whether anything moves in it or not, and
// calls each with every person, vehicle and animal found. A wide or high picture
// is looked at in two squares that overlap, so that its people are not made
// smaller than need be; who stands where they overlap may be told twice. The
// error is the network's.
func (c *Classifier) Things(p *decode.Picture, each func(Thing)) error {
	for _, w := range squares(p.Width, p.Height) {
		if !cutWindow(&c.tile, p, w) {
			continue
		}
		c.sheet.lay([]*Crop{&c.tile})
		found, err := c.look(c.sheet, hideBound)
		if err != nil {
			return err
		}
		for i := range found {
			if home, box := c.sheet.home(&found[i]); home != nil && found[i].class != Other {
				each(Thing{found[i].class, found[i].score, box})
			}
		}
	}
	return nil
}

// squares covers a picture: with one square where it is nearly one, else with
// one at either end. A picture wider than two squares is covered by two larger ones.
func squares(width, height int) []shouwang.Box {
	w, h := float64(width), float64(height)
	long := max(w, h)
	if long <= 1.2*min(w, h) {
		return []shouwang.Box{{0, 0, long / w, long / h}}
	}
	side := max(min(w, h), 0.55*long)
	return []shouwang.Box{{0, 0, side / w, side / h}, {1 - min(1, side/w), 1 - min(1, side/h), side / w, side / h}}
}
