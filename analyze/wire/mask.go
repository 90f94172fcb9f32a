package wire

import "encoding/binary"

// Mask says which cells of the picture that a unit became belong to regions
// (analyze.Mask). It comes before that unit's observation.
type Mask struct {
	Handle     uint32
	Seq        uint64
	Cols, Rows int
	Runs       []int
}

// maxSide bounds the cells of a mask in a row, and the rows.
const maxSide = 4096

// AppendMask appends a whole KindMask message.
func AppendMask(dst []byte, m *Mask) []byte {
	at := len(dst)
	dst = Begin(dst, KindMask)
	dst = binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint32(dst, m.Handle), m.Seq)
	dst = binary.AppendUvarint(binary.AppendUvarint(dst, uint64(m.Cols)), uint64(m.Rows))
	for _, r := range m.Runs {
		dst = binary.AppendUvarint(dst, uint64(r))
	}
	End(dst, at)
	return dst
}

// ParseMask reads the body of KindMask. Runs that do not make up the picture
// are ErrField.
func ParseMask(body []byte, m *Mask) error {
	if len(body) < 12 {
		return ErrShort
	}
	m.Handle, m.Seq = binary.LittleEndian.Uint32(body), binary.LittleEndian.Uint64(body[4:])
	numbers := make([]int, 0, 64)
	for body = body[12:]; len(body) > 0; {
		v, n := binary.Uvarint(body)
		if n <= 0 || v > maxSide*maxSide {
			return ErrField
		}
		numbers, body = append(numbers, int(v)), body[n:]
	}
	if len(numbers) < 2 || numbers[0] > maxSide || numbers[1] > maxSide {
		return ErrField
	}
	m.Cols, m.Rows, m.Runs = numbers[0], numbers[1], numbers[2:]
	sum := 0
	for _, r := range m.Runs {
		if sum += r; sum > m.Cols*m.Rows {
			return ErrField
		}
	}
	if sum != m.Cols*m.Rows {
		return ErrField
	}
	return nil
}
