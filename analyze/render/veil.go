package render

import (
	"encoding/binary"
	"slices"

	"shouwang"
	"shouwang/analyze"
)

// The veil pixelates what moves, what moved a quarter of a minute ago, and what
// stands before the background. It errs on the side of hiding: it looks at
// coarse cells with a low threshold, hides around what it finds, and hides
// everything until it has watched long enough to know the background.
//
// One cell is an eightieth of the picture's width; one block of pixelation is
// two cells, 16 pixels at 640x360, and more where something large moves, so
// that no face and no plate has more than about six blocks across.
const (
	cellsAcross = 80
	// hold is how long a cell stays hidden after it last stood out. Who stands
	// still stands out for a quarter of an hour, since hidden cells are learned
	// that slowly; the hold is for what has the colour of the wall behind it.
	hold = shouwang.MediaTime(15 * shouwang.MediaRate)
	// pause is the longest stretch without a picture after which what is known
	// of the scene still counts.
	pause     = shouwang.MediaTime(60 * shouwang.MediaRate)
	warmTime  = shouwang.MediaTime(15 * shouwang.MediaRate)
	warmLooks = 8
	// Differences in 1/16 luma, to the background and to a second ago, of
	// a cell's mean and of its texture (the mean step between samples: a striped
	// coat may have the mean of the wall behind it).
	offBackground = 6 * 16
	offRecent     = 3 * 16
)

// veil is what is known of one camera's scene.
type veil struct {
	cols, rows    int
	mean, texture feature
	until         []shouwang.MediaTime
	level         []uint8 // size of block, in cells, while hidden
	looks         int
	width         int // of the pictures, in pixels
	first, last   shouwang.MediaTime
	spared        *spared // nil where everybody is hidden
}

// feature is one measure of every cell, in 1/16 luma: now, usually, and about
// a second ago. It fits in 16 bits, and every camera that is looked at has one.
type feature struct{ cur, bg, fast []int16 }

func newFeature(n int) feature {
	return feature{make([]int16, n), make([]int16, n), make([]int16, n)}
}

func (f *feature) start() {
	copy(f.bg, f.cur)
	copy(f.fast, f.cur)
}

// differs reports whether the cell is not as usual, or not as a second ago.
func (f *feature) differs(i int, light int32) bool {
	now := int32(f.cur[i]) - light
	return far(now-int32(f.bg[i]), offBackground) || far(now-int32(f.fast[i]), offRecent)
}

func (f *feature) learn(i int, second, slow *pace) {
	f.fast[i] = second.towards(f.fast[i], f.cur[i])
	f.bg[i] = slow.towards(f.bg[i], f.cur[i])
}

// observe learns one picture. regions are what the detector found in it.
// Media time that runs backwards, or jumps, starts the veil anew.
func (v *veil) observe(luma []byte, stride, width, height int, pts shouwang.MediaTime, regions []analyze.Region) {
	rows := max(1, (cellsAcross*height+width/2)/width)
	if rows != v.rows || v.looks > 0 && (pts < v.last || pts > v.last+pause) {
		v.reset(rows)
	}
	v.reduce(luma, stride, width, height)
	if v.looks > 0 && width != v.width {
		v.texture.start() // a larger picture of the same scene has more of it
	}
	v.width = width
	if v.looks == 0 {
		v.mean.start()
		v.texture.start()
		v.first = pts
	}
	step := pts - v.last
	if v.looks == 0 {
		step = 0
	}
	v.learn(pts, step)
	v.hideAll(len(regions), func(i int) *shouwang.Box { return &regions[i].Box }, pts)
	v.last = pts
	v.looks++
}

// reset forgets everything and hides everything.
func (v *veil) reset(rows int) {
	n := cellsAcross * rows
	*v = veil{
		spared: v.spared, cols: cellsAcross, rows: rows, mean: newFeature(n), texture: newFeature(n),
		until: make([]shouwang.MediaTime, n), level: make([]uint8, n),
	}
	for i := range v.until {
		v.until[i] = -1 << 62
	}
	if v.spared != nil {
		v.spared.others = slices.Clone(v.until)
	}
}

