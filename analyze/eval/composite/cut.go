package composite

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"shouwang"
	"shouwang/analyze/eval"
)

// Stock is what was cut from one clip: its empty scene, and what moved in it.
type Stock struct {
	Name   string
	Back   *Still
	Movers []*Mover
}

// source is a clip under the knife.
type source struct {
	clip  eval.Clip
	w, h  int
	empty []byte // the median picture
}

// Cut takes a clip apart: the background is the median of pictures from its
// quiet stretches (of all, where there are none); movers are what differs from
// it, within the boxes of gt.txt beside the clip (MOT format) where there is
// one, else the largest thing in each labelled event. It needs ffmpeg.
func Cut(ctx context.Context, c eval.Clip) (*Stock, error) {
	s := &source{clip: c}
	if err := s.size(ctx); err != nil {
		return nil, err
	}
	if err := s.median(ctx); err != nil {
		return nil, err
	}
	stock := &Stock{Name: c.Name, Back: s.still()}
	boxes, err := Boxes(c.Path)
	if err != nil {
		return nil, err
	}
	if boxes != nil {
		stock.Movers, err = s.walkers(ctx, alone(boxes, s.w, s.h))
	} else if slices.ContainsFunc(single, func(name string) bool { return strings.Contains(c.Name, name) }) {
		stock.Movers, err = s.largest(ctx)
	}
	return stock, err
}

// single are the clips whose events show one thing each, under a light that
// stays: only these can be cut by their difference from the empty scene.
var single = []string{"one-by-one", "bgslibrary", "garden_cat"}

func (s *source) size(ctx context.Context) (err error) {
	if s.w, s.h, err = Size(ctx, s.clip.Path); err != nil {
		return err
	}
	for s.w > 1000 { // what is larger is halved: movers are made smaller anyway
		s.w, s.h = s.w/2, s.h/2
	}
	s.w, s.h = s.w&^1, s.h&^1
	return nil
}

// each decodes the clip and calls f with every picture at that rate.
func (s *source) each(ctx context.Context, fps float64, f func(t time.Duration, picture []byte) error) error {
	cmd := exec.CommandContext(ctx, "ffmpeg", "-nostdin", "-v", "error", "-threads", "1", "-i", s.clip.Path, "-an",
		"-vf", fmt.Sprintf("fps=%g,scale=%d:%d:flags=area", fps, s.w, s.h), "-pix_fmt", "yuv420p", "-f", "rawvideo", "-")
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("read %s: %w", s.clip.Name, err)
	}
	defer func() { _ = cmd.Wait() }()
	defer out.Close()
	in, picture := bufio.NewReaderSize(out, 1<<20), make([]byte, s.w*s.h*3/2)
	for n := 0; ; n++ {
		if _, err := io.ReadFull(in, picture); err != nil {
			return nil
		}
		if err := f(time.Duration(float64(n)/fps*float64(time.Second)), picture); err != nil {
			return err
		}
	}
}

// median makes the empty scene.
func (s *source) median(ctx context.Context) error {
	var kept [][]byte
	err := s.each(ctx, 2, func(t time.Duration, p []byte) error {
		quiet := len(s.clip.Quiet) == 0
		for _, q := range s.clip.Quiet {
			quiet = quiet || t >= q.From && t < q.To
		}
		if quiet {
			kept = append(kept, slices.Clone(p))
		}
		return nil
	})
	if err != nil {
		return err
	}
	if len(kept) == 0 {
		return fmt.Errorf("cut %s: no picture of its quiet stretches could be read", s.clip.Name)
	}
	if step := len(kept) / 30; step > 1 {
		for i := range len(kept) / step {
			kept[i] = kept[i*step]
		}
		kept = kept[:len(kept)/step]
	}
	s.empty = make([]byte, len(kept[0]))
	column := make([]byte, len(kept))
	for i := range s.empty {
		for k, p := range kept {
			column[k] = p[i]
		}
		slices.Sort(column)
		s.empty[i] = column[len(column)/2]
	}
	return nil
}

// still fits the empty scene into a film's picture: the middle of it, scaled.
func (s *source) still() *Still {
	src := newSprite(s.w, s.h)
	copy(src.y, s.empty)
	for i := range src.a {
		src.a[i] = 255
		src.u[i], src.v[i] = s.chroma(s.empty, i)
	}
	x, y, w, h := 0, 0, s.w, s.h
	if w*Height > h*Width {
		w = h * Width / Height
		x = (s.w - w) / 2
	} else {
		h = w * Height / Width
		y = (s.h - h) / 2
	}
	big := src.crop(x, y, w, h).fit(Width, Height)
	out := newStill()
	copy(out.Y, big.y)
	for j := range Height / 2 {
		for i := range Width / 2 {
			k := 2*j*Width + 2*i
			out.U[j*Width/2+i], out.V[j*Width/2+i] = big.u[k], big.v[k]
		}
	}
	return out
}

