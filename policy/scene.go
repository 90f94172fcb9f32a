package policy

import (
	"strings"
	"time"

	"shouwang"
)

// Bounds of every look, whatever a consent says.
const (
	maxClip    = 60 * time.Minute
	maxOwnSpan = 12 * time.Hour
	// freshFactor is how old a second factor may be for acts that need one.
	freshFactor = 5 * time.Minute
	// clockSlack is how far a capture may lie ahead of our clock.
	clockSlack = time.Minute
	// areaRadius bounds an incident where the owner named no radius: the
	// circle of 1.3 km².
	areaRadius = 643.0
	// elsewhere is the home grid of an officer who lives in none of ours.
	elsewhere shouwang.PlaceID = "-"
)

// ownPurpose is the purpose of an owner who looks at their own camera.
const ownPurpose = "own"

// scene is a request with everything of the world that bears on it.
type scene struct {
	world *World
	req   *Request
	// internal says that the gate asks for the service itself.
	internal bool
	// at is the moment of asking, captured the stretch of capture time.
	at       time.Time
	captured shouwang.Span
	looks    int // today's looks at the camera

	who      *Principal
	cam      *camera
	consent  *Consent // for the purpose, any state; nil if there is none
	footage  *Footage // nil for a camera
	incident *Incident
	kase     *Case
	second   *Principal
	order    *Order
	subject  *SubjectRequest
	basis    basis
	facts    facts
}

var actions = map[Action]struct{ footage, camera bool }{
	ViewLive: {camera: true}, Playback: {footage: true}, Export: {footage: true},
	Unmask: {camera: true, footage: true}, Search: {camera: true, footage: true},
	Analyze: {camera: true}, Record: {camera: true},
	PlaceHold: {footage: true}, ReleaseHold: {footage: true},
	Invite: {camera: true}, ApproveView: {camera: true},
	ManageConsent: {camera: true, footage: true}, ReadAccessLog: {camera: true, footage: true},
	FaceMatch: {camera: true, footage: true}, AutoPenalty: {camera: true, footage: true},
	PlateLookup: {camera: true, footage: true},
}

// machine is the principal that the gate's own questions are asked for.
var machine = &Principal{ID: "service:shouwang", Type: TypeService}

// newScene looks up what the request names. A reason means that the request
// cannot be put to the rules at all.
func newScene(w *World, req *Request, internal bool) (*scene, Reason) {
	s := &scene{world: w, req: req, internal: internal, at: req.At}
	kinds, known := actions[req.Action]
	if !known {
		return s, ReasonUnknownAction
	}
	if internal {
		s.who = machine
	} else if s.who = w.principals[req.Principal]; s.who == nil {
		return s, ReasonUnknownPrincipal
	}
	if reason := s.findResource(); reason != "" {
		return s, reason
	}
	if s.footage != nil && !kinds.footage || s.footage == nil && !kinds.camera {
		return s, ReasonNotApplicable
	}
	s.consent = s.cam.consentFor(req.Purpose)
	s.incident, s.kase = w.incidents[req.Incident], w.cases[req.Case]
	s.order, s.subject = w.orders[req.Order], w.subjects[req.SubjectRequest]
	s.second = w.principals[req.SecondPerson]
	s.basis = s.restsOn()
	return s, ""
}

// findResource resolves "camera:…" and "footage:…"; a span of a camera comes
// as Request.Footage.
func (s *scene) findResource() Reason {
	id := s.req.Resource
	switch {
	case s.req.Footage != nil:
		s.footage = s.req.Footage
		if id != s.footage.ID && id != s.footage.Camera {
			return ReasonBadRequest
		}
	case strings.HasPrefix(id, "footage:"):
		if s.footage = s.world.footage[id]; s.footage == nil {
			return ReasonUnknownResource
		}
	case strings.HasPrefix(id, "log:"):
		id = cameraPrefix + strings.TrimPrefix(id, "log:")
	}
	if s.footage != nil {
		id = s.footage.Camera
		s.captured = shouwang.Span{From: s.footage.From, To: s.footage.To}
	} else {
		s.captured = shouwang.Span{From: s.at, To: s.at}
	}
	if s.cam = s.world.cameras[id]; s.cam == nil {
		return ReasonUnknownResource
	}
	return ""
}

