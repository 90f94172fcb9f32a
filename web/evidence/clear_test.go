package evidence_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"shouwang/policy"
	"shouwang/web/evidence"
	"shouwang/web/front/fronttest"
)

// given is a record of approvals that holds one.
type given struct {
	mu sync.Mutex
	a  policy.Approval
}

func (g *given) Approved(req *policy.Request, at time.Time) *policy.Approval {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.a.Covers(req, at) {
		return nil
	}
	a := g.a
	return &a
}

func (g *given) Spend(_, decision string, at time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.a.Left(at) == 0 {
		return false
	}
	g.a.UsedFor = append(g.a.UsedFor, decision)
	return true
}

func (g *given) withdraw() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.a.State = policy.ApprovalWithdrawn
}

// yes approves one clear look of ivy's at a camera's ten minutes.
func yes(camera string) *given {
	return &given{a: policy.Approval{
		ID: "ap-1", State: policy.ApprovalGiven, Requester: "officer:ivy", Approver: "officer:yes", Action: policy.Unmask,
		Camera: camera, From: noon.Add(-110 * time.Minute), To: noon.Add(-100 * time.Minute), Purpose: "public_safety", Case: "case-1",
		Answered: noon.Add(-time.Minute), Expires: noon.Add(8 * time.Hour), Uses: 1,
	}}
}

func clearBody(camera string) map[string]any {
	body := playBody(camera)
	body["clear"], body["approval"] = true, "ap-1"
	return body
}

func openClear(h *house, camera string) evidence.Play {
	h.T.Helper()
	return fronttest.Want[evidence.Play](h.House, http.StatusOK, "officer:ivy", "POST", "/api/evidence/plays", clearBody(camera))
}

func TestAClearLookTakesACaseASecondPersonAndAFreshFactor(t *testing.T) {
	h := openWith(t, yes("camera:plain-terms"))
	want := func(what string, body map[string]any, reason policy.Reason) {
		t.Helper()
		got := fronttest.Want[evidence.Play](h.House, http.StatusOK, "officer:ivy", "POST", "/api/evidence/plays", body)
		if got.ID != "" || got.Cameras[0].Allowed || !slices.Contains(got.Cameras[0].Reasons, reason) || got.Cameras[0].Text == "" {
			t.Errorf("%s: %+v", what, got.Cameras[0])
		}
	}
	want("no factor", clearBody("plain-terms"), policy.ReasonSecondFactor)
	h.Factor("officer:ivy")
	alone := clearBody("plain-terms")
	delete(alone, "approval")
	want("nobody approved", alone, policy.ReasonNoSecondPerson)
	alone["second_person"] = "officer:yes"
	want("a name alone", func() map[string]any { alone["from"] = noon.Add(-115 * time.Minute); return alone }(), policy.ReasonSecondUnapproved)
	noCase := clearBody("plain-terms")
	delete(noCase, "case")
	want("no case", noCase, policy.ReasonNoCase)
	want("another camera", clearBody("door-4"), policy.ReasonSecondUnapproved)
	h.Advance(6 * time.Minute)
	want("the factor is old", clearBody("plain-terms"), policy.ReasonSecondFactor)
	if len(h.Log.Of("look")) != 0 || h.store.opened != 0 {
		t.Error("something was shown")
	}
}

