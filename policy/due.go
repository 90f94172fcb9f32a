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
