package retain

import (
	"context"
	"fmt"
	"slices"
	"time"

	"shouwang"
	"shouwang/storage"
	"shouwang/storage/catalog"
	"shouwang/storage/keys"
)

// Receipt says what an erasure destroyed and what a hold kept.
type Receipt struct {
	ID       string            `json:"id"`
	Camera   shouwang.CameraID `json:"camera"`
	Decision string            `json:"decision"`
	At       time.Time         `json:"at"`
	Keys     []string          `json:"keys"`
	Segments int               `json:"segments"`
	Bytes    int64             `json:"bytes"`
	Held     []catalog.Hold    `json:"held"`
	// Swept says that the bytes are gone from the bucket too. Until they are
	// (the bucket may be away) they are ciphertext without a key.
	Swept bool `json:"swept"`
}

// Erase makes everything recorded of a camera unreadable, at once and for
// ever, except what a hold names: the camera's keys are destroyed first, then
// rows are marked and bytes deleted. The recorder must have been told that
// nothing more is permitted. decision names why.
func (k *Keeper) Erase(ctx context.Context, camera shouwang.CameraID, decision string) (Receipt, error) {
	now := k.Tide.Wall()
	destroyed, err := k.Keys.DestroyCamera(ctx, camera, shouwang.Span{}, decision)
	if err != nil {
		return Receipt{}, fmt.Errorf("erase camera %s: %w", camera, err)
	}
	receipt := Receipt{Camera: camera, Decision: decision, At: now.UTC(), Keys: destroyed.Keys}
	receipt.ID = receiptID(append([]string{string(camera), decision, now.String()}, destroyed.Keys...)...)
	held, err := k.Catalog.Held(ctx, camera)
	if err != nil {
		return receipt, err
	}
	all, err := k.Catalog.Segments(ctx, camera, "", shouwang.Span{})
	if err != nil {
		return receipt, err
	}
	var gone []storage.Segment
	for _, s := range all {
		if s.State != storage.SegmentErased && !held[s.ID] {
			gone = append(gone, s)
			receipt.Bytes += s.Size
		}
	}
	receipt.Segments = len(gone)
	if receipt.Held, err = k.Catalog.Holds(ctx, camera); err != nil {
		return receipt, err
	}
	if err := k.Catalog.Erase(ctx, gone, "withdrawn", decision, now); err != nil {
		return receipt, err
	}
	if _, err := k.dropUnswept(ctx); err != nil {
		k.log().Warn("erased segments could not be deleted yet", "camera", camera, "error", err)
		return receipt, nil
	}
	receipt.Swept = true
	return receipt, nil
}

// Place puts a hold on what is recorded of the span: two different people, a
// case and an end date, else it is refused. It returns how many segments it
// keeps.
func (k *Keeper) Place(ctx context.Context, h catalog.Hold) (int, error) {
	now := k.Tide.Wall()
	if h.PlacedBy == "" || h.Second == "" || h.PlacedBy == h.Second || h.Case == "" || !h.Until.After(now) || h.Span.Empty() || h.ID == "" || h.Decision == "" {
		return 0, shouwang.Errorf(shouwang.CodeBadUsage, "a hold needs a span, two different people, a case, an end date in the future and a decision")
	}
	h.Placed = now
	segments, err := k.Catalog.Segments(ctx, h.Camera, "", h.Span)
	if err != nil {
		return 0, err
	}
	var held []catalog.HeldKey
	for _, s := range segments {
		if s.State == storage.SegmentErased {
			continue
		}
		id, wrapped, err := k.Keys.Rewrap(ctx, s.KeyID, s.Wrapped, h.Case+"/"+h.ID, h.Decision)
		if shouwang.CodeOf(err) == shouwang.CodeKeyDestroyed {
			continue
		}
		if err != nil {
			return 0, fmt.Errorf("hold segment %s: %w", s.ID, err)
		}
		held = append(held, catalog.HeldKey{Segment: s.ID, KeyID: id, Wrapped: wrapped})
	}
	if len(held) == 0 {
		return 0, shouwang.Errorf(shouwang.CodeNotFound, "nothing readable is recorded in the span to hold")
	}
	return len(held), k.Catalog.PutHold(ctx, h, held)
}

