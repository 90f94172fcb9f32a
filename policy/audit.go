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
	Second      string         `json:"second,omitempty"` // who approved, where two people were needed
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

// KindMachine is the kind of an entry about what was done with a command at the
// machine, past the pages and the two people that these ask for.
const KindMachine = "machine"

// Auditor keeps the access log. Append returns when the entry is durable and
// not before; no picture leaves until it has. An error means that nothing may
// be shown.
type Auditor interface {
	Append(ctx context.Context, e Entry) (index uint64, err error)
}

// NewEntry fills an entry of the kind given with what a request and the
// decision on it say: who by name, which camera and span, why. The caller adds
// what only it knows, such as the bytes that went out. World may be nil.
func NewEntry(kind string, at time.Time, w *World, req Request, d Decision) Entry {
	e := Entry{
		At: at, Kind: kind, Principal: req.Principal, Action: req.Action, Camera: req.Resource, Purpose: req.Purpose,
		Case: req.Case, Incident: req.Incident, Decision: d.Decision, DecisionID: d.DecisionID,
		PolicySet: d.PolicySet, Consent: d.Consent, Reasons: d.Reasons,
	}
	for _, o := range d.Obligations {
		e.Obligations = append(e.Obligations, o.ID)
	}
	f := req.Footage
	if w != nil {
		if p, ok := w.Principal(req.Principal); ok {
			e.Person, e.Unit = p.Name, p.Unit
		}
		if named, ok := w.Footage(req.Resource); ok {
			f = named
		}
	}
	if f != nil {
		e.Camera, e.From, e.To = f.Camera, f.From, f.To
	}
	return e
}