// clone copies what is known, so that two renderers can go on from it.
func (v *veil) clone() veil {
	c := *v
	for _, f := range []*feature{&c.mean, &c.texture} {
		f.cur, f.bg, f.fast = slices.Clone(f.cur), slices.Clone(f.bg), slices.Clone(f.fast)
	}
	c.until, c.level = slices.Clone(v.until), slices.Clone(v.level)
	return c
}

// warm reports whether the background is known.
func (v *veil) warm() bool { return v.looks >= warmLooks && v.last-v.first >= warmTime }

// reduce measures every cell by at most 4x4 samples, so that the cost does not
// grow with the picture.
func (v *veil) reduce(luma []byte, stride, width, height int) {
	for r := range v.rows {
		y0, y1 := r*height/v.rows, max((r+1)*height/v.rows, r*height/v.rows+1)
		done := 0
		if width == 8*v.cols && y1-y0 == 8 && y1 <= height {
			done = v.eights(luma[y0*stride:], stride, r)
		}
		for c := done; c < v.cols; c++ {
			v.cell(luma, stride, width, height, y0, y1, r, c)
		}
	}
}

// cell measures one cell, in rows y0 to y1 of the picture.
func (v *veil) cell(luma []byte, stride, width, height, y0, y1, r, c int) {
	stepY := max(1, (y1-y0)/4)
	x0, x1 := c*width/v.cols, (c+1)*width/v.cols
	stepX := max(1, (x1-x0)/4)
	sum, steps, n := int32(0), int32(0), int32(0)
	for y := y0; y < y1 && y < height; y += stepY {
		row := luma[y*stride : y*stride+width]
		here := int32(0)
		if x0 < x1 {
			here = int32(row[x0])
		}
		for x := x0; x < x1; x += stepX {
			next := int32(row[min(x+stepX, width-1)])
			step := here - next
			sum += here
			steps += max(step, -step)
			n++
			here = next
		}
	}
	if n > 0 {
		v.mean.cur[r*v.cols+c], v.texture.cur[r*v.cols+c] = int16(sum*16/n), int16(steps*16/n)
	}
}

// eights measures row r's cells of eight samples by eight, as 640x360 has them,
// but for the last one: of every second row every second sample, four at a time
// in lanes of 16 bits, beside their right neighbours. It returns how many.
func (v *veil) eights(luma []byte, stride, r int) int {
	const even, one, low = 0x00ff00ff00ff00ff, 0x0001000100010001, 0x0100010001000100
	n := v.cols - 1
	means, textures := v.mean.cur[r*v.cols:][:n], v.texture.cur[r*v.cols:][:n]
	for c := range n {
		at := luma[8*c:]
		sum, steps := uint64(0), uint64(0)
		for range 4 {
			here := binary.LittleEndian.Uint64(at) & even
			next := binary.LittleEndian.Uint64(at[2:]) & even
			d := (here | low) - next // 256 more than the difference, so that no lane borrows
			less := (^d >> 8 & one) * 0xff
			sum += here
			steps += (d&even ^ less) + less&one
			at = at[min(2*stride, len(at)):]
		}
		means[c], textures[c] = int16(sum*one>>48), int16(steps*one>>48)
	}
	return n
}

