package approvals

import (
	"context"
	"slices"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/front"
)

// acts are the acts that take two people, always or where somebody lives.
var acts = []policy.Action{
	policy.Export, policy.Unmask, policy.PlaceHold, policy.ReleaseHold, policy.Playback, policy.ViewLive,
}

type askInput struct {
	Body AskBody
}

// AskBody says what is to be approved.
type AskBody struct {
	Action    policy.Action     `json:"action" enum:"export,unmask,place_hold,release_hold,playback,view_live"`
	Form      policy.ExportForm `json:"form,omitempty" enum:"veiled,original" doc:"Of an export: a copy with masks, people and vehicles pixelated (when absent), or what the camera sent, bit for bit"`
	Camera    shouwang.CameraID `json:"camera,omitempty" maxLength:"64" doc:"Not needed with a clip"`
	Clip      shouwang.ClipID   `json:"clip,omitempty" maxLength:"128" doc:"Takes camera and span from a clip"`
	From      time.Time         `json:"from,omitzero" doc:"Capture time; leave both out for the live view"`
	To        time.Time         `json:"to,omitzero"`
	Purpose   string            `json:"purpose,omitempty" maxLength:"64" doc:"public_safety when absent"`
	Case      string            `json:"case,omitempty" maxLength:"64"`
	Order     string            `json:"order,omitempty" maxLength:"64" doc:"The statutory order an export rests on"`
	Reason    string            `json:"reason" minLength:"4" maxLength:"500" doc:"Why, for the approver and the log"`
	Recipient string            `json:"recipient,omitempty" maxLength:"200" doc:"Who gets the evidence package"`
	Hours     int               `json:"hours,omitempty" minimum:"0" maximum:"24" doc:"How long it holds from the answer on; 8 when absent"`
	Uses      int               `json:"uses,omitempty" minimum:"0" maximum:"20" doc:"How often; 1 when absent, 10 for looking"`
}

type approvalOutput struct{ Body ApprovalView }

// ask keeps a new question. What the act lacks beside a second person is told
// in the answer, so that nobody is bothered for an act that fails anyway.
func (r *room) ask(ctx context.Context, c *front.Caller, in *askInput) (*approvalOutput, error) {
	a, err := r.asked(ctx, c, &in.Body)
	if err != nil {
		return nil, err
	}
	if _, err := r.looks.Append(ctx, entry(c, a, a.Asked, "asked")); err != nil {
		return nil, err
	}
	a, err = r.Store.Change(ctx, a.ID, func(*policy.Approval) (*policy.Approval, error) { return a, nil })
	if err != nil {
		return nil, err
	}
	out := &approvalOutput{Body: r.view(c, a)}
	out.Body.AlsoMissing = r.alsoMissing(c, a)
	return out, nil
}

func (r *room) asked(ctx context.Context, c *front.Caller, in *AskBody) (*policy.Approval, error) {
	if !slices.Contains(acts, in.Action) {
		return nil, shouwang.Errorf(shouwang.CodeBadUsage, "action %q takes no second person", in.Action)
	}
	camera, span := in.Camera, shouwang.Span{From: in.From, To: in.To}
	if in.Clip != "" {
		var err error
		if camera, span, err = r.Clips.ClipSpan(ctx, in.Clip); err != nil {
			return nil, err
		}
	}
	cam, err := c.Camera(camera)
	if err != nil {
		return nil, err
	}
	if err := checkSpan(in.Action, span, r.Now()); err != nil {
		return nil, err
	}
	form, err := formOf(in)
	if err != nil {
		return nil, err
	}
	a := &policy.Approval{
		Form: form, ID: front.NewID("ap"), State: policy.ApprovalAsked, Requester: c.Who.ID, Action: in.Action, Camera: cam.ID,
		From: span.From, To: span.To, Purpose: c.Purpose(in.Purpose, cam), Case: in.Case, Order: in.Order, Reason: in.Reason,
		Recipient: in.Recipient, Asked: r.Now(), Expires: r.Now().Add(answerWithin), Lasts: in.Hours, Uses: in.Uses,
	}
	if a.Lasts == 0 {
		a.Lasts = defaultLasts
	}
	if a.Uses == 0 {
		a.Uses = defaultUses(in.Action)
	}
	return a, nil
}

// formOf is the form of an export, the veiled copy where none is named.
func formOf(in *AskBody) (policy.ExportForm, error) {
	switch {
	case in.Action == policy.Export:
		return in.Form.OrVeiled(), nil
	case in.Form != "":
		return "", shouwang.Errorf(shouwang.CodeBadUsage, "only an export has a form: leave form out")
	}
	return "", nil
}

func defaultUses(act policy.Action) int {
	switch act {
	case policy.Playback, policy.ViewLive, policy.Unmask:
		return looksUses
	}
	return 1
}

// checkSpan says what is wrong with a stretch of time for the act.
func checkSpan(act policy.Action, span shouwang.Span, now time.Time) error {
	live := span.From.IsZero() && span.To.IsZero()
	switch {
	case live && (act == policy.ViewLive || act == policy.Unmask):
		return nil
	case act == policy.ViewLive:
		return shouwang.Errorf(shouwang.CodeBadUsage, "the live view has no span: leave from and to out")
	case live || span.Empty():
		return shouwang.Errorf(shouwang.CodeBadUsage, "say which stretch of time: from before to")
	case span.Duration() > maxSpan:
		return shouwang.Errorf(shouwang.CodeTooLarge, "the stretch is longer than %s; ask for less", maxSpan)
	case span.From.After(now):
		return shouwang.Errorf(shouwang.CodeBadUsage, "the stretch lies in the future")
	}
	return nil
}

// alsoMissing returns why the act would be denied though it were approved and
// the second factor fresh: what the requester should see to first.
func (r *room) alsoMissing(c *front.Caller, a *policy.Approval) []policy.Reason {
	cam, ok := c.World.Camera(a.Camera)
	if !ok {
		return []policy.Reason{policy.ReasonUnknownResource}
	}
	req := c.Request(a.Action, cam, front.Why{Purpose: a.Purpose, Case: a.Case, Order: a.Order}, r.Now())
	req.Form = a.Form
	if !a.From.IsZero() {
		req.Footage = &policy.Footage{Camera: cam.ID, From: a.From, To: a.To, KeyState: policy.KeyLive, Quarantined: cam.Quarantined}
		if a.Action == policy.ReleaseHold {
			req.Footage.KeyState = policy.KeyHeld
		}
	}
	d := r.Gate.Decide(req)
	_, rest := policy.MustApprove(d.Reasons)
	if d.Allowed() {
		return []policy.Reason{}
	}
	return append([]policy.Reason{}, rest...)
}
