package holds

import (
	"context"
	"slices"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/front"
)

type listInput struct {
	Case   string            `query:"case" maxLength:"64"`
	Camera shouwang.CameraID `query:"camera" maxLength:"64"`
	Ended  bool              `query:"ended" doc:"Those that have ended as well"`
}

func (r *room) list(_ context.Context, c *front.Caller, in *listInput) (*holdsOutput, error) {
	out := &holdsOutput{}
	out.Body.Holds = []HoldView{}
	for _, cam := range c.World.Cameras() {
		if in.Camera != "" && cam.CameraID() != in.Camera {
			continue
		}
		for _, h := range c.World.HoldsOf(cam.ID) {
			if (in.Case == "" || h.Case == in.Case) && (in.Ended || h.Active(r.Now())) && r.knows(c, h) {
				out.Body.Holds = append(out.Body.Holds, r.view(c, h, false))
			}
		}
	}
	newest(out.Body.Holds)
	return out, nil
}

func newest(list []HoldView) {
	slices.SortFunc(list, func(a, b HoldView) int { return b.Placed.Compare(a.Placed) })
}

// knows reports whether the hold is any business of the officer's: a member of
// its case, or an approver, supervisor or overseer of the camera's area.
func (r *room) knows(c *front.Caller, h *policy.Hold) bool {
	if cs, ok := c.World.Case(h.Case); ok && slices.Contains(cs.Members, c.Who.ID) {
		return true
	}
	cam, ok := c.World.Camera(h.Camera)
	return ok && c.Knows(cam) && (c.Who.Has(policy.RoleApprover) || c.Who.Has(policy.RoleSupervisor) || c.Who.Has(policy.RoleOversight))
}

type mineInput struct {
	ID shouwang.CameraID `path:"id" maxLength:"64"`
}

// mine tells an owner what is kept: the kind of case, by whom, until when. The
// case's number and words stay with the case.
func (r *room) mine(_ context.Context, c *front.Caller, in *mineInput) (*holdsOutput, error) {
	cam, err := c.Camera(in.ID)
	if err != nil {
		return nil, err
	}
	if !c.Owns(cam) && cam.Owner != "unit:"+c.Who.Unit {
		return nil, shouwang.Errorf(shouwang.CodeNotFound, "no camera %q of yours", in.ID)
	}
	out := &holdsOutput{}
	out.Body.Holds = []HoldView{}
	for _, h := range c.World.HoldsOf(cam.ID) {
		out.Body.Holds = append(out.Body.Holds, r.view(c, h, true))
	}
	newest(out.Body.Holds)
	return out, nil
}
