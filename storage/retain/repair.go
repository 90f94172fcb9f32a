package retain

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/storage"
	"shouwang/storage/catalog"
	"shouwang/storage/mp4"
	"shouwang/storage/seal"
)

// repairDecision is the decision id under which repair uses keys: it shows no
// picture to anybody.
const repairDecision = "system:repair"

// Report says what a repair found and did.
type Report struct {
	Recovered int // segments that were being written
	Indexed   int // whole segments that had no row
	Settled   int // rows whose bytes had moved on, or not
	Lost      int // rows whose bytes are nowhere; stated as gaps
	Discarded int // files and objects that nobody can read
}

// Repair finishes or throws away what a crash left between two steps: open
// segments, segments without a row, rows that the bytes have not followed,
// objects without a row. It may be repeated.
func (k *Keeper) Repair(ctx context.Context) (Report, error) {
	var report Report
	if _, _, err := k.tide(ctx); err != nil {
		return report, err
	}
	whole, open, err := k.Spool.List()
	if err != nil {
		return report, err
	}
	for _, id := range open {
		ok, err := k.recover(ctx, id)
		if err != nil {
			return report, fmt.Errorf("repair segment %s: %w", id, err)
		}
		if !ok {
			report.Discarded++
			continue
		}
		report.Recovered++
		whole = append(whole, id)
	}
	for _, id := range whole {
		if err := k.settleSpooled(ctx, id, &report); err != nil {
			return report, fmt.Errorf("repair segment %s: %w", id, err)
		}
	}
	if err := k.settleRows(ctx, &report); err != nil {
		return report, err
	}
	return report, k.settleObjects(ctx, &report)
}

// recover makes an open segment whole, or removes it when nothing of it can
// ever be read.
func (k *Keeper) recover(ctx context.Context, id storage.SegmentID) (bool, error) {
	f, err := k.Spool.Reopen(id)
	if err != nil {
		return false, err
	}
	info, err := f.Stat()
	if err != nil {
		return false, errors.Join(err, f.Close())
	}
	h, _, err := seal.ReadHeader(f)
	if err != nil {
		f.Discard()
		return false, nil
	}
	key, err := k.Keys.Unwrap(ctx, h.KeyID, h.Wrapped, repairDecision)
	if shouwang.CodeOf(err) == shouwang.CodeKeyDestroyed {
		f.Discard()
		return false, nil
	}
	if err != nil {
		return false, errors.Join(err, f.Close())
	}
	size, err := seal.Recover(f, info.Size(), key)
	if err != nil {
		return false, errors.Join(err, f.Close())
	}
	r, err := seal.Open(f, size, key)
	if err != nil {
		return false, errors.Join(err, f.Close())
	}
	if _, samples, err := mp4.Scan(r, r.Size()); err != nil || len(samples) == 0 {
		f.Discard()
		return false, nil
	}
	return true, f.Commit()
}

// settleSpooled sees to a whole segment in the spool.
func (k *Keeper) settleSpooled(ctx context.Context, id storage.SegmentID, report *Report) error {
	row, err := k.Catalog.Segment(ctx, id)
	if shouwang.CodeOf(err) == shouwang.CodeNotFound {
		return k.indexSpooled(ctx, id, report)
	}
	if err != nil {
		return err
	}
	switch row.State {
	case storage.SegmentErased:
		report.Discarded++
		return k.Spool.Remove(id)
	case storage.SegmentStored:
		object, err := k.Bucket.Stat(ctx, row.Name())
		if err == nil && object.Size == row.Size {
			report.Settled++
			return k.Spool.Remove(id)
		}
		if err != nil && !errors.Is(err, storage.ErrNotExist) {
			return nil // the bucket is away: both copies can wait
		}
		report.Settled++
		return k.Catalog.SetSpooled(ctx, id)
	}
	return nil
}

