package wire

import (
	"encoding/binary"
	"math"
)

// Ask wants to know what the thing in the box is. The analyzer cuts it out of
// the camera's next picture.
type Ask struct {
	Handle, Ticket uint32
	X, Y, W, H     float32 // fractions of the picture
}

// Found answers an Ask. Class is that of package classify; 0 when nothing was
// found.
type Found struct {
	Handle, Ticket uint32
	Class          uint8
	Score          float32 // 0..1
	X, Y, W, H     float32 // of the thing, fractions of the picture; may reach over its edge
	Micros         uint32  // CPU time of this answer
}

// Classes of package classify that are spoken of here.
const (
	ClassPerson  = 1
	ClassVehicle = 2
)

const (
	askSize   = 4 + 4 + 4*4
	foundSize = 4 + 4 + 4 + 4 + 4*4 + 4
	// MaxFound bounds the answers of one message.
	MaxFound = 64
)

// AppendAsk appends a whole KindAsk message.
func AppendAsk(dst []byte, a *Ask) []byte {
	le := binary.LittleEndian
	dst = AppendHeader(dst, KindAsk, askSize)
	dst = le.AppendUint32(le.AppendUint32(dst, a.Handle), a.Ticket)
	return appendFloats(dst, a.X, a.Y, a.W, a.H)
}

// ParseAsk reads the body of KindAsk.
func ParseAsk(body []byte, a *Ask) error {
	if len(body) != askSize {
		return ErrShort
	}
	le := binary.LittleEndian
	a.Handle, a.Ticket = le.Uint32(body), le.Uint32(body[4:])
	return floats(body[8:], &a.X, &a.Y, &a.W, &a.H)
}

// AppendFound appends one record; the caller frames records with Begin and End.
func AppendFound(dst []byte, f *Found) []byte {
	le := binary.LittleEndian
	dst = le.AppendUint32(le.AppendUint32(dst, f.Handle), f.Ticket)
	dst = append(dst, f.Class, 0, 0, 0)
	dst = appendFloats(dst, f.Score, f.X, f.Y, f.W, f.H)
	return le.AppendUint32(dst, f.Micros)
}

// NextFound reads the first record of body and returns the rest. Values that
// are no number, or far outside the picture, are an error: they come from a
// process that read a camera's bytes.
func NextFound(body []byte, f *Found) (rest []byte, err error) {
	if len(body) < foundSize {
		return nil, ErrShort
	}
	le := binary.LittleEndian
	f.Handle, f.Ticket, f.Class = le.Uint32(body), le.Uint32(body[4:]), body[8]
	if err := floats(body[12:], &f.Score, &f.X, &f.Y, &f.W, &f.H); err != nil {
		return nil, err
	}
	f.Micros = le.Uint32(body[32:])
	return body[foundSize:], nil
}

func appendFloats(dst []byte, list ...float32) []byte {
	for _, v := range list {
		dst = binary.LittleEndian.AppendUint32(dst, math.Float32bits(v))
	}
	return dst
}

// floats reads values of -4 to 4, which is where boxes and scores lie.
func floats(body []byte, into ...*float32) error {
	for i, at := range into {
		v := math.Float32frombits(binary.LittleEndian.Uint32(body[4*i:]))
		if !(v >= -4 && v <= 4) {
			return ErrField
		}
		*at = v
	}
	return nil
}
