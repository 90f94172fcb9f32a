package fragment

import (
	"bytes"
	"fmt"

	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/pmp4"

	"shouwang"
)

// Whole gathers a rendered run into one MP4 file in memory, index first, so
// that a browser can seek in it by Range.
type Whole struct {
	limit   int
	params  *shouwang.Params
	bytes   int
	samples []*pmp4.Sample
	last    *shouwang.AccessUnit
}

// NewWhole returns a gatherer that refuses to hold more than limit bytes.
func NewWhole(limit int) *Whole { return &Whole{limit: limit} }

// Add takes the next picture; pictures before the first key frame are left
// out. Errors: CodeTooLarge above the limit, CodeBadCodec for anything but
// H.264, CodeBadStream when the parameters change on the way, which a
// renderer's output does not.
func (w *Whole) Add(au *shouwang.AccessUnit) error {
	if w.params == nil {
		if !au.Key {
			return nil
		}
		if err := check(au.Params); err != nil {
			return err
		}
		w.params = au.Params
	}
	if au.Key && !w.params.Equal(au.Params) {
		return shouwang.Errorf(shouwang.CodeBadStream, "the picture changes its size on the way; ask for a shorter stretch")
	}
	if w.bytes += len(au.Data); w.bytes > w.limit {
		return shouwang.Errorf(shouwang.CodeTooLarge, "the viewing copy is larger than %d MiB; ask for a shorter stretch", w.limit>>20)
	}
	w.close(au)
	data := au.Data
	w.samples = append(w.samples, &pmp4.Sample{
		Duration: guess, PTSOffset: int32(au.PTS - au.DTS), IsNonSyncSample: !au.Key,
		PayloadSize: uint32(len(data)), GetPayload: func() ([]byte, error) { return data, nil },
	})
	w.last = au
	return nil
}

// close gives the last picture its length: the difference of decode times, or
// of wall times where a gap or a new session lies between.
func (w *Whole) close(next *shouwang.AccessUnit) {
	if w.last == nil {
		return
	}
	step := next.DTS - w.last.DTS
	if next.Epoch != w.last.Epoch || step <= 0 {
		step = shouwang.MediaTimeOf(next.Wall.At.Sub(w.last.Wall.At))
	}
	if step <= 0 {
		step = guess
	}
	w.samples[len(w.samples)-1].Duration = uint32(min(step, 3600*shouwang.MediaRate))
}

// File returns the finished file; CodeNotFound when no picture came.
func (w *Whole) File() ([]byte, error) {
	if len(w.samples) == 0 {
		return nil, shouwang.Errorf(shouwang.CodeNotFound, "no picture lies in that stretch of time")
	}
	var buf bytes.Buffer
	buf.Grow(w.bytes + 64*len(w.samples) + 4096)
	err := (&pmp4.Presentation{Tracks: []*pmp4.Track{{
		ID: trackID, TimeScale: shouwang.MediaRate,
		Codec: &mp4.CodecH264{SPS: w.params.SPS, PPS: w.params.PPS}, Samples: w.samples,
	}}}).Marshal(&buf)
	if err != nil {
		return nil, fmt.Errorf("write viewing copy: %w", err)
	}
	return buf.Bytes(), nil
}
