package policy

import (
	"slices"

	"shouwang"
)

// Terms are the parts of a consent that its owner chooses. As Consent.Asked
// they are the widest that the notice asked for: the owner may narrow within
// them at any time and widen within them, and what goes beyond takes a new
// notice and a new yes.
type Terms struct {
	Modes          []Mode         `json:"modes"`
	Audiences      []string       `json:"audiences"`
	AreaScope      string         `json:"area_scope"`
	Slots          Slots          `json:"slots"`
	Incident       *IncidentTerms `json:"incident,omitempty"`
	Limits         Limits         `json:"limits"`
	MinObligations []ObligationID `json:"min_obligations"`
	Recording      RecordMode     `json:"recording,omitempty"`
	RetentionDays  int            `json:"retention_days"`
	// Months is how long a yes lasts, 1 to 12.
	Months int `json:"months"`
}

// DefaultTerms is what an invitation proposes where the officer names nothing
// else: live pictures in daytime, event clips for a week, opened at night by
// an emergency nearby, everybody pixelated and the owner told of every look.
// The audiences and the area are the township's to name.
func DefaultTerms(class shouwang.LegalClass) Terms {
	t := Terms{
		Modes: []Mode{ModeLive, ModeIncident, ModePlayback, ModeExport}, AreaScope: "township",
		Slots: DailyHours(6, 23), Incident: &IncidentTerms{Types: []string{"burglary", "fire", "sos"}, RadiusM: 300, MaxMinutes: 30},
		Limits:         DefaultLimits(),
		MinObligations: []ObligationID{ObligeMask, ObligeBlurPeople, ObligeWatermark, ObligeNotifyOwner},
		Recording:      RecordEvents, RetentionDays: DefaultRetentionDays, Months: 12,
	}
	if class == shouwang.ClassPremises {
		t.Recording, t.RetentionDays = RecordRolling, StatutoryDays
	}
	return t
}

// TermsOf returns the choices that a consent holds.
func TermsOf(c *Consent) Terms {
	return Terms{
		Modes: slices.Clone(c.Modes), Audiences: slices.Clone(c.Audiences), AreaScope: c.AreaScope, Slots: c.Slots,
		Incident: c.Incident, Limits: c.Limits, MinObligations: slices.Clone(c.MinObligations),
		Recording: c.RecordMode(), RetentionDays: c.RetentionDays, Months: 12,
	}
}

// Apply writes the terms into a consent.
func (t *Terms) Apply(c *Consent) {
	c.Modes, c.Audiences, c.AreaScope = slices.Clone(t.Modes), slices.Clone(t.Audiences), t.AreaScope
	c.Slots, c.Incident, c.Limits = t.Slots, t.Incident, t.Limits
	c.MinObligations = slices.Clone(t.MinObligations)
	c.Recording, c.RetentionDays = t.Recording, t.RetentionDays
}

// Check reports terms that cannot be proposed in the world given: an unknown
// mode, audience, duty or kind of place, a number out of bounds. The error has
// code bad_usage.
func (t *Terms) Check(w *World) error {
	switch {
	case t.Slots.Count() == 0:
		return unusable("choose at least one weekday hour")
	case t.Months < 1 || t.Months > 12:
		return unusable("months %d: a consent lasts 1 to 12 months", t.Months)
	case t.RetentionDays < 0 || t.RetentionDays > maxRetentionDays:
		return unusable("retention_days %d: write 0 to %d", t.RetentionDays, maxRetentionDays)
	case !slices.Contains([]RecordMode{"", RecordNone, RecordEvents, RecordRolling}, t.Recording):
		return unusable("recording %q: write none, events or rolling", t.Recording)
	case t.Limits.ClipMin < 0 || t.Limits.ClipMin > 60 || t.Limits.LookbackDays < 0 || t.Limits.LooksPerDay < 0:
		return unusable("limits: clips of at most 60 minutes, and nothing negative")
	case t.Incident != nil && (t.Incident.RadiusM < 0 || t.Incident.RadiusM > AreaRadius || t.Incident.MaxMinutes < 0 || t.Incident.MaxMinutes > 240):
		return unusable("incident: it opens within at most %d m and for at most 240 minutes", int(AreaRadius))
	case t.AreaScope != "" && !w.hasLevel(t.AreaScope):
		return unusable("area_scope %q: the township has no place of that kind", t.AreaScope)
	}
	for _, m := range t.Modes {
		if !m.known() {
			return unusable("mode %q is not known", m)
		}
	}
	for _, a := range t.Audiences {
		if !w.HasAudience(a) {
			return unusable("audience %q is not one of the township's", a)
		}
	}
	for _, id := range t.MinObligations {
		if !id.Known() {
			return unusable("obligation %q is not known", id)
		}
	}
	return nil
}