// restsOn says which rules the request is to be judged by.
func (s *scene) restsOn() basis {
	switch {
	case s.req.Order != "" && s.req.Action == Export:
		return basisOrder
	case s.req.SubjectRequest != "" && s.who.Type == TypeResident:
		return basisSubject
	case s.req.Purpose == ownPurpose && s.who.Type == TypeResident && s.cam.Owner == s.who.ID:
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
	f.set(factSound, !s.cam.Quarantined && (s.footage == nil || !s.footage.Quarantined && !s.cam.drifted(s.captured)))
	if s.footage != nil {
		f.footage, f.key = true, s.footage.KeyState
	}
	f.set(factPurposeListed, contains(s.world.purposes, s.req.Purpose))
	f.set(factTimeOK, s.timeOK())
	f.set(factFiled, s.filed())
	f.set(factLawfulMount, lawfulMount(s.cam.LegalClass, s.cam.Mount))
	f.set(factInternal, s.internal)
	s.weighPeople(f)
	s.weighConsent(f)
	s.weighGround(f)
	return f
}

func (s *scene) weighPeople(f *facts) {
	f.set(factInJurisdiction, s.world.places.Within(s.cam.Place, s.who.Jurisdiction))
	f.set(factImpartial, s.who.HomeGrid != "" && !s.world.places.Within(s.cam.Place, s.who.HomeGrid))
	f.set(factSecondIndependent, s.independent())
	f.set(factFactorFresh, s.req.SecondFactorAge > 0 && s.req.SecondFactorAge <= freshFactor.Seconds())
	f.set(factManages, s.manages())
}

func (s *scene) weighGround(f *facts) {
	f.set(factCaseMember, s.caseOpen() && s.onCase())
	f.set(factOrderCovers, s.orderCovers())
	f.set(factSubjectCovers, s.subjectCovers())
	f.set(factHoldOfCase, s.heldForCase())
	f.set(factViewApproved, s.world.viewApproved(s.cam.Camera, s.consent))
	if s.consent != nil && s.incidentActive() {
		f.set(factIncidentNear, s.incidentNear())
		f.set(factIncidentOpens, s.incidentNear() && s.incidentOpens())
	}
}

func contains(list []string, s string) bool {
	if s == "" {
		return false
	}
	for _, have := range list {
		if have == s {
			return true
		}
	}
	return false
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

// lawfulMount says whether a camera of the class may hang there: a resident's
// camera never over a public place (2025 Regulation, art. 33).
func lawfulMount(class shouwang.LegalClass, mount string) bool {
	switch mount {
	case "own_premises", "shared_premises":
		return true
	case "public":
		return class == shouwang.ClassPublic
	}
	return false
}

// independent says whether the second person may stand beside the first:
// another officer, on duty or of another unit, never a subordinate of the
// first, and neither contractor nor oversight.
func (s *scene) independent() bool {
	p := s.second
	if p == nil || p.Type != TypeOfficer || p.ID == s.who.ID || p.Has(RoleContractor) || p.Has(RoleOversight) {
		return false
	}
	return (p.OnDuty || p.Unit != "" && p.Unit != s.who.Unit) && !s.world.subordinate(p, s.who.ID)
}

// subordinate says whether boss stands anywhere above p.
func (w *World) subordinate(p *Principal, boss string) bool {
	for range 16 { // deeper than any office; a loop ends here too
		if p.Superior == "" {
			return false
		}
		if p.Superior == boss {
			return true
		}
		if p = w.principals[p.Superior]; p == nil {
			return false
		}
	}
	return true
}

// manages says whether the principal decides about the camera's consent: its
// owner, who gave the consent, or the approver of the unit that owns it.
func (s *scene) manages() bool {
	if s.who.Type == TypeResident {
		return s.cam.Owner == s.who.ID || s.consent != nil && s.consent.Principal != nil && s.consent.Principal.ID == s.who.ID
	}
	return s.who.Type == TypeOfficer && s.who.Unit != "" && s.cam.Owner == "unit:"+s.who.Unit && s.who.Has(RoleApprover)
}

func (s *scene) caseOpen() bool {
	c := s.kase
	return c != nil && c.Open && !c.Opened.IsZero() && !s.at.Before(c.Opened) && (c.Closed.IsZero() || s.at.Before(c.Closed))
}

func (s *scene) onCase() bool { return s.world.OnCase(s.who, s.kase) }

// OnCase reports whether the officer is a member of the case, a member's
// superior, or an approver.
func (w *World) OnCase(p *Principal, c *Case) bool {
	if contains(c.Members, p.ID) || p.Has(RoleApprover) {
		return true
	}
	for _, id := range c.Members {
		if member := w.principals[id]; member != nil && w.subordinate(member, p.ID) {
			return true
		}
	}
	return false
}

func (s *scene) orderCovers() bool {
	o := s.order
	return o != nil && s.footage != nil && o.InForce(s.at) && contains(o.Cameras, s.cam.ID) &&
		!s.captured.From.Before(o.From) && !s.captured.To.After(o.To)
}

func (s *scene) subjectCovers() bool {
	r := s.subject
	if r == nil || s.footage == nil || !r.Verified || r.Subject != s.who.ID || !r.covers(s.footage, s.at) {
		return false
	}
	custodian := s.world.principals[r.CustodianApprovedBy]
	return custodian != nil && custodian.Type == TypeOfficer && custodian.ID != s.who.ID
}

func (s *scene) heldForCase() bool {
	if s.footage == nil || s.req.Case == "" {
		return false
	}
	for _, h := range s.world.heldOf[s.cam.ID] {
		if h.Case == s.req.Case && h.Active(s.at) && h.Covers(s.cam.ID, s.captured) {
			return true
		}
	}
	return false
}
