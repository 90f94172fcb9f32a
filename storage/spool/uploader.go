package spool

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"shouwang"
	"shouwang/storage"
)

// Index is what the uploader needs of the catalog.
type Index interface {
	Spooled(ctx context.Context, limit int) ([]storage.Segment, error)
	SetStored(ctx context.Context, id storage.SegmentID) (bool, error)
}

// adopter is a bucket on the same file system, which can take a file over
// instead of copying it.
type adopter interface {
	Adopt(ctx context.Context, name, file string) error
}

// Uploader moves whole segments from the spool to the bucket and says so in
// the catalog. While the bucket is away segments wait, and follow later.
type Uploader struct {
	Spool  *Spool
	Bucket storage.Bucket
	Index  Index
	Log    *slog.Logger
	// Parallel is how many segments are in flight at once; 0 means 4.
	Parallel int
	// MaxWait bounds the pause after a failure; 0 means one minute.
	MaxWait time.Duration

	once sync.Once
	kick chan struct{}
	away atomic.Pointer[shouwang.Error]
}

func (u *Uploader) init() { u.once.Do(func() { u.kick = make(chan struct{}, 1) }) }

// Kick says that there is a new segment. It never blocks.
func (u *Uploader) Kick() {
	u.init()
	select {
	case u.kick <- struct{}{}:
	default:
	}
}

// Away returns why segments wait, or nil while the bucket takes them.
func (u *Uploader) Away() error {
	if e := u.away.Load(); e != nil {
		return e
	}
	return nil
}

// Run moves segments until ctx ends. What it is moving then is left for the
// next start.
func (u *Uploader) Run(ctx context.Context) {
	u.init()
	pause := time.Duration(0)
	for ctx.Err() == nil {
		moved, err := u.Drain(ctx)
		wait := 10 * time.Second // a look without being called, in case of another process
		switch {
		case err != nil && ctx.Err() == nil:
			pause = min(max(2*pause, time.Second), u.maxWait())
			wait = pause/2 + rand.N(pause)
			u.note(err)
		case moved > 0:
			pause, wait = 0, 0
			u.away.Store(nil)
		default:
			pause = 0
		}
		u.sleep(ctx, wait, err == nil)
	}
}

func (u *Uploader) maxWait() time.Duration {
	if u.MaxWait > 0 {
		return u.MaxWait
	}
	return time.Minute
}

func (u *Uploader) note(err error) {
	if u.away.Load() == nil && u.Log != nil {
		u.Log.Warn("object store does not take segments; they wait in the spool", "error", err, "waiting_bytes", u.Spool.Waiting())
	}
	u.away.Store(shouwang.Errorf(shouwang.CodeStorageAway, "object store does not take segments, %d MiB wait: %w", u.Spool.Waiting()>>20, err))
}

func (u *Uploader) lost(s *storage.Segment, err error) {
	if u.Log != nil {
		u.Log.Error("segment is neither in the spool nor in the bucket", "segment", s.ID, "camera", s.Camera, "error", err)
	}
}

// sleep waits; a kick ends it early unless the bucket has just failed.
func (u *Uploader) sleep(ctx context.Context, d time.Duration, kickable bool) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	kick := u.kick
	if !kickable {
		kick = nil
	}
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-kick:
	}
}

// Drain moves one batch, oldest first, and returns how many segments were
// moved and the first error.
func (u *Uploader) Drain(ctx context.Context) (int, error) {
	list, err := u.Index.Spooled(ctx, 64)
	if err != nil || len(list) == 0 {
		return 0, err
	}
	parallel := u.Parallel
	if parallel <= 0 {
		parallel = 4
	}
	var wg sync.WaitGroup
	var moved atomic.Int64
	var failed atomic.Pointer[error]
	next := make(chan *storage.Segment)
	for range min(parallel, len(list)) {
		wg.Go(func() {
			for s := range next {
				if failed.Load() != nil {
					continue
				}
				err := u.move(ctx, s)
				if errors.Is(err, storage.ErrNotExist) {
					u.lost(s, err) // repair settles it; the others go on
					continue
				}
				if err != nil {
					failed.CompareAndSwap(nil, &err)
					continue
				}
				moved.Add(1)
			}
		})
	}
	for i := range list {
		next <- &list[i]
	}
	close(next)
	wg.Wait()
	if e := failed.Load(); e != nil {
		return int(moved.Load()), *e
	}
	return int(moved.Load()), nil
}

// move puts one segment into the bucket, then marks its row, then removes it
// from the spool: a crash between any two steps leaves it readable, and the
// next Drain or Repair finishes.
func (u *Uploader) move(ctx context.Context, s *storage.Segment) error {
	if err := u.put(ctx, s); err != nil {
		return fmt.Errorf("store segment %s: %w", s.ID, err)
	}
	waiting, err := u.Index.SetStored(ctx, s.ID)
	if err != nil {
		return err
	}
	if !waiting { // erased while it was on its way
		if err := u.Bucket.Delete(ctx, s.Name()); err != nil {
			return err
		}
	}
	return u.Spool.Remove(s.ID)
}

func (u *Uploader) put(ctx context.Context, s *storage.Segment) error {
	path := u.Spool.Path(s.ID)
	f, err := os.Open(path)
	if errors.Is(err, storage.ErrNotExist) {
		_, err := u.Bucket.Stat(ctx, s.Name()) // moved by an earlier, interrupted attempt
		return err
	}
	if err != nil {
		return err
	}
	defer f.Close()
	if a, ok := u.Bucket.(adopter); ok {
		if err := a.Adopt(ctx, s.Name(), path); err == nil {
			u.Spool.Adopted(s.Size)
			return nil
		}
	}
	return u.Bucket.Put(ctx, s.Name(), f, s.Size)
}
