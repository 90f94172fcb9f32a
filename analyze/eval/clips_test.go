package eval_test

import (
	"fmt"
	"os"
	"regexp"
	"testing"
	"time"

	"shouwang"
	"shouwang/analyze"
	"shouwang/analyze/eval"
	"shouwang/analyze/event"
	"shouwang/analyze/scene"
)

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// run puts every nth-second or every picture through the model and eventer.
func run(f *film, see func(int, *analyze.Observation)) []eval.Found {
	m, e := scene.New(scene.Config{}), event.New("clip", event.Config{})
	var found []eval.Found
	known := map[uint64]bool{}
	take := func(evs []shouwang.Event) {
		for _, ev := range evs {
			if ev.Phase == shouwang.PhaseEnd {
				found = append(found, eval.Found{From: ev.Start.Sub(epoch), To: ev.End.Sub(epoch), Score: ev.Score, Kind: string(ev.Kind)})
			}
		}
	}
	for i, p := range f.pictures {
		r := m.ObserveCells(p.from, f.cols, f.rows, p.pts, p.key)
		o := &analyze.Observation{PTS: p.pts, Key: p.key, Decoded: true, Regions: r.Regions, Light: r.Light, Mean: r.Mean,
			Dev: r.Dev, Changed: r.Changed, Sharp: r.Sharp, Wall: shouwang.WallStamp{At: epoch.Add(p.pts.Duration())}}
		take(e.Observe(o))
		if os.Getenv("TR") != "" {
			for _, t := range e.Tracks() {
				if t.Confirmed && !known[t.ID] {
					known[t.ID] = true
					fmt.Printf("  %5d track %d first %.2f age %.2f hits %d travel %.3f path %.3f area %.4f score %.2f moving %.2f sizes %.2f clutter %.1f box %.2f\n", i, t.ID, t.First.Duration().Seconds(), (t.Last - t.First).Duration().Seconds(), t.Hits, t.Travel, t.Path, t.Area, t.Score, t.Moving, t.Sizes, e.Clutter(), t.Box)
				}
			}
		}
		if os.Getenv("ALIVE") != "" && i%5 == 0 {
			for _, t := range e.Tracks() {
				if t.Confirmed {
					fmt.Printf("  %5d track %d first %.2f travel %.3f area %.4f moving %.2f box %.2f alive %.2f\n", i, t.ID, t.First.Duration().Seconds(), t.Travel, t.Area, t.Moving, t.Box, t.AliveUntil.Duration().Seconds())
				}
			}
		}
		if see != nil {
			see(i, o)
		}
	}
	take(e.Close())
	return found
}

func TestDev(t *testing.T) {
	want := os.Getenv("DEV")
	if want == "" {
		t.Skip()
	}
	clips, err := eval.Load("../../../shared/videos")
	if err != nil {
		t.Fatal(err)
	}
	var scores []eval.Score
	for _, c := range clips {
		if !regexp.MustCompile(want).MatchString(c.Name) {
			continue
		}
		f := decode(t, c.Path)
		var see func(int, *analyze.Observation)
		if os.Getenv("SEE") != "" {
			var from, to int
			fmt.Sscanf(os.Getenv("SEE"), "%d-%d", &from, &to)
			see = func(i int, o *analyze.Observation) {
				if i < from || i > to {
					return
				}
				s := fmt.Sprintf("%5d l%d mean %5.1f dev %5.1f ch %.3f", i, o.Light, o.Mean, o.Dev, o.Changed)
				for _, r := range o.Regions {
					s += fmt.Sprintf(" [%.2f %.2f %.2fx%.2f f%.1f s%.2f m%.2f]", r.Box[0], r.Box[1], r.Box[2], r.Box[3], r.Fill, r.Score, r.Moving)
				}
				fmt.Println(s)
			}
		}
		start := time.Now()
		found := run(f, see)
		s := eval.Compare(c, found)
		scores = append(scores, s)
		fmt.Printf("%s %dx%d %d pictures %.0f us each\n", c.Name, f.cols, f.rows, len(f.pictures), float64(time.Since(start).Microseconds())/float64(len(f.pictures)))
		fr := func(d time.Duration) int { return int(d.Seconds()*c.FPS + 0.5) }
		for _, x := range c.Events {
			fmt.Printf("    label %d-%d\n", fr(x.From), fr(x.To)-1)
		}
		for _, x := range found {
			fmt.Printf("    found %d-%d %.2f\n", fr(x.From), fr(x.To), x.Score)
		}
		for _, m := range s.Missed {
			fmt.Printf("    MISSED %d %s\n", fr(m.From), m.Note)
		}
		for _, m := range s.False {
			fmt.Printf("    FALSE %d-%d %.2f\n", fr(m.From), fr(m.To), m.Score)
		}
	}
	eval.Print(os.Stdout, scores)
}
