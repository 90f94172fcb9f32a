package shouwang

import "time"

// ClipID names a clip.
type ClipID string

// Clip is a span over recorded segments with the reason it is kept. It is not
// a copy: the segments hold the bytes, once.
type Clip struct {
	ID     ClipID   `json:"id"`
	Camera CameraID `json:"camera"`
	Span
	// Reason is why it exists: "event", "rolling", "incident", "case".
	Reason string  `json:"reason"`
	Event  EventID `json:"event,omitempty"`
	// Grant is the id of the policy's permission under which it was recorded.
	Grant string `json:"grant"`
	// Bytes is the size of the segments' samples within the span.
	Bytes int64 `json:"bytes"`
}

// GapCause says why a stretch of time that should have been recorded was not.
type GapCause string

// The causes of a gap. NoConsent is not a fault: it is a stretch that nobody
// agreed to, stated as such. Nor is View: the camera did not show the view
// that was approved, or nobody had approved one yet.
const (
	GapOffline   GapCause = "camera_offline"
	GapStalled   GapCause = "camera_stalled"
	GapLoss      GapCause = "packet_loss"
	GapOverflow  GapCause = "recorder_overflow"
	GapDiskFull  GapCause = "disk_full"
	GapDisk      GapCause = "disk_error"
	GapRestart   GapCause = "service_restart"
	GapNoConsent GapCause = "no_consent"
	GapView      GapCause = "view_closed"
	GapClock     GapCause = "clock_jump"
)

// Gap is a stretch of time without a recording, with its cause.
type Gap struct {
	Camera CameraID `json:"camera"`
	Span
	Cause  GapCause  `json:"cause"`
	Detail string    `json:"detail,omitempty"`
	Noted  time.Time `json:"noted"`
}
