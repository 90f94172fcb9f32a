package e2e

import (
	"encoding/json"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"shouwang"
	"shouwang/ingest/camsim"
	"shouwang/storage"
)

// TestACameraTurnedBeforeTheWholeService has two people approve what a running
// camera sees, turns it while it is watched live, recorded and analysed, and
// follows how it is closed, what is said of it, and how two people open it again.
func TestACameraTurnedBeforeTheWholeService(t *testing.T) {
	t.Parallel()
	street := busy(61)
	sim := cameras(t, map[string]camsim.Camera{"door": {Clips: []*camsim.Clip{reel(t, street)}}})
	h := build(t, []cam{{ID: "door", Name: "门口", URL: sim.URL("door"), Resident: true, Rolling: true, Analysed: true}},
		settings{"analyze": "  view_drift: 15s\n"})
	s := h.start(t)
	v := &viewed{leaving: leaving{t: t, h: h, chen: h.signIn(t, s, "chen"), camera: "door"}, duan: h.signIn(t, s, "duan"), pu: h.signIn(t, s, "pu")}
	v.duan.http.Timeout = 2 * time.Minute // a reference takes twenty seconds
	var opened struct{ ID string }
	v.chen.must(t, http.MethodPost, "/api/cases", map[string]string{"type": "theft", "title": "a bicycle"}, &opened)
	v.inCase = opened.ID

	v.approve()
	approved := time.Now()
	live := v.watch()
	await(t, time.Minute, "an event before the approved view", func() bool { return v.eventsIn(approved, time.Now()) > 0 })
	if st := v.status(); st.State != "approved" {
		t.Fatalf("the view before it was turned is %s", st.State)
	}
	turned := time.Now()
	if !sim.Turn("door", upsideDown(t, film(t, street))) {
		t.Fatal("there is no camera to turn")
	}
	_, ended := live.within(t, 3*time.Minute)
	t.Logf("turned: the live view ended after %s", ended.Sub(turned).Round(time.Second))
	v.closed(turned, ended)

	v.approve() // takes twenty seconds, in which somebody walks by
	reopened := time.Now()
	if st := v.status(); st.State != "approved" || st.Quarantined {
		t.Errorf("signed by two people anew it is %+v", st)
	}
	v.watch()
	await(t, time.Minute, "an event before the view approved anew", func() bool { return v.eventsIn(reopened, time.Now()) > 0 })
	const settles = 2 * time.Second // what was on its way when the camera closed
	v.stated(shouwang.Span{From: ended.Add(settles), To: reopened.Add(-settles)})
	if n := v.eventsIn(ended.Add(settles), reopened.Add(-settles)); n > 0 {
		t.Errorf("%d events of a closed camera", n)
	}
	v.refusedToPlay(shouwang.Span{From: turned.Add(3 * time.Second), To: ended.Add(-3 * time.Second)})
	s.stop(t)
	v.notRecorded(ended.Add(settles), reopened.Add(-settles), reopened)
	h.check(t)
}

// viewed is a camera whose view two people approve.
type viewed struct {
	leaving
	duan, pu *person
}

// viewStatus is what the API says of a view.
type viewStatus struct {
	State       string
	Quarantined bool
	Reference   string
	Drift       *struct {
		At      time.Time
		Verdict string
	}
}

func (v *viewed) status() (st viewStatus) {
	v.t.Helper()
	v.duan.must(v.t, http.MethodGet, "/api/views/"+v.camera, nil, &st)
	return st
}

// approve takes a reference and has two people sign it; one is not enough.
func (v *viewed) approve() {
	v.t.Helper()
	var st viewStatus
	v.duan.must(v.t, http.MethodPost, "/api/views/"+v.camera+"/reference", nil, &st)
	if st.State == "approved" || !st.Quarantined {
		v.t.Fatalf("with a reference that nobody signed the view is %+v", st)
	}
	seen := map[string]string{"reference": st.Reference}
	for i, who := range []*person{v.duan, v.pu} {
		who.must(v.t, http.MethodPost, "/api/views/"+v.camera+"/approve", seen, &st)
		if open := st.State == "approved"; open != (i == 1) {
			v.t.Fatalf("signed by %d it is %s", i+1, st.State)
		}
	}
	await(v.t, waitShort, "pictures of the approved view", func() bool { return v.chen.camera(v.t, v.camera).Link.State == "live" })
}

