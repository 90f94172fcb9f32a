package lab

import (
	"strings"
	"testing"
	"time"

	"shouwang/analyze/eval"
)

// TestMotionEvents: what motion tells becomes events in a film's own time, and
// an event that still lives lasts to the end.
func TestMotionEvents(t *testing.T) {
	began := time.Unix(1000, 0)
	said := "start 1010.5\nend 1014.0\nnonsense\nend 1015\nstart 1030.25\n"
	got := motionEvents(strings.NewReader(said), began, time.Minute)
	want := []eval.Found{{From: 10500 * time.Millisecond, To: 12 * time.Second}, {From: 30250 * time.Millisecond, To: time.Minute}}
	if len(got) != len(want) {
		t.Fatalf("%d events, want %d", len(got), len(want))
	}
	for i, f := range got {
		if d := f.From - want[i].From; d.Abs() > time.Millisecond || (f.To-want[i].To).Abs() > time.Millisecond {
			t.Errorf("event %d from %v to %v, want %v to %v", i, f.From, f.To, want[i].From, want[i].To)
		}
	}
	text := motionConfig("/tmp/x", "/tmp/x/film.mp4")
	for _, line := range []string{"netcam_url file:///tmp/x/film.mp4", "width 640", "event_gap 2", `on_event_start sh -c "date +'start %%s.%%N' >> /tmp/x/events"`} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("the configuration does not say %q:\n%s", line, text)
		}
	}
}
