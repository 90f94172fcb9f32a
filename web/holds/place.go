package holds

import (
	"context"
	"fmt"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/front"
)

type placeInput struct {
	Body PlaceBody
}

// PlaceBody says what is to be kept.
type PlaceBody struct {
	Camera   shouwang.CameraID `json:"camera" minLength:"1" maxLength:"64"`
	From     time.Time         `json:"from" doc:"Capture time"`
	To       time.Time         `json:"to"`
	Case     string            `json:"case" minLength:"1" maxLength:"64"`
	Days     int               `json:"days" minimum:"1" maximum:"180" doc:"How long from now; it lapses by itself"`
	Reason   string            `json:"reason" minLength:"4" maxLength:"500"`
	Purpose  string            `json:"purpose,omitempty" maxLength:"64"`
	Approval string            `json:"approval" minLength:"1" maxLength:"64" doc:"A second person's approval of place_hold over this stretch"`
}

// place puts a hold: judged, logged, then carried out.
func (r *room) place(ctx context.Context, c *front.Caller, in *placeInput) (*holdOutput, error) {
	b := &in.Body
	cam, err := c.Camera(b.Camera)
	if err != nil {
		return nil, err
	}
	span := shouwang.Span{From: b.From, To: b.To}
	if span.Empty() {
		return nil, shouwang.Errorf(shouwang.CodeBadUsage, "say which stretch of time: from before to")
	}
	state, err := r.Store.KeyState(ctx, cam.CameraID(), span)
	if err != nil {
		return nil, err
	}
	why := front.Why{Purpose: b.Purpose, Case: b.Case, Approval: b.Approval}
	d, second, err := r.judge(ctx, c, cam, policy.PlaceHold, span, state, why)
	if err != nil {
		return nil, err
	}
	now := r.Now()
	h := policy.Hold{
		ID: front.NewID("hold"), Case: b.Case, Camera: cam.ID, From: b.From, To: b.To, PlacedBy: c.Who.ID, ApprovedBy: second,
		Placed: now, Until: now.Add(time.Duration(min(b.Days, maxDays)) * 24 * time.Hour), Reason: b.Reason,
	}
	if err := r.log(ctx, c, d, &h, "hold", policy.PlaceHold, "until "+h.Until.UTC().Format(time.RFC3339)); err != nil {
		return nil, err
	}
	n, err := r.Store.Place(context.WithoutCancel(ctx), h, d.DecisionID)
	if err != nil {
		return nil, fmt.Errorf("place hold: %w", err)
	}
	out := &holdOutput{Body: r.view(c, &h, false)}
	out.Body.Segments = n
	return out, nil
}

// judge asks the gate and returns who approved. A denial is logged.
func (r *room) judge(ctx context.Context, c *front.Caller, cam *policy.Camera, act policy.Action, span shouwang.Span, state policy.KeyState, why front.Why) (policy.Decision, string, error) {
	req := c.Request(act, cam, why, r.Now())
	req.Footage = &policy.Footage{Camera: cam.ID, From: span.From, To: span.To, KeyState: state}
	d, grant := r.Gate.Look(req)
	if d.Allowed() && !grant.Covers(act, cam.CameraID(), span.From) {
		d.Decision, d.Reasons = "deny", []policy.Reason{policy.ReasonError}
	}
	if !d.Allowed() {
		e := policy.NewEntry("denial", req.At, c.World, req, d)
		if _, err := r.looks.Append(ctx, e); err != nil {
			r.Log.Error("log denial", "error", err)
		}
		return d, "", front.Denial(&d, r.TextFor(c, &d))
	}
	return d, grant.SecondPerson(), nil
}

// log makes the entry of a hold or its release durable before it happens. The
// entry is the notice to the owner and the report to oversight as well: both
// read it.
func (r *room) log(ctx context.Context, c *front.Caller, d policy.Decision, h *policy.Hold, kind string, act policy.Action, detail string) error {
	e := policy.Entry{
		At: r.Now(), Kind: kind, Principal: c.Who.ID, Second: h.ApprovedBy, Person: c.Who.Name, Unit: c.Who.Unit, Action: act, Camera: h.Camera, From: h.From, To: h.To,
		Case: h.Case, Decision: d.Decision, DecisionID: d.DecisionID, PolicySet: d.PolicySet, Consent: d.Consent, Reasons: d.Reasons,
		Detail: h.ID + " approved by " + h.ApprovedBy + " " + detail,
	}
	for _, o := range d.Obligations {
		e.Obligations = append(e.Obligations, o.ID)
	}
	_, err := r.looks.Append(ctx, e)
	return err
}

type releaseInput struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Reason   string `json:"reason" minLength:"4" maxLength:"500"`
		Purpose  string `json:"purpose,omitempty" maxLength:"64"`
		Approval string `json:"approval" minLength:"1" maxLength:"64" doc:"A second person's approval of release_hold over the stretch held"`
	}
}

// release ends a hold before its day: what only it kept is destroyed.
func (r *room) release(ctx context.Context, c *front.Caller, in *releaseInput) (*holdOutput, error) {
	old, ok := c.World.Hold(in.ID)
	if !ok || !r.knows(c, old) {
		return nil, shouwang.Errorf(shouwang.CodeNotFound, "no hold %q that you may know of", in.ID)
	}
	if !old.Active(r.Now()) {
		return nil, shouwang.Errorf(shouwang.CodeConflict, "this hold has ended already")
	}
	cam, ok := c.World.Camera(old.Camera)
	if !ok {
		return nil, shouwang.Errorf(shouwang.CodeNotFound, "the camera of hold %q is gone", in.ID)
	}
	why := front.Why{Purpose: in.Body.Purpose, Case: old.Case, Approval: in.Body.Approval}
	d, second, err := r.judge(ctx, c, cam, policy.ReleaseHold, shouwang.Span{From: old.From, To: old.To}, policy.KeyHeld, why)
	if err != nil {
		return nil, err
	}
	h := *old
	if err := r.log(ctx, c, d, &policy.Hold{ID: h.ID, Case: h.Case, Camera: h.Camera, From: h.From, To: h.To, ApprovedBy: second}, "release", policy.ReleaseHold, in.Body.Reason); err != nil {
		return nil, err
	}
	h.Released = r.Now()
	if err := r.Store.Release(context.WithoutCancel(ctx), h, d.DecisionID); err != nil {
		return nil, fmt.Errorf("release hold: %w", err)
	}
	return &holdOutput{Body: r.view(c, &h, false)}, nil
}
