// Package file reads video files as if they were cameras: any container and
// codec that the system's ffmpeg knows becomes access units. H.264 and H.265
// are passed through as they are; anything else is encoded to H.264 once and
// kept in a cache. No socket is opened.
package file

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"time"

	"shouwang"
	"shouwang/ingest/assemble"
)

// DefaultStart is the wall time of a file's first picture unless told
// otherwise: fixed, so that the same file gives the same events.
var DefaultStart = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// Options say how a file is read. The zero value is ready.
type Options struct {
	Camera shouwang.CameraID   // default "file"
	Stream shouwang.StreamKind // default main
	Epoch  uint32
	Start  time.Time // wall time of the first picture; default DefaultStart
	// Realtime hands the units out at the clip's own pace.
	Realtime bool
	// CacheDir keeps conversions; default shouwang/video in the user's cache.
	CacheDir string
	// FFmpeg and FFprobe are the tools' names; default from the path.
	FFmpeg, FFprobe string
	// Progress, if set, is told during a conversion how much is done, 0..1.
	Progress func(done float64)
}

// Info describes what a file holds.
type Info struct {
	Codec         shouwang.Codec
	Width, Height int
	Duration      time.Duration // 0 when the container does not say
	// Converted says that the units are an encoding of ours, not the original.
	Converted bool
}

// Reader yields a file's access units in decoding order. It is for one
// goroutine; Close it when done.
type Reader struct {
	info    Info
	opts    Options
	pipe    *remux
	frag    *fragments
	asm     *assemble.Assembler
	line    assemble.Timeline
	ready   []*shouwang.AccessUnit
	seq     uint64
	base    shouwang.MediaTime // container time of the first unit
	started bool
	began   time.Time // of real-time playing
	decodes shouwang.MediaTime
}

// Open prepares a file for reading; where it must be converted first, that is
// done here, until ctx ends. Errors: CodeNotFound for a missing file,
// CodeNoVideo, CodeBadStream, and CodeBadUsage when ffmpeg is not installed.
func Open(ctx context.Context, path string, opts Options) (*Reader, error) {
	opts.fill()
	if st, err := os.Stat(path); err != nil || st.IsDir() {
		return nil, shouwang.Errorf(shouwang.CodeNotFound, "video file %s cannot be read: check the name", path)
	}
	about, err := examine(ctx, path, opts)
	if err != nil {
		return nil, err
	}
	source := path
	if !about.direct() {
		if source, err = convert(ctx, path, about, opts); err != nil {
			return nil, err
		}
		about.Codec, about.Converted = shouwang.CodecH264, true
	}
	return open(source, about.Info, opts)
}

func open(source string, info Info, opts Options) (*Reader, error) {
	pipe, err := startRemux(source, info.Codec, opts)
	if err != nil {
		return nil, err
	}
	r := &Reader{info: info, opts: opts, pipe: pipe, frag: newFragments(pipe)}
	r.asm = assemble.New(info.Codec, nil, nil, nil, r.picture)
	return r, nil
}

func (o *Options) fill() {
	if o.Camera == "" {
		o.Camera = "file"
	}
	if o.Stream == "" {
		o.Stream = shouwang.StreamMain
	}
	if o.Start.IsZero() {
		o.Start = DefaultStart
	}
	if o.FFmpeg == "" {
		o.FFmpeg = "ffmpeg"
	}
	if o.FFprobe == "" {
		o.FFprobe = "ffprobe"
	}
}

// Info describes the file; width and height are the container's.
func (r *Reader) Info() Info { return r.info }

// Next returns the next access unit, io.EOF behind the last one. The first is
// a key frame with PTS 0; Wall is Options.Start plus PTS.
func (r *Reader) Next(ctx context.Context) (*shouwang.AccessUnit, error) {
	for len(r.ready) == 0 {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		s, err := r.frag.next()
		if err != nil {
			return nil, r.ended(err)
		}
		r.decodes = s.pts
		if err := r.asm.PushUnit(uint32(s.pts), s.data); err != nil {
			return nil, err
		}
	}
	u := r.ready[0]
	r.ready = r.ready[1:]
	return u, r.pace(ctx, u)
}

// ended tells the end of the file from a remux that broke.
func (r *Reader) ended(err error) error {
	if !errors.Is(err, io.EOF) {
		return shouwang.Errorf(shouwang.CodeBadStream, "read remuxed video: %w", err)
	}
	if err := r.pipe.finish(); err != nil {
		return err
	}
	if r.seq == 0 {
		return shouwang.Errorf(shouwang.CodeNoVideo, "the file holds no picture that can be decoded")
	}
	return io.EOF
}

func (r *Reader) picture(p assemble.Picture) {
	if r.seq == 0 && !p.Key {
		return
	}
	if !r.started {
		r.started, r.base = true, r.decodes
	}
	at := r.opts.Start.Add((r.decodes - r.base).Duration())
	pts, dts, _ := r.line.Next(p.RTP, at, p.Reorder)
	wall := r.opts.Start.Add(pts.Duration())
	r.ready = append(r.ready, &shouwang.AccessUnit{
		Camera: r.opts.Camera, Stream: r.opts.Stream, Epoch: r.opts.Epoch, Seq: r.seq,
		PTS: pts, DTS: dts, Wall: shouwang.WallStamp{At: wall}, Received: wall,
		Key: p.Key, Params: p.Params, Data: bytes.Clone(p.Data),
	})
	r.seq++
}

func (r *Reader) pace(ctx context.Context, u *shouwang.AccessUnit) error {
	if !r.opts.Realtime {
		return nil
	}
	if r.began.IsZero() {
		r.began = time.Now()
	}
	wait := u.DTS.Duration() - time.Since(r.began)
	if wait <= 0 {
		return nil
	}
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close ends the tool behind the reader and frees what it holds.
func (r *Reader) Close() { r.pipe.stop() }