// learn compares every cell with its background and with a second ago, hides
// where they differ, and moves both on.
func (v *veil) learn(pts, step shouwang.MediaTime) {
	light, warm := v.lightShift(), v.warm()
	second, usual, hidden := newPace(step, shouwang.MediaRate), newPace(step, 20*shouwang.MediaRate), newPace(step, 900*shouwang.MediaRate)
	for r := range v.rows {
		for c := range v.cols {
			i := r*v.cols + c
			if v.mean.differs(i, light) || v.texture.differs(i, 0) {
				v.mark(c-1, r-1, c+1, r+1, 2, pts)
				v.book(c, r, pts)
			}
			// Where something is hidden the background is learned so slowly
			// that who stands still for minutes is still not part of it.
			slow := &usual
			if warm && v.until[i] > pts {
				slow = &hidden
			}
			v.mean.learn(i, &second, slow)
			v.texture.learn(i, &second, slow)
		}
	}
}

// lightShift returns by how much the whole picture became lighter: the
// median difference, found in a coarse histogram.
func (v *veil) lightShift() int32 {
	var counts [128]int
	for i, now := range v.mean.cur {
		counts[min(127, max(0, (int(now)-int(v.mean.bg[i]))/16+64))]++
	}
	seen := 0
	for b, n := range counts {
		if seen += n; seen*2 > len(v.mean.cur) {
			shift := int32(b-64) * 16
			if shift > -offBackground/2 && shift < offBackground/2 {
				return 0 // too small to matter, and a still scene has none
			}
			return shift
		}
	}
	return 0
}

func far(d, limit int32) bool { return d > limit || d < -limit }

// pace is how fast something is learned: a fraction step/constant of the way.
type pace struct {
	step, constant shouwang.MediaTime
	least          shouwang.MediaTime // distances below it are no way at all
	creeps         bool               // it moves by one where the fraction is none
}

func newPace(step, constant shouwang.MediaTime) pace {
	p := pace{step: min(step, constant), constant: constant, least: 1 << 40}
	if p.step > 0 {
		p.least = (constant + p.step - 1) / p.step
	}
	p.creeps = step > 0 && constant <= 20*shouwang.MediaRate
	return p
}

// towards moves from a fraction of the way to to, at least by one when they
// differ by enough, so that slow learning does not stall. Most cells differ by
// so little that nothing has to be divided.
func (p *pace) towards(from, to int16) int16 {
	d := shouwang.MediaTime(to) - shouwang.MediaTime(from)
	far := max(d, -d)
	switch {
	case far >= p.least:
		return from + int16(d*p.step/p.constant)
	case far > 8 && p.creeps && d > 0:
		return from + 1
	case far > 8 && p.creeps:
		return from - 1
	}
	return from
}

// mark hides the cells of a rectangle, ends included, for the hold time.
func (v *veil) mark(c0, r0, c1, r1 int, level uint8, pts shouwang.MediaTime) {
	for r := max(0, r0); r <= min(v.rows-1, r1); r++ {
		for c := max(0, c0); c <= min(v.cols-1, c1); c++ {
			i := r*v.cols + c
			if v.until[i] <= pts {
				v.level[i] = level // what was hidden before is over
			}
			v.until[i] = pts + hold
			v.level[i] = max(v.level[i], level)
		}
	}
}

// book notes who makes a cell stand out, where somebody is spared. A cell that is
// booked to others stays so for as long as it stands out.
func (v *veil) book(c, r int, pts shouwang.MediaTime) {
	s := v.spared
	if s == nil {
		return
	}
	if i := r*v.cols + c; s.others[i] > pts {
		s.others[i] = pts + hold
	}
	if !s.holds(c, r, v.cols, v.rows) {
		v.claim(c-1, r-1, c+1, r+1, pts)
	}
}

// claim books the cells of a rectangle, ends included, to others.
func (v *veil) claim(c0, r0, c1, r1 int, pts shouwang.MediaTime) {
	for r := max(0, r0); r <= min(v.rows-1, r1); r++ {
		for c := max(0, c0); c <= min(v.cols-1, c1); c++ {
			v.spared.others[r*v.cols+c] = pts + hold
		}
	}
}

