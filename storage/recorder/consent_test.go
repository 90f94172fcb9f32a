package recorder_test

import (
	"testing"
	"time"

	"shouwang"
	"shouwang/policy"
)

// covered returns the span of everything recorded.
func (r *rig) recorded(t testing.TB) []shouwang.Span {
	t.Helper()
	list, err := r.Catalog.Segments(t.Context(), camera, "", shouwang.Span{})
	if err != nil {
		t.Fatal(err)
	}
	var out []shouwang.Span
	for _, s := range list {
		out = append(out, s.Span)
	}
	return out
}

func TestOutsideTheSlotNothingIsWritten(t *testing.T) {
	r := newRig(t, policy.RecordRolling)
	from := at(30.25)
	until := at(50.05)
	r.denied = func(t time.Time) bool { return !t.Before(from) && t.Before(until) }
	r.play(t, fake(start, 80, 10), nil)
	for _, s := range r.recorded(t) {
		if s.Overlaps(shouwang.Span{From: from.Add(100 * time.Millisecond), To: until}) {
			t.Errorf("recorded %s to %s", s.From.Sub(start), s.To.Sub(start))
		}
	}
	gaps := r.gaps(t)
	if len(gaps) != 2 || gaps[0].Cause != shouwang.GapNoConsent || gaps[0].From.After(at(30.4)) || gaps[0].To.Before(at(50)) {
		t.Fatalf("gaps: %+v", gaps)
	}
	// The wait for the next key picture is stated too.
	if gaps[1].Cause == shouwang.GapNoConsent || !gaps[1].To.Equal(at(52)) {
		t.Fatalf("gap: %+v", gaps[1])
	}
	r.clean(t)
}

func TestWithdrawalStopsAtOnce(t *testing.T) {
	r := newRig(t, policy.RecordRolling)
	withdrawn := false
	r.denied = func(time.Time) bool { return withdrawn }
	closedAt := 0
	r.play(t, fake(start, 40, 10), func(i int, u *shouwang.AccessUnit) error {
		if i == 155 {
			withdrawn = true
			r.rec.Invalidate(t.Context(), camera)
			_, closedAt = r.segments(t)
		}
		return nil
	})
	if closedAt != 1 {
		t.Fatal("the segment was still open when Invalidate returned")
	}
	spans := r.recorded(t)
	if len(spans) != 1 || spans[0].To.After(at(15.6)) {
		t.Fatalf("recorded %v", spans)
	}
	gaps := r.gaps(t)
	if len(gaps) != 1 || gaps[0].Cause != shouwang.GapNoConsent || gaps[0].To.Before(at(39)) {
		t.Fatalf("gaps: %+v", gaps)
	}
	r.clean(t)
}

func TestPreRollDoesNotReachOutsideTheSlot(t *testing.T) {
	r := newRig(t, policy.RecordEvents)
	r.denied = func(t time.Time) bool { return t.Before(at(18)) }
	r.play(t, fake(start, 40, 10), r.say(t.Context(), map[float64]shouwang.Event{
		20.0: event("e1", shouwang.PhaseBegin, 20, 0),
		25.0: event("e1", shouwang.PhaseEnd, 20, 25),
	}))
	spans := r.recorded(t)
	if len(spans) != 1 || spans[0].From.Before(at(18)) {
		t.Fatalf("recorded %v", spans)
	}
	if clips := r.clips(t); len(clips) != 1 || clips[0].From.Before(at(18)) {
		t.Fatalf("clips %+v", clips)
	}
}

func TestChangedTermsBeginANewSegment(t *testing.T) {
	r := newRig(t, policy.RecordRolling)
	r.play(t, fake(start, 40, 10), func(i int, _ *shouwang.AccessUnit) error {
		if i == 155 {
			r.mode.Retention = 3 * 24 * time.Hour
			r.rec.Invalidate(t.Context(), camera)
		}
		return nil
	})
	list, _ := r.Catalog.Segments(t.Context(), camera, "", shouwang.Span{})
	if len(list) != 2 || list[1].Expires.Sub(list[1].To) != 3*24*time.Hour || list[0].Expires.Sub(list[0].To) != 7*24*time.Hour {
		t.Fatalf("%d segments", len(list))
	}
	if len(r.gaps(t)) != 0 {
		t.Fatalf("gaps: %+v", r.gaps(t))
	}
}

func TestZeroGrantRecordsNothing(t *testing.T) {
	r := newRig(t, policy.RecordRolling)
	r.denied = func(time.Time) bool { return true }
	r.play(t, fake(start, 20, 10), nil)
	if _, n := r.segments(t); n != 0 {
		t.Fatal("something was recorded without a grant")
	}
}
