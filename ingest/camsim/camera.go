package camsim

import "time"

// Camera is one simulated camera.
type Camera struct {
	// Clips are played in a loop, each one whole; more than one makes the
	// parameter sets change mid-stream. All must have the same codec.
	Clips []*Clip
	// User and Pass, if set, must be given by clients.
	User, Pass string
	// ClockOffset is how far the camera's clock is ahead of the truth.
	ClockOffset time.Duration
	// Latency is the time between a picture and its sending.
	Latency time.Duration
	// ReportEvery is the interval of sender reports; default 1 s, negative
	// sends none.
	ReportEvery time.Duration
	Faults      Faults
}

// Faults are ways to misbehave; zero values behave.
type Faults struct {
	// DropEvery loses each n-th packet, SwapEvery sends each n-th packet after
	// its successor, GarbageEvery fills each n-th packet's payload with
	// random bytes, DuplicateEvery sends each n-th packet twice.
	DropEvery, SwapEvery, GarbageEvery, DuplicateEvery int
	// StallEvery falls silent after that long, for StallFor.
	StallEvery, StallFor time.Duration
	// DisconnectEvery cuts all clients off.
	DisconnectEvery time.Duration
	// MediaRate makes the RTP clock run by that factor: a camera that says
	// 30 pictures a second and sends 10 has 1/3. 0 is 1.
	MediaRate float64
	// MediaJumpEvery and MediaJump move the RTP clock, ClockJumpEvery and
	// ClockJump the wall clock of the sender reports.
	MediaJumpEvery, MediaJump time.Duration
	ClockJumpEvery, ClockJump time.Duration
	// Mute plays but sends nothing.
	Mute bool
	// NoSets leaves the parameter sets out of the stream; they stay in the SDP.
	NoSets bool
	// NoMarker never sets the marker bit, AllMarker sets it on each packet.
	NoMarker, AllMarker bool
	// RefuseTCP answers 461 to whoever asks for TCP.
	RefuseTCP bool
	// SDP is described in place of the truth; Redirect sends clients on.
	SDP, Redirect string
}

// SDPs of cameras that send what is not taken in.
const (
	SDPMJPEG = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=cam\r\nt=0 0\r\nm=video 0 RTP/AVP 26\r\na=control:trackID=0\r\n"
	SDPVP8   = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=cam\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 VP8/90000\r\na=control:trackID=0\r\n"
	SDPAudio = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=cam\r\nt=0 0\r\nm=audio 0 RTP/AVP 0\r\na=control:trackID=0\r\n"
)
