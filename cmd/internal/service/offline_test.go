package service

import (
	"testing"
	"time"

	"shouwang"
)

func TestAbsence(t *testing.T) {
	var a absence
	begin := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	at := func(s int) time.Time { return begin.Add(time.Duration(s) * time.Second) }
	var events []shouwang.Event
	show := func(from, to int, list ...shouwang.StreamStatus) {
		for s := from; s < to; s += 5 {
			events = append(events, a.look(at(s), list)...)
		}
	}
	sub := func(state shouwang.LinkState, last int) shouwang.StreamStatus {
		return shouwang.StreamStatus{Camera: "door", Stream: shouwang.StreamSub, State: state, LastUnit: at(last)}
	}
	main := sub(shouwang.LinkBackoff, 0)
	main.Stream = shouwang.StreamMain

	show(0, 100, sub(shouwang.LinkLive, 100), main)
	show(100, 150, sub(shouwang.LinkStalled, 100), main)
	show(150, 200, sub(shouwang.LinkLive, 200), main)
	if len(events) != 0 {
		t.Fatalf("a stream that is back in time: %v", events)
	}
	show(200, 300, sub(shouwang.LinkBackoff, 200), main)
	if len(events) != 1 || events[0].Phase != shouwang.PhaseBegin || !events[0].Start.Equal(at(200)) || events[0].Kind != shouwang.KindCameraOffline {
		t.Fatalf("offline: %+v", events)
	}
	show(300, 310, sub(shouwang.LinkLive, 300), main)
	if len(events) != 2 || events[1].ID != events[0].ID || events[1].Phase != shouwang.PhaseEnd || !events[1].End.Equal(at(300)) {
		t.Fatalf("back: %+v", events)
	}
	show(310, 400, sub(shouwang.LinkRefused, 0), main)
	idle := main
	idle.State = shouwang.LinkIdle
	show(400, 500, sub(shouwang.LinkIdle, 0), idle)
	if len(events) != 4 || events[3].Phase != shouwang.PhaseEnd {
		t.Errorf("consent ends while it is offline: %+v", events[2:])
	}
	show(500, 600)
	if len(events) != 4 {
		t.Errorf("a camera that is no longer there: %+v", events[4:])
	}
}
