package rtsp

import (
	"encoding/binary"
	"errors"
	"time"

	"github.com/bluenviron/gortsplib/v4/pkg/base"
	"github.com/bluenviron/gortsplib/v4/pkg/headers"
	"github.com/pion/rtp"

	"shouwang/ingest/rtsp/sweep"
)

// maxRTCP is the longest RTCP packet that is read, in bytes: gortsplib's bound.
const maxRTCP = 1472

var (
	errOtherSource  = errors.New("RTP packet of another source (SSRC)")
	errOtherPayload = errors.New("RTP packet of another payload type")
	errLongRTCP     = errors.New("RTCP packet is too long")
	errBadRTCP      = errors.New("RTCP packet breaks the format")
)

// reception reads RTP and RTCP payloads as gortsplib does over TCP: packets of
// the one format that was chosen, of the source that sent the first of them.
type reception struct {
	stream  *stream
	payload uint8
	bad     func(error)

	packet rtp.Packet // used again for every packet
	source uint32
	known  bool // source is
}

func (r *reception) rtp(b []byte) {
	if err := r.read(b); err != nil {
		r.bad(err)
		return
	}
	r.stream.packet(&r.packet)
}

func (r *reception) read(b []byte) error {
	if err := r.packet.Unmarshal(b); err != nil {
		return err
	}
	if r.packet.PayloadType != r.payload {
		return errOtherPayload
	}
	if r.known && r.packet.SSRC != r.source {
		return errOtherSource
	}
	r.source, r.known = r.packet.SSRC, true
	return nil
}

// rtcp takes a compound packet (RFC 3550, section 6.1), whole or not at all; only
// sender reports in it matter.
func (r *reception) rtcp(b []byte) {
	if len(b) > maxRTCP {
		r.bad(errLongRTCP)
		return
	}
	for p := b; len(p) > 0; {
		n := lengthRTCP(p)
		if n == 0 {
			r.bad(errBadRTCP)
			return
		}
		p = p[n:]
	}
	for p := b; len(p) > 0; p = p[lengthRTCP(p):] {
		if p[1] == senderReport {
			r.stream.report(binary.BigEndian.Uint64(p[8:]), binary.BigEndian.Uint32(p[16:]))
		}
	}
}

const (
	senderReport = 200
	// A sender report is so long in bytes, and so much longer for each block.
	reportHead, reportBlock = 28, 24
)

// lengthRTCP returns the length of the RTCP packet that b begins with, 0 when it
// breaks the format.
func lengthRTCP(b []byte) int {
	if len(b) < 4 || b[0]>>6 != 2 {
		return 0
	}
	n := 4 * (1 + int(binary.BigEndian.Uint16(b[2:])))
	if n > len(b) || b[1] == senderReport && n < reportHead+reportBlock*int(b[0]&0x1f) {
		return 0
	}
	return n
}

// tap has a stream's packets taken out of its connection before the RTSP library
// reads it. The library sees enough of them not to give the camera up within its
// timeout.
func tap(conn *sweep.Conn, channel int, f format, s *stream, timeout time.Duration, bad func(error)) {
	r := &reception{stream: s, payload: f.format.PayloadType(), bad: bad}
	conn.Tap(&sweep.Tap{Channel: channel, RTP: r.rtp, RTCP: r.rtcp, Every: min(2500*time.Millisecond, timeout/3)})
}

// interleaved returns the channel that RTP comes on, false where the answer to
// a SETUP names none or where packets are encrypted.
func interleaved(transport base.HeaderValue) (channel int, ok bool) {
	var h headers.Transport
	if err := h.Unmarshal(transport); err != nil || h.InterleavedIDs == nil || h.Secure {
		return 0, false
	}
	return h.InterleavedIDs[0], h.InterleavedIDs[1] == h.InterleavedIDs[0]+1
}
