package event_test

import (
	"testing"

	"shouwang/analyze"
	"shouwang/analyze/event"
)

// TestTheWayOfWhoLeftIsKept: the thing that an event shows goes away, others
// come while the event lives on, and the event's way is still that of the first.
func TestTheWayOfWhoLeftIsKept(t *testing.T) {
	p := newPlay(t, event.Config{})
	p.show(12, 10, nil)
	large := func(s float64) []analyze.Region {
		if s < 15 || s > 18 {
			return nil
		}
		return []analyze.Region{region(0.05+0.1*(s-15), 0.1, 0.2, 0.3)}
	}
	small := walker(16, 30, 0.05, 0.05)
	another := walker(22, 25, 0.9, -0.05)
	p.show(40, 10, func(s float64) []analyze.Region {
		more := another(s)
		for i := range more {
			more[i].Box[1] = 0.75 // elsewhere
		}
		return append(append(large(s), small(s)...), more...)
	})
	if len(p.order) != 1 {
		t.Fatalf("%d events, want 1", len(p.order))
	}
	ev := p.last(0)
	if len(ev.Track) < 6 {
		t.Fatalf("a way of %d points", len(ev.Track))
	}
	for _, w := range ev.Track {
		if at := w.At.Sub(epoch).Seconds(); at > 18.2 || w.Box[1] != 0.1 {
			t.Errorf("at %.1f s it shows %v, which is another's way", at, w.Box)
		}
	}
	if ev.Things != 3 {
		t.Errorf("%d things, want 3", ev.Things)
	}
}
