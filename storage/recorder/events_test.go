package recorder_test

import (
	"context"
	"testing"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/storage/catalog"
)

func at(seconds float64) time.Time {
	return start.Add(time.Duration(seconds * float64(time.Second)))
}

func event(id string, phase shouwang.EventPhase, from, to float64) shouwang.Event {
	e := shouwang.Event{ID: shouwang.EventID(id), Camera: camera, Kind: shouwang.KindMotion, Phase: phase, Start: at(from), Peak: at(from)}
	if phase == shouwang.PhaseEnd {
		e.End = at(to)
	}
	return e
}

// say tells the recorder each event when the tape reaches its moment.
func (r *rig) say(ctx context.Context, said map[float64]shouwang.Event) func(int, *shouwang.AccessUnit) error {
	return func(_ int, u *shouwang.AccessUnit) error {
		for when, e := range said {
			if !u.Wall.At.Before(at(when)) {
				delete(said, when)
				_ = r.Catalog.PutEvent(ctx, e)
				r.rec.OnEvent(ctx, e)
			}
		}
		return nil
	}
}

func (r *rig) clips(t testing.TB) []shouwang.Clip {
	t.Helper()
	clips, err := r.Catalog.Clips(t.Context(), catalog.ClipQuery{})
	if err != nil {
		t.Fatal(err)
	}
	return clips
}

func TestEventClipHasPreAndPostRoll(t *testing.T) {
	r := newRig(t, policy.RecordEvents)
	units := encode(t, "libx264", "320x180", 10, 60)
	r.play(t, units, r.say(t.Context(), map[float64]shouwang.Event{
		20.0: event("e1", shouwang.PhaseBegin, 19, 0),
		24.0: event("e1", shouwang.PhaseUpdate, 19, 0),
		28.0: event("e1", shouwang.PhaseEnd, 19, 27),
	}))
	clips := r.clips(t)
	if len(clips) != 1 || clips[0].Event != "e1" || clips[0].Reason != "event" || clips[0].Grant == "" || clips[0].Bytes == 0 {
		t.Fatalf("clips: %+v", clips)
	}
	c := clips[0]
	if !c.From.Equal(at(14)) || !c.To.Equal(at(32)) {
		t.Fatalf("clip from %s to %s", c.From.Sub(start), c.To.Sub(start))
	}
	file, err := r.Assemble(t.Context(), camera, "", c.Span, "d-1")
	if err != nil {
		t.Fatal(err)
	}
	if frames, seconds := probe(t, file); frames != 180 || seconds < 17.9 || seconds > 18.1 {
		t.Fatalf("%d pictures, %f s", frames, seconds)
	}
	// Nothing else was written: the key picture before the pre-roll at most.
	if total, n := r.segments(t); n != 1 || total < 18*time.Second || total > 20*time.Second {
		t.Fatalf("%d segments of %s", n, total)
	}
	if gaps := r.gaps(t); len(gaps) != 0 {
		t.Fatalf("gaps: %+v", gaps)
	}
	r.clean(t)
}

func TestEventsThatOverlapShareWhatIsRecorded(t *testing.T) {
	r := newRig(t, policy.RecordEvents)
	r.play(t, fake(start, 120, 10), r.say(t.Context(), map[float64]shouwang.Event{
		20.0: event("e1", shouwang.PhaseBegin, 20, 0),
		30.0: event("e2", shouwang.PhaseBegin, 30, 0),
		31.0: event("e1", shouwang.PhaseEnd, 20, 31),
		40.0: event("e2", shouwang.PhaseEnd, 30, 40),
		70.0: event("e3", shouwang.PhaseBegin, 70, 0), // never told again
	}))
	clips := r.clips(t)
	if len(clips) != 3 {
		t.Fatalf("clips: %+v", clips)
	}
	if e1 := clips[2]; e1.Event != "e1" || !e1.From.Equal(at(15)) && !e1.From.Equal(at(14)) || !e1.To.Equal(at(36)) {
		t.Fatalf("first clip %s to %s", e1.From.Sub(start), e1.To.Sub(start))
	}
	if e2 := clips[1]; e2.Event != "e2" || !e2.To.Equal(at(45)) {
		t.Fatalf("second clip %+v", e2)
	}
	if e3 := clips[0]; e3.Event != "e3" || e3.To.Before(at(119)) {
		t.Fatalf("the clip of the event that lives ends at %s", e3.To.Sub(start))
	}
	list, _ := r.Catalog.Segments(t.Context(), camera, "", shouwang.Span{})
	for i := 1; i < len(list); i++ {
		if list[i].From.Before(list[i-1].To) {
			t.Fatalf("segment %d begins %s before the one before it ends", i, list[i-1].To.Sub(list[i].From))
		}
	}
	r.clean(t)
}

