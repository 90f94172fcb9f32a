package policy

import (
	"slices"
	"time"

	"shouwang"
)

// View is what is on record about what one camera sees: a reference picture,
// the two people who approved it, the sign for passers-by, and where the view
// has drifted since.
type View struct {
	Camera string `json:"camera"` // "camera:door-17"
	// Reference is "sha256:…" of the reference picture as the camera sent it;
	// the picture itself lies sealed beside this record.
	Reference string    `json:"reference,omitempty"`
	Taken     time.Time `json:"taken,omitzero"`
	TakenBy   string    `json:"taken_by,omitempty"`
	// Signatures are of people who saw this very reference and approved it.
	Signatures []ViewSignature `json:"signatures"`
	Approved   time.Time       `json:"approved,omitzero"`
	Sign       *ViewSign       `json:"sign,omitempty"`
	Drift      *ViewDrift      `json:"drift,omitempty"` // since the last approval
}

// ViewSignature is one person's yes to what the camera sees.
type ViewSignature struct {
	By string    `json:"by"`
	At time.Time `json:"at"`
}

// ViewSign is the sign that tells passers-by about the camera.
type ViewSign struct {
	Text string    `json:"text"`
	Hung time.Time `json:"hung"`
	By   string    `json:"by"`
	// Photo is "sha256:…" of a photograph of it, which its maker keeps; optional.
	Photo string `json:"photo,omitempty"`
}

// ViewDrift is when and how the view was found to be another.
type ViewDrift struct {
	At      time.Time `json:"at"`
	Verdict string    `json:"verdict"` // moved | turned
	Match   float64   `json:"match"`
	DX      float64   `json:"dx"` // shift, fractions of the picture
	DY      float64   `json:"dy"`
}

// ViewSigners is how many different people approve a view.
const ViewSigners = 2

// Open reports whether the view is approved and has not drifted.
func (v *View) Open() bool { return len(v.Signatures) >= ViewSigners && v.Drift == nil }

// Take returns the record with a new reference picture, which nobody has
// approved yet.
func (v View) Take(reference, by string, at time.Time) View {
	v.Reference, v.TakenBy, v.Taken = reference, by, at
	v.Signatures, v.Approved = []ViewSignature{}, time.Time{}
	return v
}

// Approve returns the record with one more signature; with the second the view
// is approved and any drift is history. The reference names the picture that
// was seen. Errors: CodeConflict for another picture, one's own second
// signature, or a view that needs none; CodeDenied for two who are not
// independent.
func (v View) Approve(w *World, reference, by string, at time.Time) (View, error) {
	switch {
	case v.Reference == "":
		return v, shouwang.Errorf(shouwang.CodeConflict, "take a reference picture first")
	case reference != v.Reference:
		return v, shouwang.Errorf(shouwang.CodeConflict, "the reference picture is another by now; look at it again")
	case len(v.Signatures) >= ViewSigners:
		return v, shouwang.Errorf(shouwang.CodeConflict, "this view is approved already")
	case slices.ContainsFunc(v.Signatures, func(s ViewSignature) bool { return s.By == by }):
		return v, shouwang.Errorf(shouwang.CodeConflict, "you have signed; the other signature is another person's")
	}
	if len(v.Signatures) > 0 && !w.apart(v.Signatures[0].By, by) {
		return v, shouwang.Errorf(shouwang.CodeDenied, "the two who approve a view must not command one another")
	}
	v.Signatures = append(slices.Clone(v.Signatures), ViewSignature{By: by, At: at})
	if len(v.Signatures) >= ViewSigners {
		v.Approved, v.Drift = at, nil
	}
	return v, nil
}

// apart says whether two people are different and neither commands the other.
func (w *World) apart(a, b string) bool {
	p, q := w.principals[a], w.principals[b]
	return p != nil && q != nil && a != b && !w.subordinate(p, b) && !w.subordinate(q, a)
}

// Signers returns who approved the view.
func (v *View) Signers() []string {
	out := make([]string, len(v.Signatures))
	for i, s := range v.Signatures {
		out[i] = s.By
	}
	return out
}

// Seen returns the version of a consent that notes what was approved: the
// reference picture, the two people, the sign.
func (c *Consent) Seen(ch Change, v *View, cam *Camera) (*Consent, error) {
	return c.Amend(ch, func(n *Consent) {
		device := ConsentDevice{Camera: cam.ID, LegalClass: cam.LegalClass, Mount: cam.Mount}
		if n.Device != nil {
			device = *n.Device
		}
		device.ViewReferenceHash, device.ViewApprovedBy, device.Sign = v.Reference, v.Signers(), cam.Sign
		n.Device = &device
	})
}

// HasDrifted says whether any of the span was captured while the view was not the
// approved one.
func (c *Camera) HasDrifted(span shouwang.Span) bool {
	for _, d := range c.Drifted {
		if d.To.IsZero() {
			d.To = d.From.AddDate(100, 0, 0)
		}
		if d.Overlaps(span) || span.Empty() && d.Contains(span.From) {
			return true
		}
	}
	return false
}
