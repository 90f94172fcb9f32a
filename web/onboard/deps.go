package onboard

import (
	"context"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/front"
)

// Seen is what a camera was seen to send within a few seconds.
type Seen struct {
	Codec       string  `json:"codec"`
	Width       int     `json:"width"`
	Height      int     `json:"height"`
	FPS         float64 `json:"fps" doc:"Measured pictures a second"`
	Kbps        float64 `json:"kbps" doc:"Measured"`
	GOP         float64 `json:"gop_s" doc:"Seconds from key frame to key frame, 0 when not seen"`
	BFrames     bool    `json:"b_frames"`
	Transport   string  `json:"transport"`
	Lost        int     `json:"lost"`
	ClockKnown  bool    `json:"clock_known"`
	ClockOffset float64 `json:"clock_offset_s" doc:"The camera's clock minus ours, seconds"`
	ClockWithin float64 `json:"clock_within_s"`
}

// Encoder is how a camera says it encodes a stream.
type Encoder struct {
	Token    string  `json:"token" maxLength:"128"`
	Encoding string  `json:"encoding"`
	Width    int     `json:"width"`
	Height   int     `json:"height"`
	FPS      float64 `json:"fps"`
	Kbps     int     `json:"kbps"`
	GOP      int     `json:"gop" doc:"Pictures from key frame to key frame"`
	Profile  string  `json:"profile,omitempty"`
}

// Profile is one stream that a camera offers over ONVIF, and what would be
// kinder to analysis.
type Profile struct {
	Name    string  `json:"name"`
	URL     string  `json:"url" doc:"RTSP address without credentials"`
	Encoder Encoder `json:"encoder"`
	Kinder  Encoder `json:"kinder"`
}

// Device is a camera that answered on the local network.
type Device struct {
	Address  string `json:"address" doc:"Of its ONVIF service"`
	Host     string `json:"host"`
	Name     string `json:"name,omitempty"`
	Hardware string `json:"hardware,omitempty"`
}

// Login is how to speak to a camera's ONVIF service.
type Login struct {
	Address  string `json:"address" minLength:"8" maxLength:"512" doc:"http://HOST/onvif/device_service"`
	User     string `json:"user,omitempty" maxLength:"128"`
	Password string `json:"password,omitempty" maxLength:"256"`
}

// Field is the network as a technician needs it: looking at a stream,
// discovery, and asking and setting a camera over ONVIF. Errors carry a code and
// say what to do.
type Field interface {
	Look(ctx context.Context, url string) (Seen, error)
	Discover(ctx context.Context) ([]Device, error)
	Profiles(ctx context.Context, l Login) (list []Profile, skew time.Duration, err error)
	SetEncoder(ctx context.Context, l Login, want Encoder) (Encoder, error)
	// Factory reports whether these are credentials cameras are delivered with.
	Factory(user, password string) bool
}

// Camera is one camera as the register keeps it.
type Camera struct {
	shouwang.Camera
	NameEn string
	Filing *policy.Filing
}

// Register keeps cameras. Put refuses, with CodeBadUsage or CodeDenied, what
// cannot be: a resident's camera in a public place, a place that does not exist;
// with CodeConflict a new camera by an id that consents were given for. It asks
// allow with the newest world in the same transaction.
type Register interface {
	Cameras(ctx context.Context) ([]Camera, error)
	Put(ctx context.Context, c Camera, allow func(*policy.World) error) error
	Remove(ctx context.Context, id shouwang.CameraID) error
	NewPublishToken(ctx context.Context, id shouwang.CameraID) (string, error)
}

// Proposals takes what two people decide: another standing of a camera by which
// somebody reaches more. It returns the proposal's id, or a fault at the field
// reason.
type Proposals interface {
	ProposeCamera(ctx context.Context, c *front.Caller, to policy.Standing, reason string) (id string, err error)
}

// Deps are the room's neighbours.
type Deps struct {
	Field     Field
	Register  Register
	Proposals Proposals
	// Status returns the present state of each stream that is worked on.
	Status func() []shouwang.StreamStatus
}
