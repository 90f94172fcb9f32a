package shouwang

import "time"

// MediaRate is the number of media ticks in a second (RTP's video clock,
// RFC 3551 section 5).
const MediaRate = 90000

// MediaTime is a count of 90 kHz ticks on a camera's own clock. It is not
// a time.Duration on purpose: mixing it with wall time must not compile.
type MediaTime int64

// Duration converts a difference of media times to nanoseconds. It is exact to
// the nanosecond for any span below 28 hours and saturates nowhere: ticks are
// split so that the product cannot overflow.
func (t MediaTime) Duration() time.Duration {
	return time.Duration(t/MediaRate)*time.Second +
		time.Duration(t%MediaRate)*time.Second/MediaRate
}

// MediaTimeOf converts a duration to ticks, rounding towards zero.
func MediaTimeOf(d time.Duration) MediaTime {
	return MediaTime(d/time.Second)*MediaRate + MediaTime(d%time.Second)*MediaRate/MediaTime(time.Second)
}

// StampSource says where a wall time comes from.
type StampSource uint8

const (
	// StampArrival is our clock at the picture's arrival.
	StampArrival StampSource = iota
	// StampSenderReport is the camera's clock, mapped by RTCP sender reports
	// and corrected by the measured offset.
	StampSenderReport
)

func (s StampSource) String() string {
	if s == StampSenderReport {
		return "sender_report"
	}
	return "arrival"
}

// WallStamp is a wall time with what is known about its error. Evidence states
// all of it.
type WallStamp struct {
	At time.Time
	// Offset is the camera's clock minus ours, as measured; At has it removed.
	Offset time.Duration
	// Uncertainty bounds the error of At, one-sided.
	Uncertainty time.Duration
	Source      StampSource
}
