package shouwang

import (
	"encoding/json"
	"time"
)

// Topic is a stream of messages on the bus.
type Topic string

// The topics that cross a process boundary.
const (
	TopicEvent   Topic = "event"   // Event
	TopicCamera  Topic = "camera"  // StreamStatus, on every change of state
	TopicConsent Topic = "consent" // ConsentChange
	TopicTicket  Topic = "ticket"  // TicketEnd
)

// Message is one thing said on the bus. IDs grow within a topic, so a reader
// that kept the last one it saw can go on from there.
type Message struct {
	ID    string          `json:"id"`
	Topic Topic           `json:"topic"`
	At    time.Time       `json:"at"`
	Body  json.RawMessage `json:"body"`
}

// ConsentChange says that what may be done with a camera has changed; whoever
// cached a decision about it asks again.
type ConsentChange struct {
	Camera CameraID `json:"camera"`
	State  string   `json:"state"`
}

// TicketEnd says that a live view was ended by the service, and why.
type TicketEnd struct {
	Camera CameraID `json:"camera"`
	Viewer string   `json:"viewer"`
	Ticket string   `json:"ticket"`
	Reason string   `json:"reason"`
}
