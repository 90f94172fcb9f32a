package storage

import (
	"encoding/binary"
	"errors"

	"shouwang"
)

// Sample is one picture within a segment.
type Sample struct {
	// Offset and Size say where its bytes are in the segment's plain
	// fragmented MP4.
	Offset int64
	Size   int
	// DTS and PTS are media time from the segment's first DTS.
	DTS, PTS shouwang.MediaTime
	// Duration is the time to the next sample's DTS.
	Duration shouwang.MediaTime
	Key      bool
}

// maxSamples bounds what DecodeSamples believes: a segment is at most about
// two minutes at 240 pictures a second.
const maxSamples = 1 << 15

var errSamples = errors.New("sample index is damaged")

// EncodeSamples packs an index into about seven bytes a sample: a version byte,
// the count, and for each sample size and key flag, the bytes skipped before
// it, its duration, and PTS minus DTS, all as varints.
func EncodeSamples(samples []Sample) []byte {
	out := make([]byte, 0, 8+8*len(samples))
	out = append(out, 1)
	out = binary.AppendUvarint(out, uint64(len(samples)))
	at := int64(0)
	for _, s := range samples {
		sizeKey := uint64(s.Size) << 1
		if s.Key {
			sizeKey |= 1
		}
		out = binary.AppendUvarint(out, sizeKey)
		out = binary.AppendUvarint(out, uint64(s.Offset-at))
		out = binary.AppendUvarint(out, uint64(s.Duration))
		out = binary.AppendVarint(out, int64(s.PTS-s.DTS))
		at = s.Offset + int64(s.Size)
	}
	return out
}

// DecodeSamples unpacks what EncodeSamples packed. It never panics and returns
// an error for anything else.
func DecodeSamples(blob []byte) ([]Sample, error) {
	if len(blob) < 2 || blob[0] != 1 {
		return nil, errSamples
	}
	r := varints{buf: blob[1:]}
	count := r.next()
	if count > maxSamples || count > uint64(len(blob)) {
		return nil, errSamples
	}
	out := make([]Sample, 0, count)
	at, dts := int64(0), shouwang.MediaTime(0)
	for range count {
		sizeKey, skip, duration, cts := r.next(), r.next(), r.next(), r.signed()
		if r.bad || sizeKey>>1 > 1<<30 || skip > 1<<40 || duration > 1<<40 || cts > 1<<40 || cts < -1<<40 {
			return nil, errSamples
		}
		s := Sample{
			Offset: at + int64(skip), Size: int(sizeKey >> 1), Key: sizeKey&1 == 1,
			DTS: dts, PTS: dts + shouwang.MediaTime(cts), Duration: shouwang.MediaTime(duration),
		}
		at, dts = s.Offset+int64(s.Size), dts+s.Duration
		out = append(out, s)
	}
	if len(r.buf) != 0 {
		return nil, errSamples
	}
	return out, nil
}

// varints reads varints until one is bad.
type varints struct {
	buf []byte
	bad bool
}

func (v *varints) next() uint64 {
	x, n := binary.Uvarint(v.buf)
	if n <= 0 {
		v.bad, v.buf = true, nil
		return 0
	}
	v.buf = v.buf[n:]
	return x
}

func (v *varints) signed() int64 {
	x, n := binary.Varint(v.buf)
	if n <= 0 {
		v.bad, v.buf = true, nil
		return 0
	}
	v.buf = v.buf[n:]
	return x
}
