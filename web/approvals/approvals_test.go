package approvals_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/approvals"
	"shouwang/web/front"
	"shouwang/web/front/fronttest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"))
}

var noon = time.Date(2026, 11, 18, 12, 0, 0, 0, time.FixedZone("CST", 8*3600))

// record is a store in memory.
type record struct {
	mu  sync.Mutex
	all map[string]*policy.Approval
}

func (r *record) Change(_ context.Context, id string, change func(*policy.Approval) (*policy.Approval, error)) (*policy.Approval, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var old *policy.Approval
	if have := r.all[id]; have != nil {
		copied := *have
		old = &copied
	}
	next, err := change(old)
	if err == nil {
		r.all[id] = next
	}
	return next, err
}

func (r *record) Approval(id string) (*policy.Approval, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if a := r.all[id]; a != nil {
		return a, nil
	}
	return nil, shouwang.Errorf(shouwang.CodeNotFound, "none")
}

func (r *record) List(pick func(*policy.Approval) bool) (out []*policy.Approval) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, a := range r.all {
		if pick(a) {
			out = append(out, a)
		}
	}
	slices.SortFunc(out, func(a, b *policy.Approval) int { return b.Asked.Compare(a.Asked) })
	return out
}

func (r *record) Approved(req *policy.Request, at time.Time) *policy.Approval {
	for _, a := range r.List(func(a *policy.Approval) bool { return a.Covers(req, at) }) {
		return a
	}
	return nil
}

func (r *record) Spend(id, decision string, at time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	a := r.all[id]
	if a.Left(at) == 0 {
		return false
	}
	a.UsedFor = append(a.UsedFor, decision)
	return true
}

type clips struct{}

func (clips) ClipSpan(_ context.Context, id shouwang.ClipID) (shouwang.CameraID, shouwang.Span, error) {
	if id != "clip-1" {
		return "", shouwang.Span{}, shouwang.Errorf(shouwang.CodeNotFound, "no clip")
	}
	return "gate", shouwang.Span{From: noon.Add(-time.Hour), To: noon.Add(-50 * time.Minute)}, nil
}

