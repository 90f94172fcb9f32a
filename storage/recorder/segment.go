package recorder

import (
	"context"
	"crypto/rand"
	"time"

	"shouwang"
	"shouwang/storage"
	"shouwang/storage/mp4"
	"shouwang/storage/seal"
	"shouwang/storage/spool"
)

// segment is one that is being written.
type segment struct {
	meta     mp4.Meta
	params   *shouwang.Params
	keyID    string
	key      []byte // to make the file whole again if writing fails
	wrapped  []byte
	file     *spool.File
	seal     *seal.Writer
	samples  []storage.Sample // of written fragments
	pieces   []mp4.Piece      // not written yet
	bytes    int              // of pieces
	sequence uint32
	end      time.Time // capture time of the end of the last unit
}

// write adds a unit to the open segment, or to a new one if it can begin here.
func (s *Session) write(ctx context.Context, u *shouwang.AccessUnit) {
	if u = s.whole(u); u == nil {
		s.due.blame(shouwang.GapOverflow, "a picture was let go of before it could be written")
		return
	}
	if len(u.Data) == 0 || len(u.Data) > s.rec.cfg.MaxUnit {
		s.due.blame(shouwang.GapLoss, "a picture of an impossible size was left out")
		return
	}
	if s.seg != nil {
		s.maybeCut(ctx, u)
	}
	if s.seg == nil {
		if !u.Key && !s.carries(u) {
			if s.due.from.IsZero() {
				s.due.from = u.Wall.At
			}
			s.due.blame(shouwang.GapLoss, "no key picture yet")
			return
		}
		if err := s.open(ctx, u); err != nil {
			s.trouble(ctx, u, err)
			return
		}
	}
	s.due.settle(ctx, s, u.Wall.At)
	if err := s.add(u); err != nil {
		s.trouble(ctx, u, err)
		return
	}
	s.written, s.wroteAny, s.lastParams = position{u.Epoch, u.Seq}, true, u.Params
	s.due.paid(s.seg.end)
}

// whole returns the unit with its bytes, nil when they are gone.
func (s *Session) whole(u *shouwang.AccessUnit) *shouwang.AccessUnit {
	if u.Whole() || s.sparing == nil {
		return u
	}
	return s.sparing.Load(u)
}

// maybeCut closes the open segment where a new one must or should begin.
func (s *Session) maybeCut(ctx context.Context, u *shouwang.AccessUnit) {
	seg, first := s.seg, s.seg.meta
	media := u.DTS - first.Media
	previous := seg.pieces[len(seg.pieces)-1].DTS
	switch {
	case u.Epoch != first.Epoch || !u.Params.Equal(seg.params):
		s.close(ctx)
		return
	case media <= previous || media-previous > shouwang.MediaTimeOf(s.rec.cfg.MaxGOP):
		s.due.blame(shouwang.GapClock, "the camera's clock jumped")
		s.close(ctx)
		return
	}
	elapsed := media.Duration()
	if !u.Key {
		if elapsed > s.rec.cfg.MaxGOP {
			s.due.blame(shouwang.GapOverflow, "the camera sent no key picture for too long")
			s.close(ctx)
		}
		return
	}
	drift := u.Wall.At.Sub(first.From) - (u.PTS - first.Media - seg.firstPTS()).Duration()
	if drift > s.tolerance() {
		s.due.blame(shouwang.GapClock, "wall time ran ahead of the camera's clock")
	}
	if s.cut || elapsed+s.gop > s.rec.cfg.MaxSegment || drift > 250*time.Millisecond || drift < -250*time.Millisecond ||
		u.Wall.At.UTC().YearDay() != first.From.UTC().YearDay() {
		seg.finishLast(media)
		s.close(ctx)
	}
}

func (g *segment) firstPTS() shouwang.MediaTime {
	if len(g.samples) > 0 {
		return g.samples[0].PTS
	}
	if len(g.pieces) > 0 {
		return g.pieces[0].PTS
	}
	return 0
}

// finishLast gives the last piece its true duration, now that the DTS after it
// is known.
func (g *segment) finishLast(next shouwang.MediaTime) {
	if n := len(g.pieces); n > 0 {
		g.pieces[n-1].Duration = next - g.pieces[n-1].DTS
	}
}

