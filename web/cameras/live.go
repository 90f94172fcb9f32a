package cameras

import (
	"slices"

	"shouwang/policy"
	"shouwang/web/front"
)

// liveNow asks what a live view would answer, without an incident first and
// then under each incident that is open.
func (r *Room) liveNow(c *front.Caller, cam *policy.Camera, why front.Why) Live {
	req := c.Request(policy.ViewLive, cam, why, r.Now())
	first := r.judged(c, req, cam)
	if first.Allowed() || req.Incident != "" || c.Who.Type != policy.TypeOfficer {
		return r.liveOf(c, &first, "")
	}
	for _, incident := range r.openIncidents(c.World) {
		req.Incident = incident.ID
		if d := r.judged(c, req, cam); d.Allowed() {
			return r.liveOf(c, &d, incident.ID)
		}
	}
	return r.liveOf(c, &first, "")
}

// judged is foresee with this room's own refusals in it.
func (r *Room) judged(c *front.Caller, req policy.Request, cam *policy.Camera) policy.Decision {
	d := r.Foresee(c, req)
	if d.Allowed() {
		if _, refused := r.looks.Carry(&d, c, cam); refused != "" {
			d.Decision, d.Reasons = "deny", []policy.Reason{refused}
		}
	}
	return d
}

func (r *Room) liveOf(c *front.Caller, d *policy.Decision, incident string) Live {
	v := Live{Decision: d.Decision, Reasons: d.Reasons, Text: r.TextFor(c, d), Incident: incident, Obligations: []policy.ObligationID{}}
	for _, duty := range d.Obligations {
		v.Obligations = append(v.Obligations, duty.ID)
	}
	return v
}

// openIncidents returns the incidents that are open now, newest first.
func (r *Room) openIncidents(w *policy.World) []*policy.Incident {
	now := r.Now()
	var out []*policy.Incident
	for _, i := range w.Incidents() {
		if !now.Before(i.From) && now.Before(i.To) {
			out = append(out, i)
		}
	}
	slices.SortFunc(out, func(a, b *policy.Incident) int { return b.From.Compare(a.From) })
	return out
}

// Foresee asks the gate without looking: for what a page shows beforehand.
func (r *Room) Foresee(c *front.Caller, req policy.Request) policy.Decision {
	if c.Who.Type == policy.TypeAdministrator || c.Who.Type == policy.TypeService {
		return policy.Decision{ID: req.ID, Decision: "deny", Reasons: []policy.Reason{policy.ReasonNeverAPicture}}
	}
	return r.gate.Decide(req)
}
