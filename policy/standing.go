package policy

import (
	"cmp"
	"slices"
	"strings"

	"shouwang"
)

// Standing is what the register says of a camera that decides, apart from
// consents, who can reach it: where it hangs, whose it is, on which basis.
type Standing struct {
	Camera     string              `json:"camera,omitempty" readOnly:"true" doc:"camera:ID"`
	Place      shouwang.PlaceID    `json:"place" minLength:"1" maxLength:"64"`
	Owner      string              `json:"owner" minLength:"1" maxLength:"64"`
	LegalClass shouwang.LegalClass `json:"legal_class" enum:"public,premises,resident"`
	Mount      string              `json:"mount" enum:"own_premises,shared_premises,public"`
	Filing     *Filing             `json:"filing,omitempty"`
}

// CameraPlan is what another standing of a camera would do. What gives somebody
// more takes two people.
type CameraPlan struct {
	Name     string      `json:"name,omitempty"`
	NameEn   string      `json:"name_en,omitempty"`
	Was      Standing    `json:"was"`
	Is       Standing    `json:"is"`
	Consents int         `json:"consents" doc:"Consents in force"`
	Bounds   int         `json:"bounds" doc:"Of these, whose owner bounded lookers to an area that is another now"`
	Gains    []PlaceGain `json:"gains"`
}

// Standing returns what decides who can reach the camera.
func (c *Camera) Standing() Standing {
	return Standing{Camera: c.ID, Place: c.Place, Owner: c.Owner, LegalClass: c.LegalClass, Mount: c.Mount, Filing: c.Filing}
}

// PlanCamera says what another standing of a camera would do, without doing it.
// Errors: CodeNotFound for a camera that is not there, else what the standing
// cannot be, as PutCamera would say it.
func (w *World) PlanCamera(is Standing) (*CameraPlan, error) {
	was, ok := w.cameras[is.Camera]
	if !ok {
		return nil, shouwang.Errorf(shouwang.CodeNotFound, "camera %q: there is none", is.Camera)
	}
	c := *was.Camera
	c.Place, c.Owner, c.LegalClass, c.Mount, c.Filing = is.Place, is.Owner, is.LegalClass, is.Mount, is.Filing
	if err := CheckOnboarding(c.LegalClass, c.Mount); err != nil {
		return nil, err
	}
	after, err := w.WithCamera(&c)
	if err != nil {
		return nil, err
	}
	next := after.cameras[is.Camera]
	counted := w.placeCamera(after, was, next)
	p := &CameraPlan{Name: c.Name, NameEn: c.NameEn, Was: was.Standing(), Is: is, Consents: counted.Consents, Bounds: counted.Bounds, Gains: []PlaceGain{}}
	for _, who := range w.principals {
		if who.Type == TypeService || who.Type == TypeAdministrator {
			continue
		}
		for _, what := range w.standingGives(after, was, next, who) {
			p.Gains = append(p.Gains, PlaceGain{Who: who.ID, Name: who.Name, NameEn: who.NameEn, What: what, Cameras: 1})
		}
	}
	slices.SortFunc(p.Gains, func(a, b PlaceGain) int {
		return cmp.Or(strings.Compare(a.Who, b.Who), strings.Compare(a.What, b.What))
	})
	return p, nil
}

// What a standing gives, beside what places give.
const (
	GainOwner  = "owner"  // looks at it as its owner does, and decides about its consent
	GainFiling = "filing" // is asked for no consent any more
)

// standingGives names what the person could do with the camera only after.
func (w *World) standingGives(after *World, was, is *camera, who *Principal) (more []string) {
	if answersFor(who, is.Owner) && !answersFor(who, was.Owner) {
		more = append(more, GainOwner)
	}
	// A camera that no consent was ever asked for and that needs one shows
	// nobody anything wherever it hangs: whoever hung it wrongly puts it right.
	if len(was.current) == 0 && was.LegalClass != shouwang.ClassPublic && is.LegalClass != shouwang.ClassPublic {
		return more
	}
	if opensFiled(was.Camera, is.Camera) && looksAtFiled(who) && after.places.Within(is.Place, who.Jurisdiction) {
		more = append(more, GainFiling)
	}
	return append(more, nearer(w, after, was, is, who)...)
}

// looksAtFiled reports who sees a department's camera at all.
func looksAtFiled(p *Principal) bool {
	return p.Type == TypeKiosk || p.Type == TypeOfficer && slices.ContainsFunc(p.Roles, func(r Role) bool { return r != RoleOversight && r != RoleContractor })
}

// opensFiled reports that the camera needs no consent where, or when, it needed
// one or was filed for nothing.
func opensFiled(was, is *Camera) bool {
	switch {
	case is.LegalClass != shouwang.ClassPublic:
		return false
	case was.LegalClass != shouwang.ClassPublic:
		return true
	case was.Filing == nil:
		return false
	case is.Filing == nil || is.Filing.From.Before(was.Filing.From):
		return true
	}
	return !was.Filing.To.IsZero() && (is.Filing.To.IsZero() || is.Filing.To.After(was.Filing.To))
}

// answersFor reports whose camera it is: a resident's own, or one of the unit
// that an approver decides for, as the gate says it (gate/scene.go, manages).
func answersFor(p *Principal, owner string) bool {
	if p.Type == TypeResident {
		return owner == p.ID
	}
	return p.Type == TypeOfficer && p.Unit != "" && owner == "unit:"+p.Unit && p.Has(RoleApprover)
}