// Release ends a hold: what only it kept becomes unreadable.
func (k *Keeper) Release(ctx context.Context, hold catalog.Hold, decision string) error {
	now := k.Tide.Wall()
	segments, err := k.Catalog.HeldSegments(ctx, hold.ID)
	if err != nil {
		return err
	}
	// Its keys go first: after a crash in between the sweep finds the hold again.
	only, err := k.Catalog.OnlyHeldBy(ctx, hold.ID)
	if err != nil {
		return err
	}
	if _, err := k.Keys.DestroyKeys(ctx, only, decision); err != nil {
		return err
	}
	if err := k.Catalog.ReleaseHold(ctx, hold.ID, now); err != nil {
		return err
	}
	var gone []storage.Segment
	for _, s := range segments {
		fresh, err := k.Catalog.Segment(ctx, s.ID)
		if err != nil {
			return err
		}
		alive, err := k.Keys.Live(ctx, fresh.KeyID)
		if err != nil {
			return err
		}
		if !alive {
			gone = append(gone, *fresh)
		}
	}
	if err := k.Catalog.Erase(ctx, gone, "hold_ended", decision, now); err != nil {
		return err
	}
	if k.OnRelease != nil {
		k.OnRelease(ctx, hold, decision)
	}
	return nil
}

// Swept says what a sweep did.
type Swept struct {
	Holds   int // ended
	Expired int // segments made unreadable
	Keys    int // camera keys destroyed
	Deleted int // segments whose bytes were deleted
	// Behind is how far the clock is behind the time that retention believes.
	Behind time.Duration
}

const sweepDecision = "system:retention"

// Sweep makes unreadable what has expired, destroys keys that nothing readable
// needs any more, ends holds whose date has come, and deletes bytes. Run it
// every few minutes.
func (k *Keeper) Sweep(ctx context.Context) (Swept, error) {
	var done Swept
	now, behind, err := k.tide(ctx)
	if err == nil {
		err = k.keepTide(ctx, now)
	}
	if err != nil {
		return done, err
	}
	done.Behind = behind
	holds, err := k.Catalog.Holds(ctx, "")
	if err != nil {
		return done, err
	}
	for _, h := range holds {
		if !now.Before(h.Until) {
			if err := k.Release(ctx, h, sweepDecision); err != nil {
				return done, fmt.Errorf("end hold %s: %w", h.ID, err)
			}
			done.Holds++
		}
	}
	for {
		list, err := k.Catalog.Expired(ctx, now, 200)
		if err != nil {
			return done, err
		}
		if len(list) == 0 {
			break
		}
		if err := k.Catalog.Erase(ctx, list, "expired", sweepDecision, now); err != nil {
			return done, err
		}
		done.Expired += len(list)
	}
	if done.Keys, err = k.sweepKeys(ctx, now); err != nil {
		return done, err
	}
	done.Deleted, err = k.dropUnswept(ctx)
	return done, err
}

// idleKey is how long a key that never sealed an indexed segment is kept: its
// segment may wait in the spool for repair.
const idleKey = 24 * time.Hour

// sweepKeys destroys the keys of slots that are over and under which nothing
// is readable any more.
func (k *Keeper) sweepKeys(ctx context.Context, now time.Time) (int, error) {
	ids, err := k.Keys.LiveKeys(ctx)
	if err != nil {
		return 0, err
	}
	var due []string
	for _, id := range ids {
		slot, ok := keys.SlotSpan(id)
		if !ok || now.Before(slot.To.Add(keys.MaxOverhang)) {
			continue
		}
		readable, erased, err := k.Catalog.KeyUse(ctx, id)
		if err != nil {
			return 0, err
		}
		if readable == 0 && (erased > 0 || now.Sub(slot.To) >= idleKey) {
			due = append(due, id)
		}
	}
	for batch := range slices.Chunk(due, 500) {
		if _, err := k.Keys.DestroyKeys(ctx, batch, sweepDecision); err != nil {
			return 0, fmt.Errorf("destroy expired keys: %w", err)
		}
	}
	return len(due), nil
}

// Reclaim erases the oldest segments that no hold covers until the spool has
// room again, and states each as a gap. When nothing is left to erase it
// returns the spool's reason, an Error with CodeDiskFull.
func (k *Keeper) Reclaim(ctx context.Context) error {
	for {
		full := k.Spool.Room()
		if full == nil {
			return nil
		}
		if _, err := k.dropUnswept(ctx); err != nil {
			return err
		}
		if k.Spool.Room() == nil {
			return nil
		}
		list, err := k.Catalog.Oldest(ctx, !k.LocalBucket, 8)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return full
		}
		now := k.Tide.Wall()
		for i := range list {
			s := &list[i]
			gap := shouwang.Gap{Camera: s.Camera, Span: s.Span, Cause: shouwang.GapDiskFull, Detail: "erased to make room", Noted: now}
			if err := k.Catalog.PutGap(ctx, s.Stream, gap); err != nil {
				return err
			}
		}
		if err := k.Catalog.Erase(ctx, list, "disk_full", "system:room", now); err != nil {
			return err
		}
		k.log().Warn("oldest recordings were erased to make room", "segments", len(list), "reason", full)
	}
}
