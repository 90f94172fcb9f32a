package policy

import (
	"fmt"
	"maps"
	"slices"

	"shouwang"
)

// put returns a copy of the map with one entry set, or deleted if v is nil.
func put[T any](m map[string]*T, id string, v *T) map[string]*T {
	m = maps.Clone(m)
	if m == nil {
		m = map[string]*T{}
	}
	if v == nil {
		delete(m, id)
	} else {
		m[id] = v
	}
	return m
}

func (w *World) clone() *World { c := *w; return &c }

// WithCamera returns a snapshot with the camera added or replaced.
func (w *World) WithCamera(c *Camera) (*World, error) {
	indexed := indexCamera(c)
	next := w.clone()
	if err := next.validateCamera(indexed); err != nil {
		return nil, err
	}
	next.cameras = put(w.cameras, c.ID, indexed)
	return next, nil
}

// WithoutCamera returns a snapshot without the camera named "camera:…".
func (w *World) WithoutCamera(id string) *World {
	next := w.clone()
	next.cameras = put(w.cameras, id, nil)
	return next
}

// WithConsent returns a snapshot in which the consent's camera has one more
// consent version. A version that is there already is an error: a record is
// never edited.
func (w *World) WithConsent(c *Consent) (*World, error) {
	old, ok := w.cameras[c.Camera]
	if !ok {
		return nil, shouwang.Errorf(shouwang.CodeNotFound, "consent %s: camera %q does not exist", c.Ref(), c.Camera)
	}
	cam := *old.Camera
	cam.Consents = append(slices.Clone(cam.Consents), c)
	return w.WithCamera(&cam)
}

// WithPlaces returns a snapshot with another tree of places.
func (w *World) WithPlaces(list []shouwang.Place) (*World, error) {
	places, err := shouwang.NewPlaces(list)
	if err != nil {
		return nil, shouwang.Errorf(shouwang.CodeBadConfig, "world: %w", err)
	}
	next := w.clone()
	next.places = places
	return next, next.Validate()
}

// WithPrincipal returns a snapshot with the principal added or replaced.
func (w *World) WithPrincipal(p *Principal) (*World, error) {
	next := w.clone()
	if err := next.validatePrincipal(p); err != nil {
		return nil, err
	}
	next.principals = put(w.principals, p.ID, p)
	return next, nil
}

// WithoutPrincipal returns a snapshot without the principal.
func (w *World) WithoutPrincipal(id string) *World {
	next := w.clone()
	next.principals = put(w.principals, id, nil)
	return next
}

// WithUnit returns a snapshot with the unit added or replaced.
func (w *World) WithUnit(u *Unit) *World {
	next := w.clone()
	next.units = put(w.units, u.ID, u)
	return next
}

// WithCase returns a snapshot with the case added or replaced.
func (w *World) WithCase(c *Case) *World {
	next := w.clone()
	next.cases = put(w.cases, c.ID, c)
	return next
}

// WithIncident returns a snapshot with the incident added or replaced.
func (w *World) WithIncident(i *Incident) *World {
	next := w.clone()
	next.incidents = put(w.incidents, i.ID, i)
	return next
}

// WithOrder returns a snapshot with the statutory order added or replaced.
func (w *World) WithOrder(o *Order) *World {
	next := w.clone()
	next.orders = put(w.orders, o.ID, o)
	return next
}

// WithSubjectRequest returns a snapshot with the request added or replaced.
func (w *World) WithSubjectRequest(s *SubjectRequest) *World {
	next := w.clone()
	next.subjects = put(w.subjects, s.ID, s)
	return next
}

// WithoutSubjectRequest returns a snapshot without the request.
func (w *World) WithoutSubjectRequest(id string) *World {
	next := w.clone()
	next.subjects = put(w.subjects, id, nil)
	return next
}

// WithFootage returns a snapshot with the footage added or replaced.
func (w *World) WithFootage(f *Footage) *World {
	next := w.clone()
	next.footage = put(w.footage, f.ID, f)
	return next
}

// WithHold returns a snapshot with the hold added or replaced. A hold without
// a case, two different people and an end is an error.
func (w *World) WithHold(h *Hold) (*World, error) {
	if err := validateHold(h); err != nil {
		return nil, err
	}
	next := w.clone()
	next.holds = put(w.holds, h.ID, h)
	next.indexHolds()
	return next, nil
}

func bad(format string, args ...any) error {
	return shouwang.Errorf(shouwang.CodeBadConfig, "world: %s", fmt.Sprintf(format, args...))
}
