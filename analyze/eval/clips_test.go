package eval_test

import (
	"os"
	"os/exec"
	"regexp"
	"testing"

	"shouwang/analyze/cascade"
	"shouwang/analyze/eval"
	"shouwang/analyze/eval/lab"
)

const videos = "../../../shared/videos"

// labelled returns the labelled clips, or skips.
func labelled(t testing.TB) []eval.Clip {
	t.Helper()
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		absent(t, "ffmpeg is not installed: no clip can be decoded")
	}
	clips, err := eval.Load(videos)
	if err != nil {
		absent(t, "the labelled clips are not beside this checkout: "+err.Error())
	}
	return clips
}

func absent(t testing.TB, why string) {
	t.Helper()
	if os.Getenv("SHOUWANG_CI") == "1" && os.Getenv("VIDEOS") == "" {
		if _, err := os.Stat(videos); err == nil {
			t.Fatal(why)
		}
	}
	t.Skip(why)
}

// run puts every picture through the model and the eventer.
func run(f *lab.Film) []eval.Found {
	r := lab.Replay{Film: f, Policy: cascade.Full}
	r.Run()
	return r.Found
}

// TestClips holds the clips that show most in the least time; with
// SHOUWANG_EVAL=1 every labelled clip is decoded and the table printed.
func TestClips(t *testing.T) {
	all := os.Getenv("SHOUWANG_EVAL") == "1"
	short := regexp.MustCompile(`frigate|bgslibrary|^tree|intel_car|one-by-one`)
	var scores []eval.Score
	for _, c := range labelled(t) {
		if !all && !short.MatchString(c.Name) {
			continue
		}
		found := run(decode(t, c.Path))
		s := eval.Compare(c, found)
		scores = append(scores, s)
		if s.Hit < s.Labels {
			t.Errorf("%s: %d of %d events found; missed %v", c.Name, s.Hit, s.Labels, s.Missed)
		}
		if want, ok := visits[c.Name]; ok && s.Found != want {
			t.Errorf("%s: %d events, want %d", c.Name, s.Found, want)
		}
		n := 0
		for _, f := range found {
			n += f.Things
		}
		if want, ok := things[c.Name]; ok && n != want {
			t.Errorf("%s: %d things, want %d", c.Name, n, want)
		}
		if !all && len(s.False) > 0 {
			t.Errorf("%s: false events %v", c.Name, s.False)
		}
	}
	total := eval.Total(scores)
	t.Logf("recall %.3f of %d, %d false events in %.0f s of labelled quiet", total.Recall(), total.Labels, len(total.False), total.Quiet.Seconds())
	if all {
		if err := eval.Print(os.Stdout, scores); err != nil {
			t.Fatal(err)
		}
	}
	if len(total.False) > 2 {
		t.Errorf("%d false events: %v", len(total.False), total.False)
	}
}

// things is how many things all events of a clip must be of together.
var things = map[string]int{
	"intel_car-detection.mp4": 4,
	"bgslibrary_video.avi":    5,
}

// visits is how many events a clip must be, where people come one by one or
// nothing happens at all.
var visits = map[string]int{
	"intel_one-by-one-person-detection.mp4": 6,
	"intel_car-detection.mp4":               3, // four cars, two at once
	"bgslibrary_video.avi":                  3, // five cars, three at once
	"frigate_test_motion_video-3.mp4":       0,
	"dvrscan_issue53_brightness_change.avi": 0,
}
