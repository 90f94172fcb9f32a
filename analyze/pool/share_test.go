package pool

import (
	"context"
	"errors"
	"os"
	"slices"
	"testing"

	"shouwang"
	"shouwang/analyze/cliptest"
	"shouwang/analyze/decode"
)

// reading collects what an output gives, from a goroutine of its own.
func reading(o *Output) (pics func() []*shouwang.AccessUnit) {
	got := make(chan []*shouwang.AccessUnit, 1)
	go func() {
		var all []*shouwang.AccessUnit
		for au := range o.Out() {
			all = append(all, au)
		}
		got <- all
	}()
	return func() []*shouwang.AccessUnit { return <-got }
}

func share(t testing.TB, p *Pool, o RenderOptions) *Render {
	t.Helper()
	o.Camera = "door-1"
	r, err := p.Share(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

func mark(t testing.TB, r *Render, text string) *Output {
	t.Helper()
	o, err := r.Mark(text)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// TestViewersShareARendering: who comes later begins at once, with a key frame;
// who leaves takes nothing with them; and the unit was decoded once.
func TestViewersShareARendering(t *testing.T) {
	p, units, ctx := start(t, Config{Workers: 1}), street(t), testContext(t)
	r := share(t, p, RenderOptions{Watermark: "owed", Masks: []shouwang.Polygon{{{0, .4}, {1, .4}, {1, 1}, {0, 1}}}})
	push := func(units []*shouwang.AccessUnit) {
		t.Helper()
		for _, u := range units {
			if err := r.PushWait(ctx, u); err != nil {
				t.Fatal(err)
			}
		}
		if err := r.s.drain(ctx); err != nil {
			t.Fatal(err)
		}
	}
	push(units[:5]) // nobody watches: decoded and not drawn
	first := mark(t, r, "chen")
	early := reading(first)
	push(units[5:15])
	second := mark(t, r, "wang")
	late := reading(second)
	push(units[15:25])
	first.Close()
	push(units[25:30])
	if err := r.Finish(ctx); err != nil {
		t.Fatal(err)
	}
	a, b := early(), late()
	if len(b) != 15 || !b[0].Key || b[0].PTS != units[15].PTS {
		t.Errorf("who came later saw %d pictures", len(b))
	}
	if len(a) < 15 || len(a) > 20 || !a[0].Key || a[0].PTS != units[5].PTS || first.Err() != nil {
		t.Errorf("who left saw %d pictures, %v", len(a), first.Err())
	}
	pictures(t, b, func(i int, pic *decode.Picture) {
		if d := spread(pic, 150, 330); d > 110 { // the marks are mixed into the mask's grey
			t.Fatalf("picture %d: luma differs by %d under the mask", i, d)
		}
	})
	if st := r.Stats(); st.Answered != 30 {
		t.Errorf("%d units were decoded of 30", st.Answered)
	}
}

// spread is the difference of the lightest and darkest luma of some rows.
func spread(p *decode.Picture, from, to int) int {
	rows := p.Y[from*p.StrideY : (to-1)*p.StrideY+p.Width]
	return int(slices.Max(rows)) - int(slices.Min(rows))
}

func TestSharedRenderingsEndForAll(t *testing.T) {
	p := start(t, Config{Workers: 1})
	ctx, cancel := context.WithCancel(context.Background())
	r, err := p.Share(ctx, RenderOptions{Camera: "door-1", Watermark: "owed"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Mark(""); shouwang.CodeOf(err) != shouwang.CodeInternal {
		t.Error("an output without the mark that is owed:", err)
	}
	if _, err := r.Mark(string(make([]byte, 300))); shouwang.CodeOf(err) != shouwang.CodeTooLarge {
		t.Error(err)
	}
	a, b := mark(t, r, "chen"), mark(t, r, "wang")
	for i := range 30 {
		mark(t, r, string(rune('a'+i)))
	}
	if _, err := r.Mark("one too many"); shouwang.CodeOf(err) != shouwang.CodeOverloaded {
		t.Error(err)
	}
	cancel()
	for _, o := range []*Output{a, b} {
		for range o.Out() {
		}
	}
	if _, err := r.Mark("late"); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	until(t, "nothing is left", func() bool { return p.Stats().Renderers == 0 })
}

// TestSharedRenderingOutlivesItsProcess kills the analyzer under two viewers:
// both go on, marked, with a key frame.
func TestSharedRenderingOutlivesItsProcess(t *testing.T) {
	p, units := start(t, Config{Workers: 1}), again(street(t), 20)
	r := share(t, p, RenderOptions{Watermark: "owed"})
	seen := make(chan int, 10_000)
	for i, text := range []string{"chen", "wang"} {
		o := mark(t, r, text)
		go func() {
			for range o.Out() {
				seen <- i
			}
		}()
	}
	both := func(when string, feed func()) {
		t.Helper()
		var got [2]int
		until(t, "both see pictures "+when, func() bool {
			feed()
			for len(seen) > 0 {
				got[<-seen]++
			}
			return got[0] > 2 && got[1] > 2
		})
	}
	next := 0
	feed := func() {
		if next < len(units) {
			_ = r.Push(units[next]) // dropped while the process is away
			next++
		}
	}
	both("at first", feed)
	pid := p.Stats().Workers[0].PID
	proc, err := os.FindProcess(pid)
	if err != nil {
		t.Fatal(err)
	}
	if err := proc.Kill(); err != nil {
		t.Fatal(err)
	}
	until(t, "it died and another came", func() bool {
		st := p.Stats()
		return st.Deaths > 0 && st.Workers[0].PID != pid && st.Workers[0].PID != 0
	})
	for len(seen) > 0 {
		<-seen
	}
	both("after the death", feed)
}

// TestCostOfViewers measures CPU time a second of viewing, rendered for each
// viewer apart and shared, in pairs. It runs when SHOUWANG_MEASURE is set.
func TestCostOfViewers(t *testing.T) {
	if os.Getenv("SHOUWANG_MEASURE") == "" {
		t.Skip("measured when SHOUWANG_MEASURE is set; sharing itself is tested above")
	}
	const path = "../../../shared/videos/vtest.avi"
	if _, err := os.Stat(path); err != nil {
		t.Skip("../shared/videos is not there")
	}
	p, ctx := start(t, Config{Workers: 1}), context.Background()
	for _, size := range []string{"640:360", "320:180"} {
		units := cliptest.Make(t, cliptest.Spec{Source: path, File: true, Codec: shouwang.CodecH264, FPS: 10, Args: []string{"-vf", "fps=10,scale=" + size, "-t", "20", "-g", "20"}})
		seconds := float64(len(units)) / 10
		run := func(renders []*Render, outputs [][]*Output) float64 {
			micros := uint64(0)
			for i, r := range renders {
				for _, o := range outputs[i] {
					go func() {
						for range o.Out() {
						}
					}()
				}
				for n, u := range units {
					if err := r.PushWait(ctx, u); err != nil {
						t.Fatal(err)
					}
					if n%8 == 0 && r.s.drain(ctx) != nil {
						t.Fatal("not drained")
					}
				}
				if err := r.s.drain(ctx); err != nil {
					t.Fatal(err)
				}
				micros += r.Stats().CPUMicros
				r.Close()
			}
			return float64(micros) / 1000 / seconds
		}
		o := RenderOptions{Watermark: "owed", BlurPeople: true, Masks: []shouwang.Polygon{{{0, .8}, {.3, .8}, {.3, 1}, {0, 1}}}}
		for _, viewers := range []int{1, 2, 5} {
			var apart, shared []float64
			for range 3 {
				var rs []*Render
				var os [][]*Output
				for i := range viewers {
					r := share(t, p, o)
					rs, os = append(rs, r), append(os, []*Output{mark(t, r, "officer:chen "+string(rune('a'+i)))})
				}
				apart = append(apart, run(rs, os))
				r := share(t, p, o)
				var all []*Output
				for i := range viewers {
					all = append(all, mark(t, r, "officer:chen "+string(rune('a'+i))))
				}
				shared = append(shared, run([]*Render{r}, [][]*Output{all}))
			}
			slices.Sort(apart)
			slices.Sort(shared)
			t.Logf("%s, %d viewers: apart %.1f ms/s, shared %.1f ms/s, a viewer %.1f and %.1f (medians of 3 pairs)",
				size, viewers, apart[1], shared[1], apart[1]/float64(viewers), shared[1]/float64(viewers))
		}
	}
}
