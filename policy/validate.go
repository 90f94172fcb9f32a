package policy

import (
	"slices"
	"strings"

	"shouwang"
)

// Validate reports the first thing in the snapshot that the rules could not
// judge: a reference to something that does not exist, an unknown class, type
// or state, a span that ends before it begins. The error has code bad_config.
func (w *World) Validate() error {
	for _, p := range sorted(w.principals) {
		if err := w.validatePrincipal(p); err != nil {
			return err
		}
	}
	for _, u := range sorted(w.units) {
		if err := w.ValidateUnit(u); err != nil {
			return err
		}
	}
	for _, c := range w.cameras {
		if err := w.validateCamera(c); err != nil {
			return err
		}
	}
	for _, f := range sorted(w.footage) {
		if err := w.validateFootage(f); err != nil {
			return err
		}
	}
	for _, h := range sorted(w.holds) {
		if err := validateHold(h); err != nil {
			return err
		}
	}
	return nil
}

func (w *World) validatePrincipal(p *Principal) error {
	kind, name, _ := strings.Cut(p.ID, ":")
	if name == "" {
		return bad("principal %q: write the id as type:name", p.ID)
	}
	want := p.Type
	if want == TypeAdministrator {
		want = "admin"
	}
	types := []PrincipalType{TypeOfficer, TypeKiosk, TypeResident, TypeService, TypeAdministrator}
	if !slices.Contains(types, p.Type) || kind != string(want) && kind != string(p.Type) {
		return bad("principal %q: type %q does not fit the id", p.ID, p.Type)
	}
	for _, place := range []shouwang.PlaceID{p.Jurisdiction, p.HomeGrid, p.Home} {
		if _, ok := w.places[place]; place != "" && place != elsewhere && !ok {
			return bad("principal %q: place %q does not exist", p.ID, place)
		}
	}
	return nil
}

func (w *World) validateCamera(c *camera) error {
	if !strings.HasPrefix(c.ID, cameraPrefix) || !c.CameraID().Valid() {
		return bad("camera %q: write the id as camera:name, lower-case letters, digits, dots and hyphens", c.ID)
	}
	if !c.LegalClass.Valid() {
		return bad("camera %q: legal class %q is none of public, premises, resident", c.ID, c.LegalClass)
	}
	if _, ok := w.places[c.Place]; !ok {
		return bad("camera %q: place %q does not exist", c.ID, c.Place)
	}
	seen := make(map[string]bool, len(c.Consents))
	for _, consent := range c.Consents {
		if err := w.validateConsent(c, consent); err != nil {
			return err
		}
		if seen[consent.Ref()] {
			return bad("camera %q: consent %s is listed twice; a record is never edited", c.ID, consent.Ref())
		}
		seen[consent.Ref()] = true
	}
	return nil
}

var consentStates = []ConsentState{Requested, Refused, Given, Renewed, Paused, Expired, Withdrawn, Terminated, Invalidated}

func (w *World) validateConsent(c *camera, consent *Consent) error {
	switch {
	case consent == nil || consent.ID == "" || consent.Version < 1:
		return bad("camera %q: a consent has no id or no version", c.ID)
	case consent.Camera != c.ID:
		return bad("consent %s: is for camera %q but stands under %q", consent.Ref(), consent.Camera, c.ID)
	case !slices.Contains(consentStates, consent.State):
		return bad("consent %s: state %q is not known", consent.Ref(), consent.State)
	case !slices.Contains([]RecordMode{"", RecordNone, RecordEvents, RecordRolling}, consent.Recording):
		return bad("consent %s: recording %q is none of none, events, rolling", consent.Ref(), consent.Recording)
	case consent.RetentionDays < 0 || consent.Limits.ClipMin < 0 || consent.Limits.LookbackDays < 0:
		return bad("consent %s: a limit is negative", consent.Ref())
	case consent.Device != nil && consent.Device.Audio:
		return bad("consent %s: audio is never taken in", consent.Ref())
	case consent.State.Live() && consent.NotAfter.After(consent.termStart().AddDate(1, 0, 0)):
		return bad("consent %s: lasts longer than 12 months", consent.Ref())
	}
	return nil
}

func (w *World) validateFootage(f *Footage) error {
	if _, ok := w.cameras[f.Camera]; !ok {
		return bad("footage %q: camera %q does not exist", f.ID, f.Camera)
	}
	if !f.From.Before(f.To) {
		return bad("footage %q: ends before it begins", f.ID)
	}
	if !slices.Contains([]KeyState{KeyLive, KeyFrozen, KeyHeld, KeyShredded}, f.KeyState) {
		return bad("footage %q: key state %q is not known", f.ID, f.KeyState)
	}
	return nil
}

func validateHold(h *Hold) error {
	switch {
	case h.ID == "" || h.Case == "" || h.Camera == "":
		return bad("hold %q: a hold names a case and a camera", h.ID)
	case h.PlacedBy == "" || h.ApprovedBy == "" || h.PlacedBy == h.ApprovedBy:
		return bad("hold %q: a hold takes two different people", h.ID)
	case !h.From.Before(h.To) || !h.Placed.Before(h.Until):
		return bad("hold %q: a hold has a span and an end date", h.ID)
	}
	return nil
}
