package e2e

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"shouwang"
	"shouwang/ingest/camsim"
	"shouwang/policy"
	"shouwang/storage/ledger"
)

// TestDiskFullUnderTheAccessLog fills the disk that holds the access log and
// nothing else, while somebody watches a camera that is recorded: the view ends,
// looks are refused for the log's sake, recording goes on; with room again all is
// well by itself, and the log, which has every look and every end of one, verifies.
func TestDiskFullUnderTheAccessLog(t *testing.T) {
	t.Parallel()
	sim := cameras(t, map[string]camsim.Camera{"door": {Clips: []*camsim.Clip{reel(t, busy(51))}}})
	h := build(t, []cam{{ID: "door", Name: "门", URL: sim.URL("door"), Resident: true, Rolling: true}}, settings{"web": "  ticket_check: 2s\n"})
	disk := smallDisk(t, filepath.Join(h.dir, "ledger"))
	s := h.start(t)
	chen, ops := h.signIn(t, s, "chen"), h.signIn(t, s, "ops")
	var opened struct{ ID string }
	chen.must(t, http.MethodPost, "/api/cases", map[string]string{"type": "theft", "title": "a bicycle"}, &opened)
	l := &leaving{t: t, h: h, chen: chen, camera: "door", inCase: opened.ID}
	view := l.watch()
	await(t, time.Minute, "something to be recorded that can be played", func() bool { return l.lastMinute().Cameras[0].Allowed })

	disk.fill()
	filled := time.Now()
	_, ended := view.within(t, 20*time.Second)
	t.Logf("the running view ended %.1f s after the disk was full", ended.Sub(filled).Seconds())
	l.refusedForTheLog()
	if resp, body := ops.ask(t, http.MethodGet, "/api/system/health", nil); resp.StatusCode != http.StatusOK || !strings.Contains(string(body), `"log_failing"`) {
		t.Errorf("whoever runs the service is told: %s %.600s", resp.Status, body)
	}
	so := h.recorded(t)
	await(t, waitShort, "recording to go on", func() bool { return h.recorded(t) > so })
	if resp, _ := chen.ask(t, http.MethodGet, "/readyz", nil); resp.StatusCode != http.StatusOK {
		t.Errorf("with a full disk under its log the service answers %s", resp.Status)
	}
	disk.free()
	freed := time.Now()
	await(t, waitShort, "looks to be had again", func() bool { return l.status() == http.StatusOK })
	t.Logf("looks were had again %.1f s after there was room", time.Since(freed).Seconds())
	again := l.watch()
	key := s.logState(t).Key
	s.stop(t)
	again.within(t, waitShort)
	h.check(t)
	if r := command(t, nil, "log", "verify", "--key", key, "--dir", filepath.Join(h.dir, "ledger", "public")); r.code != 0 {
		t.Errorf("log verify: %+v", r)
	}
	h.everyLookEnds(t, filled, freed)
}

// smallDisk mounts a disk of eight megabytes.
func smallDisk(t *testing.T, dir string) *filler {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=8m,mode=700", "tmpfs", dir).CombinedOutput(); err != nil {
		t.Skipf("skipped: no small disk can be mounted here: %v %s", err, out)
	}
	t.Cleanup(func() { _ = exec.Command("umount", "-l", dir).Run() })
	return &filler{t, filepath.Join(dir, "filler")}
}

// filler takes all room there is.
type filler struct {
	t    *testing.T
	path string
}

func (f *filler) fill() {
	f.t.Helper()
	out, err := os.Create(f.path)
	if err != nil {
		f.t.Fatal(err)
	}
	defer out.Close()
	for size := 1 << 20; size > 0; {
		if _, err := out.Write(make([]byte, size)); errors.Is(err, syscall.ENOSPC) {
			size /= 2
		} else if err != nil {
			f.t.Fatal(err)
		}
	}
}

func (f *filler) free() {
	f.t.Helper()
	if err := os.Remove(f.path); err != nil {
		f.t.Fatal(err)
	}
}

