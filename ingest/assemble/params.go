package assemble

import (
	"bytes"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h265"

	"shouwang"
)

// MaxSide is the longest side of a picture that is taken in, in pixels.
const MaxSide = 16384

// ParseParams makes Params of parameter sets as they came from a camera (no
// start codes; vps for H.265 only) and says by how many pictures the stream
// reorders, at least (0 when it does not say). It copies its arguments.
// Unreadable sets or a picture of absurd size are an error with CodeBadStream.
func ParseParams(codec shouwang.Codec, vps, sps, pps []byte) (*shouwang.Params, int, error) {
	if len(sps) < 2 || len(pps) < 2 || codec == shouwang.CodecH265 && len(vps) < 3 {
		return nil, 0, shouwang.Errorf(shouwang.CodeBadStream, "parameter sets are missing from the stream")
	}
	if max(len(sps), len(pps), len(vps)) > MaxParamBytes {
		return nil, 0, shouwang.Errorf(shouwang.CodeBadStream, "parameter sets are larger than %d bytes", MaxParamBytes)
	}
	width, height, reorder, err := parseSPS(codec, sps)
	if err != nil {
		return nil, 0, shouwang.Errorf(shouwang.CodeBadStream, "parse sequence parameter set: %w", err)
	}
	if width < 16 || height < 16 || width > MaxSide || height > MaxSide {
		return nil, 0, shouwang.Errorf(shouwang.CodeBadStream, "picture size %dx%d is out of range", width, height)
	}
	p := &shouwang.Params{
		Codec: codec, SPS: bytes.Clone(sps), PPS: bytes.Clone(pps),
		Width: width, Height: height,
	}
	if codec == shouwang.CodecH265 {
		p.VPS = bytes.Clone(vps)
	}
	return p, min(reorder, maxReorder), nil
}

func parseSPS(codec shouwang.Codec, sps []byte) (width, height, reorder int, err error) {
	if codec == shouwang.CodecH265 {
		var s h265.SPS
		if err := s.Unmarshal(sps); err != nil {
			return 0, 0, 0, err
		}
		if s.ChromaFormatIdc > 3 {
			return 0, 0, 0, errChroma
		}
		for _, n := range s.MaxNumReorderPics {
			reorder = max(reorder, int(min(n, maxReorder)))
		}
		return s.Width(), s.Height(), reorder, nil
	}
	var s h264.SPS
	if err := s.Unmarshal(sps); err != nil {
		return 0, 0, 0, err
	}
	// Output order is decoding order with picture order count type 2, and a
	// Baseline stream has no B-pictures; otherwise only the VUI tells.
	if s.PicOrderCntType != 2 && s.ProfileIdc != 66 && s.VUI != nil && s.VUI.BitstreamRestriction != nil {
		reorder = int(min(s.VUI.BitstreamRestriction.MaxNumReorderFrames, maxReorder))
	}
	return s.Width(), s.Height(), reorder, nil
}

var errChroma = shouwang.Errorf(shouwang.CodeBadStream, "unknown chroma format")
