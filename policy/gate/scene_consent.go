package gate

import (
	"slices"
	"strings"
	"time"

	"shouwang"
	"shouwang/policy"
)

func (s *scene) weighConsent(f *facts) {
	f.set(factConsentValid, s.consent != nil && s.consent.ValidAt(s.at) && !s.captured.From.Before(s.consent.NotBefore))
	f.set(factInSlot, s.consent != nil && inSlots(s.world.Zone(), s.consent.Slots, s.captured))
	f.set(factAudience, s.audience())
	f.set(factInArea, s.inArea())
	f.set(factMode, s.modeAgreed())
	length, lookback, looks := s.limits()
	f.set(factLengthOK, length)
	f.set(factLookbackOK, lookback)
	f.set(factLooksOK, looks)
}

// inSlots says whether every instant of the span lies in the weekday hours.
// An empty span is one instant.
func inSlots(zone *time.Location, slots policy.Slots, span shouwang.Span) bool {
	if span.Duration() > maxOwnSpan {
		return false
	}
	for t := span.From; ; {
		if !slots.Has(policy.SlotOf(t.In(zone))) {
			return false
		}
		if t = nextHour(zone, t); !t.Before(span.To) {
			return true
		}
	}
}

// nextHour returns the next full local hour after t.
func nextHour(zone *time.Location, t time.Time) time.Time {
	return hourOf(zone, t).Add(time.Hour)
}

// hourOf returns the full local hour at or before t.
func hourOf(zone *time.Location, t time.Time) time.Time {
	l := t.In(zone)
	return t.Add(-time.Duration(l.Minute())*time.Minute - time.Duration(l.Second())*time.Second - time.Duration(l.Nanosecond()))
}

func (s *scene) audience() bool {
	if s.consent == nil {
		return false
	}
	if s.who.Type == policy.TypeKiosk && contains(s.consent.Audiences, s.who.Site) {
		return true
	}
	if s.facts.is(factGuardian) {
		return true
	}
	for _, a := range s.who.Audiences {
		if contains(s.consent.Audiences, a) {
			return true
		}
	}
	return false
}

// inArea says whether the asker's jurisdiction lies within the area that the
// owner bounded the sharing to, as "township".
func (s *scene) inArea() bool {
	if s.consent == nil || s.consent.AreaScope == "" {
		return false
	}
	area, ok := s.world.Places().Ancestor(s.cam.Place, s.consent.AreaScope)
	from := s.who.Jurisdiction
	if s.who.Type == policy.TypeResident {
		from = s.who.Home
	}
	return ok && s.world.Places().Within(from, area.ID)
}

func (s *scene) modeAgreed() bool {
	c := s.consent
	if c == nil {
		return false
	}
	switch s.req.Action {
	case policy.ViewLive:
		if s.who.Type == policy.TypeKiosk {
			return c.Allows(policy.ModeWall)
		}
		return c.Allows(policy.ModeLive)
	case policy.Playback:
		return c.Allows(policy.ModePlayback)
	case policy.Export:
		return c.Allows(policy.ModeExport)
	case policy.Unmask:
		if s.footage != nil {
			return c.Allows(policy.ModePlayback)
		}
		return c.Allows(policy.ModeLive)
	case policy.ApproveView:
		return len(c.Modes) > 0
	case policy.Search:
		return c.Allows(policy.ModeLive) || c.Allows(policy.ModePlayback)
	case policy.Analyze:
		return analytics(c) || c.RecordMode() == policy.RecordEvents
	case policy.Record:
		return c.RecordMode() != policy.RecordNone
	}
	return false
}

func analytics(c *policy.Consent) bool {
	for _, m := range c.Modes {
		if strings.HasPrefix(string(m), policy.ModeAnalytics) {
			return true
		}
	}
	return false
}

func (s *scene) limits() (length, lookback, looks bool) {
	took := s.captured.Duration()
	switch s.basis {
	case basisOwn:
		return took <= maxOwnSpan, true, true
	case basisConsent:
		if s.consent == nil {
			return false, false, false
		}
		l := s.consent.Limits
		back := time.Duration(l.LookbackDays) * 24 * time.Hour
		return took <= min(maxClip, time.Duration(l.ClipMin)*time.Minute),
			s.footage == nil || s.at.Sub(s.captured.From) <= back,
			s.looks < l.LooksPerDay
	}
	return took <= maxClip, true, true
}

func (s *scene) incidentActive() bool {
	i := s.incident
	return i != nil && !s.at.Before(i.From) && s.at.Before(i.To)
}

// incidentNear says whether the active incident is a reason to look at this
// camera: of an agreed type within the agreed radius; where the owner agreed
// to nothing of the kind, any type. Never further than 1.3 km² reach.
func (s *scene) incidentNear() bool {
	away := shouwang.Position(s.incident.Position).Distance(shouwang.Position(s.cam.Position))
	terms := s.consent.Incident
	if terms == nil {
		return away <= policy.AreaRadius
	}
	return contains(terms.Types, s.incident.Type) && away <= min(terms.RadiusM, policy.AreaRadius)
}

// incidentOpens says whether the owner agreed beforehand that such an
// incident opens the live view outside the slots, and for how long.
func (s *scene) incidentOpens() bool {
	terms := s.consent.Incident
	return terms != nil && s.consent.Allows(policy.ModeIncident) &&
		s.at.Sub(s.incident.From) < time.Duration(terms.MaxMinutes)*time.Minute
}

// contains says whether the list names s; nothing is never named.
func contains(list []string, s string) bool { return s != "" && slices.Contains(list, s) }
