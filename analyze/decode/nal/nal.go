// Package nal handles the two ways NAL units stand in a stream: behind their
// length (ISO/IEC 14496-15) and behind a start code (H.264 Annex B), and reads
// from parameter sets what must be known before a decoder sees them.
package nal

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h265"

	"shouwang"
)

// ErrBroken says that the lengths in an access unit do not add up.
var ErrBroken = errors.New("access unit is broken: its lengths do not add up")

const (
	prefix = 4
	// maxUnits bounds the NAL units of one access unit: a picture in very
	// small slices has some hundred.
	maxUnits = 4096
)

// ToAnnexB turns the four-byte lengths in data into start codes, in place.
// It changes nothing and returns ErrBroken when the lengths do not add up.
func ToAnnexB(data []byte) error {
	units := 0
	for at := 0; at < len(data); units++ {
		if len(data)-at < prefix || units == maxUnits {
			return ErrBroken
		}
		n := binary.BigEndian.Uint32(data[at:])
		if n == 0 || uint64(n) > uint64(len(data)-at-prefix) {
			return ErrBroken
		}
		at += prefix + int(n)
	}
	if units == 0 {
		return ErrBroken
	}
	for at := 0; at < len(data); {
		n := int(binary.BigEndian.Uint32(data[at:]))
		binary.BigEndian.PutUint32(data[at:], 1)
		at += prefix + n
	}
	return nil
}

// AppendParams appends the parameter sets behind start codes.
func AppendParams(dst []byte, sets ...[]byte) []byte {
	for _, s := range sets {
		if len(s) > 0 {
			dst = append(append(dst, 0, 0, 0, 1), s...)
		}
	}
	return dst
}

// Split calls each with every NAL unit of an Annex B stream (start codes of
// three or four bytes, trailing zeros cut).
func Split(data []byte, each func(unit []byte)) {
	from := -1
	for i := 0; i+3 <= len(data); i++ {
		if data[i] != 0 || data[i+1] != 0 || data[i+2] != 1 {
			continue
		}
		if from >= 0 {
			emit(data[from:i], each)
		}
		from = i + 3
		i += 2
	}
	if from >= 0 {
		emit(data[from:], each)
	}
}

func emit(unit []byte, each func([]byte)) {
	for len(unit) > 0 && unit[len(unit)-1] == 0 {
		unit = unit[:len(unit)-1]
	}
	if len(unit) > 0 {
		each(unit)
	}
}

// Size returns the size in pixels that the sequence parameter set announces,
// before cropping, so that an absurd one is refused before a decoder makes
// room for it. The error is CodeBadStream for a set that cannot be read and
// CodeBadCodec for another codec.
func Size(codec shouwang.Codec, sps []byte) (width, height int, err error) {
	defer func() {
		if r := recover(); r != nil { // the reader is not ours and its input is hostile
			err = shouwang.Errorf(shouwang.CodeBadStream, "the camera sends an unreadable sequence parameter set")
		}
	}()
	switch codec {
	case shouwang.CodecH264:
		var s h264.SPS
		if err = s.Unmarshal(sps); err == nil {
			return macroblocks(uint64(s.PicWidthInMbsMinus1)+1, uint64(s.PicHeightInMapUnitsMinus1)+1, s.FrameMbsOnlyFlag)
		}
	case shouwang.CodecH265:
		var s h265.SPS
		if err = s.Unmarshal(sps); err == nil {
			return int(s.PicWidthInLumaSamples), int(s.PicHeightInLumaSamples), nil
		}
	default:
		return 0, 0, shouwang.Errorf(shouwang.CodeBadCodec, "codec %v cannot be analysed: set the camera to H.264 or H.265", codec)
	}
	return 0, 0, shouwang.Errorf(shouwang.CodeBadStream, "the camera sends an unreadable sequence parameter set: %w", err)
}

func macroblocks(w, h uint64, frames bool) (int, int, error) {
	if !frames {
		h *= 2
	}
	return int(w * 16), int(h * 16), nil
}

// Limits bound what a decoder may be asked for.
type Limits struct {
	Side   int // pixels, width and height each; 8192
	Pixels int // 36 million
}

// DefaultLimits are what a worker uses unless told otherwise.
var DefaultLimits = Limits{Side: 8192, Pixels: 36_000_000}

// Check refuses parameter sets whose pictures exceed the limits or are empty.
func (l Limits) Check(codec shouwang.Codec, sps []byte) error {
	w, h, err := Size(codec, sps)
	if err != nil {
		return err
	}
	if w <= 0 || h <= 0 || w > l.Side || h > l.Side || w*h > l.Pixels {
		return shouwang.Errorf(shouwang.CodeBadStream, "the camera announces pictures of %s pixels, more than this service takes", fmt.Sprintf("%dx%d", w, h))
	}
	return nil
}
