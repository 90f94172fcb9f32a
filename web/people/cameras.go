package people

import (
	"context"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/front"
)

// ProposeCamera proposes another standing of a camera to the oversight and
// returns the proposal's id. Errors: CodeNotFound, what the standing cannot be, a
// fault at the field reason, CodeConflict where one waits already or nobody
// would reach more.
func (r *Room) ProposeCamera(ctx context.Context, c *front.Caller, to policy.Standing, reason string) (string, error) {
	plan, err := c.World.PlanCamera(to)
	if err != nil {
		return "", err
	}
	if len(plan.Gains) == 0 {
		return "", shouwang.Errorf(shouwang.CodeConflict, "nobody reaches more by this now; save it again")
	}
	v, err := r.propose(ctx, c, Proposal{Kind: KindStanding, Camera: plan, Reason: reason})
	if err != nil {
		return "", err
	}
	return v.ID, nil
}
