package gate

import (
	"time"

	"shouwang"
	"shouwang/policy"
)

// Decide answers a request as of its own time, Request.At. It is what tools
// and tests ask; a service asks Look, whose time is the gate's clock. It never
// fails: whatever goes wrong is a denial that says so.
func (g *Gate) Decide(req policy.Request) policy.Decision {
	if g == nil {
		return closed(&req)
	}
	known, _ := g.second(&req)
	d, _, _ := g.decide(g.now.Load(), known)
	return d
}

// Look answers a request as of now and, where it is allowed, hands out the
// grant that Covers needs. For a live view the grant's span begins up to half a
// minute back (never before the slot's hour) and ends with the decision's ttl
// or with what made it true; for footage the span is the footage's. An allowed
// look counts towards the owner's limit of looks a day; the same person asking
// again for the same reason within half an hour is still the same look.
func (g *Gate) Look(req policy.Request) (policy.Decision, Grant) {
	if g == nil {
		return closed(&req), Grant{}
	}
	req.At = g.clock()
	known, approval := g.second(&req)
	d, s, _ := g.decide(g.now.Load(), known)
	if d.Allowed() && !g.spend(approval, known, &d) {
		d = g.envelope(g.now.Load(), s, &verdict{reasons: []policy.Reason{policy.ReasonSecondUnapproved}})
	}
	if !d.Allowed() {
		return d, Grant{action: req.Action, decision: d}
	}
	if counted(s) {
		g.looks.note(s.cam.ID, s.lookKey(), s.at, s.world)
	}
	return d, Grant{
		id: d.DecisionID, camera: s.cam.CameraID(), action: req.Action, span: s.span(d.TTL), decision: d,
		second: s.req.SecondPerson,
	}
}

// decide puts a request to the rules of one state.
func (g *Gate) decide(st *state, req *asked) (policy.Decision, *scene, *verdict) {
	s, wrong := newScene(st.world, req, false)
	if wrong != "" {
		v := &verdict{reasons: []policy.Reason{wrong}}
		return g.envelope(st, s, v), s, v
	}
	if counted(s) {
		s.looks = g.looks.today(s)
	}
	v := st.judge(s)
	return g.envelope(st, s, v), s, v
}

// judge weighs the scene and puts it to the rules.
func (st *state) judge(s *scene) *verdict {
	v := st.rules.judge(*s.weigh())
	if v.allow && st.closedByView(s) {
		return &verdict{reasons: []policy.Reason{policy.ReasonViewNotApproved}}
	}
	return v
}

// envelope writes the verdict out.
func (g *Gate) envelope(st *state, s *scene, v *verdict) policy.Decision {
	d := policy.Decision{
		ID: s.req.ID, DecisionID: newDecisionID(), Decision: "deny", Obligations: []policy.Obligation{},
		PolicySet: st.rules.hash,
	}
	if s.consent != nil && s.basis == basisConsent {
		d.Consent = s.consent.Ref()
	}
	if !v.allow {
		d.Reasons = v.reasons
		if s.cam != nil && s.who != nil {
			d.Reasons = s.refine(v.reasons)
		}
	} else {
		d.Decision, d.Reasons = "allow", s.allowed(v.reasons)
		d.TTL = int(min(time.Duration(v.ttl)*time.Second, s.left()).Seconds())
		d.Obligations = s.obligations(v.oblige, &d)
	}
	d.TextForOfficer, d.TextForResident = d.Texts(g.language)
	return d
}

// allowed says "incident" where it is the incident that opened the view.
func (s *scene) allowed(reasons []policy.Reason) []policy.Reason {
	f := &s.facts
	if s.basis == basisConsent && s.req.Action == policy.ViewLive && s.who.Type == policy.TypeOfficer && !(f.is(factInSlot) && f.is(factMode)) {
		return []policy.Reason{policy.ReasonIncident}
	}
	return reasons
}

// closed is the answer of a gate that is not there.
func closed(req *policy.Request) policy.Decision {
	d := policy.Decision{
		ID: req.ID, DecisionID: newDecisionID(), Decision: "deny",
		Reasons: []policy.Reason{policy.ReasonError}, Obligations: []policy.Obligation{},
	}
	d.TextForOfficer, d.TextForResident = d.Texts(policy.Chinese)
	return d
}

// left is how long what makes the request true will last from now, as far as
// the world tells; at least a second, since the rules just said yes.
func (s *scene) left() time.Duration {
	if s.footage != nil {
		return maxOwnSpan
	}
	end := s.at.Add(maxOwnSpan)
	upTo := func(t time.Time) {
		if t.After(s.at) && t.Before(end) {
			end = t
		}
	}
	switch s.basis {
	case basisConsent:
		s.consentLeft(upTo)
	case basisFiling:
		if s.cam.Filing != nil {
			upTo(s.cam.Filing.To)
		}
	}
	return max(time.Second, end.Sub(s.at))
}

func (s *scene) consentLeft(upTo func(time.Time)) {
	if s.consent == nil {
		return
	}
	f := &s.facts
	upTo(s.consent.NotAfter)
	if f.is(factInSlot) {
		upTo(slotEnd(s.world.Zone(), s.consent.Slots, s.at))
	}
	if f.is(factIncidentNear) && !f.is(factCaseMember) {
		upTo(s.incident.To)
	}
	if f.is(factIncidentOpens) && !f.is(factInSlot) {
		upTo(s.incident.To)
		upTo(s.incident.From.Add(time.Duration(s.consent.Incident.MaxMinutes) * time.Minute))
	}
}

// slotEnd returns when the run of agreed hours around t ends, looking at most
// two hours ahead, which is longer than any ttl.
func slotEnd(zone *time.Location, slots policy.Slots, t time.Time) time.Time {
	for range 2 {
		t = nextHour(zone, t)
		if !slots.Has(policy.SlotOf(t.In(zone))) {
			return t
		}
	}
	return t
}

// preroll is how far a live view may reach back: a player starts at the last
// key frame.
const preroll = 30 * time.Second

// span is the capture time that a grant is for.
func (s *scene) span(ttl int) shouwang.Span {
	if s.footage != nil {
		return s.captured
	}
	span := shouwang.Span{From: s.at.Add(-preroll), To: s.at.Add(time.Duration(ttl) * time.Second)}
	notBefore := func(t time.Time) {
		if span.From.Before(t) && !t.After(s.at) {
			span.From = t
		}
	}
	if s.basis != basisConsent || s.consent == nil {
		return span
	}
	notBefore(s.consent.NotBefore)
	if hour := hourOf(s.world.Zone(), s.at); !s.consent.Slots.Has(policy.SlotOf(hour.Add(-time.Second).In(s.world.Zone()))) {
		notBefore(hour)
	}
	if s.facts.is(factIncidentOpens) && !s.facts.is(factInSlot) {
		notBefore(s.incident.From)
	}
	return span
}
