package shouwang

import "time"

// LinkState is what is known about the connection to a camera's stream.
type LinkState string

// The states of a stream's connection, in the order of its life.
const (
	LinkIdle       LinkState = "idle"       // nobody may use it, so nobody connects
	LinkConnecting LinkState = "connecting" // dialling or describing
	LinkLive       LinkState = "live"       // access units arrive
	LinkStalled    LinkState = "stalled"    // connected, nothing arrives
	LinkBackoff    LinkState = "backoff"    // failed, waiting to try again
	LinkRefused    LinkState = "refused"    // will not work as it is: wrong password, codec, address
)

// StreamStatus is a snapshot of one stream's health; it is what the wall's
// tiles and the metrics show.
type StreamStatus struct {
	Camera CameraID   `json:"camera"`
	Stream StreamKind `json:"stream"`
	State  LinkState  `json:"state"`
	Since  time.Time  `json:"since"`
	// Code and Detail say why it is not live, in words that can be acted on
	// and without credentials.
	Code        Code          `json:"code,omitempty"`
	Detail      string        `json:"detail,omitempty"`
	Transport   string        `json:"transport,omitempty"` // tcp, udp, tls, push
	Codec       string        `json:"codec,omitempty"`
	Width       int           `json:"width,omitempty"`
	Height      int           `json:"height,omitempty"`
	FPS         float64       `json:"fps,omitempty"`
	Bitrate     float64       `json:"bitrate,omitempty"` // bits a second
	GOP         time.Duration `json:"gop_ns,omitempty"`
	Offset      time.Duration `json:"clock_offset_ns"`
	Uncertainty time.Duration `json:"clock_uncertainty_ns"`
	Units       uint64        `json:"units"`
	Bytes       uint64        `json:"bytes"`
	Lost        uint64        `json:"lost"`
	Reconnects  uint64        `json:"reconnects"`
	LastUnit    time.Time     `json:"last_unit"`
}
