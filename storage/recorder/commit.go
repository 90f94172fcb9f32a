package recorder

import (
	"context"
	"time"

	"shouwang"
	"shouwang/storage"
	"shouwang/storage/seal"
)

// close finishes the open segment, if there is one: the last fragment, the
// final frame, sync, rename, and only then the row.
func (s *Session) close(ctx context.Context) {
	if s.seg == nil {
		return
	}
	err := s.fragment()
	if err == nil {
		err = s.seg.seal.Close()
	}
	if err != nil {
		s.salvage(ctx, err)
		return
	}
	s.commit(ctx, s.seg.seal.Plain(), s.seg.seal.Sealed())
}

// indexWithin is how long a finished segment's row may take.
const indexWithin = 30 * time.Second

// commit makes the finished file a segment. What ends a recording often ends
// ctx, too; the row is written all the same, or the file would be nobody's.
func (s *Session) commit(ctx context.Context, plain, size int64) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), indexWithin)
	defer cancel()
	seg := s.seg
	s.seg = nil
	clear(seg.key)
	s.rec.step("sealed")
	if len(seg.samples) == 0 {
		seg.file.Discard()
		return
	}
	if err := seg.file.Commit(); err != nil {
		s.rec.deps.Log.Error("segment could not be finished; repair will try", "camera", s.camera, "segment", seg.meta.ID, "error", err)
		return
	}
	s.rec.step("renamed")
	row := seg.row(plain, size)
	if err := s.rec.deps.Index.PutSegment(ctx, row); err != nil {
		s.rec.deps.Log.Error("segment could not be indexed; repair will try", "camera", s.camera, "segment", row.ID, "error", err)
		return
	}
	s.rec.step("indexed")
	s.putClips(ctx, row)
	if s.rec.deps.OnSegment != nil {
		s.rec.deps.OnSegment(row)
	}
}

// trouble is what a failed write leads to: the segment is saved as far as it
// went and the time until recording works again is a gap with the reason.
func (s *Session) trouble(ctx context.Context, u *shouwang.AccessUnit, err error) {
	cause := shouwang.GapDisk
	switch shouwang.CodeOf(err) {
	case shouwang.CodeDiskFull:
		cause = shouwang.GapDiskFull
	case shouwang.CodeBadStream, shouwang.CodeBadCodec:
		cause = shouwang.GapLoss
	}
	if s.due.from.IsZero() {
		s.due.from = u.Wall.At
	}
	if s.due.cause == "" {
		s.rec.deps.Log.Error("recording is refused", "camera", s.camera, "stream", s.stream, "code", shouwang.CodeOf(err), "error", err)
	}
	if s.seg != nil {
		s.salvage(ctx, err)
	}
	s.due.blame(cause, err.Error())
	s.due.state(ctx, s, u.Wall.At, cause)
}

// salvage keeps the fragments of the open segment that are whole after a write
// has failed. If even that fails the file stays for repair.
func (s *Session) salvage(ctx context.Context, why error) {
	seg := s.seg
	if shouwang.CodeOf(why) == shouwang.CodeDiskFull {
		s.due.blame(shouwang.GapDiskFull, why.Error())
		if s.rec.deps.Reclaim != nil {
			_ = s.rec.deps.Reclaim(ctx)
		}
	}
	s.due.from = seg.salvagedTo()
	info, err := seg.file.Stat()
	var plain, size int64
	if err == nil {
		plain, size, err = seg.rescue(info.Size())
	}
	if err != nil {
		s.rec.deps.Log.Error("segment could not be saved; repair will try", "camera", s.camera, "segment", seg.meta.ID, "error", err)
		_ = seg.file.Close()
		s.seg = nil
		return
	}
	s.commit(ctx, plain, size)
}

// rescue makes the file whole up to its last whole chunk.
func (g *segment) rescue(written int64) (plain, size int64, err error) {
	size, err = seal.Recover(g.file, written, g.key)
	if err != nil {
		return 0, 0, err
	}
	r, err := seal.Open(g.file, size, g.key)
	if err != nil {
		return 0, 0, err
	}
	return r.Size(), size, nil
}

// salvagedTo is the capture time up to which fragments were written.
func (g *segment) salvagedTo() time.Time {
	row := storage.Segment{Samples: g.samples}
	row.From = g.meta.From
	if len(g.samples) == 0 {
		return row.From
	}
	last := g.samples[len(g.samples)-1]
	return row.WallOf(last).Add(last.Duration.Duration())
}