func (k *Keeper) indexSpooled(ctx context.Context, id storage.SegmentID, report *Report) error {
	info, err := os.Stat(k.Spool.Path(id))
	if err != nil {
		return err
	}
	row, err := k.describe(ctx, &spooled{k, id}, info.Size())
	if err != nil {
		k.log().Warn("segment in the spool cannot be read; it is removed", "segment", id, "error", err)
		report.Discarded++
		return k.Spool.Remove(id)
	}
	row.State = storage.SegmentSpooled
	if err := k.Catalog.PutSegment(ctx, row); err != nil {
		return err
	}
	report.Indexed++
	return k.afterRecovery(ctx, row)
}

type spooled struct {
	keeper *Keeper
	id     storage.SegmentID
}

func (s *spooled) ReadAt(p []byte, off int64) (int, error) {
	return s.keeper.Spool.ReadAt(s.id, p, off)
}

// describe makes a row from a sealed segment alone.
func (k *Keeper) describe(ctx context.Context, src io.ReaderAt, size int64) (*storage.Segment, error) {
	h, _, err := seal.ReadHeader(src)
	if err != nil {
		return nil, err
	}
	key, err := k.Keys.Unwrap(ctx, h.KeyID, h.Wrapped, repairDecision)
	if err != nil {
		return nil, err
	}
	r, err := seal.Open(src, size, key)
	if err != nil {
		return nil, err
	}
	meta, samples, err := mp4.Scan(r, r.Size())
	if err != nil {
		return nil, err
	}
	if string(meta.ID) != h.Segment || string(meta.Camera) != h.Camera || len(samples) == 0 {
		return nil, shouwang.Errorf(shouwang.CodeTampered, "segment %s says two things of itself", h.Segment)
	}
	row := meta.Segment(samples)
	row.Plain, row.Size, row.KeyID, row.Wrapped = r.Size(), size, h.KeyID, h.Wrapped
	return &row, nil
}

// afterRecovery states what a crash cut off from an event's recording, and
// gives the events of the segment their clips.
func (k *Keeper) afterRecovery(ctx context.Context, row *storage.Segment) error {
	now := k.Tide.Wall()
	if row.Mode == string(policy.RecordEvents) {
		gap := shouwang.Gap{Camera: row.Camera, Span: shouwang.Span{From: row.To, To: row.To.Add(10 * time.Second)}, Cause: shouwang.GapRestart, Noted: now}
		if now.After(row.To) && now.Before(gap.To) {
			gap.To = now
		}
		if err := k.Catalog.PutGap(ctx, row.Stream, gap); err != nil {
			return err
		}
	}
	events, err := k.Catalog.Events(ctx, catalog.EventQuery{Camera: row.Camera, Span: shouwang.Span{From: row.From.Add(-time.Hour), To: row.To}})
	if err != nil {
		return err
	}
	for _, e := range events {
		span := e.Span(row.To).Intersect(row.Span)
		if span.Empty() {
			continue
		}
		if clips, err := k.Catalog.Clips(ctx, catalog.ClipQuery{Camera: row.Camera, Event: e.ID}); err != nil || len(clips) > 0 {
			if err != nil {
				return err
			}
			continue
		}
		bytes, err := k.Catalog.BytesIn(ctx, row.Camera, span)
		if err != nil {
			return err
		}
		clip := shouwang.Clip{ID: shouwang.ClipID("clip-" + string(e.ID)), Camera: row.Camera, Span: span, Reason: "event", Event: e.ID, Grant: row.Grant, Bytes: bytes}
		if err := k.Catalog.PutClip(ctx, clip); err != nil {
			return err
		}
	}
	return nil
}

