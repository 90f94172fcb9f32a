package cameras

import (
	"strings"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/front"
)

// sharing tells the state of the consent for public safety, or of the first
// there is; a department's camera is shared by its filing.
func (r *Room) sharing(c *front.Caller, cam *policy.Camera) Sharing {
	consents := c.World.CurrentConsents(cam.ID)
	if len(consents) == 0 {
		if cam.LegalClass == shouwang.ClassPublic {
			return Sharing{State: policy.Given, Reason: "department_filing"}
		}
		return Sharing{State: policy.Requested, Reason: "no_consent"}
	}
	consent := consents[0]
	for _, other := range consents {
		if other.Purpose == "public_safety" {
			consent = other
		}
	}
	out := Sharing{State: consent.State}
	if p := consent.PauseUntil; p != nil && r.Now().Before(*p) {
		out.State, out.Until = policy.Paused, p
	} else if consent.State.Live() && !r.Now().Before(consent.NotAfter) {
		out.State = policy.Expired
	} else if consent.State.Live() {
		out.Until = &consent.NotAfter
		if !consent.Slots.Has(policy.SlotOf(r.Now().In(c.World.Zone()))) {
			out.Reason = "outside_slot"
		}
	}
	return out
}

// ownerName names the unit that owns a camera; a resident's name is told to
// that resident only.
func ownerName(c *front.Caller, cam *policy.Camera) string {
	if c.Owns(cam) {
		return c.Name()
	}
	if id, ok := strings.CutPrefix(cam.Owner, "unit:"); ok {
		if u, ok := c.World.Unit(id); ok {
			if c.Lang == "en" && u.NameEn != "" {
				return u.NameEn
			}
			return u.Name
		}
	}
	return ""
}