func (s *source) chroma(p []byte, i int) (u, v byte) {
	c := s.w*s.h + i/s.w/2*(s.w/2) + i%s.w/2
	return p[c], p[c+s.w*s.h/4]
}

// largest cuts, for each labelled event, the largest thing that differs from
// the empty scene, in up to 24 pictures in which it is whole.
func (s *source) largest(ctx context.Context) ([]*Mover, error) {
	found := make([][]sprite, len(s.clip.Events))
	mask := make([]uint8, s.w*s.h)
	err := s.each(ctx, FPS, func(t time.Duration, p []byte) error {
		for i, e := range s.clip.Events {
			if t < e.From || t >= e.To || len(found[i]) >= 120 {
				continue
			}
			s.differ(p, mask, 0, 0, s.w, s.h)
			if x, y, w, h := biggest(mask, s.w, s.h); x > 2 && y > 2 && x+w < s.w-2 && y+h < s.h-2 && h >= 30 {
				found[i] = append(found[i], s.lift(p, mask, x, y, w, h))
			}
		}
		return nil
	})
	var out []*Mover
	for i, frames := range found {
		if m := (&Mover{Name: fmt.Sprintf("%s %d", s.clip.Name, i+1), Kind: s.clip.Events[i].Class, Real: true, frames: whole(frames)}); len(m.frames) >= 5 {
			out = append(out, m)
		}
	}
	return out, err
}

// whole keeps the pictures in which a thing has its usual shape: a car that
// drives away grows smaller, half of it hidden changes its shape.
func whole(frames []sprite) []sprite {
	var shapes []float64
	most := 0
	for _, f := range frames {
		shapes, most = append(shapes, float64(f.w)/float64(f.h)), max(most, f.w*f.h)
	}
	if len(frames) == 0 {
		return nil
	}
	slices.Sort(shapes)
	usual := shapes[len(shapes)/2]
	var out []sprite
	for _, f := range frames {
		if shape := float64(f.w) / float64(f.h) / usual; shape > 0.75 && shape < 1.33 && f.w*f.h*8 > most && len(out) < 24 {
			out = append(out, f)
		}
	}
	return out
}

// walkers cuts what stands alone in its box.
func (s *source) walkers(ctx context.Context, runs []run) ([]*Mover, error) {
	out := make([]*Mover, len(runs))
	for i := range out {
		out[i] = &Mover{Name: fmt.Sprintf("%s %d", s.clip.Name, runs[i].id), Kind: "person", Real: true}
	}
	mask := make([]uint8, s.w*s.h)
	n := 0
	err := s.each(ctx, s.clip.FPS, func(_ time.Duration, p []byte) error {
		n++
		for i, r := range runs {
			b, ok := r.boxes[n]
			if !ok || len(out[i].frames) >= 30 {
				continue
			}
			x, y := max(0, int(b[0]*float64(s.w))-3), max(0, int(b[1]*float64(s.h))-3)
			w, h := min(s.w-x, int(b[2]*float64(s.w))+6), min(s.h-y, int(b[3]*float64(s.h))+6)
			s.differ(p, mask, x, y, w, h)
			out[i].frames = append(out[i].frames, s.lift(p, mask, x, y, w, h))
		}
		return nil
	})
	return slices.DeleteFunc(out, func(m *Mover) bool { return len(m.frames) < 10 }), err
}

// differ marks the pixels of a rectangle that are not the empty scene, closed
// over single pixels.
func (s *source) differ(p []byte, mask []uint8, x, y, w, h int) {
	clear(mask)
	for j := y; j < y+h; j++ {
		for i := x; i < x+w; i++ {
			k := j*s.w + i
			u, v := s.chroma(p, k)
			eu, ev := s.chroma(s.empty, k)
			if apart(p[k], s.empty[k]) > 16 || apart(u, eu)+apart(v, ev) > 12 {
				mask[k] = 1
			}
		}
	}
}

func apart(a, b byte) int { return max(int(a)-int(b), int(b)-int(a)) }

// lift copies a rectangle with its mask, whose edge is softened.
func (s *source) lift(p []byte, mask []uint8, x, y, w, h int) sprite {
	out := newSprite(w, h)
	for j := range h {
		for i := range w {
			k, o := (y+j)*s.w+x+i, j*w+i
			out.y[o] = p[k]
			out.u[o], out.v[o] = s.chroma(p, k)
			near := 0
			for dj := -1; dj <= 1; dj++ {
				for di := -1; di <= 1; di++ {
					if y+j+dj >= 0 && y+j+dj < s.h && x+i+di >= 0 && x+i+di < s.w {
						near += int(mask[k+dj*s.w+di])
					}
				}
			}
			out.a[o] = uint8(near * 255 / 9)
			if near >= 5 {
				out.a[o] = 255
			}
		}
	}
	return out
}