// hideAll hides what was found in one picture, and books all but the spared
// person's to others.
func (v *veil) hideAll(n int, box func(int) *shouwang.Box, pts shouwang.MediaTime) {
	theirs := -1
	if v.spared != nil {
		theirs = v.spared.theirs(n, box)
	}
	for i := range n {
		v.hide(box(i), pts, i == theirs)
	}
}

// hide marks a region that the detector found, a sixth wider on each side and
// higher by a third, as heads melt into the background more easily than coats.
func (v *veil) hide(b *shouwang.Box, pts shouwang.MediaTime, spared bool) {
	if b[2] <= 0 || b[3] <= 0 {
		return
	}
	cols, rows := float64(v.cols), float64(v.rows)
	// A face is at most a third as wide as who wears it, so this leaves it five
	// blocks across or fewer, and posture, colour and kind still show.
	level := uint8(2)
	if b[2]*cols > 30 {
		level = 4
	}
	c0, r0, c1, r1 := int((b[0]-b[2]/6)*cols)-1, int((b[1]-b[3]/3)*rows)-1, int((b[0]+b[2]*7/6)*cols)+1, int((b[1]+b[3]*7/6)*rows)+1
	v.mark(c0, r0, c1, r1, level, pts)
	if v.spared != nil && !spared {
		v.claim(c0, r0, c1, r1, pts)
	}
}

// draw pixelates the hidden cells of the canvas, everything while not warm.
func (v *veil) draw(c *canvas) {
	for level := 4; level >= 2; level /= 2 {
		for r := 0; r < v.rows; r += level {
			for col := 0; col < v.cols; col += level {
				if v.wants(col, r, level) {
					v.block(c, col, r, level)
				}
			}
		}
	}
}

// wants reports whether any cell of the block is hidden at this block size.
func (v *veil) wants(col, row, level int) bool {
	if !v.warm() {
		return level == 4 // coarse: nothing is known yet
	}
	for r := row; r < min(row+level, v.rows); r++ {
		for c := col; c < min(col+level, v.cols); c++ {
			i := r*v.cols + c
			if v.until[i] > v.last && int(v.level[i]) == level && !(v.spared != nil && v.spared.shows(i, c, r, v.cols, v.rows, v.last)) {
				return true
			}
		}
	}
	return false
}

// block replaces a block of cells by its mean, in all three planes.
func (v *veil) block(c *canvas, col, row, level int) {
	w, h := c.width/2, c.height/2
	x0, x1 := col*w/v.cols, min(col+level, v.cols)*w/v.cols
	y0, y1 := row*h/v.rows, min(row+level, v.rows)*h/v.rows
	if x1 <= x0 || y1 <= y0 {
		return
	}
	mean(c.y, c.strideY, 2*x0, 2*y0, 2*x1, 2*y1)
	mean(c.u, c.strideC, x0, y0, x1, y1)
	mean(c.v, c.strideC, x0, y0, x1, y1)
}

func mean(plane []byte, stride, x0, y0, x1, y1 int) {
	sum := 0
	for y := y0; y < y1; y++ {
		sum += total(plane[y*stride+x0 : y*stride+x1])
	}
	first := plane[y0*stride+x0 : y0*stride+x1]
	flat(first, byte(sum/((x1-x0)*(y1-y0))))
	for y := y0 + 1; y < y1; y++ {
		copy(plane[y*stride+x0:y*stride+x1], first)
	}
}

// total adds bytes up, eight at a time: as four pairs of 16 bits, of which
// none can overflow within 128 words.
func total(b []byte) (sum int) {
	const even = 0x00ff00ff00ff00ff
	for len(b) >= 8 {
		lanes := uint64(0)
		for n := 0; n < 128 && len(b) >= 8; n++ {
			w := binary.LittleEndian.Uint64(b)
			lanes += w&even + w>>8&even
			b = b[8:]
		}
		sum += int(lanes&0xffff + lanes>>16&0xffff + lanes>>32&0xffff + lanes>>48)
	}
	for _, p := range b {
		sum += int(p)
	}
	return sum
}
