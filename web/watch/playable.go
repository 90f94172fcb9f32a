package watch

import (
	"errors"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"

	"shouwang"
)

// Playable reports whether a browser plays the unit's stream over WebRTC and
// Media Source as it is: H.264, and nothing that makes a decoder put pictures
// out in another order than they came. A stream that does not say whether it
// reorders is judged by the unit's own times.
func Playable(au *shouwang.AccessUnit) bool {
	if au.Params == nil || au.Params.Codec != shouwang.CodecH264 || len(au.Params.SPS) < 4 || len(au.Params.PPS) == 0 {
		return false
	}
	var sps h264.SPS
	if sps.Unmarshal(au.Params.SPS) != nil {
		return false
	}
	if sps.ChromaFormatIdc > 1 || sps.BitDepthLumaMinus8 > 0 {
		return false // High 4:2:2, 4:4:4 and 10 bit: no browser's WebRTC decodes them
	}
	if sps.VUI != nil && sps.VUI.BitstreamRestriction != nil {
		return sps.VUI.BitstreamRestriction.MaxNumReorderFrames == 0
	}
	return au.PTS == au.DTS
}

// asOverrun is errors.As for the one error that does not end a run.
func asOverrun(err error, over **shouwang.Overrun) bool { return errors.As(err, over) }
