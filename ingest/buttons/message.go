// Package buttons listens to call buttons (SOS) over MQTT. It hands each
// message on, and acknowledges it only when who took it says that it is
// durable: with QoS 1 and a session that the broker keeps, a press outlives a
// restart of this service, of the broker and of the network between.
package buttons

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"

	"shouwang"
)

// MaxMessage is the largest message taken from a button, in bytes.
const MaxMessage = 4096

// Message is what a button sends, over HTTP or MQTT alike. Everything but the
// type may be missing.
type Message struct {
	Type    string     `json:"type"`
	ID      string     `json:"id"`
	At      *time.Time `json:"at"`
	Battery *float64   `json:"battery"`
	Token   string     `json:"token"`
}

// Parse reads a message: JSON, or the bare word press or heartbeat. An empty
// one is a press, and so is one with a type that nobody knows: the simplest
// devices say nothing more, and a call too many is better than one too few.
func Parse(raw []byte) (Message, error) {
	raw = bytes.TrimSpace(raw)
	if len(raw) > MaxMessage {
		return Message{}, shouwang.Errorf(shouwang.CodeTooLarge, "a message of a button has at most %d bytes", MaxMessage)
	}
	var m Message
	if len(raw) > 0 && raw[0] == '{' {
		if err := json.Unmarshal(raw, &m); err != nil {
			return Message{}, shouwang.Errorf(shouwang.CodeBadUsage, "read message of a button: %w", err)
		}
	} else {
		m.Type = strings.ToLower(strings.Trim(string(raw), `"`))
	}
	if m.Type != string(shouwang.SignalHeartbeat) {
		m.Type = string(shouwang.SignalPress)
	}
	if len(m.ID) > 128 {
		m.ID = m.ID[:128]
	}
	return m, nil
}

// Signal is the message as the house speaks of it.
func (m *Message) Signal(button shouwang.ButtonID, received time.Time, via string) shouwang.Signal {
	s := shouwang.Signal{Button: button, Kind: shouwang.SignalKind(m.Type), ID: m.ID, Received: received, Battery: -1, Via: via}
	if m.At != nil {
		s.At = *m.At
	}
	if m.Battery != nil && *m.Battery >= 0 && *m.Battery <= 100 {
		s.Battery = int(*m.Battery)
	}
	return s
}
