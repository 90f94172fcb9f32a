package shouwang

import (
	"context"
	"encoding/json"
	"errors"
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
	TopicLook    Topic = "look"    // LookNotice
	TopicDesk    Topic = "desk"    // DeskChange
)

// Message is one thing said on the bus. IDs grow over all topics together, so
// a reader of any topics that kept the last one it saw can go on from there.
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

// LookNotice tells a camera's owner that somebody looks at it now. Who and why
// stand in the access log, at Index.
type LookNotice struct {
	Camera CameraID  `json:"camera"`
	At     time.Time `json:"at"`
	Index  uint64    `json:"index"`
	Action string    `json:"action"`
}

// DeskChange says that something on the dispatchers' desk changed; whoever shows
// it reads it anew. It says what, never who or where: each reader may see no
// more than its own question would answer.
type DeskChange struct {
	Kind DeskKind `json:"kind"`
	ID   string   `json:"id,omitempty"`
	// Camera is set for a mark on an event.
	Camera CameraID `json:"camera,omitempty"`
}

// DeskKind is a kind of paper on the desk.
type DeskKind string

// The kinds.
const (
	DeskCall     DeskKind = "call"     // a call button's call
	DeskMark     DeskKind = "mark"     // what was made of an event
	DeskIncident DeskKind = "incident" // an incident opened or closed
	DeskLayout   DeskKind = "layout"   // a saved wall
)

// ErrMissed is what a MessageReader returns, once, in place of messages that
// it asked for and that are no longer kept: it was too slow, or it came back
// too late. The next read goes on at the oldest message kept, so whoever holds
// state made from messages reads that state anew.
var ErrMissed = errors.New("messages were missed: read the present state again")

// MessageReader reads messages in the order they were published.
type MessageReader interface {
	// Next waits for the next message. It returns ErrMissed as described there
	// and goes on afterwards; ctx's error when ctx ends, after which the reader
	// may be used again; any other error is final.
	Next(ctx context.Context) (Message, error)
	// Close frees the reader; a Next under way returns.
	Close() error
}
