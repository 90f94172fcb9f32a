package policy

// refine replaces a rule's general reason by what exactly was missing, from
// the scene. The order is put right afterwards.
func (s *scene) refine(coarse []Reason) []Reason {
	out := make([]Reason, 0, len(coarse)+2)
	for _, r := range coarse {
		out = append(out, s.detail(r)...)
	}
	return SortReasons(out)
}

func (s *scene) detail(r Reason) []Reason {
	f := &s.facts
	switch r {
	case ReasonNoValidConsent:
		return []Reason{s.consentReason()}
	case ReasonMode, ReasonSlot, ReasonAudience, ReasonNoGround, ReasonLimit, ReasonViewNotApproved:
		if s.consent == nil && s.basis == basisConsent && (r != ReasonNoGround || s.req.Incident != "") {
			return nil // there is no consent at all: that is said already
		}
		return s.detailConsent(r)
	case ReasonKeyClosed:
		return []Reason{keyReasons[f.key]}
	case ReasonUnfit:
		return missing(f, map[fact]Reason{factSign: ReasonNoSign, factSound: ReasonQuarantined})
	case ReasonOffDuty:
		if s.who.Type == TypeKiosk {
			return []Reason{ReasonUnattended}
		}
	case ReasonHomeGrid:
		home := r
		if s.who.HomeGrid == "" {
			home = ReasonHomeUnknown
		}
		if s.req.claimed && s.req.SecondPerson == "" {
			return []Reason{home, s.unapproved()}
		}
		return []Reason{home}
	case ReasonNoCase:
		return []Reason{s.caseReason()}
	case ReasonNoSecondPerson:
		if s.req.SecondPerson != "" {
			return []Reason{ReasonSecondNotFree}
		}
		if s.req.claimed {
			return []Reason{s.unapproved()}
		}
	case ReasonNoRule:
		return []Reason{s.ruleReason()}
	}
	return []Reason{r}
}

// unapproved says why the record knows no approval of what is asked.
func (s *scene) unapproved() Reason {
	if s.req.otherForm {
		return ReasonSecondOtherForm
	}
	return ReasonSecondUnapproved
}

func (s *scene) detailConsent(r Reason) []Reason {
	switch {
	case r == ReasonAudience:
		return missing(&s.facts, map[fact]Reason{factAudience: ReasonAudience, factInArea: ReasonArea})
	case r == ReasonLimit:
		return missing(&s.facts, map[fact]Reason{
			factLengthOK: ReasonTooLong, factLookbackOK: ReasonLookback, factLooksOK: ReasonTooManyLooks,
		})
	case r == ReasonNoGround && s.req.Incident != "":
		return []Reason{ReasonIncidentFar}
	case r == ReasonNoGround && s.req.Case != "":
		return []Reason{s.caseReason()}
	}
	return []Reason{r}
}

func missing(f *facts, of map[fact]Reason) (out []Reason) {
	for k, r := range of {
		if !f.is(k) {
			out = append(out, r)
		}
	}
	return out
}

var keyReasons = map[KeyState]Reason{
	KeyShredded: ReasonKeyDestroyed, KeyFrozen: ReasonKeyFrozen, KeyHeld: ReasonKeyHeld,
	KeyLive: ReasonKeyClosed, KeyNone: ReasonNotRecorded,
}

var stateReasons = map[ConsentState]Reason{
	Requested: ReasonConsentRequested, Refused: ReasonConsentRefused, Paused: ReasonConsentPaused,
	Expired: ReasonConsentExpired, Withdrawn: ReasonConsentWithdrawn, Terminated: ReasonConsentTerminated,
	Invalidated: ReasonConsentInvalid,
}

// consentReason says why there is no valid consent for the purpose. Where
// the camera has a consent, but for another purpose, the purpose is the reason.
func (s *scene) consentReason() Reason {
	c := s.consent
	switch {
	case c == nil && len(s.world.CurrentConsents(s.cam.ID)) > 0:
		return ReasonPurposeLimit
	case c == nil:
		return ReasonNoConsent
	case !c.State.Live():
		return stateReasons[c.State]
	case c.PauseUntil != nil && s.at.Before(*c.PauseUntil):
		return ReasonConsentPaused
	case !s.at.Before(c.NotAfter):
		return ReasonConsentExpired
	case s.at.Before(c.NotBefore) || s.captured.From.Before(c.NotBefore):
		return ReasonConsentNotYet
	}
	return ReasonNoValidConsent
}

func (s *scene) caseReason() Reason {
	switch {
	case s.req.Case == "":
		return ReasonNoCase
	case !s.caseOpen():
		return ReasonCaseNotOpen
	}
	return ReasonNotCaseMember
}

// ruleReason says why no permit names the request although nothing forbids it.
func (s *scene) ruleReason() Reason {
	switch s.who.Type {
	case TypeKiosk:
		return ReasonKioskLiveOnly
	case TypeResident:
		if s.facts.is(factGuardian) && s.req.Action == ViewLive {
			return ReasonNoGround
		}
		if s.cam.Owner != s.who.ID && s.basis != basisSubject {
			return ReasonNotOwner
		}
	case TypeOfficer:
		return ReasonRole
	}
	return ReasonNoRule
}
