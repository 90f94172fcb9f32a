package gate

import (
	"slices"
	"time"

	"shouwang"
	"shouwang/policy"
)

// The kinds of obligation: what has to carry it out.
const (
	dutyPicture = "picture" // the transcoder or the player
	dutyNotice  = "notice"  // whoever tells people
	dutyProcess = "process" // the evidence desk
)

// Periods that obligations name.
const (
	notifyWithinHours = 24
	holdDays          = 30
)

// obligations writes the duties out: those of the permit and, for pictures
// that rest on consent, the owner's own minimum. A clear look leaves the
// blurring out: it is what was asked for, with a case and two people.
func (s *scene) obligations(ids []policy.ObligationID, d *policy.Decision) []policy.Obligation {
	if s.basis == basisConsent && s.consent != nil && len(ids) > 0 && s.picture() {
		ids = slices.Clone(ids)
		for _, id := range s.consent.MinObligations {
			if s.req.Action != policy.Unmask || id != policy.ObligeBlurPeople && id != policy.ObligeBlurPlates {
				ids = append(ids, id)
			}
		}
		ids = policy.SortObligations(ids)
	}
	out := make([]policy.Obligation, len(ids))
	for i, id := range ids {
		out[i] = s.oblige(id, d)
	}
	return out
}

func (s *scene) picture() bool {
	switch s.req.Action {
	case policy.ViewLive, policy.Playback, policy.Export, policy.Unmask, policy.ApproveView:
		return true
	}
	return false
}

// oblige says what carrying an obligation out takes.
func (s *scene) oblige(id policy.ObligationID, d *policy.Decision) policy.Obligation {
	switch id {
	case policy.ObligeMask:
		return policy.Obligation{ID: id, Type: dutyPicture, Properties: map[string]any{"polygons": s.masks()}}
	case policy.ObligeBlurPeople, policy.ObligeBlurPlates, policy.ObligeBlurOthers:
		return policy.Obligation{ID: id, Type: dutyPicture, Properties: map[string]any{"method": "pixelate"}}
	case policy.ObligeWatermark:
		return policy.Obligation{ID: id, Type: dutyPicture, Properties: s.watermark(d)}
	case policy.ObligeNoDownload:
		return policy.Obligation{ID: id, Type: dutyPicture}
	case policy.ObligeSupervised:
		p := map[string]any{}
		if s.subject != nil {
			p["by"] = s.subject.CustodianApprovedBy
		}
		return policy.Obligation{ID: id, Type: dutyProcess, Properties: p}
	case policy.ObligePackage:
		return policy.Obligation{ID: id, Type: dutyProcess, Properties: map[string]any{"recipient": s.who.ID, "case": s.req.Case, "mark": d.DecisionID}}
	case policy.ObligeHold:
		return policy.Obligation{ID: id, Type: dutyProcess, Properties: map[string]any{
			"case": s.req.Case, "second_person": s.req.SecondPerson,
			"until": s.at.Add(days(holdDays)).Format(time.RFC3339),
		}}
	case policy.ObligeNotifyOwner:
		return policy.Obligation{ID: id, Type: dutyNotice, Properties: map[string]any{"within_h": notifyWithinHours, "owner": s.cam.Owner}}
	case policy.ObligeNotifyDeferred:
		return policy.Obligation{ID: id, Type: dutyNotice, Properties: map[string]any{
			"owner": s.cam.Owner, "approved_by": s.req.SecondPerson, "reason": s.req.Order,
			"until": s.at.Add(policy.LongestDeferral).Format(time.RFC3339),
		}}
	}
	return policy.Obligation{ID: id, Type: dutyNotice}
}

func (s *scene) watermark(d *policy.Decision) map[string]any {
	name := s.who.Name
	if name == "" {
		name = s.who.ID
	}
	p := map[string]any{
		"viewer": s.who.ID, "name": name, "time": s.at.In(s.world.Zone()).Format(time.RFC3339), "decision": d.DecisionID,
	}
	if s.who.Unit != "" {
		p["unit"] = s.who.Unit
	}
	if s.who.Site != "" {
		p["site"] = s.who.Site
	}
	if s.req.Action == policy.Unmask {
		p["clear"] = true // a copy that gets about says that nobody was blurred in it
	}
	return p
}

// masks are the owner's polygons; never nil, so that JSON says [].
func (s *scene) masks() []shouwang.Polygon {
	if s.consent != nil && s.consent.Device != nil && s.consent.Device.Masks != nil {
		return s.consent.Device.Masks
	}
	return []shouwang.Polygon{}
}
