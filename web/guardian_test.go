package web

import (
	"net/http"
	"testing"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/cameras"
)

// withCell makes gao the guardian of a cell that the door's owner chose.
func withCell(t *testing.T, tn *town) {
	t.Helper()
	err := tn.gate.Update(func(w *policy.World) (*policy.World, error) {
		w = w.WithUnit(&policy.Unit{ID: "cell-1", Kind: policy.KindCell, Guardian: "resident:gao", Households: []shouwang.PlaceID{"house-12"}})
		w, err := w.WithPrincipal(&policy.Principal{ID: "resident:gao", Type: policy.TypeResident, Home: "house-12"})
		if err != nil {
			return nil, err
		}
		consent, _ := w.Consent("camera:door", "public_safety")
		next := *consent
		next.Version, next.Audiences = next.Version+1, append([]string{"cell-1"}, consent.Audiences...)
		return w.WithConsent(&next)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAGuardianLooksWhileSomethingHappensAndKnowsNothingElse(t *testing.T) {
	tn := newTown(t)
	tn.hubs.units, _ = picture(t)
	gao := tn.signIn("resident:gao")
	if p := gao.problem(http.StatusNotFound, "POST", "/api/cameras/door/whep", "v=0"); p.Code != shouwang.CodeNotFound {
		t.Errorf("a stranger: %+v", p)
	}
	withCell(t, tn)
	if p := gao.problem(http.StatusForbidden, "POST", "/api/cameras/door/whep", "v=0"); p.Reasons[0] != policy.ReasonNoGround {
		t.Errorf("nothing happens: %v", p.Reasons)
	}
	now := tn.clock.now()
	err := tn.gate.Update(func(w *policy.World) (*policy.World, error) {
		return w.WithIncident(&policy.Incident{
			ID: "fire", Type: "sos", Position: policy.Position{Lat: 25.7, Lon: 103.83}, From: now.Add(-time.Minute), To: now.Add(10 * time.Minute),
		}), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	viewer, _ := gao.watchLive("door", "incident=fire")
	if err := viewer.WaitPictures(5, 5*time.Second); err != nil {
		t.Fatal(err)
	}
	if o := tn.render.options(); len(o) != 1 || !o[0].BlurPeople || !o[0].BlurPlates || len(o[0].Masks) != 1 || o[0].Watermark == "" {
		t.Errorf("rendered with %+v", o)
	}
	if looks := tn.audit.find("look"); len(looks) != 1 || looks[0].Principal != "resident:gao" || looks[0].Incident != "fire" {
		t.Errorf("logged: %+v", looks)
	}
	for _, path := range []string{"/api/cameras/door", "/api/cameras/door/timeline", "/api/my/cameras/door/looks"} {
		if p := gao.problem(http.StatusNotFound, "GET", path, nil); p.Code != shouwang.CodeNotFound {
			t.Errorf("%s: %+v", path, p)
		}
	}
	if p := gao.problem(http.StatusForbidden, "POST", "/api/cameras/door/whep?incident=fire&clear=true", "v=0"); len(p.Reasons) == 0 {
		t.Errorf("a clear look: %+v", p)
	}
	if got := get[struct{ Cameras []cameras.CameraView }](gao, "/api/cameras"); len(got.Cameras) != 1 { // their own
		t.Errorf("cameras: %+v", got.Cameras)
	}
	// The look ends by itself with the incident.
	tn.clock.advance(11 * time.Minute)
	tn.server.tickets.change("")
	select {
	case <-viewer.Ended():
	case <-time.After(5 * time.Second):
		t.Fatal("the look outlives the incident")
	}
}
