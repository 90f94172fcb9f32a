package gate

import (
	"slices"
	"time"

	"shouwang/policy"
)

// Approvals is the record of second approvals, which a gate that serves people
// goes by. Neither method may block for long.
type Approvals interface {
	// Approved returns the approval that covers the request now, nil for none.
	Approved(req *policy.Request, at time.Time) *policy.Approval
	// Spend notes durably that the approval was used for a decision. It reports
	// false when it cannot be used any more.
	Spend(id, decision string, at time.Time) bool
}

// asked is a request with what the record of approvals says to it.
type asked struct {
	policy.Request
	claimed   bool // a second person was named and looked for in the record
	otherForm bool // and had approved the export's other form
}

// second replaces what a request says of a second person by what the record
// says. Where there is no record (tools that judge a world written down) the
// request's word stands.
func (g *Gate) second(req *policy.Request) (*asked, *policy.Approval) {
	known := &asked{Request: *req}
	if g.approvals == nil || req.SecondPerson == "" && req.Approval == "" {
		return known, nil
	}
	known.claimed = true
	known.SecondPerson = ""
	a := g.approvals.Approved(req, req.At)
	if a != nil {
		known.SecondPerson = a.Approver
	} else if req.Action == policy.Export {
		known.otherForm = g.approvals.Approved(inOtherForm(req), req.At) != nil
	}
	return known, a
}

// inOtherForm is the same export, taking along what it does not.
func inOtherForm(r *policy.Request) *policy.Request {
	other := *r
	other.Form = policy.FormOriginal
	if r.Form.OrVeiled() == policy.FormOriginal {
		other.Form = policy.FormVeiled
	}
	return &other
}

// spend uses the approval up for an allowed look; false means that somebody
// was faster.
func (g *Gate) spend(a *policy.Approval, req *asked, d *policy.Decision) bool {
	if a == nil || req.Within != "" && slices.Contains(a.UsedFor, req.Within) {
		return true
	}
	return g.approvals.Spend(a.ID, d.DecisionID, req.At)
}
