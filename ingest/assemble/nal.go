package assemble

import (
	"bytes"

	"shouwang"
)

// Bounds on what one access unit may hold. A 4K key frame at 50 Mbit/s stays
// below 4 MiB; cameras send at most a few dozen slices.
const (
	MaxUnitBytes  = 8 << 20
	MaxUnitNALs   = 512
	MaxParamBytes = 4096
)

// class is what a NAL unit is to us.
type class uint8

const (
	classOther class = iota // kept as it is: SEI and what we do not know
	classSlice              // coded picture
	classKey                // coded picture at which a decoder can start
	classVPS
	classSPS
	classPPS
	classDrop // delimiters, end markers and filler: carry nothing
)

// headerSize is the length of a NAL unit's header.
func headerSize(c shouwang.Codec) int {
	if c == shouwang.CodecH265 {
		return 2
	}
	return 1
}

// classify reads a NAL unit's type: ITU-T H.264 table 7-1, H.265 table 7-1.
func classify(c shouwang.Codec, nal []byte) class {
	if c == shouwang.CodecH265 {
		return classifyH265(nal[0] >> 1 & 0x3f)
	}
	switch t := nal[0] & 0x1f; t {
	case 1, 2, 3, 4:
		return classSlice
	case 5:
		return classKey
	case 7:
		return classSPS
	case 8:
		return classPPS
	case 9, 10, 11, 12:
		return classDrop
	}
	return classOther
}

func classifyH265(t byte) class {
	switch {
	case t >= 16 && t <= 21: // BLA, IDR, CRA
		return classKey
	case t <= 31:
		return classSlice
	case t == 32:
		return classVPS
	case t == 33:
		return classSPS
	case t == 34:
		return classPPS
	case t >= 35 && t <= 38:
		return classDrop
	}
	return classOther
}

// firstSlice reports whether a coded slice is the first of its picture:
// first_mb_in_slice is 0 (H.264 7.3.3), first_slice_segment_in_pic_flag is set
// (H.265 7.3.6.1). Both are the first bit behind the header.
func firstSlice(c shouwang.Codec, nal []byte) bool {
	h := headerSize(c)
	return len(nal) > h && nal[h]&0x80 != 0
}

var startCode = []byte{0, 0, 1}

// splitAnnexB calls each for every NAL unit of a byte stream (ITU-T H.264
// annex B) and reports whether there was a start code at all. Zeros before a
// start code are padding.
func splitAnnexB(b []byte, each func(nal []byte)) bool {
	i := bytes.Index(b, startCode)
	if i < 0 {
		return false
	}
	if head := bytes.TrimRight(b[:i], "\x00"); len(head) > 0 {
		each(head)
	}
	for i >= 0 {
		b = b[i+len(startCode):]
		i = bytes.Index(b, startCode)
		nal := b
		if i >= 0 {
			nal = b[:i]
		}
		if nal = bytes.TrimRight(nal, "\x00"); len(nal) > 0 {
			each(nal)
		}
	}
	return true
}
