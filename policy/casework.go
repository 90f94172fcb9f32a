package policy

import (
	"time"

	"shouwang"
)

// Case is an investigation.
type Case struct {
	ID      string    `json:"id"`
	Open    bool      `json:"open"`
	Type    string    `json:"type"`
	Members []string  `json:"members"`
	Opened  time.Time `json:"opened"`
	Closed  time.Time `json:"closed,omitzero"`
	Title   string    `json:"title,omitempty"`
}

// Incident is something happening now at a place; it closes by itself at To.
type Incident struct {
	ID       string    `json:"id"`
	Type     string    `json:"type"`
	Position Position  `json:"position"`
	From     time.Time `json:"from"`
	To       time.Time `json:"to"`
	Title    string    `json:"title,omitempty"`
}

// Order is a statutory order for stored footage.
type Order struct {
	ID        string    `json:"id"`
	Authority string    `json:"authority"`
	ValidFrom time.Time `json:"valid_from"`
	ValidTo   time.Time `json:"valid_to"`
	Cameras   []string  `json:"cameras"`
	From      time.Time `json:"from"` // capture time covered
	To        time.Time `json:"to"`
	// EnteredBy and ReviewedBy are the two people behind an order that came in
	// over the pages; it counts once it is reviewed. Both are empty for one that
	// was imported with the township.
	EnteredBy  string    `json:"entered_by,omitempty"`
	ReviewedBy string    `json:"reviewed_by,omitempty"`
	Entered    time.Time `json:"entered,omitzero"`
	Reviewed   time.Time `json:"reviewed,omitzero"`
	Refused    bool      `json:"refused,omitempty"`
	Number     string    `json:"number,omitempty"` // the authority's own
}

// InForce reports whether the order counts at the moment given: within its
// time, and reviewed by a second person where somebody entered it here.
func (o *Order) InForce(at time.Time) bool {
	if o.Authority == "" || o.Refused || at.Before(o.ValidFrom) || !at.Before(o.ValidTo) {
		return false
	}
	return o.EnteredBy == "" && o.ReviewedBy == "" || o.ReviewedBy != "" && o.EnteredBy != "" && o.ReviewedBy != o.EnteredBy
}

// SubjectRequest is the request of a filmed person to see that footage.
type SubjectRequest struct {
	ID                  string `json:"id"`
	Subject             string `json:"subject"`
	Verified            bool   `json:"verified"`
	CustodianApprovedBy string `json:"custodian_approved_by"`
	Footage             string `json:"footage"`
	// What follows is of a request that came in over the pages: it names a
	// camera and minutes in place of footage, who verified the person (another
	// than the custodian), and until when it may be answered.
	Camera      string    `json:"camera,omitempty"` // "camera:market-2"
	From        time.Time `json:"from,omitzero"`
	To          time.Time `json:"to,omitzero"`
	VerifiedBy  string    `json:"verified_by,omitempty"`
	VerifiedHow string    `json:"verified_how,omitempty"`
	Filed       time.Time `json:"filed,omitzero"`
	Until       time.Time `json:"until,omitzero"`
	Refused     bool      `json:"refused,omitempty"`
	Closed      time.Time `json:"closed,omitzero"` // when it was refused
	Name        string    `json:"name,omitempty"`
	Contact     string    `json:"contact,omitempty"`
	Where       string    `json:"where,omitempty"`
	Reason      string    `json:"reason,omitempty"`
	Note        string    `json:"note,omitempty"` // the custodian's
	// Marks are where in the picture the person is, as the custodian marked it by
	// hand: boxes at moments, in order. There they are not pixelated.
	Marks []shouwang.TrackPoint `json:"marks,omitempty"`
}

// FilmedPrefix begins the name of a principal who exists for one request of a
// filmed person and goes with it; the request's id follows.
const FilmedPrefix = "resident:filmed-"

// SubjectKept is how long a closed request of a filmed person is kept, so that
// they can still complain about the answer.
const SubjectKept = 30 * 24 * time.Hour

// Forgotten reports whether everything about the request must be gone by now:
// SubjectKept after it was refused or lapsed. A request that was filed with the
// township, not over the pages, has no end of its own and is never forgotten.
func (r *SubjectRequest) Forgotten(now time.Time) bool {
	closed := r.Until
	if r.Refused && !r.Closed.IsZero() {
		closed = r.Closed
	}
	return !r.Filed.IsZero() && !closed.IsZero() && !now.Before(closed.Add(SubjectKept))
}

// LongestSubjectLook is the longest stretch that a filmed person is shown.
const LongestSubjectLook = 10 * time.Minute

// Covers reports whether the request is for the footage at the moment given.
func (r *SubjectRequest) Covers(f *Footage, at time.Time) bool {
	if r.Refused {
		return false
	}
	if r.Camera == "" {
		return r.Footage != "" && r.Footage == f.ID
	}
	return r.Camera == f.Camera && r.VerifiedBy != "" && r.VerifiedBy != r.CustodianApprovedBy && at.Before(r.Until) &&
		!r.From.IsZero() && !f.From.Before(r.From) && !f.To.After(r.To) && f.To.Sub(f.From) <= LongestSubjectLook
}

// Hold keeps a stretch of footage from erasure: a case, two people, an end.
type Hold struct {
	ID         string    `json:"id"`
	Case       string    `json:"case"`
	Camera     string    `json:"camera"`
	From       time.Time `json:"from"` // capture time held
	To         time.Time `json:"to"`
	PlacedBy   string    `json:"placed_by"`
	ApprovedBy string    `json:"approved_by"`
	Placed     time.Time `json:"placed"`
	Until      time.Time `json:"until"` // it lapses by itself
	Released   time.Time `json:"released,omitzero"`
	Reason     string    `json:"reason,omitempty"`
}

// Active reports whether the hold stands at the moment given.
func (h *Hold) Active(at time.Time) bool {
	return !at.Before(h.Placed) && at.Before(h.Until) && (h.Released.IsZero() || at.Before(h.Released)) &&
		h.Case != "" && h.PlacedBy != "" && h.ApprovedBy != "" && h.PlacedBy != h.ApprovedBy
}

// Covers reports whether the hold is over any instant of the camera's span.
func (h *Hold) Covers(camera string, span shouwang.Span) bool {
	return h.Camera == camera && shouwang.Span{From: h.From, To: h.To}.Overlaps(span)
}
