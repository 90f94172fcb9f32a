package lab

import (
	"context"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"shouwang/analyze/eval"
)

// TestMotionEvents: what motion tells becomes events in a film's own time, and
// an event that still lives lasts to the end. The film took twice its length.
func TestMotionEvents(t *testing.T) {
	began := time.Unix(1000, 0)
	said := "start 1021\nend 1026\nnonsense\nend 1027\nstart 1060.5\n"
	got := motionEvents(strings.NewReader(said), began, 2*time.Minute, time.Minute)
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

// TestMotionLooks lets the real program look at ten seconds in which something
// large crosses from the sixth on. It takes those seconds and no more work;
// motion is an optional yardstick that the set-up does not install.
func TestMotionLooks(t *testing.T) {
	t.Parallel()
	binary, err := exec.LookPath("motion")
	if err != nil {
		t.Skip("motion is not installed: it is not compared")
	}
	path := filepath.Join(t.TempDir(), "film.bin")
	graph := "color=0x505050:s=640x360:r=10:d=10[b];color=white:s=90x200:r=10:d=10[f];[b][f]overlay=x='if(lt(t,6),-100,20+120*(t-6))':y=80"
	if out, err := exec.Command("ffmpeg", "-v", "error", "-f", "lavfi", "-i", graph, "-c:v", "libx264", "-preset", "ultrafast", "-f", "h264", path).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	found, err := motionFilm(context.Background(), binary, path, eval.Clip{FPS: 10, Frames: 100})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != 1 || found[0].From < 4*time.Second || found[0].From > 8*time.Second {
		t.Errorf("motion found %+v, want one event from about the sixth second", found)
	}
}
