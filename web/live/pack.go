package live

import (
	"encoding/binary"
	"math/rand/v2"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"

	"shouwang"
	"shouwang/web/watch"
)

// mtu is the payload of one packet: what passes 1280-byte paths with SRTP,
// UDP and IPv6 around it.
const mtu = 1180

// writer is the part of a track that a packer writes to.
type writer interface {
	WriteRTP(p *rtp.Packet) error
}

// packer turns access units into RTP packets (RFC 6184, packetization mode 1).
// A picture goes through the payloader as a whole, with its parameter sets
// before it: cut into single NAL units, pion's payloader would keep the
// parameter sets back.
type packer struct {
	payloader codecs.H264Payloader
	retime    watch.Retimer
	seq       uint16
	base      uint32
	begun     bool
	annexB    []byte
	mark      watch.Mark // of the newest picture sent
}

func newPacker() *packer {
	return &packer{seq: uint16(rand.Uint32()), base: rand.Uint32()}
}

// send writes one picture and returns its bytes. Until the first key frame it
// writes nothing, since no decoder could begin there.
func (p *packer) send(au *shouwang.AccessUnit, now time.Time, w writer) (int, error) {
	if !p.begun && !au.Key || au.Params == nil || au.Params.Codec != shouwang.CodecH264 {
		return 0, nil
	}
	p.begun = true
	p.annexB = appendAnnexB(p.annexB[:0], au)
	_, pts := p.retime.Next(au, now)
	payloads := p.payloader.Payload(mtu, p.annexB)
	p.mark = watch.Mark{Media: int64(p.base + uint32(pts)), Wall: au.Wall}
	total := 0
	for i, payload := range payloads {
		p.seq++
		err := w.WriteRTP(&rtp.Packet{
			Header: rtp.Header{
				Version: 2, Marker: i == len(payloads)-1, SequenceNumber: p.seq,
				Timestamp: p.base + uint32(pts),
			},
			Payload: payload,
		})
		if err != nil {
			return total, err
		}
		total += len(payload)
	}
	return total, nil
}

var startCode = []byte{0, 0, 0, 1}

// appendAnnexB writes the unit with start codes (ISO/IEC 14496-10 Annex B),
// a key frame with its parameter sets before it. Lengths that lie are cut off,
// never followed.
func appendAnnexB(dst []byte, au *shouwang.AccessUnit) []byte {
	if au.Key {
		dst = append(append(dst, startCode...), au.Params.SPS...)
		dst = append(append(dst, startCode...), au.Params.PPS...)
	}
	for data := au.Data; len(data) > 4; {
		n := int(binary.BigEndian.Uint32(data))
		data = data[4:]
		if n <= 0 || n > len(data) {
			break
		}
		dst = append(append(dst, startCode...), data[:n]...)
		data = data[n:]
	}
	return dst
}
