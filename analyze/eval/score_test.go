package eval_test

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"shouwang/analyze/eval"
)

func sec(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

func TestLoadAndCompare(t *testing.T) {
	dir := t.TempDir()
	labels := `{"a.mp4":{"fps":10,"frames":300,"tolerance_frames":5,
		"events":[{"start":50,"end":99,"cls":"person"},{"start":200,"end":219,"cls":"car"}],"quiet":[{"start":100,"end":189}]},
		"gone.mp4":{"fps":10,"events":[]}}`
	for name, body := range map[string]string{"events.json": labels, "a.mp4": "x"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	clips, err := eval.Load(dir)
	if err != nil || len(clips) != 1 {
		t.Fatalf("%v, %d clips, want a.mp4 alone", err, len(clips))
	}
	c := clips[0]
	if c.Events[0].From != sec(5) || c.Events[0].To != sec(10) || c.Tolerance != sec(0.5) {
		t.Errorf("labels %+v", c)
	}
	s := eval.Compare(c, []eval.Found{{From: sec(10.4), To: sec(11)}, {From: sec(13), To: sec(14)}, {From: sec(24), To: sec(25)}})
	if s.Hit != 1 || len(s.Missed) != 1 || s.Missed[0].Class != "car" {
		t.Errorf("hit %d, missed %v", s.Hit, s.Missed)
	}
	if len(s.False) != 1 || s.False[0].From != sec(13) {
		t.Errorf("false %v, want the one in the quiet stretch", s.False)
	}
	if r := s.FalsePerHour(); math.Abs(r-400) > 1e-6 {
		t.Errorf("%v false an hour in 9 s, want 400", r)
	}
	var b strings.Builder
	if err := eval.Print(&b, []eval.Score{s, s}); err != nil || !strings.Contains(b.String(), "all") || strings.Count(b.String(), "\n") != 4 {
		t.Errorf("table %v:\n%s", err, b.String())
	}
	if _, err := eval.Load(t.TempDir()); err == nil {
		t.Error("a folder without labels is accepted")
	}
}

func TestPaired(t *testing.T) {
	c := eval.Clip{Name: "c", Events: []eval.Interval{{From: 0, To: sec(5)}, {From: sec(10), To: sec(15)}, {From: sec(20), To: sec(25)}}}
	at := func(s float64) eval.Found { return eval.Found{From: sec(s), To: sec(s + 1)} }
	var p eval.Paired
	p.Add(c, []eval.Found{at(1), at(11)}, []eval.Found{at(1), at(21)})
	if p.Full != 2 || p.Both != 1 || p.OnlyCheap != 1 || len(p.Missed) != 1 {
		t.Errorf("%+v", p)
	}
}

// TestClopperPearson holds values from the published tables.
func TestClopperPearson(t *testing.T) {
	for _, c := range []struct {
		k, n   int
		lo, hi float64
	}{{0, 10, 0, 0.3085}, {10, 10, 0.6915, 1}, {5, 10, 0.1871, 0.8129}, {297, 300, 0.9711, 0.9979}, {0, 0, 0, 1}} {
		lo, hi := eval.ClopperPearson(c.k, c.n, 0.05)
		if math.Abs(lo-c.lo) > 2e-4 || math.Abs(hi-c.hi) > 2e-4 {
			t.Errorf("%d of %d: %.4f-%.4f, want %.4f-%.4f", c.k, c.n, lo, hi, c.lo, c.hi)
		}
	}
}