// closed finds the camera closed in every way, and the drift on record.
func (v *viewed) closed(turned, ended time.Time) {
	t := v.t
	t.Helper()
	st := v.status()
	if !st.Quarantined || st.Drift == nil || st.Drift.Verdict == "same" {
		t.Fatalf("the view of a turned camera is %+v", st)
	}
	if st.Drift.At.Before(turned.Add(-30*time.Second)) || st.Drift.At.After(ended) {
		t.Errorf("turned at %s, and drifted since %s", turned, st.Drift.At)
	}
	resp, raw := v.chen.ask(t, http.MethodGet, "/api/cameras/"+v.camera+"/live.mp4?purpose=public_safety&case="+v.inCase, nil)
	var denial struct{ Reasons []string }
	if err := json.Unmarshal(raw, &denial); err != nil || resp.StatusCode != http.StatusForbidden || !slices.Contains(denial.Reasons, "camera_quarantined") {
		t.Errorf("asked for a live view it says %s %s", resp.Status, raw)
	}
	await(t, waitShort, "nobody to be connected with the camera", func() bool { return v.chen.camera(t, v.camera).Link.State != "live" })
}

// stated waits until the timeline says why nothing was recorded.
func (v *viewed) stated(span shouwang.Span) {
	v.t.Helper()
	await(v.t, time.Minute, "the timeline to say why nothing was recorded", func() bool {
		var line struct{ Gaps []shouwang.Gap }
		v.chen.must(v.t, http.MethodGet, "/api/cameras/"+v.camera+"/timeline", nil, &line)
		return slices.ContainsFunc(line.Gaps, func(g shouwang.Gap) bool {
			return g.Cause == shouwang.GapView && !g.From.After(span.From) && !g.To.Before(span.To)
		})
	})
}

// eventsIn counts the events that began in a stretch of time.
func (v *viewed) eventsIn(from, to time.Time) (n int) {
	for _, e := range v.chen.events(v.t, v.camera) {
		if (shouwang.Span{From: from, To: to}).Contains(e.Start) {
			n++
		}
	}
	return n
}

// refusedToPlay asks for what the turned camera saw before anybody noticed.
func (v *viewed) refusedToPlay(span shouwang.Span) {
	v.t.Helper()
	var p struct {
		Cameras []struct {
			Allowed bool
			Reasons []string
		}
	}
	v.chen.must(v.t, http.MethodPost, "/api/evidence/plays", map[string]any{
		"cameras": []string{v.camera}, "from": span.From, "to": span.To, "purpose": "public_safety", "case": v.inCase, "width": 320,
	}, &p)
	if len(p.Cameras) != 1 || p.Cameras[0].Allowed || !slices.Contains(p.Cameras[0].Reasons, "camera_quarantined") {
		v.t.Errorf("what the turned camera saw, asked for: %+v", p.Cameras)
	}
}

// notRecorded finds nothing recorded between two moments, and something after.
func (v *viewed) notRecorded(from, to, after time.Time) {
	v.t.Helper()
	list, _ := v.h.segments(v.t, v.camera)
	for _, seg := range list {
		if seg.Overlaps(shouwang.Span{From: from, To: to}) {
			v.t.Errorf("recorded %s to %s of a camera closed %s to %s", seg.From, seg.To, from, to)
		}
	}
	if !slices.ContainsFunc(list, func(s storage.Segment) bool { return s.To.After(after) }) {
		v.t.Error("nothing is recorded of the view approved anew")
	}
}

// upsideDown is a film as a camera shows it that fell over.
func upsideDown(t testing.TB, path string) *camsim.Clip {
	t.Helper()
	out := filepath.Join(t.TempDir(), "turned.mp4")
	words, err := exec.CommandContext(t.Context(), tool(t, "ffmpeg"), "-v", "error", "-i", path, "-vf", "hflip,vflip", "-c:v", "libx264",
		"-preset", "veryfast", "-tune", "zerolatency", "-profile:v", "main", "-pix_fmt", "yuv420p", "-b:v", "600k", "-g", "10", "-bf", "0", out).CombinedOutput()
	if err != nil {
		t.Fatalf("turn the film: %v %s", err, words)
	}
	clip, err := camsim.Load(t.Context(), out, 0)
	if err != nil {
		t.Fatal(err)
	}
	return clip
}
