package policy

import (
	"slices"
	"time"

	"shouwang"
)

// ApprovalState is where a second approval stands.
type ApprovalState string

// The states of an approval. Only ApprovalGiven lets anything through.
const (
	ApprovalAsked     ApprovalState = "asked"
	ApprovalGiven     ApprovalState = "given"
	ApprovalRefused   ApprovalState = "refused"
	ApprovalWithdrawn ApprovalState = "withdrawn" // by either of the two
)

// ExportForm is what of the pictures an evidence package takes along.
type ExportForm string

// The forms. A veiled copy is encoded anew with the owner's masks, people and
// vehicles pixelated, and the package's id burned in; the original is what the
// camera sent, bit for bit. A form that is not named is the veiled copy.
const (
	FormVeiled   ExportForm = "veiled"
	FormOriginal ExportForm = "original"
)

// OrVeiled returns the form, the veiled copy where none is named. Approvals and
// requests of before the form was part of them name none.
func (f ExportForm) OrVeiled() ExportForm {
	if f == "" {
		return FormVeiled
	}
	return f
}

// Approval is what one person asked another to approve, and the answer. The
// other gives it in a session of their own, under a second factor just shown;
// it is for one act on one stretch of one camera, for one case, a few times at
// most, and not for long. A name in a request is worth nothing without one.
type Approval struct {
	ID        string        `json:"id"`
	State     ApprovalState `json:"state"`
	Requester string        `json:"requester"`
	Approver  string        `json:"approver,omitempty"` // who answered
	Action    Action        `json:"action"`
	Form      ExportForm    `json:"form,omitempty"` // of an export, which of its two forms
	Camera    string        `json:"camera"`         // "camera:door-17"
	// From and To bound the capture time; both zero stand for the live view.
	From      time.Time `json:"from,omitzero"`
	To        time.Time `json:"to,omitzero"`
	Purpose   string    `json:"purpose"`
	Case      string    `json:"case,omitempty"`
	Order     string    `json:"order,omitempty"`
	Reason    string    `json:"reason"`              // the requester's words
	Recipient string    `json:"recipient,omitempty"` // of an evidence package
	Note      string    `json:"note,omitempty"`      // the approver's words
	Asked     time.Time `json:"asked"`
	Answered  time.Time `json:"answered,omitzero"`
	// Lasts is for how many hours from the answer it holds, Expires until when:
	// while it is asked, until when it may be answered.
	Lasts   int       `json:"lasts_h"`
	Expires time.Time `json:"expires"`
	// Uses is how often it may be used; UsedFor are the decisions it was used for.
	Uses    int      `json:"uses"`
	UsedFor []string `json:"used_for,omitempty"`
}

// Left returns how often the approval can still be used at the moment given.
func (a *Approval) Left(at time.Time) int {
	if a.State != ApprovalGiven || !at.Before(a.Expires) || at.Before(a.Answered) {
		return 0
	}
	return max(0, a.Uses-len(a.UsedFor))
}

// Covers reports whether the approval is for the act that is asked for now: the
// same person, act, camera, purpose, case and order, the same form of an export,
// within the stretch of time, not used up. A look that began under it may go on
// until it expires.
func (a *Approval) Covers(req *Request, at time.Time) bool {
	switch {
	case a.State != ApprovalGiven || !at.Before(a.Expires) || at.Before(a.Answered):
		return false
	case a.Left(at) == 0 && (req.Within == "" || !slices.Contains(a.UsedFor, req.Within)):
		return false
	case req.Approval != "" && req.Approval != a.ID, req.SecondPerson != "" && req.SecondPerson != a.Approver:
		return false
	case a.Approver == "" || a.Approver == a.Requester || a.Requester != req.Principal || a.Action != req.Action:
		return false
	case a.Purpose != req.Purpose || a.Case != req.Case || a.Order != req.Order:
		return false
	case a.Action == Export && a.Form.OrVeiled() != req.Form.OrVeiled():
		return false
	}
	return a.coversSpan(req)
}

func (a *Approval) coversSpan(req *Request) bool {
	if req.Footage == nil {
		return a.Camera == req.Resource && a.From.IsZero() && a.To.IsZero()
	}
	return a.Camera == req.Footage.Camera && !a.From.IsZero() &&
		!req.Footage.From.Before(a.From) && !req.Footage.To.After(a.To)
}

// MustApprove lists the reasons of a denial that a second person's approval,
// or the person's own second factor, would lift; the rest stays in its way.
func MustApprove(reasons []Reason) (lifted, rest []Reason) {
	for _, r := range reasons {
		switch r {
		case ReasonNoSecondPerson, ReasonSecondNotFree, ReasonSecondUnapproved, ReasonSecondOtherForm, ReasonHomeGrid, ReasonHomeUnknown, ReasonSecondFactor:
			lifted = append(lifted, r)
		default:
			rest = append(rest, r)
		}
	}
	return lifted, rest
}

// Span returns the stretch of capture time, zero for the live view.
func (a *Approval) Span() shouwang.Span { return shouwang.Span{From: a.From, To: a.To} }
