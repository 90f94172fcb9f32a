package policy

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"shouwang"
)

func itoa(n int) string { return strconv.Itoa(n) }

// WorldData is a World as it is written down: what `shouwang decide --world`
// reads. Its slices belong to whoever made it; NewWorld copies what it needs.
type WorldData struct {
	Timezone string `json:"timezone"` // IANA name; slots are judged in it
	// Purposes is the deployment's signed purpose list.
	Purposes  []string         `json:"purposes"`
	Places    []shouwang.Place `json:"places"`
	Audiences []string         `json:"audiences"`
	// ViewGate is "required" where a consent opens nothing before two people
	// have approved the camera's view, "recorded" or empty where approvals are
	// noted only.
	ViewGate   string       `json:"view_gate,omitempty"`
	Units      []Unit       `json:"units,omitempty"`
	Principals []*Principal `json:"principals"`
	Cameras    []*Camera    `json:"cameras"`
	Cases      []*Case      `json:"cases"`
	Incidents  []*Incident  `json:"incidents"`
	Orders     []*Order     `json:"orders"`
	// SubjectRequests are requests of filmed persons.
	SubjectRequests []*SubjectRequest `json:"subject_requests"`
	Footage         []*Footage        `json:"footage"`
	Holds           []*Hold           `json:"holds,omitempty"`
}

// Position is a point on the earth, written as [lat, lon] in degrees.
type Position shouwang.Position

// MarshalJSON writes [lat, lon].
func (p Position) MarshalJSON() ([]byte, error) { return json.Marshal([2]float64{p.Lat, p.Lon}) }

// UnmarshalJSON reads [lat, lon].
func (p *Position) UnmarshalJSON(raw []byte) error {
	var pair []float64
	if err := json.Unmarshal(raw, &pair); err != nil || len(pair) != 2 {
		return fmt.Errorf("position: write [latitude, longitude] in degrees")
	}
	p.Lat, p.Lon = pair[0], pair[1]
	return nil
}

// Unit is an organisation that owns cameras or employs officers.
type Unit struct {
	ID     string `json:"id"`
	Name   string `json:"name,omitempty"`
	NameEn string `json:"name_en,omitempty"`
	Kind   string `json:"kind,omitempty"` // department, enterprise, committee, cell
	// Contact is how people reach it: a telephone number or an address.
	Contact string `json:"contact,omitempty"`
	// Guardian and Households make a neighbour cell: five to eight households
	// and the resident among them who answers for it. A cell is an audience.
	Guardian   string             `json:"guardian,omitempty"`
	Households []shouwang.PlaceID `json:"households,omitempty"`
}

// PrincipalType says what kind of principal asks.
type PrincipalType string

// The types of principal.
const (
	TypeOfficer       PrincipalType = "officer"
	TypeKiosk         PrincipalType = "kiosk"
	TypeResident      PrincipalType = "resident"
	TypeService       PrincipalType = "service"
	TypeAdministrator PrincipalType = "administrator"
)

// Role is what an officer does.
type Role string

// The roles of officers.
const (
	RoleDispatcher   Role = "dispatcher"
	RoleInvestigator Role = "investigator"
	RoleGridWorker   Role = "grid_worker"
	RoleSupervisor   Role = "supervisor"
	RoleApprover     Role = "approver"
	RoleContractor   Role = "contractor"
	RoleOversight    Role = "oversight"
)

// elsewhere is the home grid of an officer who lives in none of ours.
const elsewhere shouwang.PlaceID = "-"

// Principal is a person, a wall or a service that may ask for something.
type Principal struct {
	ID           string           `json:"id"` // "officer:chen"
	Type         PrincipalType    `json:"type"`
	Name         string           `json:"name,omitempty"`
	NameEn       string           `json:"name_en,omitempty"`
	Unit         string           `json:"unit,omitempty"`
	Roles        []Role           `json:"roles,omitempty"`
	Audiences    []string         `json:"audiences,omitempty"`
	Jurisdiction shouwang.PlaceID `json:"jurisdiction,omitempty"`
	HomeGrid     shouwang.PlaceID `json:"home_grid,omitempty"`
	OnDuty       bool             `json:"on_duty,omitempty"`
	Superior     string           `json:"superior,omitempty"`
	Site         string           `json:"site,omitempty"`     // of a kiosk
	Attended     bool             `json:"attended,omitempty"` // kiosk: somebody sits before it
	Home         shouwang.PlaceID `json:"home,omitempty"`     // of a resident
}

// Has reports whether the principal has the role.
func (p *Principal) Has(r Role) bool {
	for _, have := range p.Roles {
		if have == r {
			return true
		}
	}
	return false
}

// Camera is a camera as the rules see it, with the consents given for it.
type Camera struct {
	ID          string              `json:"id"` // "camera:door-17"
	Name        string              `json:"name,omitempty"`
	NameEn      string              `json:"name_en,omitempty"`
	Place       shouwang.PlaceID    `json:"place"`
	Position    Position            `json:"position"`
	LegalClass  shouwang.LegalClass `json:"legal_class"`
	Mount       string              `json:"mount"` // own_premises, shared_premises, public
	Owner       string              `json:"owner"` // "resident:li", "unit:township"
	Sign        bool                `json:"sign"`
	Quarantined bool                `json:"quarantined"`
	// Drifted are the stretches captured while the view was not the approved
	// one; a stretch without an end goes on.
	Drifted []shouwang.Span `json:"drifted,omitempty"`
	// ViewApprovedBy are the two people who approved the view as it is now.
	ViewApprovedBy []string `json:"view_approved_by,omitempty"`
	// Filing is the basis of a camera of class public; nil counts as filed
	// without an end.
	Filing *Filing `json:"filing,omitempty"`
	// Consents holds one or more versions for each purpose; the highest counts.
	Consents []*Consent `json:"consents"`
}

// Filing is the registration of a department's camera (2025 Regulation, art. 7).
type Filing struct {
	Number        string    `json:"number"`
	From          time.Time `json:"from"`
	To            time.Time `json:"to,omitzero"` // zero: no end
	RetentionDays int       `json:"retention_days,omitempty"`
}

// NameIn returns what people call the camera in the language of a page, its id
// where it has no name.
func (c *Camera) NameIn(lang string) string {
	if lang == English && c.NameEn != "" {
		return c.NameEn
	}
	return cmp.Or(c.Name, string(c.CameraID()))
}

// CameraID returns the id without the policy's prefix "camera:".
func (c *Camera) CameraID() shouwang.CameraID {
	return shouwang.CameraID(strings.TrimPrefix(c.ID, cameraPrefix))
}

const cameraPrefix = "camera:"

// CameraResource returns the policy's name for a camera: "camera:" + id.
func CameraResource(id shouwang.CameraID) string { return cameraPrefix + string(id) }

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
