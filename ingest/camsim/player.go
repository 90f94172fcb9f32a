package camsim

import (
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/bluenviron/gortsplib/v4"
	"github.com/bluenviron/gortsplib/v4/pkg/description"
	"github.com/bluenviron/gortsplib/v4/pkg/format"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"shouwang"
)

type rtpPacket = rtp.Packet

// player plays one camera.
type player struct {
	cam    Camera
	stream *gortsplib.ServerStream
	media  *description.Media
	encode func(nals [][]byte) ([]*rtp.Packet, error)
	stop   chan struct{}
	done   chan struct{}

	mu     sync.Mutex
	conns  map[*gortsplib.ServerConn]struct{}
	turned []*Clip // to be played from the next picture on

	// owned by the playing goroutine
	began     time.Time
	sent      int         // packets so far
	held      *rtp.Packet // swapped with its successor
	reported  time.Time
	cut       time.Time
	rtpOffset uint32
	packets   uint32
	octets    uint32
}

func newPlayer(s *Sim, cam Camera) (*player, error) {
	if len(cam.Clips) == 0 {
		return nil, errors.New("no clip to play")
	}
	if cam.ReportEvery == 0 {
		cam.ReportEvery = time.Second
	}
	if cam.Faults.MediaRate == 0 {
		cam.Faults.MediaRate = 1
	}
	p := &player{
		cam: cam, stop: make(chan struct{}), done: make(chan struct{}),
		conns: map[*gortsplib.ServerConn]struct{}{}, rtpOffset: rand.Uint32(),
	}
	f, err := p.format(cam.Clips[0].Params)
	if err != nil {
		return nil, err
	}
	p.media = &description.Media{Type: description.MediaTypeVideo, Formats: []format.Format{f}}
	p.stream = &gortsplib.ServerStream{
		Server: s.rtsp, Desc: &description.Session{Medias: []*description.Media{p.media}},
	}
	return p, p.stream.Initialize()
}

func (p *player) format(params *shouwang.Params) (format.Format, error) {
	if params.Codec == shouwang.CodecH265 {
		f := &format.H265{PayloadTyp: 96, VPS: params.VPS, SPS: params.SPS, PPS: params.PPS}
		e, err := f.CreateEncoder()
		p.encode = func(nals [][]byte) ([]*rtp.Packet, error) { return e.Encode(nals) }
		return f, err
	}
	f := &format.H264{PayloadTyp: 96, SPS: params.SPS, PPS: params.PPS, PacketizationMode: 1}
	e, err := f.CreateEncoder()
	p.encode = func(nals [][]byte) ([]*rtp.Packet, error) { return e.Encode(nals) }
	return f, err
}

func (p *player) begin() { go p.run() }

func (p *player) close() {
	close(p.stop)
	<-p.done
	p.stream.Close()
}

func (p *player) join(c *gortsplib.ServerConn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.conns[c] = struct{}{}
}

func (p *player) leave(c *gortsplib.ServerConn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, c)
}

// run plays the clips in turn, for ever.
func (p *player) run() {
	defer close(p.done)
	p.began = time.Now()
	p.cut = p.began
	var offset shouwang.MediaTime
	clips := p.cam.Clips
	for i := 0; ; i++ {
		clip := clips[i%len(clips)]
		played := clip.Duration
		for _, f := range clip.Frames {
			at := f.DTS - clip.Frames[0].DTS
			f.DTS += offset - clip.Frames[0].DTS
			f.PTS += offset - clip.Frames[0].DTS
			if !p.sleepUntil(p.began.Add(f.DTS.Duration())) {
				return
			}
			if next := p.turn(); next != nil {
				clips, i, played = next, -1, at
				break
			}
			p.frame(clip, f)
		}
		offset += played
	}
}

// turn returns what the camera sees from now on, if it was turned.
func (p *player) turn() []*Clip {
	p.mu.Lock()
	defer p.mu.Unlock()
	next := p.turned
	p.turned = nil
	return next
}

