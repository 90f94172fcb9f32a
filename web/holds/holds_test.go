package holds_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/front"
	"shouwang/web/front/fronttest"
	"shouwang/web/holds"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"))
}

var noon = time.Date(2026, 11, 18, 12, 0, 0, 0, time.FixedZone("CST", 8*3600))

// store keeps holds in the gate's world.
type store struct {
	mu    sync.Mutex
	h     *fronttest.House
	state policy.KeyState
	done  []string // decisions
}

func (s *store) KeyState(context.Context, shouwang.CameraID, shouwang.Span) (policy.KeyState, error) {
	return s.state, nil
}

func (s *store) keep(h policy.Hold, decision string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.done = append(s.done, decision)
	return s.h.Gate.Update(func(w *policy.World) (*policy.World, error) { return w.WithHold(&h) })
}

func (s *store) Place(_ context.Context, h policy.Hold, decision string) (int, error) {
	return 3, s.keep(h, decision)
}

func (s *store) Release(_ context.Context, h policy.Hold, decision string) error {
	return s.keep(h, decision)
}

func house(t *testing.T) (*fronttest.House, *store, *fronttest.Book) {
	t.Helper()
	officer := func(id string, roles ...policy.Role) *policy.Principal {
		return &policy.Principal{ID: "officer:" + id, Type: policy.TypeOfficer, Name: id, Unit: "team", Roles: roles, Jurisdiction: "town", HomeGrid: "-", OnDuty: true}
	}
	w, err := policy.NewWorld(policy.WorldData{
		Timezone: "Asia/Shanghai", Purposes: []string{"public_safety"}, Units: []policy.Unit{{ID: "team", Name: "执法队"}},
		Places: []shouwang.Place{{ID: "town", Kind: "township"}, {ID: "house", Kind: "building", Parent: "town"}},
		Principals: []*policy.Principal{
			officer("asks", policy.RoleInvestigator), officer("boss", policy.RoleApprover), officer("other", policy.RoleInvestigator),
			{ID: "resident:li", Type: policy.TypeResident},
			{ID: "resident:gao", Type: policy.TypeResident},
		},
		Cameras: []*policy.Camera{{ID: "camera:door", Place: "house", LegalClass: shouwang.ClassResident, Mount: "own_premises", Owner: "resident:li", Sign: true}},
		Cases:   []*policy.Case{{ID: "case-1", Open: true, Type: "theft", Title: "the bicycle", Members: []string{"officer:asks"}, Opened: noon.AddDate(0, 0, -1)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	given := &fronttest.Book{Approval: policy.Approval{
		ID: "ap-1", State: policy.ApprovalGiven, Requester: "officer:asks", Approver: "officer:boss", Action: policy.PlaceHold, Camera: "camera:door",
		From: noon.Add(-2 * time.Hour), To: noon, Purpose: "public_safety", Case: "case-1", Answered: noon.Add(-time.Minute), Expires: noon.Add(time.Hour), Uses: 1,
	}}
	s := &store{state: policy.KeyLive}
	h := fronttest.Open(t, fronttest.Options{World: w, At: noon, Approvals: given})
	s.h = h
	h.Add(holds.Routes(holds.Deps{Gate: h.Gate, Store: s}))
	return h, s, given
}

func body(change ...any) map[string]any {
	b := map[string]any{"camera": "door", "from": noon.Add(-time.Hour), "to": noon.Add(-30 * time.Minute), "case": "case-1", "days": 14, "reason": "the bicycle", "approval": "ap-1"}
	for i := 0; i+1 < len(change); i += 2 {
		b[change[i].(string)] = change[i+1]
	}
	return b
}

type list struct {
	Holds []holds.HoldView `json:"holds"`
}

// TestAHoldTakesTwoAndEnds walks a hold from asking to letting go.
func TestAHoldTakesTwoAndEnds(t *testing.T) {
	h, s, given := house(t)
	if p := fronttest.Want[front.Problem](h, 403, "officer:asks", "POST", "/api/holds", body()); p.Reasons[0] != policy.ReasonSecondFactor {
		t.Errorf("without a second factor: %v", p.Reasons)
	}
	h.Factor("officer:asks")
	h.Factor("officer:other")
	for name, b := range map[string]map[string]any{"no such approval": body("approval", "ap-2"), "longer than approved": body("to", noon.Add(time.Minute)), "another case": body("case", "case-2")} {
		if status, raw := h.Do("officer:asks", "POST", "/api/holds", b); status != 403 {
			t.Errorf("%s: %d %s", name, status, raw)
		}
	}
	fronttest.Want[front.Problem](h, 403, "officer:other", "POST", "/api/holds", body())
	fronttest.Want[front.Problem](h, 422, "officer:asks", "POST", "/api/holds", body("days", 1000))
	if len(s.done) != 0 {
		t.Fatal("something was held")
	}
	v := fronttest.Want[holds.HoldView](h, 200, "officer:asks", "POST", "/api/holds", body())
	if !v.Active || v.Segments != 3 || v.ApprovedBy != "boss" || !v.Until.Equal(noon.AddDate(0, 0, 14)) {
		t.Fatalf("held: %+v", v)
	}
	e := h.Log.Of("hold")
	if len(e) != 1 || e[0].DecisionID != s.done[0] || e[0].Case != "case-1" {
		t.Errorf("logged: %+v", e)
	}
	fronttest.Want[front.Problem](h, 403, "officer:asks", "POST", "/api/holds", body()) // its approval is used up

	mine := fronttest.Want[list](h, 200, "resident:li", "GET", "/api/my/cameras/door/holds", nil)
	if len(mine.Holds) != 1 || mine.Holds[0].CaseType != "theft" || mine.Holds[0].CaseTitle != "" || mine.Holds[0].Case != "" || mine.Holds[0].PlacedBy != "asks (执法队)" {
		t.Errorf("the owner reads: %+v", mine)
	}
	fronttest.Want[front.Problem](h, 404, "resident:gao", "GET", "/api/my/cameras/door/holds", nil)
	if got := fronttest.Want[list](h, 200, "officer:other", "GET", "/api/holds", nil); len(got.Holds) != 0 {
		t.Error("a case's hold is told to a stranger to it")
	}

	let := map[string]any{"reason": "the case is closed", "approval": "ap-1"}
	fronttest.Want[front.Problem](h, 403, "officer:asks", "POST", "/api/holds/"+v.ID+"/release", let)
	given.Action, given.UsedFor = policy.ReleaseHold, nil
	gone := fronttest.Want[holds.HoldView](h, 200, "officer:asks", "POST", "/api/holds/"+v.ID+"/release", let)
	if gone.Active || len(h.Log.Of("release")) != 1 {
		t.Errorf("let go: %+v", gone)
	}
	fronttest.Want[front.Problem](h, 409, "officer:asks", "POST", "/api/holds/"+v.ID+"/release", let)
}

func TestAHoldLapsesAndADestroyedKeyIsFinal(t *testing.T) {
	h, s, given := house(t)
	h.Factor("officer:asks")
	v := fronttest.Want[holds.HoldView](h, 200, "officer:asks", "POST", "/api/holds", body("days", 1))
	h.Advance(25 * time.Hour)
	if got := fronttest.Want[list](h, 200, "officer:boss", "GET", "/api/holds", nil); len(got.Holds) != 0 {
		t.Errorf("%s holds a day later: %+v", v.ID, got)
	}
	h.Advance(-25 * time.Hour)
	given.UsedFor, s.state = nil, policy.KeyShredded
	if p := fronttest.Want[front.Problem](h, 403, "officer:asks", "POST", "/api/holds", body()); p.Reasons[0] != policy.ReasonKeyDestroyed {
		t.Errorf("what is destroyed: %v", p.Reasons)
	}
}

func TestNothingIsHeldThatCannotBeLogged(t *testing.T) {
	h, s, _ := house(t)
	h.Factor("officer:asks")
	h.Log.Break(true)
	fronttest.Want[front.Problem](h, 503, "officer:asks", "POST", "/api/holds", body())
	if len(s.done) != 0 {
		t.Error("held without an entry")
	}
}
