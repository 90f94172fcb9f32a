package gate

import (
	"strings"
	"time"

	"shouwang"
	"shouwang/policy"
)

// Bounds of every look, whatever a consent says.
const (
	maxClip    = 60 * time.Minute
	maxOwnSpan = 12 * time.Hour
	// freshFactor is how old a second factor may be for acts that need one.
	freshFactor = 5 * time.Minute
	// clockSlack is how far a capture may lie ahead of our clock.
	clockSlack = time.Minute
)

// ownPurpose is the purpose of an owner who looks at their own camera.
const ownPurpose = "own"

// scene is a request with everything of the world that bears on it.
type scene struct {
	world *policy.World
	req   *asked
	// internal says that the gate asks for the service itself.
	internal bool
	// at is the moment of asking, captured the stretch of capture time.
	at       time.Time
	captured shouwang.Span
	looks    int // today's looks at the camera

	who      *policy.Principal
	cam      *policy.Camera
	consent  *policy.Consent // for the purpose, any state; nil if there is none
	footage  *policy.Footage // nil for a camera
	incident *policy.Incident
	kase     *policy.Case
	second   *policy.Principal
	order    *policy.Order
	subject  *policy.SubjectRequest
	basis    basis
	facts    facts
}

var actions = map[policy.Action]struct{ footage, camera bool }{
	policy.ViewLive: {camera: true}, policy.Playback: {footage: true}, policy.Export: {footage: true},
	policy.Unmask: {camera: true, footage: true}, policy.Search: {camera: true, footage: true},
	policy.Analyze: {camera: true}, policy.Record: {camera: true},
	policy.PlaceHold: {footage: true}, policy.ReleaseHold: {footage: true},
	policy.Invite: {camera: true}, policy.ApproveView: {camera: true},
	policy.ManageConsent: {camera: true, footage: true}, policy.ReadAccessLog: {camera: true, footage: true},
	policy.FaceMatch: {camera: true, footage: true}, policy.AutoPenalty: {camera: true, footage: true},
	policy.PlateLookup: {camera: true, footage: true},
}

// machine is the principal that the gate's own questions are asked for.
var machine = &policy.Principal{ID: "service:shouwang", Type: policy.TypeService}

// newScene looks up what the request names. A reason means that the request
// cannot be put to the rules at all.
func newScene(w *policy.World, req *asked, internal bool) (*scene, policy.Reason) {
	s := &scene{world: w, req: req, internal: internal, at: req.At}
	kinds, known := actions[req.Action]
	if !known {
		return s, policy.ReasonUnknownAction
	}
	if internal {
		s.who = machine
	} else if s.who, _ = w.Principal(req.Principal); s.who == nil {
		return s, policy.ReasonUnknownPrincipal
	}
	if reason := s.findResource(); reason != "" {
		return s, reason
	}
	if s.footage != nil && !kinds.footage || s.footage == nil && !kinds.camera {
		return s, policy.ReasonNotApplicable
	}
	s.consent, _ = w.Consent(s.cam.ID, req.Purpose)
	s.incident, _ = w.Incident(req.Incident)
	s.kase, _ = w.Case(req.Case)
	s.order, _ = w.Order(req.Order)
	s.subject, _ = w.SubjectRequest(req.SubjectRequest)
	s.second, _ = w.Principal(req.SecondPerson)
	s.basis = s.restsOn()
	return s, ""
}

// findResource resolves "camera:…" and "footage:…"; a span of a camera comes
// as Request.Footage.
func (s *scene) findResource() policy.Reason {
	id := s.req.Resource
	switch {
	case s.req.Footage != nil:
		s.footage = s.req.Footage
		if id != s.footage.ID && id != s.footage.Camera {
			return policy.ReasonBadRequest
		}
	case strings.HasPrefix(id, "footage:"):
		if s.footage, _ = s.world.Footage(id); s.footage == nil {
			return policy.ReasonUnknownResource
		}
	case strings.HasPrefix(id, "log:"):
		id = policy.CameraResource(shouwang.CameraID(strings.TrimPrefix(id, "log:")))
	}
	if s.footage != nil {
		id = s.footage.Camera
		s.captured = shouwang.Span{From: s.footage.From, To: s.footage.To}
	} else {
		s.captured = shouwang.Span{From: s.at, To: s.at}
	}
	if s.cam, _ = s.world.Camera(id); s.cam == nil {
		return policy.ReasonUnknownResource
	}
	return ""
}

// restsOn says which rules the request is to be judged by.
func (s *scene) restsOn() basis {
	switch {
	case s.req.Order != "" && s.req.Action == policy.Export:
		return basisOrder
	case s.req.SubjectRequest != "" && s.who.Type == policy.TypeResident:
		return basisSubject
	case s.req.Purpose == ownPurpose && s.who.Type == policy.TypeResident && s.cam.Owner == s.who.ID:
		return basisOwn
	case s.cam.LegalClass == shouwang.ClassPublic:
		return basisFiling
	}
	return basisConsent
}

