package approvals

import (
	"context"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/front"
)

// PersonView is who asked or answered.
type PersonView struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Unit string `json:"unit,omitempty"`
}

// ApprovalView is an approval as a page shows it.
type ApprovalView struct {
	ID         string            `json:"id"`
	State      string            `json:"state" enum:"asked,given,refused,withdrawn,expired,used"`
	Action     policy.Action     `json:"action"`
	Form       policy.ExportForm `json:"form,omitempty" enum:"veiled,original" doc:"Of an export, which form of the footage leaves"`
	Camera     shouwang.CameraID `json:"camera"`
	CameraName string            `json:"camera_name"`
	From       time.Time         `json:"from,omitzero"`
	To         time.Time         `json:"to,omitzero"`
	Purpose    string            `json:"purpose"`
	Case       string            `json:"case,omitempty"`
	CaseTitle  string            `json:"case_title,omitempty"`
	Order      string            `json:"order,omitempty"`
	Reason     string            `json:"reason"`
	Recipient  string            `json:"recipient,omitempty"`
	Requester  PersonView        `json:"requester"`
	Approver   *PersonView       `json:"approver,omitempty"`
	Note       string            `json:"note,omitempty"`
	Asked      time.Time         `json:"asked"`
	Answered   time.Time         `json:"answered,omitzero"`
	Expires    time.Time         `json:"expires" doc:"Until when it may be answered, then used"`
	Hours      int               `json:"hours" doc:"How long it holds from the answer on"`
	Uses       int               `json:"uses"`
	Used       int               `json:"used"`
	Decisions  []string          `json:"decisions" doc:"The decisions it was used for"`
	MayAnswer  bool              `json:"may_answer" doc:"Whether the caller may approve or refuse it"`
	WhyNot     policy.Reason     `json:"why_not,omitempty" doc:"Why the caller may not"`
	WhyNotText string            `json:"why_not_text,omitempty"`
	// AlsoMissing is told to who asks: why the act would fail all the same.
	AlsoMissing []policy.Reason `json:"also_missing,omitempty"`
}

type listInput struct {
	Box  string `query:"box" enum:"all,asked,to_answer,answered" default:"all" doc:"asked by the caller; to_answer by the caller; answered by the caller"`
	Case string `query:"case" maxLength:"64" doc:"Only those for this case"`
}

type listOutput struct {
	Body struct {
		Approvals []ApprovalView `json:"approvals"`
	}
}

type idInput struct {
	ID string `path:"id" maxLength:"64"`
}

func (r *room) list(_ context.Context, c *front.Caller, in *listInput) (*listOutput, error) {
	out := &listOutput{}
	out.Body.Approvals = []ApprovalView{}
	found := r.Store.List(func(a *policy.Approval) bool {
		return (in.Case == "" || a.Case == in.Case) && r.inBox(c, a, in.Box)
	})
	for _, a := range found[:min(len(found), 500)] {
		out.Body.Approvals = append(out.Body.Approvals, r.view(c, a))
	}
	return out, nil
}

func (r *room) inBox(c *front.Caller, a *policy.Approval, box string) bool {
	switch box {
	case "asked":
		return a.Requester == c.Who.ID
	case "answered":
		return a.Approver == c.Who.ID
	case "to_answer":
		ok, _ := c.World.MayApprove(c.Who.ID, a.Requester, a.Camera)
		return ok && r.stateOf(a) == string(policy.ApprovalAsked)
	}
	return r.knows(c, a)
}

// knows reports whether the approval is any business of the caller's.
func (r *room) knows(c *front.Caller, a *policy.Approval) bool {
	if a.Requester == c.Who.ID || a.Approver == c.Who.ID {
		return true
	}
	if cs, ok := c.World.Case(a.Case); ok {
		for _, member := range cs.Members {
			if member == c.Who.ID {
				return true
			}
		}
	}
	if ok, _ := c.World.MayApprove(c.Who.ID, a.Requester, a.Camera); ok {
		return true
	}
	// Approvers are told why this one is not theirs to answer.
	cam, ok := c.World.Camera(a.Camera)
	return ok && c.Knows(cam) && (c.Who.Has(policy.RoleApprover) || c.Who.Has(policy.RoleSupervisor))
}

func (r *room) known(c *front.Caller, id string) (*policy.Approval, error) {
	a, err := r.Store.Approval(id)
	if err != nil || !r.knows(c, a) {
		return nil, shouwang.Errorf(shouwang.CodeNotFound, "no approval %q that you may know of", id)
	}
	return a, nil
}

func (r *room) get(_ context.Context, c *front.Caller, in *idInput) (*approvalOutput, error) {
	a, err := r.known(c, in.ID)
	if err != nil {
		return nil, err
	}
	return &approvalOutput{Body: r.view(c, a)}, nil
}

// stateOf is the state as it stands now: time and use end it, too.
func (r *room) stateOf(a *policy.Approval) string {
	switch {
	case (a.State == policy.ApprovalAsked || a.State == policy.ApprovalGiven) && !r.Now().Before(a.Expires):
		return "expired"
	case a.State == policy.ApprovalGiven && a.Left(r.Now()) == 0:
		return "used"
	}
	return string(a.State)
}

func (r *room) view(c *front.Caller, a *policy.Approval) ApprovalView {
	v := ApprovalView{
		ID: a.ID, State: r.stateOf(a), Action: a.Action, From: a.From, To: a.To, Purpose: a.Purpose, Case: a.Case, Order: a.Order,
		Reason: a.Reason, Recipient: a.Recipient, Requester: person(c, a.Requester), Note: a.Note, Asked: a.Asked, Answered: a.Answered,
		Expires: a.Expires, Hours: a.Lasts, Uses: a.Uses, Used: len(a.UsedFor), Decisions: append([]string{}, a.UsedFor...),
	}
	if cam, ok := c.World.Camera(a.Camera); ok {
		v.Camera, v.CameraName = cam.CameraID(), cam.NameIn(c.Lang)
	}
	if a.Action == policy.Export {
		v.Form = a.Form.OrVeiled()
	}
	if cs, ok := c.World.Case(a.Case); ok {
		v.CaseTitle = cs.Title
	}
	if a.Approver != "" {
		p := person(c, a.Approver)
		v.Approver = &p
	}
	if v.State == string(policy.ApprovalAsked) {
		v.MayAnswer, v.WhyNot = c.World.MayApprove(c.Who.ID, a.Requester, a.Camera)
		if !v.MayAnswer {
			v.WhyNotText = policy.TextForOfficer(v.WhyNot, c.Lang)
		}
	}
	return v
}

func person(c *front.Caller, id string) PersonView {
	v := PersonView{ID: id, Name: id}
	p, ok := c.World.Principal(id)
	if !ok {
		return v
	}
	v.Unit = p.Unit
	if c.Lang == "en" && p.NameEn != "" {
		v.Name = p.NameEn
	} else if p.Name != "" {
		v.Name = p.Name
	}
	return v
}
