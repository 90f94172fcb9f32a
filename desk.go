package shouwang

import (
	"encoding/json"
	"time"
)

// Layout is a saved wall: which tiles where, and how it behaves. What its body
// means is for the page; here it is JSON.
type Layout struct {
	ID string `json:"id"`
	// Owner is the principal whose it is, "" for one that everybody of the site
	// shares.
	Owner     string          `json:"owner,omitempty"`
	Site      string          `json:"site,omitempty"`
	Body      json.RawMessage `json:"-"`
	Changed   time.Time       `json:"changed"`
	ChangedBy string          `json:"changed_by"`
}

// Mark is what people at the wall made of an event, beside its verdict.
type Mark struct {
	Event      EventID   `json:"event"`
	Camera     CameraID  `json:"camera"`
	AssignedTo string    `json:"assigned_to,omitempty"` // a principal
	Case       string    `json:"case,omitempty"`
	Incident   string    `json:"incident,omitempty"`
	Note       string    `json:"note,omitempty"`
	By         string    `json:"by"`
	At         time.Time `json:"at"`
}

// IncidentRecord says who opened an incident for what cause, and how it ended.
// Which cameras were looked at stands in the access log; what each nearby
// camera answered when it began stands here.
type IncidentRecord struct {
	ID       string           `json:"id"`
	OpenedBy string           `json:"opened_by"`
	Opened   time.Time        `json:"opened"`
	Cause    IncidentCause    `json:"cause"`
	Ref      string           `json:"ref,omitempty"` // the event or call it was opened for
	Nearby   []IncidentCamera `json:"nearby"`
	ClosedBy string           `json:"closed_by,omitempty"` // "" when it closed by itself
	Closed   time.Time        `json:"closed,omitzero"`
}

// IncidentCause is what an incident was opened for.
type IncidentCause string

// The causes.
const (
	CauseReport IncidentCause = "report" // somebody told us: a telephone call, a visit
	CauseEvent  IncidentCause = "event"
	CauseCall   IncidentCause = "call" // a call button
)

// IncidentCamera is what a nearby camera answered when the incident began.
type IncidentCamera struct {
	Camera   CameraID `json:"camera"`
	Distance float64  `json:"distance_m"`
	Shown    bool     `json:"shown"`
	Reasons  []string `json:"reasons,omitempty"`
}

// Call is one call for help: from the first press of a button until somebody
// closed it.
type Call struct {
	ID     string   `json:"id"`
	Button ButtonID `json:"button"`
	// First is when it was pressed as far as is known, Received when we heard of
	// it, Last when the newest press arrived.
	First    time.Time `json:"first"`
	Received time.Time `json:"received"`
	Last     time.Time `json:"last"`
	Presses  int       `json:"presses"`
	Via      string    `json:"via"`
	State    CallState `json:"state" enum:"open,answered,closed"`

	AnsweredBy string    `json:"answered_by,omitempty"`
	Answered   time.Time `json:"answered,omitzero"`
	ClosedBy   string    `json:"closed_by,omitempty"`
	Closed     time.Time `json:"closed,omitzero"`
	Outcome    string    `json:"outcome,omitempty"` // helped, false_alarm, test
	Note       string    `json:"note,omitempty"`
	Incident   string    `json:"incident,omitempty"`
}

// CallState is where in its life a call stands.
type CallState string

// The states of a call.
const (
	CallOpen     CallState = "open"
	CallAnswered CallState = "answered"
	CallClosed   CallState = "closed"
)
