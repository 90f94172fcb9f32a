package rules_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/front/fronttest"
	"shouwang/web/rules"
)

var noon = time.Date(2026, 11, 18, 12, 0, 0, 0, time.FixedZone("CST", 8*3600))

// kept keeps one camera's rules in memory.
type kept struct {
	list     []rules.Rule
	revision string
	writes   int
	logged   func() int // entries in the log, looked at when written
	before   int
}

func (k *kept) Read(context.Context, shouwang.CameraID) (rules.Sheet, error) {
	return rules.Sheet{Rules: k.list, Revision: k.revision}, nil
}

func (k *kept) Write(_ context.Context, _ shouwang.CameraID, _ string, list []rules.Rule) (rules.Sheet, error) {
	k.writes++
	k.before, k.list, k.revision = k.logged(), list, "two"
	return rules.Sheet{Rules: list, Revision: k.revision}, nil
}

func open(t *testing.T) (*fronttest.House, *kept) {
	t.Helper()
	k := &kept{revision: "one", list: []rules.Rule{{Name: "yard", Kind: "intrusion"}}}
	h := fronttest.Open(t, fronttest.Options{World: fronttest.World(t), At: noon})
	k.logged = func() int { return len(h.Log.Of("consent")) }
	h.Add(rules.Routes(k))
	return h, k
}

// somebody returns an officer on duty with the role, and a camera in reach.
func somebody(t *testing.T, h *fronttest.House, role policy.Role) (who string, camera shouwang.CameraID) {
	t.Helper()
	w := h.Gate.World()
	for _, p := range w.Principals() {
		if p.Type != policy.TypeOfficer || !p.OnDuty || !p.Has(role) || p.Has(policy.RoleContractor) {
			continue
		}
		for _, c := range w.Cameras() {
			if w.Places().Within(c.Place, p.Jurisdiction) {
				return p.ID, c.CameraID()
			}
		}
	}
	t.Fatalf("the world has no %s on duty", role)
	return "", ""
}

func TestWhoMayDrawsRulesAndIsInTheLogFirst(t *testing.T) {
	h, k := open(t)
	who, camera := somebody(t, h, policy.RoleDispatcher)
	path := "/api/rules/" + string(camera)
	sheet := fronttest.Want[rules.SheetView](h, http.StatusOK, who, "GET", path, nil)
	if len(sheet.Rules) != 1 || sheet.Revision != "one" {
		t.Fatalf("%+v", sheet)
	}
	next := []rules.Rule{{Name: "gate", Kind: "line_crossing", Line: []shouwang.Point{{0.2, 0.5}, {0.8, 0.5}}, Direction: "right"}}
	got := fronttest.Want[rules.SheetView](h, http.StatusOK, who, "PUT", path, map[string]any{"revision": sheet.Revision, "rules": next})
	if len(got.Rules) != 1 || got.Rules[0].Direction != "right" || got.Revision != "two" {
		t.Errorf("%+v", got)
	}
	entries := h.Log.Of("consent")
	if len(entries) != 1 || entries[0].Principal != who || entries[0].Camera != policy.CameraResource(camera) || k.before != 1 {
		t.Errorf("the access log had %d entries when the rules changed: %+v", k.before, entries)
	}
	// What somebody else saw before is not written over what stands now.
	if status, _ := h.Do(who, "PUT", path, map[string]any{"revision": "one", "rules": next}); status != http.StatusConflict {
		t.Errorf("an old sheet was written: %d", status)
	}
	h.Log.Break(true)
	if status, _ := h.Do(who, "PUT", path, map[string]any{"revision": "two", "rules": next}); status != http.StatusServiceUnavailable || k.writes != 1 {
		t.Errorf("written %d times without the access log: %d", k.writes, status)
	}
}

func TestOthersDrawNoRules(t *testing.T) {
	h, k := open(t)
	_, camera := somebody(t, h, policy.RoleDispatcher)
	for _, who := range []string{"resident:mei", "kiosk:hall", "officer:ivy"} {
		for method, body := range map[string]any{"GET": nil, "PUT": map[string]any{"revision": "one", "rules": []rules.Rule{}}} {
			if status, raw := h.Do(who, method, "/api/rules/"+string(camera), body); status != http.StatusForbidden {
				t.Errorf("%s %s: %d %s", who, method, status, raw)
			}
		}
	}
	if k.writes != 0 {
		t.Error("rules were written")
	}
	if status, raw := h.Do("admin:root", "GET", "/api/rules/"+string(camera), nil); status != http.StatusOK {
		t.Errorf("an administrator: %d %s", status, raw)
	}
	if status, _ := h.Do("admin:root", "GET", "/api/rules/none", nil); status != http.StatusNotFound {
		t.Errorf("a camera that is not there: %d", status)
	}
}

func TestNonsenseIsRefused(t *testing.T) {
	h, k := open(t)
	who, camera := somebody(t, h, policy.RoleDispatcher)
	many := make([]map[string]any, 33)
	for i := range many {
		many[i] = map[string]any{"name": "r", "kind": "intrusion"}
	}
	for name, list := range map[string]any{
		"no such kind": []map[string]any{{"name": "face", "kind": "face_match"}}, "nameless": []map[string]any{{"name": "", "kind": "intrusion"}},
		"years": []map[string]any{{"name": "a", "kind": "parked", "seconds": 1e9}}, "too many": many,
	} {
		if status, raw := h.Do(who, "PUT", "/api/rules/"+string(camera), map[string]any{"revision": "one", "rules": list}); status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d %s", name, status, raw)
		}
	}
	if k.writes != 0 {
		t.Error("rules were written")
	}
}