// recorded is how many bytes of recordings there are, finished or not.
func (h *house) recorded(t *testing.T) (bytes int64) {
	t.Helper()
	for _, pattern := range []string{"spool/*", "bucket/segments/*/*", "bucket/segments/*/*/*"} {
		files, _ := filepath.Glob(filepath.Join(h.dir, pattern))
		for _, path := range files {
			if info, err := os.Stat(path); err == nil && !info.IsDir() {
				bytes += info.Size()
			}
		}
	}
	return bytes
}

// status asks for the live view and leaves at once.
func (l *leaving) status() int {
	l.t.Helper()
	resp, err := l.chen.http.Get(l.chen.base + "/api/cameras/" + l.camera + "/live.mp4?purpose=public_safety&case=" + l.inCase)
	if err != nil {
		l.t.Fatal(err)
	}
	defer resp.Body.Close()
	return resp.StatusCode
}

// refusedForTheLog asks for pictures in each way and must get none, and be told
// why.
func (l *leaving) refusedForTheLog() {
	l.t.Helper()
	resp, err := l.chen.http.Get(l.chen.base + "/api/cameras/" + l.camera + "/live.mp4?purpose=public_safety&case=" + l.inCase)
	if err != nil {
		l.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, _ := io.ReadAll(resp.Body)
	var p struct{ Code, Detail string }
	if err := json.Unmarshal(raw, &p); err != nil || resp.StatusCode != http.StatusServiceUnavailable || p.Code != string(shouwang.CodeAuditUnavailable) || !strings.Contains(p.Detail, "access log cannot be written") {
		l.t.Errorf("live, with a full disk under the log: %s %.300s", resp.Status, raw)
	}
	if p := l.lastMinute(); p.Code != string(shouwang.CodeAuditUnavailable) && (len(p.Cameras) != 1 || p.Cameras[0].Code != string(shouwang.CodeAuditUnavailable)) {
		l.t.Errorf("what is recorded, with a full disk under the log: %+v", p)
	}
}

// playAnswer is what comes of asking for what is recorded.
type playAnswer struct {
	Code    string // of a problem
	Cameras []struct {
		Allowed bool
		Code    string
	}
}

// lastMinute asks for the last minute of recording.
func (l *leaving) lastMinute() (p playAnswer) {
	l.t.Helper()
	now := time.Now()
	_, raw := l.chen.ask(l.t, http.MethodPost, "/api/evidence/plays", map[string]any{
		"cameras": []string{l.camera}, "from": now.Add(-time.Minute), "to": now, "purpose": "public_safety", "case": l.inCase,
	})
	if err := json.Unmarshal(raw, &p); err != nil {
		l.t.Fatalf("asked to play: %s: %v", raw, err)
	}
	return p
}

// everyLookEnds walks the whole log: three looks and their ends, none between the
// two moments, and the first ended for the log's sake though that took nothing then.
func (h *house) everyLookEnds(t *testing.T, filled, freed time.Time) {
	t.Helper()
	r, err := ledger.OpenReader(ledger.Config{Dir: filepath.Join(h.dir, "ledger")})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	looks, ends := map[string]int{}, map[string]string{}
	_, err = r.Walk(t.Context(), time.Time{}, time.Now().Add(time.Hour), func(e ledger.Logged) error {
		switch {
		case e.Entry.Action != policy.ViewLive:
		case e.Entry.Kind == "look":
			looks[e.Entry.DecisionID]++
			if e.Entry.At.After(filled) && e.Entry.At.Before(freed) {
				t.Errorf("a look is in the log that could not be written: %+v", e.Entry)
			}
		case e.Entry.Kind == "look_end":
			ends[e.Entry.DecisionID] = e.Entry.Detail
			if e.Entry.At.After(filled) && e.Entry.At.Before(freed) && e.Entry.Detail != string(shouwang.CodeAuditUnavailable) {
				t.Errorf("ended meanwhile: %+v", e.Entry)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	unlogged := 0
	for id := range looks {
		if ends[id] == "" {
			t.Errorf("a look has no end in the log: %s", id)
		}
		if ends[id] == string(shouwang.CodeAuditUnavailable) {
			unlogged++
		}
	}
	if len(looks) != 3 || unlogged != 1 {
		t.Errorf("%d looks, %d of them ended for the log's sake: want 3 and 1", len(looks), unlogged)
	}
}