// settleRows sees to rows that say "in the spool" when the file is not there.
func (k *Keeper) settleRows(ctx context.Context, report *Report) error {
	var missing []storage.Segment
	err := k.Catalog.Each(ctx, func(s *storage.Segment) error {
		if s.State != storage.SegmentSpooled {
			return nil
		}
		if _, err := os.Stat(k.Spool.Path(s.ID)); errors.Is(err, storage.ErrNotExist) {
			missing = append(missing, *s)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for i := range missing {
		s := &missing[i]
		object, err := k.Bucket.Stat(ctx, s.Name())
		switch {
		case err == nil && object.Size == s.Size:
			if _, err := k.Catalog.SetStored(ctx, s.ID); err != nil {
				return err
			}
			report.Settled++
		case err == nil || errors.Is(err, storage.ErrNotExist):
			if err := k.lose(ctx, s); err != nil {
				return err
			}
			report.Lost++
		default:
			return nil // the bucket is away: ask again at the next start
		}
	}
	return nil
}

// lose states that a segment's bytes are gone: a gap, and the row erased.
func (k *Keeper) lose(ctx context.Context, s *storage.Segment) error {
	now := k.Tide.Wall()
	gap := shouwang.Gap{Camera: s.Camera, Span: s.Span, Cause: shouwang.GapDisk, Detail: "the recording was lost from the disk", Noted: now}
	if err := k.Catalog.PutGap(ctx, s.Stream, gap); err != nil {
		return err
	}
	return k.Catalog.Erase(ctx, []storage.Segment{*s}, "lost", repairDecision, now)
}

// settleObjects sees to objects without a row. One that can still be read is
// given its row again, since a catalog restored from yesterday's backup must
// not cost a day of footage; any other is swept.
func (k *Keeper) settleObjects(ctx context.Context, report *Report) error {
	var orphans []storage.Object
	err := k.Bucket.List(ctx, "segments/", func(o storage.Object) error {
		row, err := k.Catalog.Segment(ctx, idOf(o.Name))
		if err == nil && row.State != storage.SegmentErased {
			return nil
		}
		if err != nil && shouwang.CodeOf(err) != shouwang.CodeNotFound {
			return err
		}
		if err != nil || row.State == storage.SegmentErased {
			orphans = append(orphans, o)
		}
		return nil
	})
	if err != nil {
		k.log().Warn("bucket cannot be listed; orphans are looked for at the next start", "error", err)
		return nil
	}
	for _, o := range orphans {
		if err := k.settleOrphan(ctx, o, report); err != nil {
			return err
		}
	}
	return nil
}

func (k *Keeper) settleOrphan(ctx context.Context, o storage.Object, report *Report) error {
	id := idOf(o.Name)
	if _, err := k.Catalog.Segment(ctx, id); shouwang.CodeOf(err) == shouwang.CodeNotFound && id.Valid() {
		row, err := k.describe(ctx, &sealed{ctx: ctx, keeper: k, id: id, name: o.Name}, o.Size)
		if err == nil && row.Name() == o.Name {
			row.State = storage.SegmentStored
			report.Indexed++
			return k.Catalog.PutSegment(ctx, row)
		}
		if err != nil && !unreadable(err) {
			return nil // not known to be useless: leave it
		}
	}
	report.Discarded++
	if err := k.Bucket.Delete(ctx, o.Name); err != nil {
		return fmt.Errorf("sweep orphan: %w", err)
	}
	return nil
}

// unreadable tells what nobody will ever read from what cannot be read now.
func unreadable(err error) bool {
	code := shouwang.CodeOf(err)
	return code == shouwang.CodeKeyDestroyed || code == shouwang.CodeTampered || errors.Is(err, seal.ErrNotSealed)
}

// idOf returns the segment id in an object's name, "" when there is none.
func idOf(name string) storage.SegmentID {
	const suffix = ".sws"
	if len(name) < 29+len(suffix) || name[len(name)-len(suffix):] != suffix {
		return ""
	}
	name = name[:len(name)-len(suffix)]
	return storage.SegmentID(name[len(name)-29:])
}

// receiptID names a receipt by what it says.
func receiptID(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return "r-" + hex.EncodeToString(h.Sum(nil)[:10])
}
