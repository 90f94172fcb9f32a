package e2e

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"shouwang"
	"shouwang/ingest/camsim"
	"shouwang/storage"
)

// What a kill may take: what was received and not yet written, a second. The
// rest is what one picture and the disk's answer take.
const (
	lossAllowed = time.Second
	lossSlack   = 400 * time.Millisecond
)

// TestKilledAtRandomPoints kills the service as a power cut would, again and
// again, at seeded random moments: while it starts, while it mends what the
// last kill left, and mostly while it records.
func TestKilledAtRandomPoints(t *testing.T) {
	t.Parallel()
	const rounds = 10
	sim := cameras(t, map[string]camsim.Camera{"cam-1": {Clips: []*camsim.Clip{reel(t, busy(21))}}})
	h := build(t, []cam{{ID: "cam-1", Name: "路口", URL: sim.URL("cam-1")}}, nil)
	rng := rand.New(rand.NewPCG(2026, 11))
	var kills []kill
	for round := range rounds {
		s := h.launch(t)
		if round%4 == 3 { // while it starts or mends
			pause(time.Duration(rng.IntN(1200)) * time.Millisecond)
			s.kill()
			continue
		}
		s.awaitReady(t)
		chen := h.signIn(t, s, "chen")
		began := time.Now()
		await(t, 40*time.Second, "pictures", func() bool {
			c := chen.camera(t, "cam-1")
			return c.Link.State == "live" && c.Link.LastUnit.After(began)
		})
		pause(time.Duration(1500+rng.IntN(2500)) * time.Millisecond)
		last := chen.camera(t, "cam-1").Link.LastUnit
		s.kill()
		kills = append(kills, kill{began, last})
		if round%4 == 2 {
			h.start(t).stop(t)
			h.check(t)
		}
	}
	h.start(t).stop(t)
	h.check(t)
	segments, gaps := h.segments(t, "cam-1")
	worst := time.Duration(0)
	for i, k := range kills {
		lost := k.last.Sub(k.recorded(segments))
		worst = max(worst, lost)
		if lost > lossAllowed+lossSlack {
			t.Errorf("kill %d: of what was received until %s, the last %s are lost", i, k.last.Format(time.StampMilli), lost)
		}
	}
	t.Logf("%d kills while recording, %d while starting: at worst %s of received pictures lost; %d segments, %d gaps stated", len(kills), rounds-len(kills), worst.Round(time.Millisecond), len(segments), len(gaps))
	if len(kills) < rounds/2 {
		t.Errorf("only %d kills happened while recording", len(kills))
	}
}

// kill is one death: pictures came from began on, the last was received at last.
type kill struct{ began, last time.Time }

// recorded returns up to when the time before the kill is recorded.
func (k kill) recorded(segments []storage.Segment) time.Time {
	to := k.began
	for _, s := range segments {
		if s.From.Before(k.last) && s.To.After(to) {
			to = s.To
		}
	}
	if to.After(k.last) {
		return k.last
	}
	return to
}

// children returns the running processes that the service started.
func children(t testing.TB, s *service) []int {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	var out []int
	for _, path := range stats {
		raw, err := os.ReadFile(path)
		if err != nil {
			continue // gone meanwhile
		}
		_, rest, _ := strings.Cut(string(raw), ") ")
		fields := strings.Fields(rest)
		if len(fields) < 2 || fields[0] == "Z" || fields[1] != strconv.Itoa(s.cmd.Process.Pid) {
			continue
		}
		if pid, err := strconv.Atoi(strings.Split(path, "/")[2]); err == nil {
			out = append(out, pid)
		}
	}
	return out
}

