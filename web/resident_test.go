package web

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"shouwang/policy"
	"shouwang/web/mine"
)

type changed struct {
	Consent mine.ConsentView `json:"consent"`
	Receipt mine.Receipt     `json:"receipt"`
}

func (p *person) post(path string, body any) changed {
	p.town.t.Helper()
	status, raw := p.do("POST", path, body)
	var out changed
	if status != http.StatusOK || json.Unmarshal([]byte(raw), &out) != nil {
		p.town.t.Fatalf("POST %s: %d %s", path, status, raw)
	}
	return out
}

func TestResidentPausesResumesGivesAndWithdraws(t *testing.T) {
	tn := newTown(t)
	li := tn.signIn("resident:li")
	own := get[struct {
		Cameras []mine.MyCamera `json:"cameras"`
	}](li, "/api/my/cameras")
	if len(own.Cameras) != 1 || own.Cameras[0].Camera.ID != "door" || len(own.Cameras[0].Consents) != 1 || len(own.Cameras[0].Consents[0].Slots) != 168 {
		t.Fatalf("my cameras: %+v", own)
	}
	if c := own.Cameras[0].Camera; c.Live.Decision != "allow" || c.Sharing.State != policy.Given || c.Link.ClockOffsetMS != 250 {
		t.Errorf("my camera: %+v", c)
	}
	paused := li.post("/api/my/consents/c-1/pause", map[string]any{"hours": 8})
	if paused.Consent.State != policy.Paused || paused.Consent.Version != 2 || paused.Consent.PauseUntil.Sub(tn.clock.now()) < 7*time.Hour {
		t.Errorf("paused: %+v", paused.Consent)
	}
	li.problem(http.StatusUnprocessableEntity, "POST", "/api/my/consents/c-1/pause", map[string]any{"until": wednesday.Add(-time.Hour)})
	if resumed := li.post("/api/my/consents/c-1/resume", nil); resumed.Consent.State != policy.Given || resumed.Consent.PauseUntil != nil {
		t.Errorf("resumed: %+v", resumed.Consent)
	}
	given := li.post("/api/my/consents/c-1/give", map[string]any{"slots": []string{"mon-06", "tue-07"}, "audiences": []string{"police-station"}, "retention_days": 3})
	if len(given.Consent.Slots) != 2 || given.Consent.Audiences[0] != "police-station" || given.Consent.RetentionDays != 3 {
		t.Errorf("given: %+v", given.Consent)
	}
	li.problem(http.StatusUnprocessableEntity, "POST", "/api/my/consents/c-1/give", map[string]any{"audiences": []string{"everybody"}})
	li.problem(http.StatusUnprocessableEntity, "POST", "/api/my/consents/c-1/give", map[string]any{"slots": []string{"someday"}})
	gone := li.post("/api/my/consents/c-1/withdraw", nil)
	if gone.Consent.State != policy.Withdrawn || gone.Receipt.ID == "" || gone.Receipt.RecordHash == "" {
		t.Errorf("withdrawn: %+v", gone)
	}
	if again := get[mine.Receipt](li, "/api/my/receipts/"+gone.Receipt.ID); again.Consent != gone.Receipt.Consent {
		t.Errorf("receipt: %+v", again)
	}
	tn.signIn("resident:gao").problem(http.StatusNotFound, "GET", "/api/my/receipts/"+gone.Receipt.ID, nil)
	if n := len(tn.audit.find("consent")); n != 4 {
		t.Errorf("%d changes logged, want 4", n)
	}
	back := li.post("/api/my/consents/c-1/give", map[string]any{})
	if back.Consent.State != policy.Given || !back.Consent.NotAfter.After(wednesday.AddDate(0, 11, 0)) {
		t.Errorf("given again: %+v", back.Consent)
	}
}

func TestNobodyElseManagesAConsent(t *testing.T) {
	tn := newTown(t)
	for _, who := range []string{"resident:gao", "officer:chen"} {
		p := tn.signIn(who)
		p.problem(http.StatusNotFound, "POST", "/api/my/consents/c-1/withdraw", nil)
		p.problem(http.StatusNotFound, "GET", "/api/my/consents/c-1/preview?action=withdraw", nil)
	}
	for _, who := range []string{"kiosk:wall", "admin:ops"} {
		tn.signIn(who).problem(http.StatusForbidden, "POST", "/api/my/consents/c-1/withdraw", nil)
	}
	if c, _ := tn.gate.World().Consent("camera:door", "public_safety"); c.Version != 1 {
		t.Error("somebody else changed it")
	}
}

func TestWithdrawalDoesNotWaitForTheLog(t *testing.T) {
	tn := newTown(t)
	li := tn.signIn("resident:li")
	tn.audit.broken = errBroken
	if status, body := li.do("POST", "/api/my/consents/c-1/withdraw", nil); status != http.StatusOK {
		t.Fatalf("withdraw: %d %s", status, body)
	}
	li.problem(http.StatusServiceUnavailable, "POST", "/api/my/consents/c-1/give", map[string]any{})
	if c, _ := tn.gate.World().Consent("camera:door", "public_safety"); c.State != policy.Withdrawn {
		t.Errorf("state %s: sharing began without an entry", c.State)
	}
}
