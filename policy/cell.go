package policy

import (
	"slices"

	"shouwang"
)

// KindCell is the kind of a unit that is a neighbour cell.
const KindCell = "cell"

// A neighbour cell is five to eight households that look after one another.
const minHouseholds, maxHouseholds = 5, 8

// ValidateUnit reports a neighbour cell that is none: its households or its
// guardian are not what they must be. The error has code bad_config.
func (w *World) ValidateUnit(u *Unit) error {
	if u.Kind != KindCell {
		if u.Guardian != "" || len(u.Households) > 0 {
			return bad("unit %q: only a unit of kind cell has a guardian and households", u.ID)
		}
		return nil
	}
	homes := slices.Clone(u.Households)
	slices.Sort(homes)
	if len(homes) != len(slices.Compact(homes)) || len(homes) < minHouseholds || len(homes) > maxHouseholds {
		return bad("cell %q: has %d households; a neighbour cell has %d to %d, each named once", u.ID, len(u.Households), minHouseholds, maxHouseholds)
	}
	for _, home := range u.Households {
		if _, ok := w.places[home]; !ok {
			return bad("cell %q: household %q does not exist", u.ID, home)
		}
	}
	guardian, ok := w.principals[u.Guardian]
	if !ok || guardian.Type != TypeResident || !slices.Contains(u.Households, guardian.Home) {
		return bad("cell %q: guardian %q is not a resident of one of its households", u.ID, u.Guardian)
	}
	return nil
}

// HasAudience reports whether owners can choose the audience: one that the
// township lists, or a neighbour cell.
func (w *World) HasAudience(name string) bool {
	if slices.Contains(w.audiences, name) {
		return true
	}
	u, ok := w.units[name]
	return ok && u.Kind == KindCell
}

// Cells returns the neighbour cells, sorted by id.
func (w *World) Cells() []*Unit {
	var out []*Unit
	for _, u := range sorted(w.units) {
		if u.Kind == KindCell {
			out = append(out, u)
		}
	}
	return out
}

// CellOf returns the cell for which the person guards the camera under the
// consent, nil for none.
func (w *World) CellOf(p *Principal, cam *Camera, consent *Consent) *Unit {
	if p.Type != TypeResident {
		return nil
	}
	for _, name := range consent.Audiences {
		u := w.units[name]
		if u == nil || u.Kind != KindCell || u.Guardian != p.ID {
			continue
		}
		if slices.ContainsFunc(u.Households, func(home shouwang.PlaceID) bool { return w.places.Within(cam.Place, home) }) {
			return u
		}
	}
	return nil
}

// Guards returns the neighbour cell for which the person may come to look
// through somebody else's camera: its owner chose the cell as an audience, and
// has not taken that back. Whether they may look now is for the gate to say.
func (w *World) Guards(p *Principal, cam *Camera) (*Unit, bool) {
	if cam.Owner == p.ID {
		return nil, false
	}
	for _, consent := range w.CurrentConsents(cam.ID) {
		if !consent.State.Live() && consent.State != Paused {
			continue
		}
		if u := w.CellOf(p, cam, consent); u != nil {
			return u, true
		}
	}
	return nil, false
}
