package gate

import (
	"time"

	"shouwang"
	"shouwang/policy"
)

// Keep answers whether a stretch of footage may still exist now, and why. What
// may not is to be made unreadable at once. A hold keeps it whatever consent
// says; a department's footage stays for its statutory period; else consent
// keeps it as long as the owner picked, and withdrawal ends that.
//
// A nil Gate keeps: erasing is final, and a gate that fails must not erase.
func (g *Gate) Keep(f policy.Footage) (keep bool, reason policy.Reason) {
	if g == nil {
		return true, policy.ReasonError
	}
	return keepIn(g.now.Load().world, &f, g.clock())
}

func keepIn(w *policy.World, f *policy.Footage, now time.Time) (bool, policy.Reason) {
	if f.KeyState == policy.KeyShredded {
		return false, policy.ReasonKeyDestroyed
	}
	span := shouwang.Span{From: f.From, To: f.To}
	if w.Held(f.Camera, span, now) {
		return true, policy.ReasonOnHold
	}
	if w.Ordered(f.Camera, span, now) {
		return true, policy.ReasonOrder
	}
	cam, known := w.Camera(f.Camera)
	if !known {
		return false, policy.ReasonUnknownResource
	}
	age := now.Sub(f.To)
	if cam.LegalClass == shouwang.ClassPublic {
		if age < days(cam.FiledDays()) {
			return true, policy.ReasonStatutoryPeriod
		}
		return false, policy.ReasonRetentionOver
	}
	return keepByConsent(cam.LegalClass, w.CurrentConsents(cam.ID), age)
}

// keepByConsent takes the most generous consent that did not end. An expired
// one lets nothing through, but what it recorded lives out its time: erasing
// at once is what withdrawal means.
func keepByConsent(class shouwang.LegalClass, consents []*policy.Consent, age time.Duration) (bool, policy.Reason) {
	reason := policy.ReasonNoConsent
	for _, consent := range consents {
		switch state := consent.Standing(); state {
		case policy.Given, policy.Renewed, policy.Paused, policy.Expired:
			if age < days(consent.KeepDays(class)) {
				return true, policy.ReasonWithinRetention
			}
			reason = policy.ReasonRetentionOver
		default:
			if reason == policy.ReasonNoConsent {
				reason = stateReasons[state]
			}
		}
	}
	return false, reason
}
