package catalog_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"shouwang"
	"shouwang/storage/catalog"
)

// A wall asks for its newest events and their clips each time it comes back:
// what that costs must not grow with what was kept.
func TestNoListReadsTheWholeTable(t *testing.T) {
	db := open(t)
	span := shouwang.Span{From: start, To: start.Add(time.Hour)}
	for name, q := range map[string]catalog.EventQuery{
		"newest": {}, "of a camera": {Camera: "cam-a"}, "of a kind": {Camera: "cam-a", Kind: shouwang.KindMotion},
		"before": {Camera: "cam-a", Before: "e-1"}, "in a span": {Camera: "cam-a", Span: span},
	} {
		clips := catalog.ClipQuery{Camera: q.Camera, Event: "e-1", Span: q.Span}
		events, ofClips, clipsOf := db.PlansForTest(t, q, clips)
		for what, plan := range map[string]string{"events": events, "clips": ofClips, "clips of events": clipsOf} {
			plan = strings.ReplaceAll(plan, "SCAN events USING INDEX events_time", "newest first")
			plan = strings.ReplaceAll(plan, "SCAN e VIRTUAL TABLE", "the events asked for")
			if strings.Contains(plan, "SCAN") || what == "events" && strings.Contains(plan, "TEMP B-TREE FOR ORDER BY") {
				t.Errorf("%s %s: %s", what, name, plan)
			}
		}
	}
}

func TestClipsOfEvents(t *testing.T) {
	db := open(t)
	for i, event := range []shouwang.EventID{"e-1", "e-1", "e-2", ""} {
		at := start.Add(time.Duration(i) * time.Minute)
		c := shouwang.Clip{ID: shouwang.ClipID(fmt.Sprint("c-", i)), Camera: "cam-a", Event: event, Span: shouwang.Span{From: at, To: at.Add(time.Minute)}}
		if err := db.PutClip(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	got, err := db.ClipsOf(t.Context(), []shouwang.EventID{"e-1", "e-2", "e-3", ""})
	if err != nil || len(got) != 2 || got["e-1"] != "c-1" || got["e-2"] != "c-2" {
		t.Errorf("%v, %v", got, err)
	}
	if got, err = db.ClipsOf(t.Context(), nil); err != nil || len(got) != 0 {
		t.Errorf("of none: %v, %v", got, err)
	}
}
