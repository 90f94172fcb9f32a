package service

import (
	"fmt"
	"testing"

	"shouwang"
)

// TestTellingKeepsBeginningsAndEnds: a lane that nobody works through holds one
// update an event, and every beginning and end in order.
func TestTellingKeepsBeginningsAndEnds(t *testing.T) {
	l := newTelling()
	for i := range 100 {
		for _, phase := range []shouwang.EventPhase{shouwang.PhaseBegin, shouwang.PhaseUpdate, shouwang.PhaseUpdate, shouwang.PhaseUpdate, shouwang.PhaseEnd} {
			e := shouwang.Event{ID: shouwang.EventID(fmt.Sprint("event-", i)), Camera: shouwang.CameraID(fmt.Sprint("cam-", i%5)), Phase: phase}
			if !l.push(&e) {
				t.Fatal("lost")
			}
		}
	}
	if n := l.waiting(); n != 200 {
		t.Errorf("%d wait, want a beginning and an end for each of 100", n)
	}
	phases := map[shouwang.EventID][]shouwang.EventPhase{}
	var batch []shouwang.Event
	for i := range l.lanes {
		for batch = l.lanes[i].take(batch); len(batch) > 0; batch = l.lanes[i].take(batch) {
			for _, e := range batch {
				phases[e.ID] = append(phases[e.ID], e.Phase)
			}
		}
	}
	for id, p := range phases {
		if len(p) != 2 || p[0] != shouwang.PhaseBegin || p[1] != shouwang.PhaseEnd {
			t.Errorf("%s: %v", id, p)
		}
	}
	if l.waiting() != 0 || l.lost.Load() != 0 {
		t.Error("something is left")
	}
}
