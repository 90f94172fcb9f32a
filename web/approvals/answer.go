package approvals

import (
	"context"
	"strings"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/front"
)

// freshFactor is how old the approver's second factor may be, as in the rules.
const freshFactor = 5 * time.Minute

type answerInput struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Note string `json:"note,omitempty" maxLength:"500" doc:"The approver's words; for the log and the evidence package"`
	}
}

// approve is the second person's yes. It is logged before it counts.
func (r *room) approve(ctx context.Context, c *front.Caller, in *answerInput) (*approvalOutput, error) {
	return r.answer(ctx, c, in, policy.ApprovalGiven, "gave")
}

func (r *room) refuse(ctx context.Context, c *front.Caller, in *answerInput) (*approvalOutput, error) {
	return r.answer(ctx, c, in, policy.ApprovalRefused, "refused")
}

func (r *room) answer(ctx context.Context, c *front.Caller, in *answerInput, to policy.ApprovalState, step string) (*approvalOutput, error) {
	if _, err := r.known(c, in.ID); err != nil {
		return nil, err
	}
	a, err := r.Store.Change(ctx, in.ID, func(a *policy.Approval) (*policy.Approval, error) {
		if a.State != policy.ApprovalAsked || !r.Now().Before(a.Expires) {
			return nil, shouwang.Errorf(shouwang.CodeConflict, "this was answered already, or too late: it is %s", r.stateOf(a))
		}
		if err := r.may(c, a, to); err != nil {
			return nil, err
		}
		a.State, a.Approver, a.Note, a.Answered = to, c.Who.ID, in.Body.Note, r.Now()
		a.Expires = a.Answered.Add(time.Duration(a.Lasts) * time.Hour)
		if _, err := r.looks.Append(ctx, entry(c, a, a.Answered, step)); err != nil {
			return nil, err
		}
		return a, nil
	})
	if err != nil {
		return nil, err
	}
	return &approvalOutput{Body: r.view(c, a)}, nil
}

// may says, as a denial, why the caller cannot give this answer.
func (r *room) may(c *front.Caller, a *policy.Approval, to policy.ApprovalState) error {
	deny := func(reason policy.Reason) error {
		d := policy.Decision{Reasons: []policy.Reason{reason}}
		return front.Denial(&d, r.TextFor(c, &d))
	}
	if ok, why := c.World.MayApprove(c.Who.ID, a.Requester, a.Camera); !ok {
		return deny(why)
	}
	age := c.Session.SecondFactorAge(r.Now())
	if to == policy.ApprovalGiven && (age <= 0 || age > freshFactor.Seconds()) {
		return deny(policy.ReasonSecondFactor)
	}
	return nil
}

// withdraw takes back what one asked for or gave; looks under way by it end at
// once. It is carried out even if it cannot be logged yet: closing never waits.
func (r *room) withdraw(ctx context.Context, c *front.Caller, in *answerInput) (*approvalOutput, error) {
	if _, err := r.known(c, in.ID); err != nil {
		return nil, err
	}
	a, err := r.Store.Change(ctx, in.ID, func(a *policy.Approval) (*policy.Approval, error) {
		if c.Who.ID != a.Requester && c.Who.ID != a.Approver {
			return nil, shouwang.Errorf(shouwang.CodeDenied, "only who asked or who approved takes it back")
		}
		if a.State != policy.ApprovalAsked && a.State != policy.ApprovalGiven {
			return nil, shouwang.Errorf(shouwang.CodeConflict, "there is nothing to take back: it is %s", r.stateOf(a))
		}
		a.State = policy.ApprovalWithdrawn
		return a, nil
	})
	if err != nil {
		return nil, err
	}
	r.Gate.Recheck(shouwang.CameraID(strings.TrimPrefix(a.Camera, "camera:")))
	r.looks.Owe(ctx, entry(c, a, r.Now(), "withdrew"))
	return &approvalOutput{Body: r.view(c, a)}, nil
}
