package recorder_test

import (
	"context"
	"testing"

	"shouwang"
	"shouwang/policy"
)

// The service may be told to stop just when a segment's file is whole and its
// row is not yet written: the row is written all the same.
func TestRowFollowsItsFileThoughTheServiceStops(t *testing.T) {
	r := newRig(t, policy.RecordRolling)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	stopped := 0
	r.rec.KillAt(func(step string) {
		if step == "renamed" && stopped == 0 {
			stopped++
			stop()
		}
	})
	units := fake(start, 150, 5) // two and a half minutes: segments are cut on the way
	r.set(units[0].Wall.At)
	err := r.rec.Session(camera, shouwang.StreamMain).Run(ctx, &tape{rig: r, units: units}, nil)
	if err != nil {
		t.Fatalf("an ended context is no error of the session: %v", err)
	}
	if stopped == 0 {
		t.Fatal("no segment was cut on the way: the test does not test")
	}
	whole, open, err := r.Keeper.Spool.List()
	if err != nil || len(open) > 0 {
		t.Fatalf("%v, left open %v", err, open)
	}
	for _, id := range whole {
		if _, err := r.Catalog.Segment(t.Context(), id); err != nil {
			t.Errorf("segment %s has a file and no row: %v", id, err)
		}
	}
	r.clean(t)
}
