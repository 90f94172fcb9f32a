package main

import (
	"context"
	"image/color"
	"os"
	"path/filepath"
	"testing"
	"time"

	"shouwang"
	"shouwang/analyze/cliptest"
	"shouwang/analyze/decode"
	"shouwang/analyze/pool"
	"shouwang/cmd/internal/scene"
)

// walkersClip is a street that two cross from both sides, in 10 s from the 18th on.
func walkersClip(t *testing.T) []*shouwang.AccessUnit {
	t.Helper()
	s := scene.Street(71)
	s.Lasts, s.FPS = 28*time.Second, 5
	s.Visits = []scene.Visit{
		{Kind: "walker", Start: 18 * time.Second, Lasts: 10 * time.Second, Lane: .64, Paint: color.RGBA{230, 40, 40, 255}},
		{Kind: "walker", Start: 18 * time.Second, Lasts: 10 * time.Second, Lane: .985, Leftwards: true, Paint: color.RGBA{240, 240, 60, 255}},
	}
	path := filepath.Join(t.TempDir(), "walkers.mp4")
	if err := s.Encode(t.Context(), path, "h264", time.Second); err != nil {
		t.Fatal(err)
	}
	return cliptest.Make(t, cliptest.Spec{Source: path, File: true, Codec: shouwang.CodecH264, FPS: 5, Args: []string{"-g", "5", "-crf", "18"}})
}

// walker is where the scene paints one at a moment, his head included.
func walker(at float64, lane float64, leftwards bool) shouwang.Box {
	along := (at - 18) / 10
	if leftwards {
		along = 1 - along
	}
	x, y := along*800-80, lane*360
	return shouwang.Box{(x - 12) / 640, (y - 74) / 360, 24. / 640, 76. / 360}
}

// TestAFilmedPersonThroughARealAnalyzer has two people cross a street before a
// real process and its detector. The one is marked each second by hand, generously;
// in what comes out they have the detail that was filmed, and the other has not.
func TestAFilmedPersonThroughARealAnalyzer(t *testing.T) {
	units := walkersClip(t)
	began := time.Date(2026, 11, 18, 9, 0, 0, 0, time.UTC)
	for i, u := range units {
		u.Wall.At = began.Add(time.Duration(i) * 200 * time.Millisecond)
	}
	var marks []shouwang.TrackPoint
	for at := 20.; at <= 26; at++ {
		b := walker(at, .64, false)
		marks = append(marks, shouwang.TrackPoint{
			At: began.Add(time.Duration(at * float64(time.Second))), Box: shouwang.Box{b[0] - .012, b[1] - .02, b[2] + .024, b[3] + .04},
		})
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	options := pool.RenderOptions{Camera: "street", BlurPeople: true, BlurPlates: true, Clear: marks}
	in, out := pictures(t, units), pictures(t, renderedAs(ctx, t, pool.Config{Binary: os.Args[0], Workers: 1}, options, units))
	shown, seen, looked := 0, 0, 0
	for i := range in {
		at := float64(i) / 5
		if at < 20 || at > 26 {
			continue
		}
		asked, other := walker(at, .64, false), walker(at, .985, true)
		looked++
		if detailIn(out[i], asked) > detailIn(in[i], asked)*.6 {
			shown++
		}
		if detailIn(out[i], other) > detailIn(in[i], other)*.4 {
			seen++
		}
	}
	t.Logf("who asked is clear in %d of %d pictures, the other in %d", shown, looked, seen)
	if shown < looked*8/10 || seen > 0 || looked < 25 {
		t.Errorf("who asked is clear in %d of %d pictures, the other in %d", shown, looked, seen)
	}
}

// renderedAs plays all units through a real analyzer under the options given.
func renderedAs(ctx context.Context, t *testing.T, cfg pool.Config, o pool.RenderOptions, units []*shouwang.AccessUnit) (out []*shouwang.AccessUnit) {
	t.Helper()
	p, err := pool.New(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	r, err := p.Render(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
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
	if err := <-pushed; err != nil || len(out) != len(units) {
		t.Fatalf("%d pictures of %d: %v, %v", len(out), len(units), err, r.Err())
	}
	return out
}

// pictures decodes units and copies what each shows.
func pictures(t *testing.T, units []*shouwang.AccessUnit) (out []*decode.Picture) {
	t.Helper()
	eachPicture(t, units, func(p *decode.Picture) { out = append(out, p) })
	return out
}
