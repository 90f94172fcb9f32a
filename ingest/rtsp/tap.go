package rtsp

import (
	"errors"
	"time"

	"github.com/bluenviron/gortsplib/v4/pkg/base"
	"github.com/bluenviron/gortsplib/v4/pkg/headers"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"shouwang/ingest/rtsp/sweep"
)

// maxRTCP is the longest RTCP packet that is read, in bytes: gortsplib's bound.
const maxRTCP = 1472

var (
	errOtherSource  = errors.New("RTP packet of another source (SSRC)")
	errOtherPayload = errors.New("RTP packet of another payload type")
	errLongRTCP     = errors.New("RTCP packet is too long")
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

func (r *reception) rtcp(b []byte) {
	if len(b) > maxRTCP {
		r.bad(errLongRTCP)
		return
	}
	packets, err := rtcp.Unmarshal(b)
	if err != nil {
		r.bad(err)
		return
	}
	for _, p := range packets {
		r.stream.control(p)
	}
}

// tap has a stream's packets taken out of its connection before the RTSP library
// reads it. The library sees enough of them not to give the camera up within its
// timeout.
func tap(conn *sweep.Conn, channel int, f format, s *stream, timeout time.Duration, bad func(error)) {
	r := &reception{stream: s, payload: f.format.PayloadType(), bad: bad}
	conn.Tap(&sweep.Tap{Channel: channel, RTP: r.rtp, RTCP: r.rtcp, Every: min(time.Second, timeout/4)})
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
