package mine

import (
	"context"
	"fmt"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/front"
)

func (r *room) preview(ctx context.Context, c *front.Caller, in *previewInput) (*previewOutput, error) {
	consent, cam, err := r.consent(c, in.ID)
	if err != nil {
		return nil, err
	}
	e := Effect{Action: in.Action, Stops: []string{}, Starts: []string{}, Held: []HeldBy{}}
	uses := []string{"analysis"}
	for _, m := range consent.Modes {
		uses = append(uses, string(m))
	}
	if consent.Recording != policy.RecordNone {
		uses = append(uses, "recording")
	}
	switch in.Action {
	case "give", "resume":
		e.Starts = uses
	default:
		e.Stops, e.LiveViewers = uses, r.Viewers(cam)
	}
	if in.Action == "withdraw" {
		if err := r.previewErasure(ctx, c, cam, &e); err != nil {
			return nil, err
		}
	}
	return &previewOutput{Body: e}, nil
}

func (r *room) previewErasure(ctx context.Context, c *front.Caller, cam *policy.Camera, e *Effect) error {
	if cam.LegalClass == shouwang.ClassPublic {
		e.Keeps = string(policy.ReasonStatutoryPeriod)
		return nil
	}
	var err error
	if e.Clips, e.ErasedBytes, err = r.Consents.Erasable(ctx, cam.CameraID()); err != nil {
		return fmt.Errorf("count what a withdrawal erases: %w", err)
	}
	for _, h := range c.World.HoldsOf(cam.ID) {
		if h.Active(r.Now()) {
			reason := ""
			if cs, ok := c.World.Case(h.Case); ok {
				reason = cs.Type
			}
			e.Held = append(e.Held, HeldBy{Case: h.Case, Until: h.Until, Reason: reason})
		}
	}
	return nil
}
