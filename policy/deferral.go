package policy

import "time"

// Kinds of entry about notices of looks.
const (
	// KindDefer is an approver's word that the notice of looks at a camera for a
	// case waits until To, for the reason in Detail. It seals looks that come
	// after it and never one that could already be read.
	KindDefer = "defer"
	// KindReveal ends a deferral before its time.
	KindReveal = "reveal"
)

// LongestDeferral bounds how long a notice may be put off, from the look on.
const LongestDeferral = 90 * 24 * time.Hour

// Numbered is an entry with its number in the log.
type Numbered struct {
	Index uint64
	*Entry
}

// SealedUntil returns until when the owner is not told of a look, and the
// deferral it rests on (nil for a statutory order's); zero time when the owner
// is told at once. about are the log's KindDefer and KindReveal entries of the
// same camera. It goes by the log alone: a seal opens by the clock, whoever is
// away, and nobody can lengthen one.
func SealedUntil(look Numbered, about []Numbered) (until time.Time, by *Entry) {
	longest := look.At.Add(LongestDeferral)
	for _, o := range look.Obligations {
		if o == ObligeNotifyDeferred {
			until = longest
		}
	}
	for _, d := range about {
		if d.Kind != KindDefer || !d.covers(look) {
			continue
		}
		end := d.To
		for _, r := range about {
			if r.Kind == KindReveal && r.Case == d.Case && r.Index > d.Index && r.At.Before(end) {
				end = r.At
			}
		}
		if end.After(longest) {
			end = longest
		}
		if end.After(look.At) && end.After(until) {
			until, by = end, d.Entry
		}
	}
	return until, by
}

// covers reports whether a deferral is about a look: of its case and camera,
// made before it, by somebody else than who looked.
func (d Numbered) covers(look Numbered) bool {
	return look.Case != "" && d.Case == look.Case && d.Camera == look.Camera && d.Index < look.Index &&
		!d.At.After(look.At) && d.Principal != look.Principal
}
