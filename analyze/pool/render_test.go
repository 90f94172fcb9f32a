package pool

import (
	"bytes"
	"context"
	"errors"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"shouwang"
	"shouwang/analyze"
	"shouwang/analyze/cliptest"
	"shouwang/analyze/decode"
	"shouwang/analyze/decode/nal"
)

func render(t testing.TB, p *Pool, o RenderOptions) *Render {
	t.Helper()
	o.Camera = "door-1"
	r, err := p.Render(testContext(t), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

// playAll renders all units and returns what came out.
func playAll(t testing.TB, r *Render, units []*shouwang.AccessUnit) (out []*shouwang.AccessUnit) {
	t.Helper()
	ctx := testContext(t)
	pushed := make(chan error, 1)
	go func() {
		for _, u := range units {
			if err := r.PushWait(ctx, u); err != nil {
				pushed <- err
				return
			}
		}
		pushed <- r.Finish(ctx)
	}()
	for au := range r.Out() {
		out = append(out, au)
	}
	if err := <-pushed; err != nil {
		t.Fatal(err)
	}
	return out
}

// pictures decodes units and calls each with every picture.
func pictures(t testing.TB, units []*shouwang.AccessUnit, each func(i int, p *decode.Picture)) {
	t.Helper()
	d, err := decode.New(decode.Options{Codec: units[0].Params.Codec})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	n := 0
	for i, u := range units {
		data := bytes.Clone(u.Data)
		if err := nal.ToAnnexB(data); err != nil {
			t.Fatal(err)
		}
		p, cost := d.Decode(nal.AppendParams(nil, u.Params.VPS, u.Params.SPS, u.Params.PPS), data, int64(i))
		if cost.Errors > 0 {
			t.Fatalf("unit %d does not decode", i)
		}
		for ; p != nil; p = d.Next() {
			each(n, p)
			n++
		}
	}
}

func TestPlaybackIsRenderedWhole(t *testing.T) {
	p, units := start(t, Config{Workers: 1}), street(t)
	was := make([][]byte, len(units))
	for i, u := range units {
		u.Wall.At = time.Date(2026, 11, 23, 10, 0, i/10, 0, time.UTC)
		was[i] = bytes.Clone(u.Data)
	}
	r := render(t, p, RenderOptions{Masks: []shouwang.Polygon{{{0, .4}, {1, .4}, {1, 1}, {0, 1}}}, Watermark: "officer chen"})
	out := playAll(t, r, units)
	if len(out) != len(units) || r.Err() != nil {
		t.Fatalf("%d pictures of %d, %v", len(out), len(units), r.Err())
	}
	for i, au := range out {
		if au.PTS != units[i].PTS || au.Wall != units[i].Wall || au.Seq != uint64(i) || au.Camera != "door-1" || au.Params == nil {
			t.Fatalf("picture %d: %+v", i, au)
		}
		if !bytes.Equal(units[i].Data, was[i]) {
			t.Fatal("the stored unit was changed")
		}
	}
	if !out[0].Key || out[0].Params.Width != 640 || out[0].Params.Codec != shouwang.CodecH264 {
		t.Errorf("%+v", out[0].Params)
	}
	pictures(t, out, func(i int, pic *decode.Picture) {
		lo, hi := byte(255), byte(0)
		for y := 150; y < 340; y++ { // where the box moves, above the watermark's line
			for _, v := range pic.Y[y*pic.StrideY : y*pic.StrideY+640] {
				lo, hi = min(lo, v), max(hi, v)
			}
		}
		if hi > 130 { // the box is white, the marks are mixed into the mask's grey
			t.Fatalf("picture %d: luma %d to %d under the mask", i, lo, hi)
		}
	})
}

func TestLiveRenderingNeverBlocks(t *testing.T) {
	p, units := start(t, Config{Workers: 1, Queue: 16}), again(street(t), 4)
	r := render(t, p, RenderOptions{})
	began := time.Now()
	for _, u := range units {
		if err := r.Push(u); err != nil && !errors.Is(err, ErrDropped) {
			t.Fatal(err)
		}
	}
	if d := time.Since(began); d > time.Second {
		t.Errorf("pushing took %v", d)
	}
	until(t, "all is rendered or dropped", func() bool { st := r.Stats(); return st.WaitingLen == 0 && st.Answered > 0 })
	r.Close()
	for range r.Out() {
	}
	if err := r.Push(units[0]); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
}

func TestReaderThatStaysAwayDropsToKeyFrames(t *testing.T) {
	p, ctx := start(t, Config{Workers: 1}), testContext(t)
	units := again(street(t), 4)
	r := render(t, p, RenderOptions{GOP: 10})
	for i := 0; i < len(units); i++ { // live, slowly enough for the queue
		if err := r.Push(units[i]); err != nil {
			t.Fatal(err)
		}
		if i%30 == 29 {
			if err := r.s.drain(ctx); err != nil {
				t.Fatal(err)
			}
		}
	}
	if r.Stats().Dropped == 0 {
		t.Fatal("nothing was dropped although nobody reads")
	}
	go func() {
		_ = r.Finish(ctx)
	}()
	n := 0
	for range r.Out() {
		n++
	}
	if n == 0 || n > maxPictures+1 {
		t.Errorf("%d pictures were kept", n)
	}
}

func TestReaderWhoLostPicturesGetsAKeyFrameSoon(t *testing.T) {
	began := time.Now()
	var later atomic.Int64
	p := start(t, Config{Workers: 1, Now: func() time.Time { return began.Add(time.Duration(later.Load())) }})
	ctx, units := testContext(t), again(street(t), 4)
	r := render(t, p, RenderOptions{GOP: 10_000})
	next := func(i int) *shouwang.AccessUnit {
		t.Helper()
		if err := r.PushWait(ctx, units[i]); err != nil {
			t.Fatal(err)
		}
		select {
		case au := <-r.Out():
			return au
		case <-ctx.Done():
			t.Fatal("no picture")
			return nil
		}
	}
	var keys []int
	for i := range 80 {
		switch i {
		case 20, 40: // the second time too soon
			r.only.Refresh()
		case 60:
			later.Store(int64(refreshEvery))
			r.only.Refresh()
		}
		if next(i).Key {
			keys = append(keys, i)
		}
	}
	// The process may have the next picture before it is told.
	if len(keys) != 3 || keys[0] != 0 || keys[1] < 20 || keys[1] > 22 || keys[2] < 60 || keys[2] > 62 {
		t.Errorf("key frames at %v", keys)
	}
}

func TestRenderingFailsClosed(t *testing.T) {
	p, ctx, units := start(t, Config{Workers: 1}), testContext(t), street(t)
	r := render(t, p, RenderOptions{Masks: []shouwang.Polygon{{{0, 0}, {1, 1}}}})
	for _, u := range units {
		if r.PushWait(ctx, u) != nil {
			break
		}
	}
	for range r.Out() {
		t.Fatal("a picture came out without its mask")
	}
	if shouwang.CodeOf(r.Err()) != shouwang.CodeBadConfig {
		t.Error(r.Err())
	}
	many := make(shouwang.Polygon, 2000)
	if _, err := p.Render(ctx, RenderOptions{Camera: "door-1", Masks: []shouwang.Polygon{many}}); shouwang.CodeOf(err) != shouwang.CodeTooLarge {
		t.Error(err)
	}
	// The analyzer that refused lives on and serves others.
	if out := playAll(t, render(t, p, RenderOptions{}), units); len(out) != len(units) {
		t.Errorf("%d pictures after a refusal", len(out))
	}
	if st := p.Stats(); st.Deaths != 0 {
		t.Errorf("%+v", st)
	}
}

func TestContextEndsRendering(t *testing.T) {
	p := start(t, Config{Workers: 1})
	ctx, cancel := context.WithCancel(context.Background())
	r, err := p.Render(ctx, RenderOptions{Camera: "door-1"})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	for range r.Out() {
	}
	if r.Err() != nil || p.Stats().Renderers != 0 {
		t.Error(r.Err(), p.Stats())
	}
}

// TestViewerOfAKnownSceneSeesItAtOnce: what the analysis learned serves the
// renderer of the same camera.
func TestViewerOfAKnownSceneSeesItAtOnce(t *testing.T) {
	p, ctx := start(t, Config{Workers: 2}), testContext(t)
	units := cliptest.Make(t, cliptest.Spec{Source: "color=gray:s=640x360:r=2:d=30,noise=alls=70:all_seed=5,loop=-1:1,trim=duration=30,setpts=N/2/TB", Codec: shouwang.CodecH264, FPS: 2, Args: []string{"-g", "4", "-r", "2"}})
	for _, known := range []bool{false, true} {
		var s *Session
		var err error
		if known {
			if s, err = p.Open("door-1", Options{Veil: true}, func(analyze.Observation) {}); err != nil {
				t.Fatal(err)
			}
			for _, u := range units {
				if err := s.PushWait(ctx, u, analyze.ModeChain); err != nil {
					t.Fatal(err)
				}
			}
			if err := s.Drain(ctx); err != nil {
				t.Fatal(err)
			}
		}
		out := playAll(t, render(t, p, RenderOptions{BlurPeople: true}), units[:6])
		var in, shown float64
		pictures(t, units[:6], func(_ int, pic *decode.Picture) { in += steps(pic) })
		pictures(t, out, func(_ int, pic *decode.Picture) { shown += steps(pic) })
		if known && shown < in/2 || !known && shown > in/2 {
			t.Errorf("known %v: detail %.1f of %.1f", known, shown, in)
		}
	}
	var shown, in float64 // with the analysis still there
	pictures(t, units[:6], func(_ int, pic *decode.Picture) { in += steps(pic) })
	out := playAll(t, render(t, p, RenderOptions{BlurPeople: true, Taught: true}), units[:6])
	pictures(t, out, func(_ int, pic *decode.Picture) { shown += steps(pic) })
	if shown > in/2 {
		t.Errorf("a run that teaches its own scene took over another's: detail %.1f of %.1f", shown, in)
	}
}

// steps is the mean difference of neighbours.
func steps(p *decode.Picture) float64 {
	sum := 0
	for y := range p.Height {
		for x := range p.Width - 1 {
			sum += abs(int(p.Y[y*p.StrideY+x]) - int(p.Y[y*p.StrideY+x+1]))
		}
	}
	return float64(sum) / float64(p.Width*p.Height)
}

// TestPeopleInARealClipCannotBeRead: where the clip's pictures have fine
// detail that moves, the rendered ones have none.
func TestPeopleInARealClipCannotBeRead(t *testing.T) {
	const path = "../../../shared/videos/intel_one-by-one-person-detection.mp4"
	if _, err := os.Stat(path); err != nil {
		t.Skip("../shared/videos is not there, so no real people are rendered")
	}
	units := cliptest.Make(t, cliptest.Spec{Source: path, File: true, Codec: shouwang.CodecH264, FPS: 5, Args: []string{"-vf", "fps=5,scale=640:-2", "-t", "40", "-g", "25"}})
	p := start(t, Config{Workers: 1})
	out := playAll(t, render(t, p, RenderOptions{BlurPeople: true}), units)
	if len(out) != len(units) {
		t.Fatalf("%d pictures of %d", len(out), len(units))
	}
	var before [][]byte
	pictures(t, units, func(_ int, pic *decode.Picture) { before = append(before, luma(pic)) })
	moved, shown := 0, 0
	pictures(t, out, func(i int, pic *decode.Picture) {
		if i < 100 { // until the scene is known all is hidden
			return
		}
		m, s := readable(before[i], before[i-1], luma(pic), pic.Width, pic.Height)
		moved, shown = moved+m, shown+s
	})
	if moved < 500 || shown*100 > moved {
		t.Errorf("of %d blocks that move, %d keep their detail", moved, shown)
	}
}

func luma(p *decode.Picture) []byte {
	out := make([]byte, 0, p.Width*p.Height)
	for y := range p.Height {
		out = append(out, p.Y[y*p.StrideY:y*p.StrideY+p.Width]...)
	}
	return out
}

// readable counts 8x8 blocks that clearly changed since the last picture, and
// those of them that came out with their detail.
func readable(now, last, out []byte, w, h int) (moved, shown int) {
	for y := 0; y+8 <= h; y += 8 {
		for x := 0; x+8 <= w; x += 8 {
			change, in, kept := 0, 0, 0
			for dy := range 8 {
				for dx := range 7 {
					i := (y+dy)*w + x + dx
					change += abs(int(now[i]) - int(last[i]))
					in += abs(int(now[i]) - int(now[i+1]))
					kept += abs(int(out[i]) - int(out[i+1]))
				}
			}
			if change > 56*20 && in > 56*4 {
				moved++
				if kept > in/2 {
					shown++
				}
			}
		}
	}
	return moved, shown
}

func abs(v int) int { return max(v, -v) }