// open begins a segment: at a key picture, or where split closed the last one.
func (s *Session) open(ctx context.Context, u *shouwang.AccessUnit) error {
	if err := s.room(ctx); err != nil {
		return err
	}
	how := s.grant.Recording()
	id := storage.NewSegmentID(u.Wall.At)
	key, err := s.rec.deps.Keys.NewDataKey(ctx, s.camera, u.Wall.At, s.grant.ID())
	if err != nil {
		return err
	}
	seg := &segment{params: u.Params, keyID: key.ID, key: key.Plain, wrapped: key.Wrapped, meta: mp4.Meta{
		ID: id, Camera: s.camera, Stream: s.stream, From: u.Wall.At, Epoch: u.Epoch, Media: u.DTS,
		Grant: s.grant.ID(), Mode: string(how.Mode), Retention: how.Retention,
		Offset: u.Wall.Offset, Uncertainty: u.Wall.Uncertainty, Source: u.Wall.Source,
		Codec: u.Params.Codec, VPS: u.Params.VPS, SPS: u.Params.SPS, PPS: u.Params.PPS,
		Width: u.Params.Width, Height: u.Params.Height,
	}}
	begin, err := mp4.Init(u.Params, &seg.meta)
	if err != nil {
		return err
	}
	if seg.file, err = s.rec.deps.Spool.Create(id); err != nil {
		return err
	}
	header := seal.Header{Suite: seal.SuiteAES256GCM, Camera: string(s.camera), Segment: string(id), KeyID: key.ID, Wrapped: key.Wrapped}
	_, _ = rand.Read(header.Salt[:])
	if seg.seal, err = seal.NewWriter(seg.file, header, key.Plain); err == nil {
		_, err = seg.seal.Write(begin)
	}
	if err != nil {
		seg.file.Discard()
		return err
	}
	s.seg, s.cut, s.carry = seg, false, false
	if u.Key {
		s.run = u.Wall.At
	}
	return nil
}

// room makes sure that there is space, erasing what is oldest if need be.
func (s *Session) room(ctx context.Context) error {
	err := s.rec.deps.Spool.Room()
	if err == nil || s.rec.deps.Reclaim == nil {
		return err
	}
	if reclaimErr := s.rec.deps.Reclaim(ctx); reclaimErr != nil {
		return err // the visible reason is the full disk
	}
	return s.rec.deps.Spool.Room()
}

// add takes a unit into memory and writes the fragment before it when that is
// due.
func (s *Session) add(u *shouwang.AccessUnit) error {
	seg := s.seg
	dts, pts := u.DTS-seg.meta.Media, u.PTS-seg.meta.Media
	seg.finishLast(dts)
	if n := len(seg.pieces); n > 0 {
		if u.Key || dts-seg.pieces[0].DTS >= shouwang.MediaTimeOf(s.rec.cfg.Fragment) || seg.bytes+len(u.Data) > s.rec.cfg.MaxFragment {
			if err := s.fragment(); err != nil {
				return err
			}
		}
	}
	guess := shouwang.MediaTimeOf(max(s.interval, time.Millisecond))
	seg.pieces = append(seg.pieces, mp4.Piece{Data: u.Data, DTS: dts, PTS: pts, Duration: guess, Key: u.Key})
	seg.bytes += len(u.Data)
	wall := seg.meta.From.Add((pts - seg.firstPTS()).Duration())
	if end := wall.Add(guess.Duration()); end.After(seg.end) {
		seg.end = end
	}
	return nil
}

// fragment writes, seals and syncs what is in memory.
func (s *Session) fragment() error {
	seg := s.seg
	if len(seg.pieces) == 0 {
		return nil
	}
	seg.sequence++
	wall := seg.meta.From.Add((seg.pieces[0].PTS - seg.firstPTS()).Duration())
	base := seg.seal.Plain()
	at, err := mp4.WriteFragment(seg.seal, seg.sequence, wall, seg.pieces)
	if err == nil {
		err = seg.seal.Flush()
	}
	s.rec.step("fragment")
	if err == nil && !s.bulk {
		err = seg.file.Progress()
	}
	if err != nil {
		return err
	}
	at += base
	for i := range seg.pieces {
		p := &seg.pieces[i]
		seg.samples = append(seg.samples, storage.Sample{Offset: at, Size: len(p.Data), DTS: p.DTS, PTS: p.PTS, Duration: p.Duration, Key: p.Key})
		at += int64(len(p.Data))
		*p = mp4.Piece{}
	}
	seg.pieces, seg.bytes = seg.pieces[:0], 0
	return nil
}

// rest ends recording because nothing is owed now.
func (s *Session) rest(ctx context.Context) {
	s.spare(true)
	s.split(ctx) // the next event's pre-roll may reach back to right here, within a GOP
	s.settleClips(ctx)
	s.due = due{}
}

func (s *Session) stop(ctx context.Context) {
	s.close(ctx)
	s.settleClips(ctx)
}

// row makes the catalog's row of the segment.
func (g *segment) row(plain, size int64) *storage.Segment {
	row := g.meta.Segment(g.samples)
	row.Plain, row.Size = plain, size
	row.KeyID, row.Wrapped, row.Params = g.keyID, g.wrapped, g.params
	row.State = storage.SegmentSpooled
	return &row
}
