package policy

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"time"
)

// Action is something a principal asks to do.
type Action string

// The actions. The last three are forbidden to everybody by name.
const (
	ViewLive      Action = "view_live"
	Playback      Action = "playback"
	Export        Action = "export"
	Unmask        Action = "unmask"
	Search        Action = "search"
	Analyze       Action = "analyze"
	Record        Action = "record"
	PlaceHold     Action = "place_hold"
	ReleaseHold   Action = "release_hold"
	ManageConsent Action = "manage_consent"
	ReadAccessLog Action = "read_access_log"
	// Invite asks an owner for consent, ApproveView sees what a camera sees in
	// order to approve it.
	Invite      Action = "invite"
	ApproveView Action = "approve_view"

	FaceMatch   Action = "face_match"
	AutoPenalty Action = "auto_penalty"
	PlateLookup Action = "plate_lookup"
)

// Request is one question to the gate. What a caller could lie about (slot,
// jurisdiction, duty, distance, whether a case is open, whether the second
// person is independent) is not in it: the gate computes that from the World.
type Request struct {
	ID              string    `json:"id"`
	Principal       string    `json:"principal"` // "officer:chen"
	Action          Action    `json:"action"`
	Resource        string    `json:"resource"` // "camera:door-17", "footage:d-1"
	At              time.Time `json:"at"`
	Purpose         string    `json:"purpose"`
	Case            string    `json:"case"`
	Incident        string    `json:"incident"`
	SecondPerson    string    `json:"second_person"`
	SecondFactorAge float64   `json:"second_factor_age_s"` // seconds
	Order           string    `json:"order"`
	SubjectRequest  string    `json:"subject_request"`
	Device          string    `json:"device"`
	// Approval names the second person's approval, where there is a record of
	// them; with it SecondPerson need not be named.
	Approval string `json:"approval,omitempty"`
	// Form is what of the pictures an export takes along; empty is the veiled copy.
	Form ExportForm `json:"form,omitempty"`
	// Within is the decision under which the look began that is judged again.
	Within string `json:"-"`
	// Footage describes the span asked for when Resource names no footage of
	// the World, as when the service plays back a span of a camera.
	Footage *Footage `json:"-"`
}

// KeyState is what has become of the keys of a stretch of footage.
type KeyState string

// The states of footage's keys.
const (
	KeyLive     KeyState = "live"
	KeyFrozen   KeyState = "frozen"
	KeyHeld     KeyState = "held"
	KeyShredded KeyState = "shredded"
	// KeyNone is the state of what was never recorded: no key, no footage.
	KeyNone KeyState = ""
)

// Footage is a recorded stretch of one camera, as the rules see it.
type Footage struct {
	ID          string    `json:"id"`
	Camera      string    `json:"camera"` // "camera:door-17"
	From        time.Time `json:"from"`
	To          time.Time `json:"to"`
	KeyState    KeyState  `json:"key_state"`
	Quarantined bool      `json:"quarantined,omitempty"`
}

// ParseRequest reads one request as JSON. An unknown key or a second value is
// an error; what was read of the id is returned all the same.
func ParseRequest(line []byte) (Request, error) {
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.DisallowUnknownFields()
	var req Request
	if err := dec.Decode(&req); err != nil {
		var named struct {
			ID string `json:"id"`
		}
		if json.Unmarshal(line, &named) != nil {
			named.ID = ""
		}
		return Request{ID: named.ID}, plainJSON(err, dec.InputOffset())
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return Request{ID: req.ID}, errors.New("something follows the request")
	}
	return req, nil
}
