// Package retain keeps what is stored true to what was promised: it repairs
// after a crash, sweeps what has expired, erases what consent was withdrawn
// for, keeps what a hold names, makes room, and checks the invariants that live
// in data.
package retain

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"shouwang"
	"shouwang/storage"
	"shouwang/storage/catalog"
	"shouwang/storage/keys"
	"shouwang/storage/seal"
	"shouwang/storage/spool"
)

// Keeper joins the places where a segment lives. It is safe for concurrent
// use, except Repair, which is for the start, before anything records.
type Keeper struct {
	Catalog *catalog.DB
	Keys    *keys.Ring
	Bucket  storage.Bucket
	Spool   *spool.Spool
	Log     *slog.Logger
	// Tide is the time that retention believes.
	Tide *Tide
	// OnRelease, when set, is told of each hold that ended, by whichever way, and
	// the decision it ended by.
	OnRelease func(ctx context.Context, hold catalog.Hold, decision string)
	// LocalBucket says that the bucket is on the spool's disk, so that erasing
	// from it makes room.
	LocalBucket bool
}

func (k *Keeper) log() *slog.Logger {
	if k.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return k.Log
}

// Open gives the plain text of a segment to whoever holds a decision that
// permits it. It is read from the spool while it is there, else from the
// bucket. A destroyed key gives an Error with CodeKeyDestroyed.
func (k *Keeper) Open(ctx context.Context, s *storage.Segment, decision string) (*seal.Reader, error) {
	if s.State == storage.SegmentErased {
		return nil, shouwang.Errorf(shouwang.CodeKeyDestroyed, "this recording of camera %s is erased: nobody can read it any more", s.Camera)
	}
	key, err := k.Keys.Unwrap(ctx, s.KeyID, s.Wrapped, decision)
	if err != nil {
		return nil, err
	}
	defer clear(key)
	r, err := seal.Open(&sealed{ctx: ctx, keeper: k, id: s.ID, name: s.Name()}, s.Size, key)
	if err != nil {
		return nil, fmt.Errorf("open segment: %w", err)
	}
	if r.Header.Camera != string(s.Camera) || r.Header.Segment != string(s.ID) {
		return nil, shouwang.Errorf(shouwang.CodeTampered, "object %s holds another segment", s.Name())
	}
	return r, nil
}

// sealed reads a segment's sealed bytes wherever they are.
type sealed struct {
	ctx    context.Context
	keeper *Keeper
	id     storage.SegmentID
	name   string
}

func (s *sealed) ReadAt(p []byte, off int64) (int, error) {
	n, err := s.keeper.Spool.ReadAt(s.id, p, off)
	if !errors.Is(err, storage.ErrNotExist) {
		return n, err
	}
	r, err := s.keeper.Bucket.Get(s.ctx, s.name, off, int64(len(p)))
	if err != nil {
		return 0, err
	}
	n, err = io.ReadFull(r, p)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF
	}
	if closeErr := r.Close(); err == nil {
		err = closeErr
	}
	return n, err
}

// Reader opens segments under one decision; it is what mp4.Assemble takes.
type Reader struct {
	Keeper   *Keeper
	Decision string
}

// Open implements mp4.Opener.
func (r Reader) Open(ctx context.Context, s *storage.Segment) (io.ReaderAt, error) {
	return r.Keeper.Open(ctx, s, r.Decision)
}

// drop deletes an erased segment's bytes, wherever they are.
func (k *Keeper) drop(ctx context.Context, s *storage.Segment) error {
	if err := k.Spool.Remove(s.ID); err != nil {
		return err
	}
	if err := k.Bucket.Delete(ctx, s.Name()); err != nil {
		return fmt.Errorf("delete segment %s: %w", s.ID, err)
	}
	return k.Catalog.SetSwept(ctx, s.ID)
}

// dropUnswept deletes the bytes of erased segments, also those that an earlier
// attempt could not reach.
func (k *Keeper) dropUnswept(ctx context.Context) (int, error) {
	dropped := 0
	for {
		list, err := k.Catalog.Unswept(ctx, 200)
		if err != nil || len(list) == 0 {
			return dropped, err
		}
		for i := range list {
			if err := k.drop(ctx, &list[i]); err != nil {
				return dropped, err
			}
			dropped++
		}
	}
}
