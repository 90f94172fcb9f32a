package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"shouwang/ingest/camsim"
)

// sample is what a service weighs at a moment.
type sample struct{ goroutines, fds, rss float64 }

func (s *service) weigh(t testing.TB) sample {
	t.Helper()
	m := s.metrics(t)
	open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", s.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	return sample{goroutines: m["go_goroutines"], fds: float64(len(open)), rss: m["process_resident_memory_bytes"]}
}

// heaviest weighs the service for a while and returns the largest of each.
func (s *service) heaviest(t testing.TB, d time.Duration) sample {
	t.Helper()
	var most sample
	for end := time.Now().Add(d); time.Now().Before(end); pause(500 * time.Millisecond) {
		w := s.weigh(t)
		most = sample{max(most.goroutines, w.goroutines), max(most.fds, w.fds), max(most.rss, w.rss)}
	}
	return most
}

// TestMisbehavingCameras lets cameras misbehave in every way for a while: what
// the service holds must stop growing. The same over a simulated day, without
// a network, is TestADayOfReconnects of package ingest.
func TestMisbehavingCameras(t *testing.T) {
	t.Parallel()
	large, small := busy(31), busy(32)
	small.Width, small.Height = 480, 272
	clips := []*camsim.Clip{short(reel(t, large)), short(reel(t, small))}
	sim := cameras(t, map[string]camsim.Camera{
		"loses":       {Clips: clips[:1], Faults: camsim.Faults{DropEvery: 190, SwapEvery: 70, DuplicateEvery: 25}},
		"stalls":      {Clips: clips[:1], Faults: camsim.Faults{StallEvery: 8 * time.Second, StallFor: 7 * time.Second}},
		"changes":     {Clips: clips, Faults: camsim.Faults{GarbageEvery: 300}},
		"hangs-up":    {Clips: clips[:1], Faults: camsim.Faults{DisconnectEvery: 3 * time.Second, SwapEvery: 90}},
		"lies":        {Clips: clips[:1], Faults: camsim.Faults{MediaRate: 1. / 3, NoMarker: true}},
		"jumps-about": {Clips: clips[:1], Faults: camsim.Faults{MediaJumpEvery: 9 * time.Second, MediaJump: 40 * time.Second, ClockJumpEvery: 13 * time.Second, ClockJump: -5 * time.Second}},
	})
	var cams []cam
	for _, id := range []string{"loses", "stalls", "changes", "hangs-up", "lies", "jumps-about"} {
		cams = append(cams, cam{ID: id, Name: id, URL: sim.URL(id)})
	}
	h := build(t, cams, settings{"ingest": "  stall_after: 2s\n  backoff_max: 2s\n"})
	s := h.start(t)
	chen := h.signIn(t, s, "chen")
	await(t, 30*time.Second, "the camera that loses packets", func() bool { return chen.camera(t, "loses").Link.State == "live" })
	s.heaviest(t, 12*time.Second) // rings fill, segments open, decoders start
	early := s.heaviest(t, 14*time.Second)
	s.heaviest(t, 20*time.Second)
	late := s.heaviest(t, 14*time.Second)
	t.Logf("early: %.0f goroutines, %.0f files, %.0f MiB; late: %.0f, %.0f, %.0f MiB",
		early.goroutines, early.fds, early.rss/(1<<20), late.goroutines, late.fds, late.rss/(1<<20))
	if late.goroutines > early.goroutines+20 || late.fds > early.fds+12 || late.rss > 1.3*early.rss+32<<20 {
		t.Errorf("what the service holds grows: %+v, later %+v", early, late)
	}
	for _, c := range cams {
		now := chen.camera(t, c.ID)
		t.Logf("%s: %s %s %s", c.ID, now.Link.State, now.Link.Code, now.Link.Detail)
		if list, _ := h.segments(t, c.ID); len(list) == 0 {
			t.Errorf("nothing of %s is recorded", c.ID)
		}
	}
	s.stop(t)
	h.check(t)
	if left, _ := filepath.Glob(filepath.Join(h.dir, "spool", "*.part")); len(left) > 0 {
		t.Errorf("open segments are left behind: %v", left)
	}
}

// short returns the first seconds of a clip, so that clips take turns often.
func short(c *camsim.Clip) *camsim.Clip {
	const pictures = 60
	out := &camsim.Clip{Params: c.Params, Frames: c.Frames[:pictures]}
	out.Duration = c.Frames[pictures].DTS - c.Frames[0].DTS
	return out
}
