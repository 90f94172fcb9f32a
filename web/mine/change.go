package mine

import (
	"context"
	"fmt"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/front"
)

// change makes the next version of a consent and has it carried out. What
// opens a camera is logged before it is done; what closes one is never kept
// waiting by a log that is away.
func (r *room) change(ctx context.Context, c *front.Caller, id string, next nextVersion) (*changeOutput, error) {
	old, cam, err := r.consent(c, id)
	if err != nil {
		return nil, err
	}
	made, err := next(old, policy.Change{At: r.Now(), By: c.Who.ID, Channel: "app"})
	if err != nil {
		return nil, err
	}
	entry := policy.Entry{
		At: r.Now(), Kind: "consent", Principal: c.Who.ID, Person: c.Who.Name, Action: policy.ManageConsent,
		Camera: cam.ID, Purpose: made.Purpose, Consent: made.Ref(), Detail: string(made.State),
	}
	if made.State.Live() && made.PauseUntil == nil {
		if _, err := r.looks.Append(ctx, entry); err != nil {
			return nil, err
		}
	}
	// The person's going away must not stop half-way what they asked for.
	ctx = context.WithoutCancel(ctx)
	receipt, err := r.Consents.Append(ctx, made)
	if err != nil {
		return nil, fmt.Errorf("change consent: %w", err)
	}
	r.spread(ctx, cam, made)
	if !made.State.Live() || made.PauseUntil != nil {
		if _, err := r.looks.Append(ctx, entry); err != nil {
			r.Log.Error("log change of consent", "consent", made.Ref(), "error", err)
		}
	}
	out := &changeOutput{}
	out.Body.Consent, out.Body.Receipt = consentView(c.World, made), receipt
	return out, nil
}

// spread tells this process and the others that a consent changed.
func (r *room) spread(ctx context.Context, cam *policy.Camera, made *policy.Consent) {
	r.Changed(cam.CameraID())
	_, err := r.Bus.Publish(ctx, shouwang.TopicConsent, shouwang.ConsentChange{Camera: cam.CameraID(), State: string(made.State)})
	if err != nil {
		r.Log.Error("publish change of consent", "consent", made.Ref(), "error", err)
	}
}
