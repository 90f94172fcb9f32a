package orders_test

import (
	"context"
	"testing"
	"time"

	"go.uber.org/goleak"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/front"
	"shouwang/web/front/fronttest"
	"shouwang/web/orders"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"))
}

var noon = time.Date(2026, 11, 18, 12, 0, 0, 0, time.FixedZone("CST", 8*3600))

type store struct{ h *fronttest.House }

func (s *store) PutOrder(_ context.Context, o policy.Order) error {
	return s.h.Gate.Update(func(w *policy.World) (*policy.World, error) { return w.WithOrder(&o), nil })
}

// given approves everything: this test is about the order.
type given struct{}

func (given) Approved(req *policy.Request, _ time.Time) *policy.Approval {
	return &policy.Approval{ID: "ap", Approver: "officer:boss", Requester: req.Principal}
}
func (given) Spend(string, string, time.Time) bool { return true }

func house(t *testing.T) *fronttest.House {
	t.Helper()
	officer := func(id string, roles ...policy.Role) *policy.Principal {
		return &policy.Principal{ID: "officer:" + id, Type: policy.TypeOfficer, Unit: "team", Roles: roles, Jurisdiction: "town", HomeGrid: "-", OnDuty: true}
	}
	w, err := policy.NewWorld(policy.WorldData{
		Timezone: "Asia/Shanghai", Purposes: []string{"public_safety"},
		Places:     []shouwang.Place{{ID: "town", Kind: "township"}, {ID: "house", Kind: "building", Parent: "town"}},
		Principals: []*policy.Principal{officer("asks", policy.RoleInvestigator), officer("boss", policy.RoleApprover), officer("desk", policy.RoleDispatcher), {ID: "resident:li", Type: policy.TypeResident}},
		Cameras:    []*policy.Camera{{ID: "camera:door", Place: "house", LegalClass: shouwang.ClassResident, Mount: "own_premises", Owner: "resident:li", Sign: true}},
		Cases:      []*policy.Case{{ID: "case-1", Open: true, Type: "theft", Members: []string{"officer:asks"}, Opened: noon.AddDate(0, 0, -1)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	s := &store{}
	h := fronttest.Open(t, fronttest.Options{World: w, At: noon, Approvals: given{}})
	s.h = h
	h.Add(orders.Routes(orders.Deps{Store: s}))
	return h
}

func exporting(order string) policy.Request {
	return policy.Request{
		Principal: "officer:asks", Action: policy.Export, Resource: "camera:door", Purpose: "public_safety", Case: "case-1", Order: order,
		SecondPerson: "officer:boss", SecondFactorAge: 5,
		Footage: &policy.Footage{Camera: "camera:door", From: noon.Add(-time.Hour), To: noon.Add(-50 * time.Minute), KeyState: policy.KeyHeld},
	}
}

func body() map[string]any {
	return map[string]any{
		"authority": "区公安分局", "number": "2026-77", "cameras": []string{"door"}, "from": noon.Add(-2 * time.Hour), "to": noon.Add(-time.Minute),
		"valid_to": noon.AddDate(0, 0, 10),
	}
}

// TestAnOrderOpensNothingBeforeItIsReviewed is row 11 of the worked scenarios:
// footage that a hold kept after withdrawal opens to an order, by two people.
func TestAnOrderOpensNothingBeforeItIsReviewed(t *testing.T) {
	h := house(t)
	for _, who := range []string{"officer:desk", "officer:boss", "resident:li"} {
		fronttest.Want[front.Problem](h, 403, who, "POST", "/api/orders", body())
	}
	o := fronttest.Want[orders.OrderView](h, 200, "officer:asks", "POST", "/api/orders", body())
	if o.State != "entered" || o.MayReview {
		t.Fatalf("entered: %+v", o)
	}
	if d, _ := h.Gate.Look(exporting(o.ID)); d.Allowed() {
		t.Fatal("an order that nobody reviewed opened footage")
	}
	path, yes := "/api/orders/"+o.ID+"/review", map[string]any{"accept": true}
	h.Factor("officer:asks")
	fronttest.Want[front.Problem](h, 403, "officer:asks", "POST", path, yes)
	if p := fronttest.Want[front.Problem](h, 403, "officer:boss", "POST", path, yes); p.Reasons[0] != policy.ReasonSecondFactor {
		t.Errorf("without a second factor: %v", p.Reasons)
	}
	h.Factor("officer:boss")
	if got := fronttest.Want[orders.OrderView](h, 200, "officer:boss", "POST", path, yes); got.State != "in_force" {
		t.Fatalf("reviewed: %+v", got)
	}
	if d, _ := h.Gate.Look(exporting(o.ID)); !d.Allowed() {
		t.Errorf("reviewed and denied: %v", d.Reasons)
	}
	fronttest.Want[front.Problem](h, 409, "officer:boss", "POST", path, yes)
	if n := len(h.Log.Of("order")); n != 2 {
		t.Errorf("%d steps logged", n)
	}
	h.Advance(11 * 24 * time.Hour)
	if d, _ := h.Gate.Look(exporting(o.ID)); d.Allowed() {
		t.Error("an order that is over opened footage")
	}
}

func TestARefusedOrderAndNonsense(t *testing.T) {
	h := house(t)
	o := fronttest.Want[orders.OrderView](h, 200, "officer:asks", "POST", "/api/orders", body())
	got := fronttest.Want[orders.OrderView](h, 200, "officer:boss", "POST", "/api/orders/"+o.ID+"/review", map[string]any{"accept": false})
	if got.State != "refused" {
		t.Errorf("refused: %+v", got)
	}
	if d, _ := h.Gate.Look(exporting(o.ID)); d.Allowed() {
		t.Error("a refused order opened footage")
	}
	for name, change := range map[string][2]any{"the future": {"from", noon.Add(time.Hour)}, "for ever": {"valid_to", noon.AddDate(1, 0, 0)}, "no camera": {"cameras", []string{"none"}}, "backwards": {"to", noon.Add(-3 * time.Hour)}} {
		b := body()
		b[change[0].(string)] = change[1]
		if status, raw := h.Do("officer:asks", "POST", "/api/orders", b); status < 400 || status >= 500 {
			t.Errorf("%s: %d %s", name, status, raw)
		}
	}
}
