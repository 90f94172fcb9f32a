package recorder_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/storage/recorder"
)

// leanTape is a tape that leaves bytes where they are, as ingest does.
type leanTape struct {
	tape
	lean                 bool
	given, whole, loaded int
	gone                 func(*shouwang.AccessUnit) bool // can no longer be loaded
}

func (s *leanTape) SetLean(lean bool) { s.lean = lean }

func (s *leanTape) Next(ctx context.Context) (*shouwang.AccessUnit, error) {
	lean := s.lean // as it was when the unit came: an event may be told meanwhile
	u, err := s.tape.Next(ctx)
	if err != nil {
		return nil, err
	}
	s.given++
	if !lean {
		s.whole++
		return u, nil
	}
	head := *u
	head.Length, head.Data = len(u.Data), nil
	return &head, nil
}

func (s *leanTape) Load(u *shouwang.AccessUnit) *shouwang.AccessUnit {
	s.loaded++
	if s.gone != nil && s.gone(u) {
		return nil
	}
	return s.units[u.Seq]
}

// playLean is play with a source that spares bytes. The history ends behind the
// unit that is about to be taken: that one was published already.
func (r *rig) playLean(t testing.TB, src *leanTape) {
	t.Helper()
	src.rig = r
	r.set(src.units[0].Wall.At)
	history := func(from time.Time) []*shouwang.AccessUnit {
		key := 0
		for i, u := range src.units[:src.at] {
			if u.Key && !u.Wall.At.After(from) {
				key = i
			}
		}
		return src.units[key:src.at]
	}
	var _ recorder.Sparing = src
	if err := r.rec.Session(camera, shouwang.StreamMain).Run(t.Context(), src, history); !errors.Is(err, errEnd) {
		t.Fatal(err)
	}
}

// TestBytesComeOnlyForEvents: what is recorded around an event is the same as
// when every picture comes whole, and no bytes are asked for at other times.
func TestBytesComeOnlyForEvents(t *testing.T) {
	r := newRig(t, policy.RecordEvents)
	src := &leanTape{}
	src.units = encode(t, "libx264", "320x180", 10, 60)
	src.before = r.say(t.Context(), map[float64]shouwang.Event{
		20.0: event("e1", shouwang.PhaseBegin, 19, 0),
		28.0: event("e1", shouwang.PhaseEnd, 19, 27),
	})
	r.playLean(t, src)
	clips := r.clips(t)
	if len(clips) != 1 || !clips[0].From.Equal(at(14)) || !clips[0].To.Equal(at(32)) {
		t.Fatalf("clips: %+v", clips)
	}
	file, err := r.Assemble(t.Context(), camera, "", clips[0].Span, "d-1")
	if err != nil {
		t.Fatal(err)
	}
	if frames, seconds := probe(t, file); frames != 180 || seconds < 17.9 || seconds > 18.1 {
		t.Fatalf("%d pictures, %f s", frames, seconds)
	}
	if gaps := r.gaps(t); len(gaps) != 0 {
		t.Fatalf("gaps: %+v", gaps)
	}
	// 20 to 32 s are recorded as they come; the first picture ever, and the one
	// on its way when the event was told, are the exceptions.
	if src.given != 600 || src.whole > 125 || src.loaded > 1 {
		t.Errorf("of %d units %d came whole and %d were loaded", src.given, src.whole, src.loaded)
	}
	r.clean(t)
}

// TestBytesThatAreGoneAreAGap: a recorder so slow that the history has moved on
// says so.
func TestBytesThatAreGoneAreAGap(t *testing.T) {
	r := newRig(t, policy.RecordEvents)
	allowed := false
	r.denied = func(time.Time) bool { return !allowed }
	src := &leanTape{}
	src.units = encode(t, "libx264", "320x180", 10, 60)
	r.mode.Mode = policy.RecordRolling
	// Units came lean while nothing was permitted; by the time they are wanted
	// those of four seconds are gone.
	src.before = func(_ int, u *shouwang.AccessUnit) error {
		allowed = allowed || !u.Wall.At.Before(at(10))
		if u.Wall.At.Before(at(20)) {
			src.lean = true // they were published long before
		}
		return nil
	}
	src.gone = func(u *shouwang.AccessUnit) bool {
		return !u.Wall.At.Before(at(14)) && u.Wall.At.Before(at(18))
	}
	r.playLean(t, src)
	var overflow []shouwang.Gap
	for _, g := range r.gaps(t) {
		if g.Cause == shouwang.GapOverflow {
			overflow = append(overflow, g)
		}
	}
	if len(overflow) != 1 || !overflow[0].Span.From.Equal(at(14)) || !overflow[0].Span.To.Equal(at(18)) {
		t.Fatalf("gaps: %+v", r.gaps(t))
	}
	if total, _ := r.segments(t); total < 45*time.Second {
		t.Errorf("%s recorded", total)
	}
	r.clean(t)
}
