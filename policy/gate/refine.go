package gate

import "shouwang/policy"

// refine replaces a rule's general reason by what exactly was missing, from
// the scene. The order is put right afterwards.
func (s *scene) refine(coarse []policy.Reason) []policy.Reason {
	out := make([]policy.Reason, 0, len(coarse)+2)
	for _, r := range coarse {
		out = append(out, s.detail(r)...)
	}
	return policy.SortReasons(out)
}

func (s *scene) detail(r policy.Reason) []policy.Reason {
	f := &s.facts
	switch r {
	case policy.ReasonNoValidConsent:
		return []policy.Reason{s.consentReason()}
	case policy.ReasonMode, policy.ReasonSlot, policy.ReasonAudience, policy.ReasonNoGround, policy.ReasonLimit, policy.ReasonViewNotApproved:
		if s.consent == nil && s.basis == basisConsent && (r != policy.ReasonNoGround || s.req.Incident != "") {
			return nil // there is no consent at all: that is said already
		}
		return s.detailConsent(r)
	case policy.ReasonKeyClosed:
		return []policy.Reason{keyReasons[f.key]}
	case policy.ReasonUnfit:
		return missing(f, map[fact]policy.Reason{factSign: policy.ReasonNoSign, factSound: policy.ReasonQuarantined})
	case policy.ReasonOffDuty:
		if s.who.Type == policy.TypeKiosk {
			return []policy.Reason{policy.ReasonUnattended}
		}
	case policy.ReasonHomeGrid:
		home := r
		if s.who.HomeGrid == "" {
			home = policy.ReasonHomeUnknown
		}
		if s.req.claimed && s.req.SecondPerson == "" {
			return []policy.Reason{home, s.unapproved()}
		}
		return []policy.Reason{home}
	case policy.ReasonNoCase:
		return []policy.Reason{s.caseReason()}
	case policy.ReasonNoSecondPerson:
		if s.req.SecondPerson != "" {
			return []policy.Reason{policy.ReasonSecondNotFree}
		}
		if s.req.claimed {
			return []policy.Reason{s.unapproved()}
		}
	case policy.ReasonNoRule:
		return []policy.Reason{s.ruleReason()}
	}
	return []policy.Reason{r}
}

// unapproved says why the record knows no approval of what is asked.
func (s *scene) unapproved() policy.Reason {
	if s.req.otherForm {
		return policy.ReasonSecondOtherForm
	}
	return policy.ReasonSecondUnapproved
}

func (s *scene) detailConsent(r policy.Reason) []policy.Reason {
	switch {
	case r == policy.ReasonAudience:
		return missing(&s.facts, map[fact]policy.Reason{factAudience: policy.ReasonAudience, factInArea: policy.ReasonArea})
	case r == policy.ReasonLimit:
		return missing(&s.facts, map[fact]policy.Reason{
			factLengthOK: policy.ReasonTooLong, factLookbackOK: policy.ReasonLookback, factLooksOK: policy.ReasonTooManyLooks,
		})
	case r == policy.ReasonNoGround && s.req.Incident != "":
		return []policy.Reason{policy.ReasonIncidentFar}
	case r == policy.ReasonNoGround && s.req.Case != "":
		return []policy.Reason{s.caseReason()}
	}
	return []policy.Reason{r}
}

func missing(f *facts, of map[fact]policy.Reason) (out []policy.Reason) {
	for k, r := range of {
		if !f.is(k) {
			out = append(out, r)
		}
	}
	return out
}

var keyReasons = map[policy.KeyState]policy.Reason{
	policy.KeyShredded: policy.ReasonKeyDestroyed, policy.KeyFrozen: policy.ReasonKeyFrozen, policy.KeyHeld: policy.ReasonKeyHeld,
	policy.KeyLive: policy.ReasonKeyClosed, policy.KeyNone: policy.ReasonNotRecorded,
}

var stateReasons = map[policy.ConsentState]policy.Reason{
	policy.Requested: policy.ReasonConsentRequested, policy.Refused: policy.ReasonConsentRefused, policy.Paused: policy.ReasonConsentPaused,
	policy.Expired: policy.ReasonConsentExpired, policy.Withdrawn: policy.ReasonConsentWithdrawn, policy.Terminated: policy.ReasonConsentTerminated,
	policy.Invalidated: policy.ReasonConsentInvalid,
}

// consentReason says why there is no valid consent for the purpose. Where
// the camera has a consent, but for another purpose, the purpose is the reason.
func (s *scene) consentReason() policy.Reason {
	c := s.consent
	switch {
	case c == nil && len(s.world.CurrentConsents(s.cam.ID)) > 0:
		return policy.ReasonPurposeLimit
	case c == nil:
		return policy.ReasonNoConsent
	case !c.State.Live():
		return stateReasons[c.State]
	case c.PauseUntil != nil && s.at.Before(*c.PauseUntil):
		return policy.ReasonConsentPaused
	case !s.at.Before(c.NotAfter):
		return policy.ReasonConsentExpired
	case s.at.Before(c.NotBefore) || s.captured.From.Before(c.NotBefore):
		return policy.ReasonConsentNotYet
	}
	return policy.ReasonNoValidConsent
}

func (s *scene) caseReason() policy.Reason {
	switch {
	case s.req.Case == "":
		return policy.ReasonNoCase
	case !s.caseOpen():
		return policy.ReasonCaseNotOpen
	}
	return policy.ReasonNotCaseMember
}

// ruleReason says why no permit names the request although nothing forbids it.
func (s *scene) ruleReason() policy.Reason {
	switch s.who.Type {
	case policy.TypeKiosk:
		return policy.ReasonKioskLiveOnly
	case policy.TypeResident:
		if s.facts.is(factGuardian) && s.req.Action == policy.ViewLive {
			return policy.ReasonNoGround
		}
		if s.cam.Owner != s.who.ID && s.basis != basisSubject {
			return policy.ReasonNotOwner
		}
	case policy.TypeOfficer:
		return policy.ReasonRole
	}
	return policy.ReasonNoRule
}