// biggest leaves only the largest connected part of the mask and returns its
// rectangle.
func biggest(mask []uint8, w, h int) (x, y, bw, bh int) {
	var best, stack []int
	for start := range mask {
		if mask[start] != 1 {
			continue
		}
		mask[start] = 2
		part := []int{start}
		stack = append(stack[:0], start)
		for len(stack) > 0 {
			k := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			for dj := -2; dj <= 2; dj++ {
				for di := -2; di <= 2; di++ {
					i, j := k%w+di, k/w+dj
					if i >= 0 && j >= 0 && i < w && j < h && mask[j*w+i] == 1 {
						mask[j*w+i] = 2
						part, stack = append(part, j*w+i), append(stack, j*w+i)
					}
				}
			}
		}
		if len(part) > len(best) {
			best = part
		}
	}
	clear(mask)
	if len(best) == 0 {
		return 0, 0, 0, 0
	}
	x0, y0, x1, y1 := w, h, 0, 0
	for _, k := range best {
		mask[k] = 1
		x0, x1, y0, y1 = min(x0, k%w), max(x1, k%w+1), min(y0, k/w), max(y1, k/w+1)
	}
	return x0, y0, x1 - x0, y1 - y0
}

func (s *sprite) crop(x, y, w, h int) *sprite {
	out := newSprite(w, h)
	for j := range h {
		from := (y+j)*s.w + x
		copy(out.y[j*w:], s.y[from:from+w])
		copy(out.u[j*w:], s.u[from:from+w])
		copy(out.v[j*w:], s.v[from:from+w])
		copy(out.a[j*w:], s.a[from:from+w])
	}
	return &out
}

// fit scales to exactly w x h.
func (s *sprite) fit(w, h int) sprite {
	out := newSprite(w, h)
	for y := range h {
		y0 := y * s.h / h
		y1 := max(y0+1, (y+1)*s.h/h)
		for x := range w {
			x0 := x * s.w / w
			s.mean(x0, y0, max(x0+1, (x+1)*s.w/w), y1, &out, y*w+x)
		}
	}
	return out
}

// MOTBox is one labelled box.
type MOTBox struct {
	ID  int
	Box [4]float64 // pixels: left, top, width, height
}

// Boxes reads the boxes beside a clip (NAME.gt/gt.txt, MOT format: picture
// from 1, identity, left, top, width, height in pixels), by picture; nil where
// there is no such file.
func Boxes(path string) (map[int][]MOTBox, error) {
	f, err := os.Open(filepath.Join(strings.TrimSuffix(path, filepath.Ext(path))+".gt", "gt.txt"))
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read boxes: %w", err)
	}
	defer f.Close()
	out := map[int][]MOTBox{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var n int
		var b MOTBox
		if _, err := fmt.Sscanf(lines.Text(), "%d,%d,%f,%f,%f,%f", &n, &b.ID, &b.Box[0], &b.Box[1], &b.Box[2], &b.Box[3]); err != nil {
			return nil, fmt.Errorf("read boxes: line %q: %w", lines.Text(), err)
		}
		out[n] = append(out[n], b)
	}
	return out, nil
}

// run is one identity over pictures in which nobody is near.
type run struct {
	id    int
	boxes map[int]shouwang.Box
}

// alone returns the identities with at least ten pictures by themselves, the
// longest first, ten at most.
func alone(boxes map[int][]MOTBox, w, h int) []run {
	byID := map[int]*run{}
	for n, list := range boxes {
		for i, b := range list {
			box := shouwang.Box{b.Box[0] / float64(w), b.Box[1] / float64(h), b.Box[2] / float64(w), b.Box[3] / float64(h)}
			free := box[0] > 0.01 && box[1] > 0.01 && box[0]+box[2] < 0.99 && box[1]+box[3] < 0.99
			for k, o := range list {
				free = free && (i == k || b.Box[0] > o.Box[0]+o.Box[2]+6 || o.Box[0] > b.Box[0]+b.Box[2]+6 || b.Box[1] > o.Box[1]+o.Box[3]+6 || o.Box[1] > b.Box[1]+b.Box[3]+6)
			}
			if !free {
				continue
			}
			if byID[b.ID] == nil {
				byID[b.ID] = &run{b.ID, map[int]shouwang.Box{}}
			}
			byID[b.ID].boxes[n] = box
		}
	}
	var out []run
	for _, r := range byID {
		if len(r.boxes) >= 10 {
			out = append(out, *r)
		}
	}
	slices.SortFunc(out, func(a, b run) int { return cmp.Or(len(b.boxes)-len(a.boxes), a.id-b.id) })
	return out[:min(10, len(out))]
}