func world(t *testing.T) *policy.World {
	t.Helper()
	officer := func(id, unit, home string, roles ...policy.Role) *policy.Principal {
		return &policy.Principal{
			ID: "officer:" + id, Type: policy.TypeOfficer, Name: id, Unit: unit, Roles: roles, Jurisdiction: "town",
			HomeGrid: shouwang.PlaceID(home), OnDuty: true,
		}
	}
	w, err := policy.NewWorld(policy.WorldData{
		Timezone: "Asia/Shanghai", Purposes: []string{"public_safety"},
		Places: []shouwang.Place{{ID: "town", Kind: "township"}, {ID: "grid", Kind: "grid", Parent: "town"}},
		Principals: []*policy.Principal{
			officer("asks", "team", "-", policy.RoleInvestigator), officer("boss", "team", "-", policy.RoleApprover),
			officer("local", "team", "grid", policy.RoleApprover), officer("oversight", "county", "-", policy.RoleOversight),
			{ID: "resident:li", Type: policy.TypeResident},
			{ID: "admin:ops", Type: policy.TypeAdministrator},
		},
		Cameras: []*policy.Camera{{ID: "camera:gate", Name: "路口", Place: "grid", LegalClass: shouwang.ClassPublic, Mount: "public", Owner: "unit:other", Sign: true}},
		Cases:   []*policy.Case{{ID: "case-1", Open: true, Type: "theft", Members: []string{"officer:asks"}, Opened: noon.AddDate(0, 0, -1)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func house(t *testing.T) *fronttest.House {
	t.Helper()
	store := &record{all: map[string]*policy.Approval{}}
	h := fronttest.Open(t, fronttest.Options{World: world(t), At: noon, Approvals: store})
	h.Add(approvals.Routes(approvals.Deps{Store: store, Gate: h.Gate, Clips: clips{}}))
	return h
}

var export = map[string]any{"action": "export", "clip": "clip-1", "case": "case-1", "reason": "the theft of the 17th", "recipient": "court"}

func exporting(second, approval string) policy.Request {
	return policy.Request{
		Principal: "officer:asks", Action: policy.Export, Resource: "camera:gate", Purpose: "public_safety", Case: "case-1",
		SecondPerson: second, Approval: approval, SecondFactorAge: 10,
		Footage: &policy.Footage{Camera: "camera:gate", From: noon.Add(-time.Hour), To: noon.Add(-50 * time.Minute), KeyState: policy.KeyLive},
	}
}

// TestTwoPeopleInTwoSessions walks the whole way: asked, approved by somebody
// else under a fresh second factor, used once, and each step logged.
func TestTwoPeopleInTwoSessions(t *testing.T) {
	h := house(t)
	if d, _ := h.Gate.Look(exporting("officer:boss", "")); d.Allowed() {
		t.Fatal("a name alone was enough")
	}
	a := fronttest.Want[approvals.ApprovalView](h, 200, "officer:asks", "POST", "/api/approvals", export)
	if a.State != "asked" || a.Form != policy.FormVeiled || a.CameraName != "路口" || a.MayAnswer || len(a.AlsoMissing) != 0 || a.Uses != 1 {
		t.Fatalf("asked: %+v", a)
	}
	if d, _ := h.Gate.Look(exporting("", a.ID)); d.Allowed() {
		t.Fatal("asking was enough")
	}
	path := "/api/approvals/" + a.ID
	if p := fronttest.Want[front.Problem](h, 403, "officer:asks", "POST", path+"/approve", struct{}{}); p.Reasons[0] != policy.ReasonSecondNotFree {
		t.Errorf("oneself: %v", p.Reasons)
	}
	if p := fronttest.Want[front.Problem](h, 403, "officer:boss", "POST", path+"/approve", struct{}{}); p.Reasons[0] != policy.ReasonSecondFactor {
		t.Errorf("without a second factor: %v", p.Reasons)
	}
	h.Factor("officer:local")
	if p := fronttest.Want[front.Problem](h, 403, "officer:local", "POST", path+"/approve", struct{}{}); p.Reasons[0] != policy.ReasonHomeGrid {
		t.Errorf("who lives there: %v", p.Reasons)
	}
	for _, who := range []string{"officer:oversight", "resident:li", "admin:ops", ""} {
		if status, raw := h.Do(who, "POST", path+"/approve", struct{}{}); status != 404 && status != 403 && status != 401 {
			t.Errorf("%s: %d %s", who, status, raw)
		}
	}
	h.Factor("officer:boss")
	a = fronttest.Want[approvals.ApprovalView](h, 200, "officer:boss", "POST", path+"/approve", map[string]string{"note": "agreed"})
	if a.State != "given" || a.Approver.ID != "officer:boss" || !a.Expires.Equal(noon.Add(8*time.Hour)) {
		t.Fatalf("given: %+v", a)
	}
	if d, _ := h.Gate.Look(exporting("officer:local", "")); d.Allowed() {
		t.Error("another person than approved was named")
	}
	d, _ := h.Gate.Look(exporting("", a.ID))
	if !d.Allowed() || d.Obligations[len(d.Obligations)-1].ID == "" {
		t.Fatalf("approved: %v", d.Reasons)
	}
	if d, _ := h.Gate.Look(exporting("", a.ID)); d.Allowed() {
		t.Error("used twice")
	}
	if got := fronttest.Want[approvals.ApprovalView](h, 200, "officer:asks", "GET", path, nil); got.State != "used" || !slices.Contains(got.Decisions, d.DecisionID) {
		t.Errorf("after use: %+v", got)
	}
	var steps []string
	for _, e := range h.Log.Of("approval") {
		steps = append(steps, e.Principal+" "+strings.Fields(e.Detail)[0])
	}
	if want := []string{"officer:asks asked", "officer:boss gave"}; !slices.Equal(steps, want) {
		t.Errorf("logged: %v", steps)
	}
}

// TestAnExportIsApprovedInOneForm: the original must be asked for by name, the
// approver is told, the log says it, and the approval is for nothing else.
func TestAnExportIsApprovedInOneForm(t *testing.T) {
	h := house(t)
	wish := maps.Clone(export)
	wish["form"] = "original"
	a := fronttest.Want[approvals.ApprovalView](h, 200, "officer:asks", "POST", "/api/approvals", wish)
	path := "/api/approvals/" + a.ID
	if got := fronttest.Want[approvals.ApprovalView](h, 200, "officer:boss", "GET", path, nil); got.Form != policy.FormOriginal {
		t.Errorf("the approver is told of %q", got.Form)
	}
	h.Factor("officer:boss")
	fronttest.Want[approvals.ApprovalView](h, 200, "officer:boss", "POST", path+"/approve", struct{}{})
	if d, _ := h.Gate.Look(exporting("", a.ID)); d.Allowed() || d.Reasons[0] != policy.ReasonSecondOtherForm {
		t.Errorf("a veiled copy under it: %v", d.Reasons)
	}
	req := exporting("", a.ID)
	req.Form = policy.FormOriginal
	if d, _ := h.Gate.Look(req); !d.Allowed() {
		t.Errorf("what was approved: %v", d.Reasons)
	}
	for _, e := range h.Log.Of("approval") {
		if !strings.HasSuffix(e.Detail, a.ID+"; original") {
			t.Errorf("the log says %q", e.Detail)
		}
	}
	wish["form"] = "clear"
	fronttest.Want[front.Problem](h, 422, "officer:asks", "POST", "/api/approvals", wish)
	wish["form"], wish["action"] = "original", "place_hold"
	fronttest.Want[front.Problem](h, 422, "officer:asks", "POST", "/api/approvals", wish)
}

func TestNothingIsApprovedThatCannotBeLogged(t *testing.T) {
	h := house(t)
	a := fronttest.Want[approvals.ApprovalView](h, 200, "officer:asks", "POST", "/api/approvals", export)
	h.Factor("officer:boss")
	h.Log.Break(true)
	fronttest.Want[front.Problem](h, 503, "officer:boss", "POST", "/api/approvals/"+a.ID+"/approve", struct{}{})
	fronttest.Want[front.Problem](h, 503, "officer:asks", "POST", "/api/approvals", export)
	if got := fronttest.Want[approvals.ApprovalView](h, 200, "officer:asks", "GET", "/api/approvals/"+a.ID, nil); got.State != "asked" {
		t.Errorf("it is %s", got.State)
	}
	// What closes never waits for the log.
	if got := fronttest.Want[approvals.ApprovalView](h, 200, "officer:asks", "POST", "/api/approvals/"+a.ID+"/withdraw", struct{}{}); got.State != "withdrawn" {
		t.Errorf("it is %s", got.State)
	}
}

func TestRefusedWithdrawnAndLate(t *testing.T) {
	h := house(t)
	ask := func() string {
		return "/api/approvals/" + fronttest.Want[approvals.ApprovalView](h, 200, "officer:asks", "POST", "/api/approvals", export).ID
	}
	refused := ask()
	fronttest.Want[approvals.ApprovalView](h, 200, "officer:boss", "POST", refused+"/refuse", struct{}{})
	h.Factor("officer:boss")
	fronttest.Want[front.Problem](h, 409, "officer:boss", "POST", refused+"/approve", struct{}{})

	given := ask()
	fronttest.Want[approvals.ApprovalView](h, 200, "officer:boss", "POST", given+"/approve", struct{}{})
	var told []shouwang.CameraID
	defer h.Gate.OnChange(func(id shouwang.CameraID) { told = append(told, id) })()
	fronttest.Want[front.Problem](h, 403, "officer:local", "POST", given+"/withdraw", struct{}{})
	if len(told) > 0 {
		t.Errorf("told without anything having changed: %v", told)
	}
	fronttest.Want[approvals.ApprovalView](h, 200, "officer:boss", "POST", given+"/withdraw", struct{}{})
	if d, _ := h.Gate.Look(exporting("officer:boss", "")); d.Allowed() {
		t.Error("withdrawn and used")
	}
	if !slices.Equal(told, []shouwang.CameraID{"gate"}) {
		t.Errorf("looks under way were not judged anew: %v", told)
	}

	late := ask()
	h.Advance(25 * time.Hour)
	h.Factor("officer:boss")
	fronttest.Want[front.Problem](h, 409, "officer:boss", "POST", late+"/approve", struct{}{})
	if got := fronttest.Want[approvals.ApprovalView](h, 200, "officer:asks", "GET", late, nil); got.State != "expired" {
		t.Errorf("it is %s", got.State)
	}
}

func TestBoxesAndNonsense(t *testing.T) {
	h := house(t)
	type list struct {
		Approvals []approvals.ApprovalView `json:"approvals"`
	}
	fronttest.Want[approvals.ApprovalView](h, 200, "officer:asks", "POST", "/api/approvals", export)
	for who, want := range map[string]int{"officer:asks?box=asked": 1, "officer:asks?box=to_answer": 0, "officer:boss?box=to_answer": 1, "officer:boss?box=asked": 0, "officer:boss?case=case-2": 0, "officer:local": 1, "officer:local?box=to_answer": 0} {
		name, query, _ := strings.Cut(who, "?")
		if got := fronttest.Want[list](h, 200, name, "GET", "/api/approvals?"+query, nil); len(got.Approvals) != want {
			t.Errorf("%s: %d, want %d", who, len(got.Approvals), want)
		}
	}
	spoil := func(key string, value any) map[string]any {
		out := map[string]any{"action": "export", "camera": "gate", "from": noon.Add(-time.Hour), "to": noon, "case": "case-1", "reason": "the theft"}
		out[key] = value
		return out
	}
	for name, in := range map[string]map[string]any{
		"no such act": spoil("action", "face_match"), "no such camera": spoil("camera", "none"), "ends before it begins": spoil("to", noon.Add(-2*time.Hour)),
		"too long": spoil("from", noon.Add(-13*time.Hour)), "live with a span": spoil("action", "view_live"), "no reason": spoil("reason", "x"),
		"the future": spoil("from", noon.Add(time.Hour)), "no such clip": spoil("clip", "clip-2"), "too often": spoil("uses", 1000),
	} {
		if status, raw := h.Do("officer:asks", "POST", "/api/approvals", in); status < 400 || status >= 500 {
			t.Errorf("%s: %d %s", name, status, raw)
		}
	}
	if got := fronttest.Want[approvals.ApprovalView](h, 200, "officer:asks", "POST", "/api/approvals", spoil("case", "")); !slices.Contains(got.AlsoMissing, policy.ReasonNoCase) {
		t.Errorf("what else is missing: %v", got.AlsoMissing)
	}
}
