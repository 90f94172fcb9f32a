package gate

import (
	"testing"
	"time"

	"shouwang/policy"
)

// book is a record of approvals in memory.
type book map[string]*policy.Approval

func (b book) Approved(req *policy.Request, at time.Time) *policy.Approval {
	for _, a := range b {
		if a.Covers(req, at) {
			return a
		}
	}
	return nil
}

func (b book) Spend(id, decision string, at time.Time) bool {
	a := b[id]
	if a == nil || a.Left(at) == 0 {
		return false
	}
	a.UsedFor = append(a.UsedFor, decision)
	return true
}

func graveRequest() policy.Request {
	from := time.Date(2026, 11, 17, 20, 0, 0, 0, china)
	return policy.Request{
		Principal: "officer:ivy", Action: policy.Export, Resource: "camera:door-4", Purpose: "public_safety", Case: "case-1",
		SecondPerson: "officer:yes", SecondFactorAge: 60,
		Footage: &policy.Footage{Camera: "camera:door-4", From: from, To: from.Add(time.Minute), KeyState: policy.KeyLive},
	}
}

func givenFor(req policy.Request) *policy.Approval {
	return &policy.Approval{
		ID: "ap-1", State: policy.ApprovalGiven, Requester: req.Principal, Approver: req.SecondPerson, Action: req.Action,
		Camera: req.Footage.Camera, From: req.Footage.From, To: req.Footage.To, Purpose: req.Purpose, Case: req.Case,
		Asked: inHours.Add(-time.Hour), Answered: inHours.Add(-time.Minute), Expires: inHours.Add(time.Hour), Uses: 1,
	}
}

// TestANamedPersonWhoNeverApprovedIsDenied: the request's word is enough for a
// tool that judges a world written down, and for no service.
func TestANamedPersonWhoNeverApprovedIsDenied(t *testing.T) {
	w := readWorld(t, "../testdata")
	tool, _ := NewGate(w, func() time.Time { return inHours }, Options{})
	req := graveRequest()
	if d, _ := tool.Look(req); !d.Allowed() {
		t.Fatalf("to begin with: %v", d.Reasons)
	}
	kept := book{}
	g, _ := NewGate(w, func() time.Time { return inHours }, Options{Approvals: kept})
	d, grant := g.Look(req)
	if d.Allowed() || d.Reasons[0] != policy.ReasonSecondUnapproved || grant.Covers(policy.Export, "door-4", req.Footage.From) {
		t.Errorf("nobody approved: %v", d.Reasons)
	}
	kept["ap-1"] = givenFor(req)
	if d, _ := g.Look(req); !d.Allowed() {
		t.Errorf("approved: %v", d.Reasons)
	}
	if d, _ := g.Look(req); d.Allowed() || d.Reasons[0] != policy.ReasonSecondUnapproved {
		t.Errorf("a second use of a single one: %v", d.Reasons)
	}
	req.Within = kept["ap-1"].UsedFor[0]
	if d := g.Decide(at(req, inHours)); !d.Allowed() {
		t.Errorf("the look that began under it goes on: %v", d.Reasons)
	}
	if d := g.Decide(at(req, inHours.Add(2*time.Hour))); d.Allowed() {
		t.Error("a look goes on after its approval's time")
	}
}

// TestTheOtherFormOfAnExportIsRefused: who approved a veiled copy did not let
// the original go, nor the other way round, and the denial says that it is the
// form. What names no form is the veiled copy on either side.
func TestTheOtherFormOfAnExportIsRefused(t *testing.T) {
	w := readWorld(t, "../testdata")
	for _, c := range []struct {
		approved, asked policy.ExportForm
		allowed         bool
	}{
		{"", "", true}, {"", policy.FormVeiled, true}, {policy.FormVeiled, "", true}, {policy.FormVeiled, policy.FormVeiled, true}, {policy.FormOriginal, policy.FormOriginal, true},
		{"", policy.FormOriginal, false}, {policy.FormVeiled, policy.FormOriginal, false}, {policy.FormOriginal, "", false}, {policy.FormOriginal, policy.FormVeiled, false},
	} {
		req := graveRequest()
		a := givenFor(req)
		a.Form, req.Form = c.approved, c.asked
		kept := book{a.ID: a}
		g, err := NewGate(w, func() time.Time { return inHours }, Options{Approvals: kept})
		if err != nil {
			t.Fatal(err)
		}
		d, _ := g.Look(req)
		if d.Allowed() != c.allowed {
			t.Errorf("approved %q, asked %q: %v", c.approved, c.asked, d.Reasons)
		}
		if !c.allowed && (d.Reasons[0] != policy.ReasonSecondOtherForm || len(a.UsedFor) != 0) {
			t.Errorf("approved %q, asked %q: %v, used %v", c.approved, c.asked, d.Reasons, a.UsedFor)
		}
	}
}