func (p *player) sleepUntil(at time.Time) bool {
	t := time.NewTimer(time.Until(at))
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-p.stop:
		return false
	}
}

// frame sends one picture, unless a fault says otherwise.
func (p *player) frame(clip *Clip, f Frame) {
	now := time.Now()
	played := now.Sub(p.began)
	faults := &p.cam.Faults
	if faults.DisconnectEvery > 0 && now.Sub(p.cut) >= faults.DisconnectEvery {
		p.cut = now
		p.disconnect()
	}
	if faults.Mute || faults.StallEvery > 0 && played%(faults.StallEvery+faults.StallFor) >= faults.StallEvery {
		return
	}
	nals := f.NALs
	if f.Key && !faults.NoSets {
		nals = append(parameterSets(clip.Params), nals...)
	}
	packets, err := p.encode(nals)
	if err != nil {
		return
	}
	stamp := p.rtpTime(f.PTS, played)
	for i, pkt := range packets {
		pkt.Timestamp = stamp
		pkt.Marker = (i == len(packets)-1 || faults.AllMarker) && !faults.NoMarker
		p.send(pkt)
	}
	if p.cam.ReportEvery > 0 && now.Sub(p.reported) >= p.cam.ReportEvery {
		p.reported = now
		p.report(now, played)
	}
}

// rtpTime converts media time to the camera's RTP clock.
func (p *player) rtpTime(t shouwang.MediaTime, played time.Duration) uint32 {
	f := &p.cam.Faults
	if f.MediaJumpEvery > 0 {
		t += shouwang.MediaTimeOf(f.MediaJump) * shouwang.MediaTime(played/f.MediaJumpEvery)
	}
	return p.rtpOffset + uint32(int64(float64(t)*f.MediaRate))
}

// send writes a packet with the faults that concern single packets.
func (p *player) send(pkt *rtp.Packet) {
	p.sent++
	f := &p.cam.Faults
	every := func(n int) bool { return n > 0 && p.sent%n == 0 }
	switch {
	case every(f.DropEvery):
		return
	case every(f.GarbageEvery):
		junk := make([]byte, len(pkt.Payload))
		for i := range junk {
			junk[i] = byte(rand.Uint32())
		}
		pkt.Payload = junk
	case every(f.SwapEvery) && p.held == nil:
		p.held = pkt
		return
	}
	p.write(pkt)
	if every(f.DuplicateEvery) {
		p.write(pkt)
	}
	if p.held != nil {
		p.write(p.held)
		p.held = nil
	}
}

func (p *player) write(pkt *rtp.Packet) {
	p.packets++
	p.octets += uint32(len(pkt.Payload))
	_ = p.stream.WritePacketRTP(p.media, pkt)
}

// report sends a sender report: what the camera's clock says now, and the
// media time that a picture taken now would have.
func (p *player) report(now time.Time, played time.Duration) {
	f := &p.cam.Faults
	clock := now.Add(p.cam.ClockOffset)
	if f.ClockJumpEvery > 0 {
		clock = clock.Add(f.ClockJump * time.Duration(played/f.ClockJumpEvery))
	}
	// A picture sent now was taken Latency ago.
	media := shouwang.MediaTimeOf(played + p.cam.Latency)
	_ = p.stream.WritePacketRTCP(p.media, &rtcp.SenderReport{
		SSRC: ssrcOf(p.stream, p.media), NTPTime: ntpOf(clock), RTPTime: p.rtpTime(media, played),
		PacketCount: p.packets, OctetCount: p.octets,
	})
}

// ntpOf converts a time to an NTP timestamp (RFC 3550 section 4).
func ntpOf(t time.Time) uint64 {
	sec := uint64(t.Unix() + 2208988800)
	return sec<<32 | uint64(t.Nanosecond())<<32/1e9
}

func ssrcOf(stream *gortsplib.ServerStream, m *description.Media) uint32 {
	for _, f := range stream.Stats().Medias[m].Formats {
		return f.LocalSSRC
	}
	return 0
}

func (p *player) disconnect() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		c.Close()
	}
}
