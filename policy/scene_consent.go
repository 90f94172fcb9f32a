package policy

import (
	"strings"
	"time"

	"shouwang"
)

func (s *scene) weighConsent(f *facts) {
	f.set(factConsentValid, s.consent != nil && s.consent.validAt(s.at) && !s.captured.From.Before(s.consent.NotBefore))
	f.set(factInSlot, s.consent != nil && s.world.inSlots(s.consent.Slots, s.captured))
	f.set(factAudience, s.audience())
	f.set(factInArea, s.inArea())
	f.set(factMode, s.modeAgreed())
	length, lookback, looks := s.limits()
	f.set(factLengthOK, length)
	f.set(factLookbackOK, lookback)
	f.set(factLooksOK, looks)
}

// validAt says whether the consent lets anything through at the moment: its
// state, its term, no pause.
func (c *Consent) validAt(at time.Time) bool {
	return c.State.Live() && !c.NotBefore.IsZero() && !at.Before(c.NotBefore) && at.Before(c.NotAfter) &&
		(c.PauseUntil == nil || !at.Before(*c.PauseUntil))
}

// inSlots says whether every instant of the span lies in the weekday hours.
// An empty span is one instant.
func (w *World) inSlots(slots Slots, span shouwang.Span) bool {
	if span.Duration() > maxOwnSpan {
		return false
	}
	for t := span.From; ; {
		if !slots.Has(SlotOf(t.In(w.zone))) {
			return false
		}
		if t = w.nextHour(t); !t.Before(span.To) {
			return true
		}
	}
}

// nextHour returns the next full local hour after t.
func (w *World) nextHour(t time.Time) time.Time {
	return w.hourOf(t).Add(time.Hour)
}

// hourOf returns the full local hour at or before t.
func (w *World) hourOf(t time.Time) time.Time {
	l := t.In(w.zone)
	return t.Add(-time.Duration(l.Minute())*time.Minute - time.Duration(l.Second())*time.Second - time.Duration(l.Nanosecond()))
}

func (s *scene) audience() bool {
	if s.consent == nil {
		return false
	}
	if s.who.Type == TypeKiosk && contains(s.consent.Audiences, s.who.Site) {
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
	area, ok := s.world.places.Ancestor(s.cam.Place, s.consent.AreaScope)
	from := s.who.Jurisdiction
	if s.who.Type == TypeResident {
		from = s.who.Home
	}
	return ok && s.world.places.Within(from, area.ID)
}

func (s *scene) modeAgreed() bool {
	c := s.consent
	if c == nil {
		return false
	}
	switch s.req.Action {
	case ViewLive:
		if s.who.Type == TypeKiosk {
			return c.Allows(ModeWall)
		}
		return c.Allows(ModeLive)
	case Playback:
		return c.Allows(ModePlayback)
	case Export:
		return c.Allows(ModeExport)
	case Unmask:
		if s.footage != nil {
			return c.Allows(ModePlayback)
		}
		return c.Allows(ModeLive)
	case ApproveView:
		return len(c.Modes) > 0
	case Search:
		return c.Allows(ModeLive) || c.Allows(ModePlayback)
	case Analyze:
		return c.analytics() || c.recordMode() == RecordEvents
	case Record:
		return c.recordMode() != RecordNone
	}
	return false
}

func (c *Consent) analytics() bool {
	for _, m := range c.Modes {
		if strings.HasPrefix(string(m), ModeAnalytics) {
			return true
		}
	}
	return false
}

// recordMode is what the owner chose, else event clips where something may be
// played back at all. Finding an event takes motion analysis: choosing event
// clips chooses that.
func (c *Consent) recordMode() RecordMode {
	if c.Recording != "" {
		return c.Recording
	}
	if c.Allows(ModePlayback) || c.Allows(ModeExport) {
		return RecordEvents
	}
	return RecordNone
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
		return away <= areaRadius
	}
	return contains(terms.Types, s.incident.Type) && away <= min(terms.RadiusM, areaRadius)
}

// incidentOpens says whether the owner agreed beforehand that such an
// incident opens the live view outside the slots, and for how long.
func (s *scene) incidentOpens() bool {
	terms := s.consent.Incident
	return terms != nil && s.consent.Allows(ModeIncident) &&
		s.at.Sub(s.incident.From) < time.Duration(terms.MaxMinutes)*time.Minute
}
