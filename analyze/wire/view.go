package wire

import "encoding/binary"

// View is a picture reduced to a grid of luma (package view), sent now and then
// so that somebody can tell whether a camera was turned. Cells is valid until
// the next message is read.
type View struct {
	Handle uint32
	Seq    uint64
	Cells  []byte
}

// MaxCells bounds a grid.
const MaxCells = 8 << 10

// AppendView appends a whole KindView message.
func AppendView(dst []byte, v *View) []byte {
	dst = AppendHeader(dst, KindView, 4+8+len(v.Cells))
	dst = binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint32(dst, v.Handle), v.Seq)
	return append(dst, v.Cells...)
}

// ParseView reads the body of KindView. Cells points into it.
func ParseView(body []byte, v *View) error {
	if len(body) < 12 {
		return ErrShort
	}
	if len(body) > 12+MaxCells {
		return ErrTooLarge
	}
	v.Handle, v.Seq, v.Cells = binary.LittleEndian.Uint32(body), binary.LittleEndian.Uint64(body[4:]), body[12:]
	return nil
}