// weigh computes the facts.
func (s *scene) weigh() *facts {
	f := &s.facts
	*f = facts{who: s.who.Type, roles: rolesOf(s.who), action: s.req.Action, basis: s.basis, class: s.cam.LegalClass}
	f.set(factOnDuty, s.who.OnDuty)
	f.set(factAttended, s.who.Attended)
	f.set(factGuardian, s.guards())
	f.set(factSign, s.cam.Sign)
	f.set(factSound, !s.cam.Quarantined && (s.footage == nil || !s.footage.Quarantined && !s.cam.HasDrifted(s.captured)))
	if s.footage != nil {
		f.footage, f.key = true, s.footage.KeyState
	}
	f.set(factPurposeListed, s.world.HasPurpose(s.req.Purpose))
	f.set(factTimeOK, s.timeOK())
	f.set(factFiled, s.filed())
	f.set(factLawfulMount, policy.LawfulMount(s.cam.LegalClass, s.cam.Mount))
	f.set(factInternal, s.internal)
	s.weighPeople(f)
	s.weighConsent(f)
	s.weighGround(f)
	return f
}

func (s *scene) weighPeople(f *facts) {
	f.set(factInJurisdiction, s.world.Places().Within(s.cam.Place, s.who.Jurisdiction))
	f.set(factImpartial, s.who.HomeGrid != "" && !s.world.Places().Within(s.cam.Place, s.who.HomeGrid))
	f.set(factSecondIndependent, s.second != nil && s.world.Independent(s.second, s.who))
	f.set(factFactorFresh, s.req.SecondFactorAge > 0 && s.req.SecondFactorAge <= freshFactor.Seconds())
	f.set(factManages, s.manages())
}

func (s *scene) weighGround(f *facts) {
	f.set(factCaseMember, s.caseOpen() && s.world.OnCase(s.who, s.kase))
	f.set(factOrderCovers, s.orderCovers())
	f.set(factSubjectCovers, s.subjectCovers())
	f.set(factHoldOfCase, s.heldForCase())
	f.set(factViewApproved, s.world.ViewApproved(s.cam, s.consent))
	if s.consent != nil && s.incidentActive() {
		f.set(factIncidentNear, s.incidentNear())
		f.set(factIncidentOpens, s.incidentNear() && s.incidentOpens())
	}
}

// timeOK says that the moment is known and the capture is over.
func (s *scene) timeOK() bool {
	if s.at.IsZero() {
		return false
	}
	if s.footage == nil {
		return !s.captured.From.After(s.at.Add(clockSlack))
	}
	return !s.captured.Empty() && !s.captured.From.IsZero() && !s.captured.To.After(s.at.Add(clockSlack))
}

func (s *scene) filed() bool {
	f := s.cam.Filing
	return s.cam.LegalClass == shouwang.ClassPublic &&
		(f == nil || !s.at.Before(f.From) && (f.To.IsZero() || s.at.Before(f.To)))
}

// manages says whether the principal decides about the camera's consent: its
// owner, who gave the consent, or the approver of the unit that owns it.
func (s *scene) manages() bool {
	if s.who.Type == policy.TypeResident {
		return s.cam.Owner == s.who.ID || s.consent != nil && s.consent.Principal != nil && s.consent.Principal.ID == s.who.ID
	}
	return s.who.Type == policy.TypeOfficer && s.who.Unit != "" && s.cam.Owner == "unit:"+s.who.Unit && s.who.Has(policy.RoleApprover)
}

func (s *scene) caseOpen() bool {
	c := s.kase
	return c != nil && c.Open && !c.Opened.IsZero() && !s.at.Before(c.Opened) && (c.Closed.IsZero() || s.at.Before(c.Closed))
}

func (s *scene) orderCovers() bool {
	o := s.order
	return o != nil && s.footage != nil && o.InForce(s.at) && contains(o.Cameras, s.cam.ID) &&
		!s.captured.From.Before(o.From) && !s.captured.To.After(o.To)
}

func (s *scene) subjectCovers() bool {
	r := s.subject
	if r == nil || s.footage == nil || !r.Verified || r.Subject != s.who.ID || !r.Covers(s.footage, s.at) {
		return false
	}
	custodian, known := s.world.Principal(r.CustodianApprovedBy)
	return known && custodian.Type == policy.TypeOfficer && custodian.ID != s.who.ID
}

func (s *scene) heldForCase() bool {
	return s.footage != nil && s.req.Case != "" && s.world.HeldFor(s.req.Case, s.cam.ID, s.captured, s.at)
}

// guards says whether the asker is the guardian of a cell that the owner chose
// as an audience, and the camera hangs at one of the cell's households.
func (s *scene) guards() bool {
	return s.consent != nil && s.world.CellOf(s.who, s.cam, s.consent) != nil
}
