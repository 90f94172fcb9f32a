package render

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"testing"
	"time"

	"shouwang"
	"shouwang/analyze"
	"shouwang/analyze/decode"
	"shouwang/analyze/decode/nal"
	"shouwang/analyze/wire"
	"shouwang/analyze/worker"
)

// still is a detector that finds nothing, so that the veil must.
type still struct{}

func (still) Observe([]byte, int, int, int, shouwang.MediaTime, bool) worker.Result {
	return worker.Result{}
}

const w, h = 640, 360

// street is a textured background; a checkered person of 40x100 pixels stands
// at x, if x is not negative.
func street(x int) *decode.Picture {
	p := &decode.Picture{
		Y: make([]byte, w*h), U: make([]byte, w*h/4), V: make([]byte, w*h/4),
		StrideY: w, StrideC: w / 2, Width: w, Height: h, ChromaW: 1, ChromaH: 1,
	}
	for i := range p.Y {
		p.Y[i] = byte(90 + i%w/8 + (i/w)%7)
	}
	for i := range p.U {
		p.U[i], p.V[i] = 110, 150
	}
	if x < 0 {
		return p
	}
	for py := 150; py < 250; py++ {
		for px := x; px < x+40; px++ {
			p.Y[py*w+px] = byte(20 + 215*((px/4+py/4)%2))
		}
	}
	return p
}

// screen decodes what a renderer emits.
type screen struct {
	t   *testing.T
	dec *decode.Decoder
	pic *decode.Picture
	out []worker.Coded
}

func newScreen(t *testing.T) *screen {
	d, err := decode.New(decode.Options{Codec: shouwang.CodecH264})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return &screen{t: t, dec: d}
}

func (s *screen) show(c *worker.Coded) {
	s.t.Helper()
	unit := bytes.Clone(c.Data)
	if err := nal.ToAnnexB(unit); err != nil {
		s.t.Fatal(err)
	}
	p, cost := s.dec.Decode(nal.AppendParams(nil, c.SPS, c.PPS), unit, 0)
	if p == nil || cost.Errors > 0 {
		s.t.Fatalf("the output does not decode: %+v", cost)
	}
	s.pic = p
	kept := *c
	kept.Data, kept.SPS = bytes.Clone(c.Data), bytes.Clone(c.SPS)
	s.out = append(s.out, kept)
}

func renderer(t *testing.T, spec wire.RenderSpec) *Renderer {
	t.Helper()
	return opened(t, spec, nil)
}

// opened is a renderer with one output, marked "chen" where a mark is owed.
func opened(t testing.TB, spec wire.RenderSpec, known *Scene) *Renderer {
	t.Helper()
	r, err := New(spec, still{}, known)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	text := ""
	if spec.Marked {
		text = "chen"
	}
	if err := r.Mark(1, text); err != nil {
		t.Fatal(err)
	}
	return r
}

func at(seconds float64) shouwang.MediaTime {
	return shouwang.MediaTimeOf(time.Duration(seconds * float64(time.Second)))
}

// spread is the difference of the lightest and darkest luma in a rectangle.
func spread(p *decode.Picture, x0, y0, x1, y1 int) int {
	lo, hi := 255, 0
	for y := y0; y < y1; y++ {
		for _, v := range p.Y[y*p.StrideY+x0 : y*p.StrideY+x1] {
			lo, hi = min(lo, int(v)), max(hi, int(v))
		}
	}
	return hi - lo
}

// detail is the mean step between neighbours: what makes a face or a plate
// readable.
func detail(p *decode.Picture, x0, y0, x1, y1 int) float64 {
	sum := 0
	for y := y0; y < y1; y++ {
		for x := x0; x < x1-1; x++ {
			a, b := int(p.Y[y*p.StrideY+x]), int(p.Y[y*p.StrideY+x+1])
			sum += max(a-b, b-a)
		}
	}
	return float64(sum) / float64((x1-x0-1)*(y1-y0))
}