func at(req policy.Request, t time.Time) policy.Request {
	req.At = t
	return req
}

// TestAnApprovalIsForOneThing spoils one attribute at a time.
func TestAnApprovalIsForOneThing(t *testing.T) {
	req := graveRequest()
	if a := givenFor(req); !a.Covers(&req, inHours) {
		t.Fatal("it does not even cover what it was given for")
	}
	spoil := map[string]func(*policy.Approval, *policy.Request){
		"another requester":  func(a *policy.Approval, _ *policy.Request) { a.Requester = "officer:yes" },
		"another approver":   func(a *policy.Approval, _ *policy.Request) { a.Approver = "officer:ding" },
		"no approver":        func(a *policy.Approval, r *policy.Request) { a.Approver, r.SecondPerson = "", "" },
		"oneself":            func(a *policy.Approval, r *policy.Request) { a.Approver, r.SecondPerson = a.Requester, a.Requester },
		"another act":        func(a *policy.Approval, _ *policy.Request) { a.Action = policy.Unmask },
		"another camera":     func(a *policy.Approval, _ *policy.Request) { a.Camera = "camera:door-5" },
		"another purpose":    func(a *policy.Approval, _ *policy.Request) { a.Purpose = "emergency" },
		"another case":       func(a *policy.Approval, _ *policy.Request) { a.Case = "case-2" },
		"another order":      func(a *policy.Approval, _ *policy.Request) { a.Order = "o-1" },
		"the original":       func(_ *policy.Approval, r *policy.Request) { r.Form = policy.FormOriginal },
		"a veiled copy":      func(a *policy.Approval, r *policy.Request) { a.Form, r.Form = policy.FormOriginal, policy.FormVeiled },
		"a form unnamed":     func(a *policy.Approval, _ *policy.Request) { a.Form = policy.FormOriginal },
		"a form unknown":     func(_ *policy.Approval, r *policy.Request) { r.Form = "clear" },
		"another approval":   func(_ *policy.Approval, r *policy.Request) { r.Approval = "ap-2" },
		"begins earlier":     func(_ *policy.Approval, r *policy.Request) { r.Footage.From = r.Footage.From.Add(-1) },
		"ends later":         func(_ *policy.Approval, r *policy.Request) { r.Footage.To = r.Footage.To.Add(1) },
		"the live view":      func(_ *policy.Approval, r *policy.Request) { r.Footage = nil },
		"approved for live":  func(a *policy.Approval, _ *policy.Request) { a.From, a.To = time.Time{}, time.Time{} },
		"asked only":         func(a *policy.Approval, _ *policy.Request) { a.State = policy.ApprovalAsked },
		"refused":            func(a *policy.Approval, _ *policy.Request) { a.State = policy.ApprovalRefused },
		"withdrawn":          func(a *policy.Approval, _ *policy.Request) { a.State = policy.ApprovalWithdrawn },
		"over":               func(a *policy.Approval, _ *policy.Request) { a.Expires = inHours },
		"answered later":     func(a *policy.Approval, _ *policy.Request) { a.Answered = inHours.Add(1) },
		"used up":            func(a *policy.Approval, _ *policy.Request) { a.UsedFor = []string{"d-1"} },
		"used up by another": func(a *policy.Approval, r *policy.Request) { a.UsedFor, r.Within = []string{"d-1"}, "d-2" },
		"within, but refused": func(a *policy.Approval, r *policy.Request) {
			a.State, a.UsedFor, r.Within = policy.ApprovalRefused, []string{"d-1"}, "d-1"
		},
	}
	for name, f := range spoil {
		req := graveRequest()
		footage := *req.Footage
		req.Footage = &footage
		a := givenFor(req)
		if f(a, &req); a.Covers(&req, inHours) {
			t.Errorf("%s: still covered", name)
		}
	}
}
