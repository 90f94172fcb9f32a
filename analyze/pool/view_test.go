package pool

import (
	"slices"
	"testing"

	"shouwang/analyze"
	"shouwang/analyze/view"
)

// TestGridsOfThePictureArrive has a real analyzer look at eighteen seconds of a
// street: about one grid every five seconds.
func TestGridsOfThePictureArrive(t *testing.T) {
	p, ctx := start(t, Config{Workers: 1}), testContext(t)
	grids := make(chan view.Grid, 16)
	s, err := p.Open("door-1", Options{View: func(g view.Grid) { grids <- g }}, func(analyze.Observation) {})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	for _, u := range again(street(t), 3) {
		if !u.Key {
			continue
		}
		if err := s.PushWait(ctx, u, analyze.ModeKey); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Drain(ctx); err != nil {
		t.Fatal(err)
	}
	until(t, "grids", func() bool { return len(grids) >= 3 })
	if len(grids) > 4 {
		t.Errorf("%d grids in 18 s, want one every five seconds", len(grids))
	}
	grid := <-grids
	if low, high := slices.Min(grid[:]), slices.Max(grid[:]); high-low < 40 {
		t.Errorf("a grid of the street goes from %d to %d", low, high)
	}
}
