package wire

import "encoding/binary"

// Picture is one rendered and encoded picture. A unit gets at least one
// answer; the last carries FlagAck. Without Data nothing came out: the
// renderer held the picture, left it out for MaxFPS, or refused to show it.
type Picture struct {
	Handle, Mark  uint32 // the renderer and which of its outputs; acknowledgements have no output
	Flags         uint8
	Width, Height uint16
	Seq           uint64
	PTS           int64
	Micros        uint32 // CPU time of decoding, drawing and encoding
	SPS, PPS      []byte // set on every key frame
	Data          []byte // NAL units behind four-byte lengths
}

const pictureHead = 4 + 4 + 4 + 4 + 8 + 8 + 4 + 4

// AppendPicture appends a whole KindPicture message.
func AppendPicture(dst []byte, p *Picture) []byte {
	le := binary.LittleEndian
	dst = AppendHeader(dst, KindPicture, pictureHead+len(p.SPS)+len(p.PPS)+len(p.Data))
	dst = le.AppendUint32(le.AppendUint32(dst, p.Handle), p.Mark)
	dst = append(dst, p.Flags, 0, 0, 0)
	dst = le.AppendUint16(le.AppendUint16(dst, p.Width), p.Height)
	dst = le.AppendUint64(dst, p.Seq)
	dst = le.AppendUint64(dst, uint64(p.PTS))
	dst = le.AppendUint32(dst, p.Micros)
	dst = le.AppendUint16(le.AppendUint16(dst, uint16(len(p.SPS))), uint16(len(p.PPS)))
	dst = append(append(dst, p.SPS...), p.PPS...)
	return append(dst, p.Data...)
}

// ParsePicture reads the body of a KindPicture message; slices alias it.
func ParsePicture(body []byte, p *Picture) error {
	le := binary.LittleEndian
	if len(body) < pictureHead {
		return ErrShort
	}
	p.Handle, p.Mark, p.Flags = le.Uint32(body), le.Uint32(body[4:]), body[8]
	p.Width, p.Height = le.Uint16(body[12:]), le.Uint16(body[14:])
	p.Seq, p.PTS = le.Uint64(body[16:]), int64(le.Uint64(body[24:]))
	p.Micros = le.Uint32(body[32:])
	sps, pps := int(le.Uint16(body[36:])), int(le.Uint16(body[38:]))
	body = body[pictureHead:]
	if sps > MaxParams || pps > MaxParams || sps+pps > len(body) || len(body)-sps-pps > MaxUnit {
		return ErrTooLarge
	}
	p.SPS, p.PPS, p.Data = body[:sps], body[sps:sps+pps], body[sps+pps:]
	return nil
}
