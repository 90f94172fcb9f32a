package rtsp

import (
	"sync"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"shouwang"
	"shouwang/ingest/assemble"
	"shouwang/ingest/clockmap"
)

// Identity says whose units a session makes.
type Identity struct {
	Camera shouwang.CameraID
	Stream shouwang.StreamKind
	Epoch  uint32
}

// Counters are a session's own, so far.
type Counters struct {
	assemble.Counts
	Units      uint64
	Lost       uint64 // pictures known to be missing
	MediaJumps uint64 // jumps of the camera's media clock
	ClockJumps uint64 // jumps of the camera's wall clock, in sender reports
}

// stream turns one session's packets into access units.
type stream struct {
	id      Identity
	now     func() time.Time
	publish func(*shouwang.AccessUnit)

	mu       sync.Mutex // RTP and RTCP come from two goroutines over UDP
	asm      *assemble.Assembler
	line     assemble.Timeline
	clock    clockmap.Map
	counters Counters
	arrived  time.Time // of the packet that ended the newest picture
	running  bool      // a key frame has come
	rtpTime  uint32    // of the newest unit
	pts      shouwang.MediaTime
	top      shouwang.MediaTime
	lastUnit time.Time
	closed   bool
	units    []shouwang.AccessUnit // allocated and not used yet
}

// unitsAtOnce is how many access units are allocated together.
const unitsAtOnce = 16

func newStream(id Identity, codec format, now func() time.Time, publish func(*shouwang.AccessUnit)) *stream {
	s := &stream{id: id, now: now, publish: publish}
	s.asm = assemble.New(codec.codec, codec.vps, codec.sps, codec.pps, s.picture)
	return s
}

// packet takes one RTP packet, in order.
func (s *stream) packet(p *rtp.Packet) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.asm.Push(p.SequenceNumber, p.Timestamp, p.Marker, p.Payload)
}

// control takes one RTCP packet; only sender reports matter.
func (s *stream) control(p rtcp.Packet) {
	if sr, ok := p.(*rtcp.SenderReport); ok {
		s.report(sr.NTPTime, sr.RTPTime)
	}
}

// report takes a sender report: the camera's clock (RFC 3550, section 4) at a
// time of its RTP clock.
func (s *stream) report(clock uint64, at uint32) {
	ntp, ok := clockmap.NTPTime(clock)
	if !ok {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.running || s.closed {
		return
	}
	media := s.pts + shouwang.MediaTime(int32(at-s.rtpTime))
	if s.clock.Report(ntp, media, s.now()) {
		s.counters.ClockJumps++
	}
}

// picture makes an access unit of a picture; called by the assembler.
func (s *stream) picture(p assemble.Picture) {
	if !s.running && !p.Key {
		return // nothing can be decoded before the first key frame
	}
	s.arrived = s.now()
	step := s.line.Step() // before this picture's distance is learned
	pts, dts, jumped := s.line.Next(p.RTP, s.arrived, p.Reorder)
	if jumped {
		s.counters.MediaJumps++
		s.clock.Reset()
	}
	if len(s.units) == 0 {
		s.units = make([]shouwang.AccessUnit, unitsAtOnce)
	}
	u := &s.units[0]
	s.units = s.units[1:]
	*u = shouwang.AccessUnit{
		Camera: s.id.Camera, Stream: s.id.Stream, Epoch: s.id.Epoch,
		Seq: s.counters.Units, PTS: pts, DTS: dts,
		Wall: s.clock.Stamp(pts, s.arrived), Received: s.arrived,
		Key: p.Key, Params: p.Params, Data: p.Data,
	}
	if p.Lost && s.running {
		u.Lost = s.missing(pts, step)
		s.counters.Lost += uint64(u.Lost)
	}
	s.running = true
	s.counters.Units++
	s.rtpTime, s.pts, s.top = p.RTP, pts, max(s.top, pts)
	s.lastUnit = s.arrived
	s.publish(u)
}

// missing estimates how many pictures were lost before one at pts, when they
// usually come step apart.
func (s *stream) missing(pts, step shouwang.MediaTime) int {
	if step <= 0 || pts <= s.top {
		return 1
	}
	return int(min(1<<16, max(1, (pts-s.top+step/2)/step-1)))
}

// close makes the stream deaf: after it returns nothing more is published.
func (s *stream) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
}

// snapshot returns the counters and when the newest unit came.
func (s *stream) snapshot() (Counters, time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.counters
	c.Counts = s.asm.Counts()
	return c, s.lastUnit
}

// Counters returns the session's counters so far.
func (s *stream) Counters() Counters {
	c, _ := s.snapshot()
	return c
}

func (s *stream) setRTT(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clock.RTT = d
}
