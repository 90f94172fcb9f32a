package cell_test

import (
	"net/http"
	"testing"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/cell"
	"shouwang/web/front"
	"shouwang/web/front/fronttest"
	"shouwang/web/look"
)

var duringTheFire = time.Date(2026, 11, 18, 14, 10, 0, 0, time.FixedZone("CST", 8*3600))

type cells struct{ Cells []cell.CellView }

func open(t *testing.T, at time.Time, canRender bool) *fronttest.House {
	t.Helper()
	h := fronttest.Open(t, fronttest.Options{World: fronttest.World(t), At: at, CanRender: canRender})
	h.Add(func(f *front.Front, l *look.Looks) { cell.Routes(cell.Deps{Gate: h.Gate})(f, l) })
	return h
}

func read(h *fronttest.House, who string) map[shouwang.CameraID]cell.CellCamera {
	h.T.Helper()
	got := fronttest.Want[cells](h, http.StatusOK, who, "GET", "/api/my/cells", nil)
	by := map[shouwang.CameraID]cell.CellCamera{}
	for _, v := range got.Cells {
		for _, c := range v.Cameras {
			by[c.ID] = c
		}
	}
	return by
}

func TestAGuardianIsToldWhatTheyMayLookAtAndWhyNot(t *testing.T) {
	h := open(t, duringTheFire, true)
	got := read(h, "resident:gu")
	if c := got["door-4"]; !c.MayLook || c.Incident != "fire-1" || c.Type != "fire" || c.Until.Hour() != 15 {
		t.Errorf("agreed to for a fire: %+v", c)
	}
	if c := got["hall-5"]; !c.MayLook { // its owner named no types
		t.Errorf("any incident nearby: %+v", c)
	}
	for id, reason := range map[shouwang.CameraID]policy.Reason{
		"paused": policy.ReasonConsentPaused, "expired": policy.ReasonConsentExpired, "moved": policy.ReasonQuarantined,
		"nosign": policy.ReasonNoSign, "sos-only": policy.ReasonMode,
	} {
		if c := got[id]; c.MayLook || len(c.Reasons) == 0 || c.Reasons[0] != reason || c.Text == "" {
			t.Errorf("%s: %+v", id, c)
		}
	}
	// Withdrawn, outside the cell's households, a department's: not even named.
	for _, id := range []shouwang.CameraID{"door-6", "shop", "square", "street-2"} {
		if c, named := got[id]; named {
			t.Errorf("named: %+v", c)
		}
	}
	if len(h.Log.All()) != 0 {
		t.Error("reading the list is no look")
	}
}

func TestNothingHappensNothingOpens(t *testing.T) {
	h := open(t, duringTheFire.Add(2*time.Hour), true)
	for id, c := range read(h, "resident:gu") {
		if c.MayLook || len(c.Reasons) == 0 || c.Text == "" {
			t.Errorf("%s: %+v", id, c)
		}
	}
	if c := read(h, "resident:gu")["door-4"]; c.Reasons[0] != policy.ReasonNoGround {
		t.Errorf("why not: %+v", c)
	}
}

func TestACellIsItsGuardiansAlone(t *testing.T) {
	h := open(t, duringTheFire, true)
	for _, who := range []string{"resident:mei", "resident:tan"} {
		if got := read(h, who); len(got) != 0 {
			t.Errorf("%s: %+v", who, got)
		}
	}
	for _, who := range []string{"kiosk:hall", "admin:root"} {
		if status, _ := h.Do(who, "GET", "/api/my/cells", nil); status != http.StatusForbidden {
			t.Errorf("%s: %d", who, status)
		}
	}
	if c := read(open(t, duringTheFire, false), "resident:gu")["door-4"]; c.MayLook || c.Reasons[0] != look.ReasonNoRenderer {
		t.Errorf("without a renderer: %+v", c)
	}
}

func TestAWithdrawalTakesTheCameraOffTheList(t *testing.T) {
	h := open(t, duringTheFire, true)
	consent, _ := h.Gate.World().Consent("camera:door-4", "public_safety")
	gone := *consent
	gone.Version, gone.State = gone.Version+1, policy.Withdrawn
	if err := h.Gate.Update(func(w *policy.World) (*policy.World, error) { return w.WithConsent(&gone) }); err != nil {
		t.Fatal(err)
	}
	if c, named := read(h, "resident:gu")["door-4"]; named {
		t.Errorf("%+v", c)
	}
}
