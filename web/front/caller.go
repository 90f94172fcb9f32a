package front

import (
	"slices"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/auth"
)

// Caller is who asks, as far as the session proves it.
type Caller struct {
	Session auth.Session
	Token   string
	Who     *policy.Principal
	World   *policy.World
	Lang    string // zh-CN or en
}

// Knows reports whether the caller may know that the camera exists: owners of
// it, people and walls in whose jurisdiction it hangs, and administrators, who
// keep it running and never see its picture.
func (c *Caller) Knows(cam *policy.Camera) bool {
	switch c.Who.Type {
	case policy.TypeAdministrator:
		return true
	case policy.TypeResident:
		return cam.Owner == c.Who.ID
	case policy.TypeOfficer:
		if c.Who.Has(policy.RoleContractor) {
			return false
		}
		if c.Who.Unit != "" && cam.Owner == "unit:"+c.Who.Unit {
			return true
		}
	case policy.TypeKiosk:
	default:
		return false
	}
	return c.Who.Jurisdiction != "" && c.World.Places().Within(cam.Place, c.Who.Jurisdiction)
}

// Camera returns a camera that the caller may know of; one that it may not is
// not found, so that ids cannot be tried out.
func (c *Caller) Camera(id shouwang.CameraID) (*policy.Camera, error) {
	cam, ok := c.World.Camera(policy.CameraResource(id))
	if !ok || !c.Knows(cam) {
		return nil, shouwang.Errorf(shouwang.CodeNotFound, "no camera %q that you may know of", id)
	}
	return cam, nil
}

// Watched is Camera for a live view, which the guardian of a neighbour cell may
// come to have of a camera that they may not know in any other way.
func (c *Caller) Watched(id shouwang.CameraID) (*policy.Camera, error) {
	if cam, ok := c.World.Camera(policy.CameraResource(id)); ok {
		if _, guards := c.World.Guards(c.Who, cam); guards {
			return cam, nil
		}
	}
	return c.Camera(id)
}

// Owns reports whether the caller answers for the camera.
func (c *Caller) Owns(cam *policy.Camera) bool { return cam.Owner == c.Who.ID }

// Name is what other people read.
func (c *Caller) Name() string {
	if c.Lang == "en" && c.Who.NameEn != "" {
		return c.Who.NameEn
	}
	if c.Who.Name != "" {
		return c.Who.Name
	}
	return c.Who.ID
}

// Purpose fills in what the caller means when nothing is said: owners look for
// themselves, everybody else for public safety. It is a claim, and the gate
// judges it.
func (c *Caller) Purpose(asked string, cam *policy.Camera) string {
	if asked != "" {
		return asked
	}
	if c.Owns(cam) {
		return "own"
	}
	return "public_safety"
}

// Request builds the question to the gate: the session proves who asks and how
// fresh the second factor is; the rest is named by the caller and judged.
func (c *Caller) Request(action policy.Action, cam *policy.Camera, why Why, at time.Time) policy.Request {
	return policy.Request{
		ID: NewID("r"), Principal: c.Who.ID, Action: action, Resource: cam.ID, At: at,
		Purpose: c.Purpose(why.Purpose, cam), Case: why.Case, Incident: why.Incident,
		SecondPerson: why.SecondPerson, Approval: why.Approval, Order: why.Order, Device: c.Session.ID,
		SecondFactorAge: c.Session.SecondFactorAge(at),
	}
}

// Why is the reason that a caller gives for a look, as query parameters.
type Why struct {
	Purpose      string `query:"purpose" maxLength:"64" doc:"public_safety, emergency or own; by default what fits the caller"`
	Case         string `query:"case" maxLength:"64" doc:"The case this look is for"`
	Incident     string `query:"incident" maxLength:"64" doc:"The incident this look is for"`
	SecondPerson string `query:"second_person" maxLength:"64" doc:"Who approved, where two people are needed; counts only with an approval on record"`
	Approval     string `query:"approval" maxLength:"64" doc:"The second person's approval; it names the person"`
	Order        string `query:"order" maxLength:"64" doc:"The statutory order this look rests on"`
}

// Works reports, as an error, that the caller's role opens no incidents and no
// cases.
func (c *Caller) Works(roles ...policy.Role) error {
	if !slices.ContainsFunc(roles, c.Who.Has) {
		return Denial(&policy.Decision{Reasons: []policy.Reason{policy.ReasonRole}}, policy.TextForOfficer(policy.ReasonRole, c.Lang))
	}
	if !c.Who.OnDuty {
		return Denial(&policy.Decision{Reasons: []policy.Reason{policy.ReasonOffDuty}}, policy.TextForOfficer(policy.ReasonOffDuty, c.Lang))
	}
	return nil
}

// NameOf is what the caller's language calls a person, the id where no name is on
// file.
func (c *Caller) NameOf(id string) string {
	p, ok := c.World.Principal(id)
	switch {
	case !ok:
		return id
	case c.Lang == "en" && p.NameEn != "":
		return p.NameEn
	case p.Name != "":
		return p.Name
	}
	return id
}
