package onboard_test

import (
	"context"
	"strings"
	"testing"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/front"
	"shouwang/web/front/fronttest"
)

// desk is where the oversight would find what is proposed.
type desk struct {
	to     []policy.Standing
	reason string
}

func (d *desk) ProposeCamera(_ context.Context, _ *front.Caller, to policy.Standing, reason string) (string, error) {
	d.to, d.reason = append(d.to, to), reason
	return "pp-1", nil
}

// street is the house with a lane that an officer answers for, and the camera
// gate in the register and before the gate, with a consent.
func street(t *testing.T) (*fronttest.House, *book) {
	h, _, b := house(t)
	fronttest.Want[saved](h, 200, "admin:ops", "PUT", "/api/onboard/cameras/gate", setup("rtsp://li:s3cret-phrase@10.0.0.9/main"))
	d := h.Gate.World().Data()
	d.Places = append(d.Places, shouwang.Place{ID: "lane", Kind: "grid", Parent: "town"}, shouwang.Place{ID: "house", Kind: "building", Parent: "lane"})
	d.Principals = append(d.Principals,
		&policy.Principal{ID: "officer:lane", Type: policy.TypeOfficer, Roles: []policy.Role{policy.RoleDispatcher}, Jurisdiction: "lane"},
		&policy.Principal{ID: "resident:mate", Type: policy.TypeResident})
	d.Cameras = append(d.Cameras, &policy.Camera{
		ID: "camera:gate", Place: "town", LegalClass: "resident", Mount: "own_premises", Owner: "resident:li", Sign: true,
		Consents: []*policy.Consent{{ID: "c-1", Version: 1, Camera: "camera:gate", Purpose: "public_safety", State: policy.Given, NotBefore: noon, NotAfter: noon.AddDate(0, 1, 0)}},
	})
	next, err := policy.NewWorld(d)
	if err != nil {
		t.Fatal(err)
	}
	h.Gate.Swap(next)
	return h, b
}

func changed(with map[string]any) map[string]any {
	s := setup("rtsp://10.0.0.9/main")
	for k, v := range with {
		s[k] = v
	}
	return s
}

const gate = "/api/onboard/cameras/gate"

// TestWhoReachesMoreTakesTwo: an administrator changes a camera alone as long as
// nobody sees more by it; the rest of such a change is saved and it is proposed.
func TestWhoReachesMoreTakesTwo(t *testing.T) {
	for name, row := range map[string]struct {
		with map[string]any
		more string
	}{
		"into an officer's lane": {map[string]any{"place": "lane"}, "officer:lane jurisdiction"},
		"to a friend":            {map[string]any{"owner": "resident:mate"}, "resident:mate owner"},
		"as if it were public":   {map[string]any{"legal_class": "public"}, "officer:chen filing"},
	} {
		t.Run(name, func(t *testing.T) {
			h, b := street(t)
			body := changed(row.with)
			p := fronttest.Want[policy.CameraPlan](h, 200, "admin:ops", "POST", gate+"/plan", map[string]any{
				"place": body["place"], "owner": body["owner"], "legal_class": body["legal_class"], "mount": body["mount"],
			})
			if len(p.Gains) != 1 || p.Gains[0].Who+" "+p.Gains[0].What != row.more || p.Consents != 1 {
				t.Fatalf("plan: %+v", p)
			}
			if got := fronttest.Want[front.Problem](h, 422, "admin:ops", "PUT", gate, body); !strings.Contains(got.Detail, "say why") {
				t.Errorf("without a reason: %+v", got)
			}
			body["reason"], body["name"] = "the lane's now", "后门"
			got := fronttest.Want[struct{ Proposal string }](h, 200, "admin:ops", "PUT", gate, body)
			if c := b.cameras[0]; got.Proposal != "pp-1" || c.Place != "town" || c.Owner != "resident:li" || c.Class != "resident" || c.Name != "后门" {
				t.Errorf("one person alone gave somebody more: %+v, camera %+v", got, c)
			}
			if to := b.proposed.to; len(to) != 1 || to[0] != p.Is || b.proposed.reason != "the lane's now" {
				t.Errorf("proposed %+v", b.proposed)
			}
		})
	}
}

func TestWhatGivesNobodyMoreIsSavedAtOnce(t *testing.T) {
	h, b := street(t)
	w := h.Gate.World().Data()
	next, err := h.Gate.World().WithPlaces(append(w.Places, shouwang.Place{ID: "barn", Kind: "building", Parent: "town"}))
	if err != nil {
		t.Fatal(err)
	}
	h.Gate.Swap(next)
	got := fronttest.Want[struct{ Proposal string }](h, 200, "admin:ops", "PUT", gate, changed(map[string]any{"place": "barn"}))
	if got.Proposal != "" || b.cameras[0].Place != "barn" || len(b.proposed.to) != 0 {
		t.Errorf("%+v, %+v", got, b.cameras[0])
	}
	if status, raw := h.Do("admin:ops", "PUT", gate, changed(map[string]any{"place": "nowhere"})); status != 422 {
		t.Errorf("a place that is not: %d %s", status, raw)
	}
}

// TestWhatChangedWhileItWasSavedIsSeen: the register asks again with the newest
// world.
func TestWhatChangedWhileItWasSavedIsSeen(t *testing.T) {
	h, b := street(t)
	next, err := h.Gate.World().WithPlaces(append(h.Gate.World().Data().Places, shouwang.Place{ID: "barn", Kind: "building", Parent: "town"}))
	if err != nil {
		t.Fatal(err)
	}
	h.Gate.Swap(next)
	b.newest = func() *policy.World {
		w, err := next.WithPrincipal(&policy.Principal{ID: "officer:barn", Type: policy.TypeOfficer, Roles: []policy.Role{policy.RoleDispatcher}, Jurisdiction: "barn"})
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
	if got := fronttest.Want[front.Problem](h, 409, "admin:ops", "PUT", gate, changed(map[string]any{"place": "barn"})); got.Code != shouwang.CodeConflict || b.cameras[0].Place != "town" {
		t.Errorf("%+v, %+v", got, b.cameras[0])
	}
}