// AreaRadius, in metres, bounds an incident where the owner named no radius: the
// circle of 1.3 km².
const AreaRadius = 643.0

// maxRetentionDays bounds what anybody may pick.
const maxRetentionDays = 90

func unusable(format string, args ...any) error {
	return shouwang.Errorf(shouwang.CodeBadUsage, format, args...)
}

// known reports whether the mode is one that the rules look at.
func (m Mode) known() bool {
	if slices.Contains([]Mode{ModeLive, ModeIncident, ModePlayback, ModeExport, ModeWall}, m) {
		return true
	}
	return len(m) > len(ModeAnalytics) && len(m) <= 40 && m[:len(ModeAnalytics)] == ModeAnalytics
}

// hasLevel reports whether some place is of the kind; levels are data.
func (w *World) hasLevel(kind string) bool {
	for _, p := range w.places {
		if p.Kind == kind {
			return kind != ""
		}
	}
	return false
}

// DefaultArea is the kind of place that a proposal bounds lookers to: the
// township, or the widest level where a town has none.
func (w *World) DefaultArea(place shouwang.PlaceID) string {
	if _, ok := w.places.Ancestor(place, "township"); ok {
		return "township"
	}
	widest := ""
	for range len(w.places) {
		p, ok := w.places[place]
		if !ok {
			break
		}
		widest, place = p.Kind, p.Parent
	}
	return widest
}

// within reports the first respect in which the consent goes beyond what its
// notice asked for; a consent that notes nothing was asked freely.
func (c *Consent) within() error {
	t := c.Asked
	if t == nil {
		return nil
	}
	beyond := func(what string, args ...any) error {
		return shouwang.Errorf(shouwang.CodeConflict, "consent %s: "+what+" goes beyond what the notice asked for; it takes a new invitation",
			append([]any{c.Ref()}, args...)...)
	}
	for _, m := range c.Modes {
		if !slices.Contains(t.Modes, m) {
			return beyond("mode %s", m)
		}
	}
	for _, a := range c.Audiences {
		if !slices.Contains(t.Audiences, a) {
			return beyond("audience %s", a)
		}
	}
	for _, id := range t.MinObligations {
		if !slices.Contains(c.MinObligations, id) {
			return beyond("leaving out %s", id)
		}
	}
	asked := Consent{Modes: t.Modes, Recording: t.Recording}
	switch {
	case c.AreaScope != t.AreaScope:
		return beyond("area %s", c.AreaScope)
	case c.Slots.Minus(t.Slots).Count() > 0:
		return beyond("hour %s", c.Slots.Minus(t.Slots).Names()[0])
	case recordRank(c.RecordMode()) > recordRank(asked.RecordMode()):
		return beyond("recording %s", c.RecordMode())
	case c.RetentionDays > t.RetentionDays:
		return beyond("keeping %d days", c.RetentionDays)
	case c.Limits.ClipMin > t.Limits.ClipMin || c.Limits.LookbackDays > t.Limits.LookbackDays || c.Limits.LooksPerDay > t.Limits.LooksPerDay:
		return beyond("a limit")
	case !c.Incident.within(t.Incident):
		return beyond("what an incident opens")
	case c.NotAfter.After(c.termStart().AddDate(0, t.Months, 0)):
		return beyond("its length")
	}
	return nil
}

func recordRank(m RecordMode) int {
	return slices.Index([]RecordMode{RecordNone, RecordEvents, RecordRolling}, m)
}

// within reports whether an incident opens no more than the other terms do.
func (i *IncidentTerms) within(o *IncidentTerms) bool {
	if i == nil {
		return true
	}
	if o == nil || i.RadiusM > o.RadiusM || i.MaxMinutes > o.MaxMinutes {
		return false
	}
	return !slices.ContainsFunc(i.Types, func(t string) bool { return !slices.Contains(o.Types, t) })
}

// Minus returns the hours that are in s and not in o.
func (s Slots) Minus(o Slots) Slots {
	for i := range s {
		s[i] &^= o[i]
	}
	return s
}

// Narrows reports whether the version lets through nothing that old did not:
// such a change never waits for anything.
func (c *Consent) Narrows(old *Consent) bool {
	before, now := TermsOf(old), *c
	now.Asked, now.NotAfter = &before, c.termStart()
	return now.within() == nil && !c.NotAfter.After(old.NotAfter) && sameMasks(c.Device, old.Device)
}

// sameMasks errs on the safe side: other masks may show what was covered.
func sameMasks(a, b *ConsentDevice) bool {
	var x, y []shouwang.Polygon
	if a != nil {
		x = a.Masks
	}
	if b != nil {
		y = b.Masks
	}
	return slices.EqualFunc(x, y, func(p, q shouwang.Polygon) bool { return slices.Equal(p, q) })
}
