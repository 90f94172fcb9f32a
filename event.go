package shouwang

import "time"

// EventID names an event; it sorts by the time the event began.
type EventID string

// EventKind says what happened. It never says who.
type EventKind string

// The kinds of event, as the contract names them.
const (
	KindMotion        EventKind = "motion"
	KindPerson        EventKind = "person"
	KindVehicle       EventKind = "vehicle"
	KindAnimal        EventKind = "animal"
	KindIntrusion     EventKind = "intrusion"
	KindLineCrossing  EventKind = "line_crossing"
	KindLoitering     EventKind = "loitering"
	KindLeftObject    EventKind = "left_object"
	KindRemovedObject EventKind = "removed_object"
	KindParked        EventKind = "parked"
	KindCrowd         EventKind = "crowd"
	KindTamper        EventKind = "tamper"
	KindCameraOffline EventKind = "camera_offline"
)

// EventPhase is where in its life an event stands.
type EventPhase string

// An event begins once, is updated any number of times and ends once.
const (
	PhaseBegin  EventPhase = "begin"
	PhaseUpdate EventPhase = "update"
	PhaseEnd    EventPhase = "end"
)

// TrackPoint is where the moving thing was at a moment.
type TrackPoint struct {
	At  time.Time `json:"at"`
	Box Box       `json:"box"`
}

// Event is something that happened before one camera. The same ID comes again
// with each phase; the later replaces the earlier.
type Event struct {
	ID     EventID    `json:"id"`
	Camera CameraID   `json:"camera"`
	Kind   EventKind  `json:"kind"`
	Phase  EventPhase `json:"phase"`
	// Start, Peak and End are capture times; End is zero until PhaseEnd.
	Start time.Time `json:"start"`
	Peak  time.Time `json:"peak"`
	End   time.Time `json:"end,omitzero"`
	// Score is 0..1, how sure the engine is that something moved.
	Score float64 `json:"score"`
	// Box is where it was at Peak.
	Box   Box          `json:"box"`
	Track []TrackPoint `json:"track,omitempty"`
	// Things is how many were seen moving together in one event, about; Others
	// is where those went that Track does not show, told when the event ends.
	Things     int            `json:"things,omitempty"`
	Others     [][]TrackPoint `json:"others,omitempty"`
	Label      string         `json:"label,omitempty"`
	LabelScore float64        `json:"label_score,omitempty"`
	Rule       string         `json:"rule,omitempty"`
	Zone       string         `json:"zone,omitempty"`
	// Grant is the id of the policy's permission to analyse, stamped when the
	// event began.
	Grant string `json:"grant,omitempty"`
}

// Span returns the event's time, ending now if it still lives.
func (e *Event) Span(now time.Time) Span {
	if e.End.IsZero() {
		return Span{From: e.Start, To: now}
	}
	return Span{From: e.Start, To: e.End}
}
