package service

import (
	"context"
	"errors"
	"io"
	"iter"

	"shouwang"
	"shouwang/policy"
	"shouwang/policy/gate"
	"shouwang/storage/archive"
	"shouwang/storage/mp4"
	"shouwang/storage/recorder"
	"shouwang/web"
	"shouwang/web/watch"
)

// footage opens recordings for web under a grant, whose id every use of a key
// carries.
type footage struct {
	archive  *archive.Archive
	recorder *recorder.Recorder
}

// File returns the span as one MP4, bits as received.
func (f footage) File(ctx context.Context, g gate.Grant, camera shouwang.CameraID, span shouwang.Span) (web.File, error) {
	file, err := f.assemble(ctx, g, camera, span)
	if err != nil {
		return nil, err
	}
	return closeless{file}, nil
}

// Units returns the span's access units, for rendering.
func (f footage) Units(ctx context.Context, g gate.Grant, camera shouwang.CameraID, span shouwang.Span) (watch.Units, error) {
	file, err := f.assemble(ctx, g, camera, span)
	if err != nil {
		return nil, err
	}
	next, stop := iter.Pull2(file.Units())
	return &storedUnits{next, stop}, nil
}

func (f footage) assemble(ctx context.Context, g gate.Grant, camera shouwang.CameraID, span shouwang.Span) (*mp4.File, error) {
	if !covers(g, camera, span) {
		return nil, shouwang.Errorf(shouwang.CodeDenied, "the permission does not cover this span")
	}
	f.recorder.Flush(ctx, camera) // what is being recorded can be asked for, too
	return f.archive.Assemble(ctx, camera, "", span, g.ID())
}

// covers reports whether a grant to see recordings is for the camera and the
// whole span.
func covers(g gate.Grant, camera shouwang.CameraID, span shouwang.Span) bool {
	for _, action := range []policy.Action{policy.Playback, policy.Export, policy.Unmask} {
		if g.Covers(action, camera, span.From) && g.Covers(action, camera, span.To.Add(-1)) {
			return true
		}
	}
	return false
}

type closeless struct{ *mp4.File }

func (closeless) Close() error { return nil }

// storedUnits is a recorded run as viewers see it.
type storedUnits struct {
	next func() (*shouwang.AccessUnit, error, bool)
	stop func()
}

// Next returns the next unit, io.EOF after the last.
func (u *storedUnits) Next(ctx context.Context) (*shouwang.AccessUnit, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	unit, err, ok := u.next()
	switch {
	case !ok:
		return nil, io.EOF
	case err != nil && !errors.Is(err, io.EOF):
		return nil, err
	}
	return unit, err
}

// Close gives the run back.
func (u *storedUnits) Close() { u.stop() }
