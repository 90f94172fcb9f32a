package shouwang

import "time"

// ButtonID names a call button; it has the form of a CameraID, so that it is
// safe in a path, a topic and a metric label.
type ButtonID string

// Valid reports whether the id has the form that the whole house relies on.
func (id ButtonID) Valid() bool { return cameraIDPattern.MatchString(string(id)) }

// ByButton stands before a button's id where an incident's record says who
// opened it.
const ByButton = "button:"

// Button is a call button (SOS) as the township filed it: who presses it, and
// where help is to go.
type Button struct {
	ID ButtonID `json:"id"`
	// Household is who lives there, in words for the dispatcher.
	Household string   `json:"household"`
	Phone     string   `json:"phone,omitempty"`
	Place     PlaceID  `json:"place"`
	Position  Position `json:"position"`
	// HeartbeatS is how often it says that it lives, in seconds; 0 when it never
	// does.
	HeartbeatS int `json:"heartbeat_s,omitempty"`
}

// ButtonHealth is a button and what is known of it.
type ButtonHealth struct {
	Button
	Battery int       `json:"battery"`        // percent, -1 when unknown
	Heard   time.Time `json:"heard,omitzero"` // the newest signal of any kind, zero for never
}

// Late reports whether the button has been silent for two and a half of its
// heartbeats: one lost message is no alarm. While the service was down nobody
// could be heard, so silence counts from began at the earliest.
func (b *ButtonHealth) Late(now, began time.Time) bool {
	if b.HeartbeatS <= 0 {
		return false
	}
	since := b.Heard
	if since.Before(began) {
		since = began
	}
	return now.Sub(since) > time.Duration(b.HeartbeatS)*time.Second*5/2
}

// SignalKind is what a button says.
type SignalKind string

// The kinds of signal.
const (
	SignalPress     SignalKind = "press"
	SignalHeartbeat SignalKind = "heartbeat"
)

// Signal is one message of a call button.
type Signal struct {
	Button ButtonID
	Kind   SignalKind
	// ID is the device's own name for the message, "" when it gives none. The
	// same ID twice is the same press.
	ID string
	// At is when the device says that it was pressed, zero when it says nothing;
	// Received is our clock.
	At, Received time.Time
	// Battery is percent, -1 when unknown.
	Battery int
	Via     string // http or mqtt
}
