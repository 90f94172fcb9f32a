package view

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

const shared = "../../../shared/videos"

// frames decodes one picture a second of a clip to 320x180 luma, filtered as
// ffmpeg's -vf says, at most n of them.
func frames(t *testing.T, clip, filter string, n int) (out []Grid) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if filter != "" {
		filter += ","
	}
	raw, err := exec.CommandContext(ctx, "ffmpeg", "-v", "error", "-i", filepath.Join(shared, clip), "-vf", filter+"fps=1,scale=320:180",
		"-frames:v", fmt.Sprint(n), "-pix_fmt", "gray", "-f", "rawvideo", "-").Output()
	if err != nil {
		t.Fatalf("ffmpeg %s: %v", clip, err)
	}
	const size = 320 * 180
	for len(raw) >= size {
		g, _ := Of(raw[:size], 320, 320, 180)
		out, raw = append(out, g), raw[size:]
	}
	return out
}

// TestRealViews takes real clips of fixed cameras: each is the view that it is,
// in other light as well, and none of the others; turned by a quarter of its
// picture, it is not.
func TestRealViews(t *testing.T) {
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		if os.Getenv("SHOUWANG_CI") != "" {
			t.Fatal("ffmpeg is missing")
		}
		t.Skip("no ffmpeg: the views of real clips are not compared")
	}
	if _, err := os.Stat(shared); err != nil {
		t.Skip("no ../shared/videos beside the repository: only drawn views are compared")
	}
	clips := []string{"ahmetozlu_street1.mp4", "dvrscan_traffic_camera.mp4", "iacv_camera1.mp4", "lab4cam_cam0.mp4", "vtest.avi"}
	first := map[string]Grid{}
	for _, clip := range clips {
		seen := frames(t, clip, "", 5)
		if len(seen) < 3 {
			t.Fatalf("%s: %d pictures", clip, len(seen))
		}
		first[clip] = seen[0]
		for i, g := range seen[1:] {
			if r := Compare(&seen[0], &g); r.Verdict != Same {
				t.Errorf("%s after %d s: %+v", clip, i+1, r)
			}
		}
		for name, filter := range map[string]string{"dusk": "eq=brightness=-0.25:contrast=0.6", "negative": "negate", "noise": "noise=alls=25"} {
			for _, g := range frames(t, clip, filter, 1) {
				if r := Compare(&seen[0], &g); r.Verdict == Moved || r.Verdict == Turned {
					t.Errorf("%s, %s: %+v", clip, name, r)
				}
			}
		}
		shifted := frames(t, clip, "crop=iw*0.8:ih*0.8:iw*0.2:0", 1)
		straight := frames(t, clip, "crop=iw*0.8:ih*0.8:0:ih*0.1", 1)
		if r := Compare(&straight[0], &shifted[0]); r.Verdict == Same {
			t.Errorf("%s turned by a quarter: %+v", clip, r)
		}
	}
	for a, ga := range first {
		for b, gb := range first {
			if r := Compare(&ga, &gb); a != b && r.Verdict == Same {
				t.Errorf("%s is taken for %s: %+v", b, a, r)
			}
		}
	}
}