// TestAnalyzerKilledAndStreamFuzzed kills an analyzer under a camera that is
// recorded, next to cameras that send garbage: the recording has no gap, the
// analysis goes on, and the service does not die of it.
func TestAnalyzerKilledAndStreamFuzzed(t *testing.T) {
	t.Parallel()
	street := reel(t, busy(22))
	sim := cameras(t, map[string]camsim.Camera{
		"good":    {Clips: []*camsim.Clip{street}},
		"garbage": {Clips: []*camsim.Clip{street}, Faults: camsim.Faults{GarbageEvery: 61}},
		"mutant":  {Clips: []*camsim.Clip{mutated(street, 5), mutated(street, 6)}},
	})
	h := build(t, []cam{
		{ID: "good", Name: "好", URL: sim.URL("good")},
		{ID: "garbage", Name: "乱", URL: sim.URL("garbage")},
		{ID: "mutant", Name: "坏", URL: sim.URL("mutant")},
	}, nil)
	s := h.start(t)
	chen := h.signIn(t, s, "chen")
	await(t, 40*time.Second, "the good camera's first event", func() bool { return len(chen.events(t, "good")) > 0 })
	began := time.Now()
	// One only: a second death with the same camera in hand is taken for the
	// camera's doing, whoever did it, and shuts it out of analysis.
	pids := children(t, s)
	if len(pids) == 0 {
		t.Fatal("the service has no analyzer to kill")
	}
	if err := syscall.Kill(pids[0], syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	await(t, 30*time.Second, "a new analyzer", func() bool {
		now := children(t, s)
		return len(now) > 0 && !slices.Contains(now, pids[0])
	})
	killed := time.Now()
	await(t, 60*time.Second, "an event that began after the analyzer was killed", func() bool {
		list := chen.events(t, "good")
		return len(list) > 0 && list[0].Start.After(killed)
	})
	for _, id := range []string{"good", "garbage", "mutant"} {
		c := chen.camera(t, id)
		t.Logf("%s: link %s %s, analysis %s %s", id, c.Link.State, c.Link.Detail, c.Analysis.Policy, c.Analysis.Reason)
	}
	if s.gone() {
		t.Fatal("the service died")
	}
	s.stop(t)
	h.check(t)
	h.unbroken(t, "good", shouwang.Span{From: began, To: killed})
	for _, id := range []string{"garbage", "mutant"} {
		list, gaps := h.segments(t, id)
		var recorded time.Duration
		for _, seg := range list {
			recorded += seg.Duration()
		}
		t.Logf("%s: %s recorded in %d segments, %d gaps stated", id, recorded.Round(time.Second), len(list), len(gaps))
		// How much can be recorded depends on how many key frames survive the
		// damage; that some is, after it began, is what the recorder owes.
		if recorded == 0 {
			t.Errorf("nothing of %s is recorded: its recorder died", id)
		}
	}
}

// unbroken fails the test unless the span is recorded without a gap.
func (h *house) unbroken(t testing.TB, camera string, span shouwang.Span) {
	t.Helper()
	list, gaps := h.segments(t, camera)
	at := span.From
	for moved := true; moved; {
		moved = false
		for _, s := range list {
			if !s.From.After(at.Add(250*time.Millisecond)) && s.To.After(at) {
				at, moved = s.To, true
			}
		}
	}
	if at.Before(span.To) {
		t.Errorf("the recording of %s breaks off at %s, within %s - %s", camera, at, span.From, span.To)
	}
	for _, g := range gaps {
		if g.Overlaps(span) {
			t.Errorf("the recording of %s has a gap %s - %s: %s %s", camera, g.From, g.To, g.Cause, g.Detail)
		}
	}
}

// mutated returns the clip with bytes of its pictures changed, the headers of
// their units mostly left alone: it passes for H.264 until it is decoded.
func mutated(c *camsim.Clip, seed uint64) *camsim.Clip {
	rng := rand.New(rand.NewPCG(seed, 8))
	out := &camsim.Clip{Params: c.Params, Duration: c.Duration}
	for _, f := range c.Frames {
		next := f
		next.NALs = nil
		for _, nal := range f.NALs {
			nal = append([]byte(nil), nal...)
			if rng.IntN(3) == 0 {
				for range 1 + rng.IntN(12) {
					nal[min(len(nal)-1, 1+rng.IntN(len(nal)))] = byte(rng.Uint32())
				}
			}
			if rng.IntN(40) == 0 {
				nal = nal[:1+rng.IntN(len(nal))]
			}
			if rng.IntN(60) == 0 {
				nal[0] = byte(rng.Uint32())
			}
			next.NALs = append(next.NALs, nal)
		}
		out.Frames = append(out.Frames, next)
	}
	return out
}
