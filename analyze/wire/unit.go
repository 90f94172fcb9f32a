package wire

import (
	"encoding/binary"
	"math"

	"shouwang/analyze"
)

// Flags of units, observations and pictures.
const (
	FlagKey     = 1 << iota // a key frame
	FlagChain               // unit: decode in the camera's own decoder
	FlagAck                 // observation, picture: the last answer to its unit
	FlagDecoded             // observation: a picture came out
	FlagDamaged             // observation: the decoder complained
	FlagEnd                 // picture: the answer to a flush; nothing follows
	FlagLost                // unit: units are missing right before it
)

// Unit is one access unit for a camera or a renderer.
type Unit struct {
	Handle uint32
	Flags  uint8
	Epoch  uint32
	Seq    uint64
	PTS    int64  // 90 kHz
	Wall   int64  // microseconds since 1970, for the watermark
	Data   []byte // NAL units behind four-byte lengths
}

const unitHead = 4 + 4 + 4 + 8 + 8 + 8

// AppendUnitHead appends header and fixed part of a KindUnit message; the
// unit's Data must follow on the stream.
func AppendUnitHead(dst []byte, u *Unit) []byte {
	dst = AppendHeader(dst, KindUnit, unitHead+len(u.Data))
	dst = binary.LittleEndian.AppendUint32(dst, u.Handle)
	dst = append(dst, u.Flags, 0, 0, 0)
	dst = binary.LittleEndian.AppendUint32(dst, u.Epoch)
	dst = binary.LittleEndian.AppendUint64(dst, u.Seq)
	dst = binary.LittleEndian.AppendUint64(dst, uint64(u.PTS))
	return binary.LittleEndian.AppendUint64(dst, uint64(u.Wall))
}

// ParseUnit reads the body of a KindUnit message; Data aliases it.
func ParseUnit(body []byte, u *Unit) error {
	if len(body) < unitHead {
		return ErrShort
	}
	if len(body)-unitHead > MaxUnit {
		return ErrTooLarge
	}
	u.Handle = binary.LittleEndian.Uint32(body)
	u.Flags = body[4]
	u.Epoch = binary.LittleEndian.Uint32(body[8:])
	u.Seq = binary.LittleEndian.Uint64(body[12:])
	u.PTS = int64(binary.LittleEndian.Uint64(body[20:]))
	u.Wall = int64(binary.LittleEndian.Uint64(body[28:]))
	u.Data = body[unitHead:]
	return nil
}

// Region is analyze.Region as it travels: fractions of the picture.
type Region struct {
	X, Y, W, H, Fill, Score, Moving float32
	Gone                            float32 // 0 or 1
	Bright, Grain, Rim              float32
}

// Obs is one observation record. A unit gets at least one; the last carries
// FlagAck. Without FlagDecoded only handle, sequence number and costs count.
type Obs struct {
	Handle                    uint32
	Flags, Light              uint8
	Seq                       uint64
	DecodeMicros, PixelMicros uint32
	Mean, Dev, Changed, Sharp float32
	Like                      float32
	Regions                   []Region
}

const (
	obsHead    = 4 + 4 + 8 + 4 + 4 + 5*4
	regionSize = 11 * 4
)

// AppendObs appends one record; the caller frames records with Begin and
// End. Regions above MaxRegions are left out.
func AppendObs(dst []byte, o *Obs) []byte {
	le := binary.LittleEndian
	regions := o.Regions[:min(len(o.Regions), MaxRegions)]
	dst = le.AppendUint32(dst, o.Handle)
	dst = append(dst, o.Flags, o.Light)
	dst = le.AppendUint16(dst, uint16(len(regions)))
	dst = le.AppendUint64(dst, o.Seq)
	dst = le.AppendUint32(dst, o.DecodeMicros)
	dst = le.AppendUint32(dst, o.PixelMicros)
	for _, v := range [...]float32{o.Mean, o.Dev, o.Changed, o.Sharp, o.Like} {
		dst = le.AppendUint32(dst, math.Float32bits(v))
	}
	for i := range regions {
		r := &regions[i]
		for _, v := range [...]float32{r.X, r.Y, r.W, r.H, r.Fill, r.Score, r.Moving, r.Gone, r.Bright, r.Grain, r.Rim} {
			dst = le.AppendUint32(dst, math.Float32bits(v))
		}
	}
	return dst
}

// NextObs reads the first record of body into o, reusing o.Regions, and
// returns the rest. Values that are no number, or outside what they can be,
// are an error: they come from a process that read a camera's bytes.
func NextObs(body []byte, o *Obs) (rest []byte, err error) {
	le := binary.LittleEndian
	if len(body) < obsHead {
		return nil, ErrShort
	}
	n := int(le.Uint16(body[6:]))
	if n > MaxRegions || len(body) < obsHead+n*regionSize {
		return nil, ErrShort
	}
	o.Handle, o.Flags, o.Light = le.Uint32(body), body[4], body[5]
	o.Seq = le.Uint64(body[8:])
	o.DecodeMicros, o.PixelMicros = le.Uint32(body[16:]), le.Uint32(body[20:])
	bad := false
	at := 24
	next := func(top float32) float32 {
		v := math.Float32frombits(le.Uint32(body[at:]))
		at += 4
		if !(v >= 0 && v <= top) {
			bad = true
		}
		return v
	}
	o.Mean, o.Dev, o.Changed, o.Sharp, o.Like = next(255), next(255), next(1), next(255), next(1)
	o.Regions = o.Regions[:0]
	for range n {
		r := Region{next(1), next(1), next(1), next(1), next(1), next(1), next(1), next(1), next(1), next(analyze.MaxGrain), next(analyze.MaxGrain)}
		o.Regions = append(o.Regions, r)
	}
	if bad || o.Light > 2 {
		return nil, ErrField
	}
	return body[at:], nil
}

// Begin appends a header whose length is not known yet; End fills it in.
func Begin(dst []byte, kind Kind) []byte { return AppendHeader(dst, kind, 0) }

// End sets the length of the message that began at from.
func End(msg []byte, from int) {
	binary.LittleEndian.PutUint32(msg[from:], uint32(len(msg)-from-headerSize))
}
