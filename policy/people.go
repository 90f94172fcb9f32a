package policy

import "slices"

// Independent says whether the second person may stand beside the first:
// another officer, on duty or of another unit, never a subordinate of the
// first, and neither contractor nor oversight.
func (w *World) Independent(second, first *Principal) bool {
	if second.Type != TypeOfficer || second.ID == first.ID || second.Has(RoleContractor) || second.Has(RoleOversight) {
		return false
	}
	return (second.OnDuty || second.Unit != "" && second.Unit != first.Unit) && !w.subordinate(second, first.ID)
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

// OnCase reports whether the officer is a member of the case, a member's
// superior, or an approver.
func (w *World) OnCase(p *Principal, c *Case) bool {
	if slices.Contains(c.Members, p.ID) || p.Has(RoleApprover) {
		return true
	}
	for _, id := range c.Members {
		if member := w.principals[id]; member != nil && w.subordinate(member, p.ID) {
			return true
		}
	}
	return false
}

// MayApprove says whether the person may approve the act of another on the
// camera, and if not, why: they are independent of one another as the rules
// demand of a second person, the approver has the camera in their jurisdiction,
// is on duty, and does not live where it hangs.
func (w *World) MayApprove(approver, requester, camera string) (bool, Reason) {
	second, who, cam := w.principals[approver], w.principals[requester], w.cameras[camera]
	switch {
	case second == nil || who == nil:
		return false, ReasonUnknownPrincipal
	case cam == nil:
		return false, ReasonUnknownResource
	case !w.Independent(second, who):
		return false, ReasonSecondNotFree
	case !second.OnDuty:
		return false, ReasonOffDuty
	case !w.places.Within(cam.Place, second.Jurisdiction):
		return false, ReasonJurisdiction
	case second.HomeGrid == "":
		return false, ReasonHomeUnknown
	case w.places.Within(cam.Place, second.HomeGrid):
		return false, ReasonHomeGrid
	}
	return true, ""
}