func TestAClearLookIsMarkedLoggedAndTold(t *testing.T) {
	record := yes("camera:plain-terms")
	h := openWith(t, record)
	h.Factor("officer:ivy")
	play := openClear(h, "plain-terms")
	c := play.Cameras[0]
	if !c.Allowed || !c.Tells || !slices.Contains(c.Obligations, policy.ObligeMask) || slices.Contains(c.Obligations, policy.ObligeBlurPeople) {
		t.Fatalf("%+v", c)
	}
	if status, frames, _ := piece(t, h, "officer:ivy", play.ID, "plain-terms", 0, ""); status != http.StatusOK || len(frames) != 40 {
		t.Fatalf("%d, %d pictures", status, len(frames))
	}
	if o := h.painter.made[0]; o.BlurPeople || o.BlurPlates || !strings.HasPrefix(o.Watermark, "UNBLURRED officer:ivy") {
		t.Errorf("rendered with %+v", o)
	}
	looks := h.Log.Of("look")
	if len(looks) != 1 || looks[0].Action != policy.Unmask || looks[0].Case != "case-1" || looks[0].Second != "officer:yes" ||
		!slices.Contains(looks[0].Obligations, policy.ObligeNotifyOwner) {
		t.Errorf("logged: %+v", looks)
	}
	// The approval is used up by now; the look that it opened goes on.
	h.room.Judge(t.Context())
	if status, _, _ := piece(t, h, "officer:ivy", play.ID, "plain-terms", 1, ""); status != http.StatusOK {
		t.Errorf("the same look, judged again: %d", status)
	}
	if again := openClear(h, "plain-terms"); again.ID != "" || !slices.Contains(again.Cameras[0].Reasons, policy.ReasonSecondUnapproved) {
		t.Errorf("a second look under one approval: %+v", again.Cameras[0])
	}
	record.withdraw()
	h.room.Judge(t.Context())
	if status, _, _ := piece(t, h, "officer:ivy", play.ID, "plain-terms", 2, ""); status != http.StatusConflict {
		t.Errorf("after the approval was taken back: %d", status)
	}
}

// TestAnApprovalTakenBackEndsTheLookAtOnce runs the room as the service does; its
// own next judging would come after fifteen seconds.
func TestAnApprovalTakenBackEndsTheLookAtOnce(t *testing.T) {
	record := yes("camera:plain-terms")
	h := openWith(t, record)
	ctx, stop := context.WithCancel(t.Context())
	var done sync.WaitGroup
	done.Go(func() { h.room.Run(ctx) })
	defer done.Wait()
	defer stop()
	h.Factor("officer:ivy")
	play := openClear(h, "plain-terms")
	if status, _, _ := piece(t, h, "officer:ivy", play.ID, "plain-terms", 0, ""); status != http.StatusOK {
		t.Fatalf("before it was taken back: %d", status)
	}
	record.withdraw()
	began := time.Now()
	for end := began.Add(10 * time.Second); ; {
		h.Gate.Recheck("plain-terms") // again and again: the room may not listen yet
		if status, _, _ := piece(t, h, "officer:ivy", play.ID, "plain-terms", 1, ""); status == http.StatusConflict {
			break
		}
		if time.Now().After(end) {
			t.Fatal("the look goes on")
		}
	}
	t.Logf("ended after %s", time.Since(began))
}

func TestAClearLookEndsAfterItsFiveMinutes(t *testing.T) {
	h := openWith(t, yes("camera:square"))
	h.Factor("officer:ivy")
	play := openClear(h, "square")
	if !play.Cameras[0].Allowed {
		t.Fatalf("a department's camera: %+v", play.Cameras[0])
	}
	h.Advance(5 * time.Minute)
	if status, _, _ := piece(t, h, "officer:ivy", play.ID, "square", 0, ""); status != http.StatusConflict {
		t.Errorf("after its time: %d", status)
	}
}

func TestNobodyElseHasAClearLook(t *testing.T) {
	for _, who := range []string{"officer:ding", "officer:yes", "officer:eye", "kiosk:hall", "resident:mei", "admin:root"} {
		record := yes("camera:door-4")
		record.a.Requester = who
		if who == "officer:yes" {
			record.a.Approver = "officer:boss"
		}
		h := openWith(t, record)
		h.Factor(who)
		status, raw := h.Do(who, "POST", "/api/evidence/plays", clearBody("door-4"))
		if status == http.StatusOK && strings.Contains(string(raw), `"allowed":true`) {
			t.Errorf("%s: %s", who, raw)
		}
		if len(h.Log.Of("look")) != 0 {
			t.Errorf("%s looked", who)
		}
	}
}
