package assemble

import "encoding/binary"

// payloadH264 takes an RTP payload of RFC 6184 in packetization mode 0 or 1.
// Interleaved mode is not offered by any camera and counts as malformed.
func (a *Assembler) payloadH264(p []byte) {
	const stapA, fuA = 24, 28
	switch t := p[0] & 0x1f; {
	case t == stapA:
		a.aggregate(p[1:])
	case t == fuA:
		if len(p) < 3 {
			a.malformed()
			return
		}
		a.fragment(p[1], p[2:], p[0]&0xe0|p[1]&0x1f)
	case t > 23 && t < 30:
		a.malformed()
	default:
		a.whole(p)
	}
}

// payloadH265 takes an RTP payload of RFC 7798 without DONL fields (those come
// only where sprop-max-don-diff is above 0, which we refuse by not handling).
func (a *Assembler) payloadH265(p []byte) {
	const ap, fu, paci = 48, 49, 50
	switch t := p[0] >> 1 & 0x3f; t {
	case ap:
		a.aggregate(p[2:])
	case fu:
		if len(p) < 4 {
			a.malformed()
			return
		}
		a.fragment(p[2], p[3:], p[0]&0x81|p[2]&0x3f<<1, p[1])
	case paci:
		a.malformed()
	default:
		a.whole(p)
	}
}

// aggregate takes the NAL units of a STAP-A or AP, each behind a 16-bit length.
func (a *Assembler) aggregate(p []byte) {
	for len(p) >= 2 {
		n := int(binary.BigEndian.Uint16(p))
		p = p[2:]
		if n == 0 {
			return // padding
		}
		if n > len(p) {
			a.malformed()
			return
		}
		a.whole(p[:n])
		p = p[n:]
	}
	if len(p) != 0 {
		a.malformed()
	}
}

// fragment takes one fragment of a NAL unit: S and E bits in head, the NAL
// unit's rebuilt header. Some cameras set both bits on a NAL unit that fits.
func (a *Assembler) fragment(head byte, body []byte, header ...byte) {
	const start, end = 0x80, 0x40
	if head&start != 0 {
		if !a.room(len(body) + len(header)) {
			return
		}
		a.startNAL()
		a.buf = append(a.buf, header...)
	} else if a.nalStart < 0 {
		// The start was lost, or never sent: with a gap that is loss, not format.
		if !a.damaged && !a.lost {
			a.counts.Malformed++
		}
		a.damaged = true
		return
	} else if !a.room(len(body)) {
		return
	}
	a.buf = append(a.buf, body...)
	if head&end != 0 {
		a.endNAL()
	}
}
