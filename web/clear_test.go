package web

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"shouwang/policy"
)

// factor has everybody who is signed in show a second factor now.
func (a *fakeAccounts) factor(at time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for token, s := range a.sessions {
		s.SecondFactor = at
		a.sessions[token] = s
	}
}

func TestAClearLiveLookIsAnActOfItsOwn(t *testing.T) {
	tn := newTown(t)
	tn.hubs.units, _ = picture(t)
	chen := tn.signIn("officer:chen")
	const clear = "/api/cameras/door/whep?clear=true&case=case-1"
	if p := chen.problem(http.StatusForbidden, "POST", clear+"&second_person=officer:far", "v=0"); p.Reasons[0] != policy.ReasonSecondFactor {
		t.Errorf("no factor: %v", p.Reasons)
	}
	tn.people.factor(tn.clock.now().Add(-time.Second))
	if p := chen.problem(http.StatusForbidden, "POST", clear, "v=0"); p.Reasons[0] != policy.ReasonNoSecondPerson {
		t.Errorf("alone: %v", p.Reasons)
	}
	if p := chen.problem(http.StatusForbidden, "GET", "/api/cameras/door/live.mp4?clear=true&second_person=officer:far", nil); p.Reasons[0] != policy.ReasonNoCase {
		t.Errorf("no case: %v", p.Reasons)
	}
	viewer, resp := chen.watchLive("door", "clear=true&case=case-1&second_person=officer:far")
	if err := viewer.WaitPictures(5, 5*time.Second); err != nil {
		t.Fatal(err)
	}
	o := tn.render.options()
	if len(o) != 1 || o[0].BlurPeople || len(o[0].Masks) != 1 || !strings.HasPrefix(o[0].Watermark, "UNBLURRED officer:chen") {
		t.Errorf("rendered with %+v", o)
	}
	if ttl := resp.Header.Get("X-Shouwang-Ttl"); ttl != "300" {
		t.Errorf("ttl %s", ttl)
	}
	looks := tn.audit.find("look")
	if len(looks) != 1 || looks[0].Action != policy.Unmask || looks[0].Second != "officer:far" || looks[0].Case != "case-1" {
		t.Errorf("logged: %+v", looks)
	}
	// It is judged again and again, and ends with the consent as every look does.
	li := tn.signIn("resident:li")
	if status, body := li.do("POST", "/api/my/consents/c-1/withdraw", nil); status != http.StatusOK {
		t.Fatalf("withdraw: %d %s", status, body)
	}
	select {
	case <-viewer.Ended():
	case <-time.After(5 * time.Second):
		t.Fatal("the clear look goes on after the withdrawal")
	}
}
