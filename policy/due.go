package policy

import (
	"cmp"
	"slices"
	"time"
)

// Due returns the consents for which time alone brings about a version by now,
// sorted by camera: Consent.Due makes it.
func (w *World) Due(now time.Time) []*Consent {
	var out []*Consent
	for _, cam := range w.cameras {
		for _, c := range cam.current {
			if c.due(now) {
				out = append(out, c)
			}
		}
	}
	slices.SortFunc(out, func(a, b *Consent) int { return cmp.Or(cmp.Compare(a.Camera, b.Camera), cmp.Compare(a.ID, b.ID)) })
	return out
}

// due says whether the term, or a pause, is over. It asks nothing of the heap:
// it is asked of every consent every few seconds.
func (c *Consent) due(now time.Time) bool {
	if !c.State.Live() && c.State != Paused {
		return false
	}
	return !now.Before(c.NotAfter) || c.State == Paused && c.PauseUntil != nil && !now.Before(*c.PauseUntil)
}

// RenewWithin is how long before a consent ends its owner is reminded and may
// be asked to renew it.
const RenewWithin = 30 * 24 * time.Hour

// Renewal is a consent that ends soon.
type Renewal struct {
	Camera  *Camera
	Consent *Consent
	// Ends is when it stops by itself.
	Ends time.Time
}

// Renewals returns the consents in force or paused that end within the time
// given, soonest first.
func (w *World) Renewals(now time.Time, within time.Duration) []Renewal {
	var out []Renewal
	for _, cam := range w.cameras {
		for _, c := range cam.current {
			if (c.State.Live() || c.State == Paused) && c.NotAfter.Before(now.Add(within)) && now.Before(c.NotAfter) {
				out = append(out, Renewal{Camera: cam.Camera, Consent: c, Ends: c.NotAfter})
			}
		}
	}
	slices.SortFunc(out, func(a, b Renewal) int {
		if d := a.Ends.Compare(b.Ends); d != 0 {
			return d
		}
		return cmp.Compare(a.Consent.ID, b.Consent.ID)
	})
	return out
}
