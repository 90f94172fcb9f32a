package policy_test

import (
	"strings"
	"testing"
	"time"

	"shouwang"
	"shouwang/policy"
)

func standing(place, owner, class, mount string, filing *policy.Filing) policy.Standing {
	return policy.Standing{Camera: "camera:door", Place: shouwang.PlaceID(place), Owner: owner, LegalClass: shouwang.LegalClass(class), Mount: mount, Filing: filing}
}

func TestAPlanForACameraSaysWhoReachesMore(t *testing.T) {
	filed := &policy.Filing{From: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)}
	later := &policy.Filing{From: filed.From, To: filed.To.AddDate(1, 0, 0)}
	own := "own_premises"
	for name, row := range map[string]struct {
		was, is policy.Standing
		more    string
	}{
		"as it is":               {is: standing("h1", "resident:gao", "resident", own, nil)},
		"to another house there": {is: standing("h2", "resident:gao", "resident", own, nil)},
		"to the west":            {is: standing("empty", "resident:gao", "resident", own, nil), more: "officer:west area, officer:west impartial, officer:west jurisdiction"},
		"to another owner":       {is: standing("h1", "resident:other", "resident", own, nil), more: "resident:other owner"},
		"to a unit":              {is: standing("h1", "unit:west", "resident", own, nil), more: "officer:west owner"},
		"without consents":       {is: standing("h1", "resident:gao", "public", own, nil), more: "officer:town filing"},
		"filed for longer":       {was: standing("h1", "unit:x", "public", own, filed), is: standing("h1", "unit:x", "public", own, later), more: "officer:town filing"},
		"filed without an end":   {was: standing("h1", "unit:x", "public", own, filed), is: standing("h1", "unit:x", "public", own, nil), more: "officer:town filing"},
		"filed for less":         {was: standing("h1", "unit:x", "public", own, later), is: standing("h1", "unit:x", "public", own, filed)},
		"back to the consents":   {was: standing("h1", "unit:x", "public", own, nil), is: standing("h1", "unit:x", "resident", own, nil), more: "resident:gao area, resident:gao cell"},
	} {
		w := treeOf(t)
		for _, p := range []*policy.Principal{
			{ID: "resident:other", Type: policy.TypeResident},
			{ID: "officer:west", Type: policy.TypeOfficer, Unit: "west", Roles: []policy.Role{policy.RoleApprover}, Jurisdiction: "west", HomeGrid: "g1"},
			{ID: "officer:audit", Type: policy.TypeOfficer, Roles: []policy.Role{policy.RoleOversight}, Jurisdiction: "town"},
		} {
			next, err := w.WithPrincipal(p)
			if err != nil {
				t.Fatal(err)
			}
			w = next
		}
		if row.was.Camera != "" {
			w = hang(t, w, row.was)
		}
		p, err := w.PlanCamera(row.is)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var more []string
		for _, g := range p.Gains {
			more = append(more, g.Who+" "+g.What)
		}
		if strings.Join(more, ", ") != row.more || p.Consents != 1 {
			t.Errorf("%s: %q, want %q", name, strings.Join(more, ", "), row.more)
		}
	}
}

// hang is the world with its camera at another standing.
func hang(t *testing.T, w *policy.World, s policy.Standing) *policy.World {
	t.Helper()
	old, _ := w.Camera(s.Camera)
	c := *old
	c.Place, c.Owner, c.LegalClass, c.Mount, c.Filing = s.Place, s.Owner, s.LegalClass, s.Mount, s.Filing
	next, err := w.WithCamera(&c)
	if err != nil {
		t.Fatal(err)
	}
	return next
}

// TestACameraThatNobodyConsentedToIsPutRight: a technician hangs a new camera
// right without asking, as it shows nobody anything; to whom it belongs is another matter.
func TestACameraThatNobodyConsentedToIsPutRight(t *testing.T) {
	w := treeOf(t)
	old, _ := w.Camera("camera:door")
	c := *old
	c.Consents = nil
	w, err := w.WithCamera(&c)
	if err != nil {
		t.Fatal(err)
	}
	if p, err := w.PlanCamera(standing("empty", "resident:gao", "resident", "own_premises", nil)); err != nil || len(p.Gains) != 0 {
		t.Errorf("%+v, %v", p, err)
	}
	if p, err := w.PlanCamera(standing("empty", "resident:gao", "public", "public", nil)); err != nil || len(p.Gains) == 0 {
		t.Errorf("an open street without a second person: %+v, %v", p, err)
	}
}

func TestAPlanForACameraRefuses(t *testing.T) {
	w := treeOf(t)
	for name, row := range map[string]struct {
		is   policy.Standing
		code shouwang.Code
	}{
		"no camera":                {policy.Standing{Camera: "camera:none", Place: "h1", LegalClass: "resident", Mount: "own_premises"}, shouwang.CodeNotFound},
		"no place":                 {standing("nowhere", "resident:gao", "resident", "own_premises", nil), shouwang.CodeBadConfig},
		"no class":                 {standing("h1", "resident:gao", "secret", "own_premises", nil), shouwang.CodeBadUsage},
		"a resident's in a street": {standing("h1", "resident:gao", "resident", "public", nil), shouwang.CodeDenied},
	} {
		if _, err := w.PlanCamera(row.is); shouwang.CodeOf(err) != row.code {
			t.Errorf("%s: %v, want %s", name, err, row.code)
		}
	}
}
