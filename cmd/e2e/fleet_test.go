package e2e

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestManyCamerasKeepEveryPromise is the measurement of a thousand cameras in
// small. The command itself fails when a recording has a gap, an event is lost
// or a queue grows.
func TestManyCamerasKeepEveryPromise(t *testing.T) {
	tool(t, "ffmpeg")
	out := ok(t, "bench", "thousand", "--binary", binary(t, "shouwang-analyzer"), "--cameras", "12", "--then", "12",
		"--minutes", "0.35", "--busy", "0.4", "--every", "1s", "--workers", "1", "--data", t.TempDir()+"/data")
	for _, want := range []string{"part 1: 12 cameras", "recording: gaps none"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	found := regexp.MustCompile(`events: (\d+) of (\d+) walks found`).FindAllStringSubmatch(out, -1)
	if len(found) != 1 {
		t.Fatalf("no count of events in\n%s", out)
	}
	for i, f := range found {
		t.Logf("part %d: %s", i+1, f[0])
		if n, err := strconv.Atoi(f[1]); err != nil || f[2] != "0" && n == 0 {
			t.Errorf("part %d: %s", i+1, f[0])
		}
	}
}
