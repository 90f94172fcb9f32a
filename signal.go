package shouwang

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"
)

// MaxSignal is the largest message taken from a button, in bytes.
const MaxSignal = 4096

// SignalMessage is what a button sends, over HTTP or MQTT alike. Everything but the
// type may be missing.
type SignalMessage struct {
	Type    string     `json:"type"`
	ID      string     `json:"id"`
	At      *time.Time `json:"at"`
	Battery *float64   `json:"battery"`
	Token   string     `json:"token"`
}

// ParseSignal reads a message: JSON, or the bare word press or heartbeat. An empty
// one is a press, and so is one with a type that nobody knows: the simplest
// devices say nothing more, and a call too many is better than one too few.
func ParseSignal(raw []byte) (SignalMessage, error) {
	raw = bytes.TrimSpace(raw)
	if len(raw) > MaxSignal {
		return SignalMessage{}, Errorf(CodeTooLarge, "a message of a button has at most %d bytes", MaxSignal)
	}
	var m SignalMessage
	if len(raw) > 0 && raw[0] == '{' {
		if err := json.Unmarshal(raw, &m); err != nil {
			return SignalMessage{}, Errorf(CodeBadUsage, "read message of a button: %w", err)
		}
	} else {
		m.Type = strings.ToLower(strings.Trim(string(raw), `"`))
	}
	if m.Type != string(SignalHeartbeat) {
		m.Type = string(SignalPress)
	}
	if len(m.ID) > 128 {
		m.ID = m.ID[:128]
	}
	return m, nil
}

// Signal is the message as the house speaks of it.
func (m *SignalMessage) Signal(button ButtonID, received time.Time, via string) Signal {
	s := Signal{Button: button, Kind: SignalKind(m.Type), ID: m.ID, Received: received, Battery: -1, Via: via}
	if m.At != nil {
		s.At = *m.At
	}
	if m.Battery != nil && *m.Battery >= 0 && *m.Battery <= 100 {
		s.Battery = int(*m.Battery)
	}
	return s
}