// TestAPreRollThatReachesBackIntoWhatWasRecordedLeavesNoHole: recording stopped
// within a GOP, and the next event's pre-roll begins before that.
func TestAPreRollThatReachesBackIntoWhatWasRecordedLeavesNoHole(t *testing.T) {
	r := newRig(t, policy.RecordEvents)
	units := encode(t, "libx264", "320x180", 10, 50)
	r.play(t, units, r.say(t.Context(), map[float64]shouwang.Event{
		16.0: event("e1", shouwang.PhaseBegin, 15, 0),
		21.0: event("e1", shouwang.PhaseEnd, 15, 20.5), // recorded until 25.5
		30.0: event("e2", shouwang.PhaseBegin, 29, 0),  // from 24 on
		36.0: event("e2", shouwang.PhaseEnd, 29, 35),
	}))
	if gaps := r.gaps(t); len(gaps) != 0 {
		t.Errorf("gaps: %+v", gaps)
	}
	clips := r.clips(t)
	// Its clip reaches into the first event's segment, which has the key picture.
	if len(clips) != 2 || !clips[0].From.Equal(at(24)) || !clips[0].To.Equal(at(40)) {
		t.Fatalf("clips: %+v", clips)
	}
	file, err := r.Assemble(t.Context(), camera, "", clips[0].Span, "d-1")
	if err != nil {
		t.Fatal(err)
	}
	if frames, seconds := probe(t, file); frames != 160 || seconds < 15.9 || seconds > 16.1 {
		t.Fatalf("%d pictures, %f s", frames, seconds)
	}
	r.clean(t)
}

func TestSilentEventEnds(t *testing.T) {
	r := newRig(t, policy.RecordEvents)
	r.play(t, fake(start, 400, 5), r.say(t.Context(), map[float64]shouwang.Event{20.0: event("e1", shouwang.PhaseBegin, 20, 0)}))
	if total, _ := r.segments(t); total > 150*time.Second {
		t.Fatalf("an event that nobody speaks of was recorded for %s", total)
	}
}

func TestRollingClipIsPlayableSoonAfterItsEvent(t *testing.T) {
	r := newRig(t, policy.RecordRolling)
	found := false
	say := r.say(t.Context(), map[float64]shouwang.Event{
		10.0: event("e1", shouwang.PhaseBegin, 10, 0),
		12.0: event("e1", shouwang.PhaseEnd, 10, 12),
	})
	r.play(t, fake(start, 60, 10), func(i int, u *shouwang.AccessUnit) error {
		if u.Wall.At.Equal(at(20)) {
			found = len(r.clips(t)) == 1
		}
		return say(i, u)
	})
	if !found {
		t.Fatal("three seconds after the post-roll there is no clip")
	}
	if gaps := r.gaps(t); len(gaps) != 0 {
		t.Fatalf("gaps: %+v", gaps)
	}
	r.clean(t)
}

func TestOtherStreamIsLeftAlone(t *testing.T) {
	r := newRig(t, policy.RecordRolling)
	r.mode.Stream = shouwang.StreamSub
	r.play(t, fake(start, 10, 10), nil)
	if _, n := r.segments(t); n != 0 || len(r.gaps(t)) != 0 {
		t.Fatal("the main stream was recorded where only the sub-stream may be")
	}
}