func TestMaskedPolygonIsFlat(t *testing.T) {
	poly := shouwang.Polygon{{.05, .3}, {.4, .25}, {.5, .8}, {.1, .9}}
	r, s, in := renderer(t, wire.RenderSpec{Masks: []shouwang.Polygon{poly}}), newScreen(t), street(100)
	was := bytes.Clone(in.Y)
	for i := range 5 {
		if err := r.Render(in, at(float64(i)/10), 0, s.show); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(was, in.Y) {
		t.Fatal("the decoder's own picture was drawn on")
	}
	inside := 0
	for y := range h {
		for x := range w {
			if !poly.Contains((float64(x)+.5)/w, (float64(y)+.5)/h) {
				continue
			}
			inside++
			if v := int(s.pic.Y[y*s.pic.StrideY+x]); max(v-maskLuma, maskLuma-v) > 6 {
				t.Fatalf("luma %d shines through at %d,%d", v, x, y)
			}
			if v := int(s.pic.V[y/2*s.pic.StrideC+x/2]); max(v-maskChroma, maskChroma-v) > 10 {
				t.Fatalf("colour %d shines through at %d,%d", v, x, y)
			}
		}
	}
	if inside < w*h/10 {
		t.Fatalf("only %d pixels were looked at", inside)
	}
	if d := detail(s.pic, 400, 150, 630, 250); d < .1 {
		t.Error("the rest of the picture is flat, too")
	}
}

func TestThinMasksStillHide(t *testing.T) {
	for name, p := range map[string]shouwang.Polygon{
		"sliver": {{.1, .5}, {.9, .5001}, {.9, .5}}, "upright": {{.3, .1}, {.3001, .9}, {.3, .9}}, "beyond": {{-1, -1}, {2, -1}, {2, .1}, {-1, .1}},
	} {
		hidden := 0
		for _, b := range newMask([]shouwang.Polygon{p}, w, h).hidden {
			if b {
				hidden++
			}
		}
		if hidden < 100 {
			t.Errorf("%s: %d blocks", name, hidden)
		}
	}
}

func TestMasksThatCannotBeDrawnShowNothing(t *testing.T) {
	for _, p := range []shouwang.Polygon{{}, {{0, 0}, {1, 1}}, {{0, 0}, {1, math.NaN()}, {1, 1}}, {{0, 0}, {1, 1e9}, {1, 1}}} {
		if _, err := New(wire.RenderSpec{Masks: []shouwang.Polygon{p}}, still{}, nil); shouwang.CodeOf(err) != shouwang.CodeBadConfig {
			t.Errorf("%v: %v", p, err)
		}
	}
	if _, err := New(wire.RenderSpec{Veil: true}, nil, nil); err == nil {
		t.Error("a veil without a detector was accepted")
	}
}

// play renders pictures, step seconds apart; person says where somebody stands.
func play(t *testing.T, r *Renderer, s *screen, from, to, step float64, person func(sec float64) int) {
	t.Helper()
	drawn := map[int]*decode.Picture{}
	for sec := from; sec < to; sec += step {
		x := person(sec)
		if drawn[x] == nil {
			drawn[x] = street(x)
		}
		if err := r.Render(drawn[x], at(sec), 0, s.show); err != nil {
			t.Fatal(err)
		}
	}
}

func nobody(float64) int { return -1 }

func TestWholePictureIsHiddenUntilTheSceneIsKnown(t *testing.T) {
	r, s := renderer(t, wire.RenderSpec{Veil: true}), newScreen(t)
	play(t, r, s, 0, 14, .5, func(float64) int { return 300 })
	if d := detail(s.pic, 300, 150, 340, 250); d > 3 {
		t.Errorf("somebody can be seen before the scene is known: detail %.1f", d)
	}
	play(t, r, s, 14, 90, 1, nobody)
	if d, want := detail(s.pic, 100, 100, 200, 300), detail(street(-1), 100, 100, 200, 300); d < want/2 {
		t.Errorf("a still scene is hidden for ever: detail %.2f of %.2f", d, want)
	}
}

func TestWhoMovesIsPixelatedAndStaysSo(t *testing.T) {
	r, s := renderer(t, wire.RenderSpec{Veil: true}), newScreen(t)
	play(t, r, s, 0, 20, .5, nobody)
	check := func(when string, x int) {
		t.Helper()
		if raw, d := detail(street(x), x, 150, x+40, 250), detail(s.pic, x, 150, x+40, 250); d > raw/15 {
			t.Errorf("%s: detail %.1f of %.1f", when, d, raw)
		}
	}
	play(t, r, s, 20, 25, .2, func(sec float64) int { return 200 + int(sec-20)*20 })
	check("walking", 280)
	play(t, r, s, 25, 205, 2, func(float64) int { return 280 })
	check("standing for three minutes", 280)
	play(t, r, s, 205, 240, 1, nobody)
	if d := detail(s.pic, 500, 30, 600, 130); d < .1 {
		t.Error("far from anybody the picture is hidden, too")
	}
}

func TestTotalAddsUp(t *testing.T) {
	for _, n := range []int{0, 1, 7, 8, 9, 100, 1024, 1032, 5000} {
		if got := total(bytes.Repeat([]byte{255}, n)); got != 255*n {
			t.Errorf("%d bytes: %d", n, got)
		}
	}
}

// TestKnownSceneShowsAtOnceAndHidesWhoStandsStill: somebody walked in and has
// stood for a minute when a viewer comes.
func TestKnownSceneShowsAtOnceAndHidesWhoStandsStill(t *testing.T) {
	for _, wide := range []int{w, 2 * w} { // the viewer may look at a larger stream
		known := NewScene()
		for sec := 0.; sec < 90; sec++ {
			x := -1
			if sec >= 30 {
				x = 200
			}
			known.Watch(street(x), at(1000+sec), nil)
		}
		r, s := opened(t, wire.RenderSpec{Veil: true, MaxWidth: w}, known), newScreen(t)
		for i := range 5 {
			if err := r.Render(enlarge(street(200), wide/w), at(float64(i)/5), 0, s.show); err != nil {
				t.Fatal(err)
			}
		}
		if raw, d := detail(street(200), 200, 150, 240, 250), detail(s.pic, 200, 150, 240, 250); d > raw/15 {
			t.Errorf("%d: who stands still is shown: detail %.1f of %.1f", wide, d, raw)
		}
		if d, want := detail(s.pic, 420, 30, 600, 330), detail(street(-1), 420, 30, 600, 330); d < want/2 {
			t.Errorf("%d: the known scene is hidden: detail %.2f of %.2f", wide, d, want)
		}
		if len(known.veil.until) == 0 || &known.veil.until[0] == &r.veil.until[0] {
			t.Error("the renderer writes into what the analysis knows")
		}
	}
}

// enlarge repeats pixels n times in both directions.
func enlarge(p *decode.Picture, n int) *decode.Picture {
	grow := func(in []byte, w, h int) []byte {
		out := make([]byte, w*h*n*n)
		for i := range out {
			out[i] = in[i/(w*n)/n*w+i%(w*n)/n]
		}
		return out
	}
	return &decode.Picture{
		Y: grow(p.Y, w, h), U: grow(p.U, w/2, h/2), V: grow(p.V, w/2, h/2),
		StrideY: w * n, StrideC: w / 2 * n, Width: w * n, Height: h * n, ChromaW: 1, ChromaH: 1,
	}
}

func TestDetectorsRegionsAreHidden(t *testing.T) {
	r, s := renderer(t, wire.RenderSpec{Veil: true}), newScreen(t)
	play(t, r, s, 0, 20, .5, nobody)
	r.veil.hide(&shouwang.Box{.2, .2, .5, .6}, r.veil.last, false)
	block := false
	for _, l := range r.veil.level {
		block = block || l >= 4
	}
	if !block {
		t.Error("a large region gets blocks as small as a small one's")
	}
	play(t, r, s, 20, 21, .5, nobody)
	if d := spread(s.pic, 200, 150, 206, 156); d > 3 {
		t.Errorf("inside the region neighbours still differ by %d", d)
	}
}

func TestTimeThatRunsBackwardsHidesAgain(t *testing.T) {
	var v veil
	pic := street(-1)
	see := func(sec float64) { v.observe(pic.Y, w, w, h, at(sec), nil) }
	for i := range 100 {
		see(float64(i) / 5)
	}
	if !v.warm() {
		t.Fatal("not warm after 20 s")
	}
	if see(1); v.warm() {
		t.Error("warm after time ran backwards")
	}
	for i := range 100 {
		see(float64(i) / 5)
	}
	if see(500); v.warm() {
		t.Error("warm after eight minutes without a picture")
	}
	v.observe(make([]byte, 640*640), 640, 640, 640, at(501), []analyze.Region{{Box: shouwang.Box{math.NaN(), -1, 9, 9}}})
}

func TestWatermarkSaysWhoAndWhen(t *testing.T) {
	wall := time.Date(2026, 11, 23, 2, 3, 4, 0, time.UTC).UnixMicro()
	mark := newWatermark("chen 京 case 7", 8*3600)
	mark.set(wall)
	if mark.text != "chen ??? case 7" {
		t.Errorf("%q", mark.text)
	}
	// The letters are there: compare with the same line of another second.
	first := bytes.Clone(mark.line)
	mark.set(wall + 900_000)
	if !bytes.Equal(first, mark.line) {
		t.Error("the line changed within a second")
	}
	mark.set(wall + 1_000_000)
	if bytes.Equal(first, mark.line) || len(mark.line) != len(first) {
		t.Error("the time does not move")
	}
	r, s := renderer(t, wire.RenderSpec{Marked: true, Zone: 8 * 3600}), newScreen(t)
	if err := r.Render(street(-1), 0, wall, s.show); err != nil {
		t.Fatal(err)
	}
	if d := spread(s.pic, 4, h-15, 200, h-2); d < 120 {
		t.Errorf("the line at the bottom has a contrast of %d", d)
	}
	faint := 0
	for y := 0; y < h-40; y += 40 {
		if detail(s.pic, 0, y, w, y+40) > 1.2*detail(street(-1), 0, y, w, y+40) {
			faint++
		}
	}
	if faint < 3 {
		t.Errorf("only %d of 8 bands carry a mark that cropping cannot remove", faint)
	}
}

func TestOutputIsWhatBrowsersPlay(t *testing.T) {
	r, s := renderer(t, wire.RenderSpec{MaxWidth: 320, MaxFPS: 5, GOP: 10}), newScreen(t)
	for i := range 60 {
		if err := r.Render(street(i), shouwang.MediaTime(1_000_000+i*9000), 0, s.show); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(s.out); n < 28 || n > 32 {
		t.Errorf("%d pictures of 6 s at 5 a second", n)
	}
	keys, last := 0, shouwang.MediaTime(-1)
	for _, c := range s.out {
		if c.Key {
			keys++
			if profile, constraints := c.SPS[1], c.SPS[2]; profile != 66 || constraints&0x40 == 0 {
				t.Fatalf("profile %d, constraints %x: not constrained baseline", profile, constraints)
			}
		}
		if c.PTS <= last || (c.PTS-1_000_000)%9000 != 0 {
			t.Fatalf("time stamp %d after %d", c.PTS, last)
		}
		last = c.PTS
	}
	if keys < 3 || !s.out[0].Key || s.pic.Width != 320 || s.pic.Height != 180 {
		t.Errorf("%d key frames, %dx%d", keys, s.pic.Width, s.pic.Height)
	}
	if n := binary.BigEndian.Uint32(s.out[0].Data); int(n) > len(s.out[0].Data)-4 {
		t.Error("the data is not in NAL units behind their lengths")
	}
	if err := r.Flush(s.show); err != nil {
		t.Error(err)
	}
}

func TestOddSizesAndFormats(t *testing.T) {
	for _, c := range []struct{ w, h, cw, ch int }{{641, 361, 1, 1}, {640, 360, 0, 0}, {640, 360, 1, 0}, {640, 360, -1, -1}, {178, 100, 1, 1}, {24, 16, 1, 1}} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			p := &decode.Picture{Y: make([]byte, c.w*c.h), StrideY: c.w, Width: c.w, Height: c.h, ChromaW: c.cw, ChromaH: c.ch}
			if c.cw >= 0 {
				p.StrideC = (c.w + 1<<c.cw - 1) >> c.cw
				p.U = make([]byte, p.StrideC*((c.h+1<<c.ch-1)>>c.ch))
				p.V = bytes.Clone(p.U)
			}
			r, s := renderer(t, wire.RenderSpec{Veil: true, Marked: true, Masks: []shouwang.Polygon{{{0, 0}, {1, 0}, {1, 1}}}}), newScreen(t)
			for i := range 3 {
				if err := r.Render(p, at(float64(i)), 0, s.show); err != nil {
					t.Fatal(err)
				}
			}
			if s.pic.Width != c.w&^1 || s.pic.Height != c.h&^1 {
				t.Errorf("%dx%d", s.pic.Width, s.pic.Height)
			}
		})
	}
	tiny := &decode.Picture{Y: make([]byte, 64), StrideY: 8, Width: 8, Height: 8, ChromaW: -1, ChromaH: -1}
	if err := renderer(t, wire.RenderSpec{}).Render(tiny, 0, 0, func(*worker.Coded) { t.Error("shown") }); err == nil {
		t.Error("a picture of 8x8 was rendered")
	}
}

func BenchmarkRender(b *testing.B) {
	poly := []shouwang.Polygon{{{.1, .1}, {.4, .1}, {.4, .4}}}
	for name, spec := range map[string]wire.RenderSpec{
		"plain": {}, "all": {Masks: poly, Veil: true, Marked: true},
	} {
		b.Run(name, func(b *testing.B) {
			r := opened(b, spec, nil)
			pics := []*decode.Picture{street(100), street(104), street(108)}
			for i := 0; b.Loop(); i++ {
				if err := r.Render(pics[i%3], at(float64(i)/10), int64(i)*100_000, func(*worker.Coded) {}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func TestKeyFramesStandWhereTheCameraHadThem(t *testing.T) {
	r, s := renderer(t, wire.RenderSpec{GOP: 50, Keys: true}), newScreen(t)
	for i := range 40 {
		p := street(i)
		p.Key = i%13 == 0
		if err := r.Render(p, shouwang.MediaTime(i*9000), 0, s.show); err != nil {
			t.Fatal(err)
		}
	}
	for i, c := range s.out {
		if c.Key != (i%13 == 0) {
			t.Errorf("picture %d: key %v", i, c.Key)
		}
	}
}
