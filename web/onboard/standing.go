package onboard

import (
	"context"
	"strings"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/front"
)

// Where a camera hangs, whose it is and on which basis decide who reaches it.
// Who adds a camera says so; to change it later so that somebody reaches more
// takes a second person, as with people and places.

// shortReason is the fewest characters that say why.
const shortReason = 2

type planInput struct {
	ID   shouwang.CameraID `path:"id" maxLength:"64"`
	Body policy.Standing
}

type planOutput struct{ Body policy.CameraPlan }

func (r *room) plan(_ context.Context, c *front.Caller, in *planInput) (*planOutput, error) {
	in.Body.Camera = policy.CameraResource(in.ID)
	plan, err := c.World.PlanCamera(in.Body)
	if err != nil {
		return nil, err
	}
	return &planOutput{*plan}, nil
}

// standing is what of a camera decides who reaches it.
func (c *Camera) standing() policy.Standing {
	return policy.Standing{Camera: policy.CameraResource(c.ID), Place: c.Place, Owner: c.Owner, LegalClass: c.Class, Mount: c.Mount, Filing: c.Filing}
}

// hung says what is wanted of where the camera hangs, and whether somebody
// reaches more by it. Then the camera keeps its old standing for now, and a
// reason is needed.
func hung(w *policy.World, cam, old *Camera, reason string) (wanted policy.Standing, gives bool, err error) {
	wanted = cam.standing()
	// The register may be a moment ahead of the world; it asks again (givesNobody).
	if _, there := w.Camera(wanted.Camera); old == nil || !there {
		return wanted, false, nil
	}
	plan, err := w.PlanCamera(wanted)
	if err != nil || len(plan.Gains) == 0 {
		return wanted, false, err
	}
	if len([]rune(strings.TrimSpace(reason))) < shortReason {
		return wanted, true, shouwang.Errorf(shouwang.CodeBadUsage, "reason: somebody reaches more by this, so the oversight signs it: say why").At("reason", "missing")
	}
	cam.Place, cam.Owner, cam.Class, cam.Mount, cam.Filing = old.Place, old.Owner, old.Class, old.Mount, old.Filing
	return wanted, true, nil
}

// givesNobody is asked again with the newest world: people, places and the
// camera itself may have been changed meanwhile.
func givesNobody(w *policy.World, cam *Camera) error {
	if _, there := w.Camera(policy.CameraResource(cam.ID)); !there {
		return nil
	}
	plan, err := w.PlanCamera(cam.standing())
	if err == nil && len(plan.Gains) > 0 {
		err = shouwang.Errorf(shouwang.CodeConflict, "people, places or the camera were changed meanwhile, and somebody would reach more by this; open the camera again")
	}
	return err
}
