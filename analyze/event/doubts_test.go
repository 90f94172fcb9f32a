package event_test

import (
	"testing"

	"shouwang"
	"shouwang/analyze"
	"shouwang/analyze/event"
)

// begins plays what is shown in the pictures from second 14 on, ten a second,
// after a quiet time; the last goes on until 17. It returns the number of events.
func begins(t *testing.T, show [][]analyze.Region) int {
	p := newPlay(t, event.Config{})
	p.show(14, 10, nil)
	n := 0
	p.show(17, 10, func(float64) []analyze.Region {
		n++
		return show[min(n-1, len(show)-1)]
	})
	p.show(25, 10, nil)
	return len(p.order)
}

// TestAnInsectIsLostAtTimes: what darts is lost from one picture to the next;
// who goes quickly is not, and is told at once.
func TestAnInsectIsLostAtTimes(t *testing.T) {
	at := func(x float64) []analyze.Region {
		r := region(x, 0.8, 0.025, 0.044)
		r.Score, r.Bright = 1, 1
		return []analyze.Region{r}
	}
	if n := begins(t, [][]analyze.Region{at(0.2), at(0.212), at(0.224), at(0.236), nil}); n != 1 {
		t.Errorf("seen in four pictures in a row: %d events, want 1", n)
	}
	if n := begins(t, [][]analyze.Region{at(0.2), nil, at(0.22), at(0.236), nil}); n != 0 {
		t.Errorf("lost in between: %d events, want none", n)
	}
}

// TestDigitsGrowAndShrink: at a full minute four digits of a burned-in clock
// change instead of one. Its outline grows and shrinks and nothing goes.
func TestDigitsGrowAndShrink(t *testing.T) {
	digit := func(b shouwang.Box) []analyze.Region {
		return []analyze.Region{{Box: b, Fill: 0.7, Score: 1, Moving: 1}}
	}
	last, four, first := digit(shouwang.Box{0.069, 0.033, 0.019, 0.033}), digit(shouwang.Box{0.069, 0.022, 0.037, 0.056}), digit(shouwang.Box{0.094, 0.022, 0.013, 0.056})
	if n := begins(t, [][]analyze.Region{last, four, four, four, first}); n != 0 {
		t.Errorf("%d events, want none", n)
	}
}

// TestLeavesHaveNoBody: among many small things that flutter, what travels and
// is much air, or edges alone, is a branch; who has a body is somebody.
func TestLeavesHaveNoBody(t *testing.T) {
	for name, c := range map[string]struct {
		fill, grain float64
		want        int
	}{"somebody": {0.6, 1, 1}, "a branch": {0.25, 1, 0}, "twigs": {0.6, 9, 0}} {
		p := newPlay(t, event.Config{})
		p.show(20, 10, func(s float64) []analyze.Region {
			var out []analyze.Region
			for i := range 12 {
				f := region(float64(i%6)*0.15+0.01*float64(int(s*10)*7%5), 0.05+0.1*float64(i%3), 0.02, 0.02)
				f.Score = 0.5
				out = append(out, f)
			}
			if s >= 14 && s < 19 {
				r := region(0.1+0.1*(s-14), 0.6, 0.12, 0.15)
				r.Fill, r.Grain, r.Rim = c.fill, c.grain, 1
				out = append(out, r)
			}
			return out
		})
		p.show(30, 10, nil)
		if len(p.order) != c.want {
			t.Errorf("%s: %d events, want %d", name, len(p.order), c.want)
		}
	}
}

// TestASmallBrightGlimpseIsADoubt: by one key frame nobody can tell an insect
// that infrared lights from a small white coat; the pictures around it can.
func TestASmallBrightGlimpseIsADoubt(t *testing.T) {
	for name, c := range map[string]struct {
		bright, high float64
		doubt        bool
	}{"an insect": {1, 0.05, true}, "a dark coat": {0.3, 0.05, false}, "a white coat nearby": {1, 0.3, false}} {
		p := newPlay(t, event.Config{})
		p.e.SetGlimpse(true)
		p.show(20, 0.5, nil)
		p.show(22, 0.5, func(float64) []analyze.Region {
			r := region(0.4, 0.5, 0.03, c.high)
			r.Bright, r.Grain, r.Rim = c.bright, 1.5, 0.85
			return []analyze.Region{r}
		})
		if p.e.Doubts() != c.doubt || (len(p.order) == 0) != c.doubt {
			t.Errorf("%s: doubt %v, %d events", name, p.e.Doubts(), len(p.order))
		}
	}
}
