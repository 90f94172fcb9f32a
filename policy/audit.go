package policy

import (
	"context"
	"time"
)

// Entry is one line of the access log: a decision to show, export, record,
// hold, release, destroy or change consent, and what became of it.
type Entry struct {
	At          time.Time      `json:"at"`
	Kind        string         `json:"kind"` // look, look_end, denial, export, consent, hold, release, destroy, record, sign_in
	Principal   string         `json:"principal"`
	Person      string         `json:"person,omitempty"` // the name a resident reads
	Unit        string         `json:"unit,omitempty"`
	Action      Action         `json:"action"`
	Camera      string         `json:"camera,omitempty"` // "camera:door-17"
	From        time.Time      `json:"from,omitzero"`
	To          time.Time      `json:"to,omitzero"`
	Purpose     string         `json:"purpose,omitempty"`
	Case        string         `json:"case,omitempty"`
	Incident    string         `json:"incident,omitempty"`
	Decision    string         `json:"decision,omitempty"` // allow | deny
	DecisionID  string         `json:"decision_id,omitempty"`
	PolicySet   string         `json:"policy_set,omitempty"`
	Consent     string         `json:"consent,omitempty"`
	Reasons     []Reason       `json:"reasons,omitempty"`
	Obligations []ObligationID `json:"obligations,omitempty"`
	BytesOut    int64          `json:"bytes_out,omitempty"`
	Detail      string         `json:"detail,omitempty"`
}

// Auditor keeps the access log. Append returns when the entry is durable and
// not before; no picture leaves until it has. An error means that nothing may
// be shown.
type Auditor interface {
	Append(ctx context.Context, e Entry) (index uint64, err error)
}
