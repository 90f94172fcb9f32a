package policy

import (
	"time"

	"shouwang"
)

// Keep answers whether a stretch of footage may still exist now, and why. What
// may not is to be made unreadable at once. A hold keeps it whatever consent
// says; a department's footage stays for its statutory period; else consent
// keeps it as long as the owner picked, and withdrawal ends that.
//
// A nil Gate keeps: erasing is final, and a gate that fails must not erase.
func (g *Gate) Keep(f Footage) (keep bool, reason Reason) {
	if g == nil {
		return true, ReasonError
	}
	return keepIn(g.now.Load().world, &f, g.clock())
}

func keepIn(w *World, f *Footage, now time.Time) (bool, Reason) {
	if f.KeyState == KeyShredded {
		return false, ReasonKeyDestroyed
	}
	span := shouwang.Span{From: f.From, To: f.To}
	if w.held(f.Camera, span, now) {
		return true, ReasonOnHold
	}
	if w.ordered(f.Camera, span, now) {
		return true, ReasonOrder
	}
	cam, known := w.Camera(f.Camera)
	if !known {
		return false, ReasonUnknownResource
	}
	age := now.Sub(f.To)
	if cam.LegalClass == shouwang.ClassPublic {
		if age < days(cam.filedDays()) {
			return true, ReasonStatutoryPeriod
		}
		return false, ReasonRetentionOver
	}
	return keepByConsent(cam.LegalClass, w.CurrentConsents(cam.ID), age)
}

// keepByConsent takes the most generous consent that did not end. An expired
// one lets nothing through, but what it recorded lives out its time: erasing
// at once is what withdrawal means.
func keepByConsent(class shouwang.LegalClass, consents []*Consent, age time.Duration) (bool, Reason) {
	reason := ReasonNoConsent
	for _, consent := range consents {
		switch state := consent.standing(); state {
		case Given, Renewed, Paused, Expired:
			if age < days(consent.retentionDays(class)) {
				return true, ReasonWithinRetention
			}
			reason = ReasonRetentionOver
		default:
			if reason == ReasonNoConsent {
				reason = stateReasons[state]
			}
		}
	}
	return false, reason
}
