package e2e

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"shouwang"
	"shouwang/ingest/camsim"
)

// TestQuarantineAndRelease: whenever an analyzer has a camera's pictures in
// hand it does not come back from them. The camera is shut out and listed, it is
// recorded all the same, and the command line lets it in again under a running
// service.
func TestQuarantineAndRelease(t *testing.T) {
	t.Parallel()
	sim := cameras(t, map[string]camsim.Camera{"door": {Clips: []*camsim.Clip{reel(t, busy(22))}}})
	h := build(t, []cam{{ID: "door", Name: "门", URL: sim.URL("door")}}, settings{"analyze": "  watchdog: 400ms\n"})
	at := []string{"--config", h.config, "--data", h.dir}
	camera := func(args ...string) []string { return append(append([]string{"camera"}, args...), at...) }
	if out := ok(t, camera("quarantine", "--json")...); out != "" {
		t.Errorf("shut out before anything was sent: %s", out)
	}
	s := h.start(t)
	chen := h.signIn(t, s, "chen")
	await(t, 60*time.Second, "the camera's first event", func() bool { return len(chen.events(t, "door")) > 0 })
	began := time.Now()
	await(t, 90*time.Second, "the camera to be shut out", func() bool {
		if chen.camera(t, "door").Analysis.Reason == "poison_stream" {
			return true
		}
		for _, pid := range children(t, s) {
			_ = syscall.Kill(pid, syscall.SIGSTOP) // it hangs until the service ends it
		}
		return false
	})
	if out := ok(t, camera("quarantine")...); !strings.Contains(out, "door") || !strings.Contains(out, "until") {
		t.Errorf("the list reads: %s", out)
	}
	shut := time.Now()
	if out := ok(t, camera("release", "door")...); !strings.Contains(out, "released") {
		t.Errorf("releasing says: %s", out)
	}
	await(t, 60*time.Second, "an event after the release", func() bool {
		list := chen.events(t, "door")
		return len(list) > 0 && list[0].Start.After(shut)
	})
	refused(t, command(t, nil, camera("release", "door")...), 1, "not in quarantine")
	refused(t, command(t, nil, camera("release", "../door")...), 2, "../door")
	s.stop(t)
	h.unbroken(t, "door", shouwang.Span{From: began, To: shut})
}
