// Package fragment writes access units as MP4 for browsers: fragment by
// fragment for Media Source while a camera is live, and as one whole file in
// memory for the viewing copy of a clip that had to be masked.
package fragment

import (
	"bytes"
	"fmt"
	"io"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4/seekablebuffer"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4"

	"shouwang"
	"shouwang/web/watch"
)

const (
	trackID = 1
	// guess is how long a picture is said to last before the next is known;
	// decode times are absolute, so it never adds up.
	guess = shouwang.MediaRate / 10
)

// Mime returns the media type for MediaSource, as
// `video/mp4; codecs="avc1.42c01e"` (RFC 6381). The stream must be H.264.
func Mime(p *shouwang.Params) (string, error) {
	if err := check(p); err != nil {
		return "", err
	}
	return fmt.Sprintf(`video/mp4; codecs="avc1.%02x%02x%02x"`, p.SPS[1], p.SPS[2], p.SPS[3]), nil
}

func check(p *shouwang.Params) error {
	if p == nil || p.Codec != shouwang.CodecH264 || len(p.SPS) < 4 || len(p.PPS) == 0 {
		return shouwang.Errorf(shouwang.CodeBadCodec, "the stream is not H.264, which is what browsers play here")
	}
	return nil
}

// Live writes a live run as fragmented MP4 (ISO/IEC 14496-12, 8.8): an
// initialization segment before the first picture and at each change of
// parameters, then one fragment a picture, so that nothing waits.
type Live struct {
	w      io.Writer
	retime watch.Retimer
	params *shouwang.Params
	seq    uint32
	last   shouwang.MediaTime
	buf    seekablebuffer.Buffer
	mark   watch.Mark
}

// Mark returns when the newest picture was taken, and where it lies on the
// viewer's line.
func (l *Live) Mark() watch.Mark { return l.mark }

// NewLive returns a writer of one viewer's run.
func NewLive(w io.Writer) *Live { return &Live{w: w} }

// Write sends one picture at the moment now and returns the bytes written.
// Until the first key frame it writes nothing.
func (l *Live) Write(au *shouwang.AccessUnit, now time.Time) (int, error) {
	if l.params == nil && !au.Key {
		return 0, nil
	}
	total := 0
	if l.params == nil || au.Key && !l.params.Equal(au.Params) {
		init, err := initSegment(au.Params)
		if err != nil {
			return 0, err
		}
		l.params = au.Params
		n, err := l.w.Write(init)
		total += n
		if err != nil {
			return total, err
		}
	}
	part, err := l.part(au, now)
	if err != nil {
		return total, err
	}
	n, err := l.w.Write(part)
	return total + n, err
}

// part returns the fragment of one picture; it is valid until the next call.
func (l *Live) part(au *shouwang.AccessUnit, now time.Time) ([]byte, error) {
	dts, pts := l.retime.Next(au, now)
	lasts := uint32(guess)
	if step := dts - l.last; l.seq > 1 && step > 0 && step < shouwang.MediaRate {
		lasts = uint32(step)
	}
	l.last = dts
	l.mark = watch.Mark{Media: int64(pts), Wall: au.Wall}
	l.seq++
	l.buf.Reset()
	err := (&fmp4.Part{SequenceNumber: l.seq, Tracks: []*fmp4.PartTrack{{
		ID: trackID, BaseTime: uint64(dts),
		Samples: []*fmp4.Sample{{
			Duration: lasts, PTSOffset: int32(pts - dts), IsNonSyncSample: !au.Key, Payload: au.Data,
		}},
	}}}).Marshal(&l.buf)
	if err != nil {
		return nil, fmt.Errorf("write fragment: %w", err)
	}
	return l.buf.Bytes(), nil
}

func initSegment(p *shouwang.Params) ([]byte, error) {
	if err := check(p); err != nil {
		return nil, err
	}
	var buf seekablebuffer.Buffer
	err := (&fmp4.Init{Tracks: []*fmp4.InitTrack{{
		ID: trackID, TimeScale: shouwang.MediaRate, Codec: &mp4.CodecH264{SPS: p.SPS, PPS: p.PPS},
	}}}).Marshal(&buf)
	if err != nil {
		return nil, shouwang.Errorf(shouwang.CodeBadStream, "write initialization segment: %w", err)
	}
	return bytes.Clone(buf.Bytes()), nil
}
