package policy

// Reason says in one constant why a decision fell as it did. It is at once the
// audit field, the metric label, the API string and the test column.
type Reason string

// ObligationID names something the enforcement point must do to the picture,
// the log or the people concerned. One it does not know, or cannot carry out,
// is a denial.
type ObligationID string

// The obligations.
const (
	ObligeMask           ObligationID = "mask"
	ObligeBlurPeople     ObligationID = "blur_people"
	ObligeBlurPlates     ObligationID = "blur_plates"
	ObligeBlurOthers     ObligationID = "blur_others"
	ObligeWatermark      ObligationID = "watermark"
	ObligeNotifyOwner    ObligationID = "notify_owner"
	ObligeNotifyDeferred ObligationID = "notify_owner_deferred"
	ObligeNoDownload     ObligationID = "no_download"
	ObligePackage        ObligationID = "evidence_package"
	ObligeHold           ObligationID = "hold_for_case"
	ObligeReport         ObligationID = "report_oversight"
	ObligeSupervised     ObligationID = "supervised"
)

// Obligation is one duty that comes with an allowed request.
type Obligation struct {
	ID         ObligationID   `json:"id"`
	Type       string         `json:"type,omitempty"`
	Properties map[string]any `json:"properties,omitempty"`
}

// Decision is the gate's answer, in the envelope of the AuthZEN drafts with
// what an officer and a resident are told.
type Decision struct {
	ID              string       `json:"id"`
	DecisionID      string       `json:"decision_id"`
	Decision        string       `json:"decision"` // allow | deny
	Reasons         []Reason     `json:"reasons"`
	Obligations     []Obligation `json:"obligations"`
	TTL             int          `json:"ttl_s"`
	Consent         string       `json:"consent,omitempty"` // "c-17@3"
	PolicySet       string       `json:"policy_set"`        // "sha256:…"
	TextForOfficer  string       `json:"text_for_officer"`
	TextForResident string       `json:"text_for_resident"`
}

// Allowed reports whether the answer is yes. The zero Decision is a no.
func (d Decision) Allowed() bool { return d.Decision == "allow" }

// Has reports whether the decision carries the obligation.
func (d Decision) Has(id ObligationID) bool {
	for _, o := range d.Obligations {
		if o.ID == id {
			return true
		}
	}
	return false
}
