// Package clockmap tells when a picture was taken. It maps a camera's media
// clock to wall time: by RTCP sender reports (RFC 3550 section 6.4.1) where the
// camera sends them, by arrival where it does not, each with the measured
// offset of the camera's clock and a bound on the error.
package clockmap

import (
	"time"

	"shouwang"
)

const (
	// How long a measurement counts: arrivals come often, reports seldom.
	arrivalWindow = 10 * time.Second
	reportWindow  = 60 * time.Second
	// driftLimit is a change of the arrival delay within half a window that no
	// network explains.
	driftLimit = time.Second
	// unknownDelay is what encoding and sending may take before a picture
	// arrives from a camera that says nothing about its clock.
	unknownDelay = 500 * time.Millisecond
	// maxDelay is the longest that a live picture is believed to be under way.
	maxDelay = 10 * time.Second
	// minUncertainty is claimed at best: scheduling and the camera's own
	// sampling of its clock.
	minUncertainty = 5 * time.Millisecond
	// clockStep is a change of the camera's clock that is no drift.
	clockStep = 500 * time.Millisecond
	// reportSlack is how far two reports may disagree about the pace of the
	// media clock, besides a tenth of the time between them.
	reportSlack = 50 * time.Millisecond
	// fewReports is added to the uncertainty until enough reports came to know
	// how long they are under way.
	fewReports = 50 * time.Millisecond
	// stepNow is the error above which the mapping steps; below it slews.
	stepNow = 2 * time.Second
	// slewShare of the media time that passes may be spent on correction.
	slewShare = 20
)

// NTPTime converts an NTP timestamp (RFC 3550 section 4: seconds since 1900 in
// the upper 32 bits, their fraction in the lower) to a time. Zero means that
// the camera has no clock; ok is then false. Era 1 (from 2036) is understood.
func NTPTime(ntp uint64) (t time.Time, ok bool) {
	if ntp == 0 {
		return time.Time{}, false
	}
	const since1900 = 2208988800
	sec := int64(ntp>>32) - since1900
	if ntp>>63 == 0 { // RFC 4330 section 3
		sec += 1 << 32
	}
	return time.Unix(sec, int64((ntp&0xffffffff)*1e9>>32)), true
}

// Map holds one session's mapping. It is for one goroutine; the zero value is
// ready.
type Map struct {
	// RTT is the shortest round trip to the camera seen; it bounds the delay
	// that cannot be told from an offset.
	RTT time.Duration

	arrivals lowest // arrival minus media time
	reports  lowest // arrival of a report minus the camera's clock in it

	// reference is the camera's clock at a media time, from the last report.
	refNTP   time.Time
	refMedia shouwang.MediaTime
	hasRef   bool
	wild     int // reports in a row that contradict the one before
	jumps    uint64

	base    time.Duration // wall time of media time 0, since origin
	origin  time.Time
	last    shouwang.MediaTime
	started bool
}

// Report takes a sender report: the camera's clock, the media time that it
// names (unwrapped), and when it arrived. It reports whether the camera's clock
// jumped by more than half a second since the last report.
func (m *Map) Report(ntp time.Time, media shouwang.MediaTime, arrived time.Time) (jumped bool) {
	if m.hasRef {
		elapsed := (media - m.refMedia).Duration()
		d := ntp.Sub(m.refNTP.Add(elapsed)).Abs()
		if d > clockStep {
			m.jumps++
			m.reports = lowest{}
			jumped = true
		}
		m.wild++
		if d <= reportSlack+elapsed.Abs()/10 {
			m.wild = 0
		}
	}
	m.hasRef, m.refNTP, m.refMedia = true, ntp, media
	m.reports.add(arrived, m.since(arrived)-m.since(ntp), reportWindow)
	return jumped
}

// Reset forgets every measurement, as after a jump of the media clock. The
// mapping then follows the new ones from its next use.
func (m *Map) Reset() {
	*m = Map{RTT: m.RTT, jumps: m.jumps, origin: m.origin}
}

// Jumps counts the jumps of the camera's clock.
func (m *Map) Jumps() uint64 { return m.jumps }

// Stamp returns the wall time of the picture at media time pts that arrived
// when told. At grows with pts: it is corrected gradually, by at most a
// twentieth of the time that passes, and steps only when it is off by more
// than two seconds.
func (m *Map) Stamp(pts shouwang.MediaTime, arrived time.Time) shouwang.WallStamp {
	m.arrivals.add(arrived, m.since(arrived)-pts.Duration(), arrivalWindow)
	if m.arrivals.drift() > driftLimit && !m.reporting() {
		return m.asArrived(pts, arrived)
	}
	target, out := m.target()
	// No picture is taken after it arrived, whatever the clocks say.
	m.follow(pts, min(target, m.since(arrived)-pts.Duration()))
	m.base = min(m.base, m.since(arrived)-pts.Duration())
	out.At = m.origin.Add(m.base + pts.Duration())
	if off := target - m.base; off > 0 {
		out.Uncertainty += off
	} else {
		out.Uncertainty -= off
	}
	return out
}

// reporting reports whether the sender reports can be used: one that contradicts
// the one before is a clock set right, two in a row are nonsense.
func (m *Map) reporting() bool { return m.hasRef && m.wild < 2 }

// asArrived stamps a picture of a camera whose media clock runs at another rate
// than time does (it lies about its frame rate): then only arrival is true.
func (m *Map) asArrived(pts shouwang.MediaTime, arrived time.Time) shouwang.WallStamp {
	m.base = m.since(arrived) - pts.Duration()
	m.last, m.started = max(m.last, pts), true
	return shouwang.WallStamp{At: arrived, Uncertainty: 2 * unknownDelay}
}

// target returns the measured wall time of media time 0, and what is known of
// its error.
func (m *Map) target() (time.Duration, shouwang.WallStamp) {
	first, jitter := m.arrivals.value()
	arrival := shouwang.WallStamp{Uncertainty: unknownDelay + jitter, Source: shouwang.StampArrival}
	if !m.reporting() {
		return first, arrival
	}
	// A report's delay is never negative, so the quickest one is nearest the
	// truth: camera clock + low = our clock, within one trip.
	low, spread := m.reports.value()
	base := m.since(m.refNTP) - m.refMedia.Duration() + low
	if early := first - base; early > maxDelay || early < -minUncertainty-m.RTT-spread {
		// The reports would have pictures arrive before they were taken, or
		// ages after: they do not describe this media clock.
		return first, arrival
	}
	if m.reports.count() < 4 {
		spread += fewReports
	}
	return base, shouwang.WallStamp{
		Offset:      -low,
		Uncertainty: max(minUncertainty, m.RTT) + max(spread, jitter),
		Source:      shouwang.StampSenderReport,
	}
}

// follow moves the mapping towards the target.
func (m *Map) follow(pts shouwang.MediaTime, target time.Duration) {
	off := target - m.base
	passed := (pts - m.last).Duration()
	switch limit := max(0, passed) / slewShare; {
	case !m.started || off > stepNow || off < -stepNow:
		m.base = target
	case off > limit:
		m.base += limit
	case off < -limit:
		m.base -= limit
	default:
		m.base = target
	}
	m.started = true
	m.last = max(m.last, pts)
}

// since keeps sums small enough for a Duration whatever year a camera lives in.
func (m *Map) since(t time.Time) time.Duration {
	if m.origin.IsZero() {
		m.origin = t
	}
	return t.Sub(m.origin)
}
