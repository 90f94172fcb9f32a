// Package archive joins the rooms of storage into the one thing the rest of the
// house uses: it opens them in the right order, repairs, runs what must run,
// and answers for spans of cameras.
package archive

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"shouwang"
	"shouwang/policy/gate"
	"shouwang/storage"
	"shouwang/storage/catalog"
	"shouwang/storage/folder"
	"shouwang/storage/keys"
	"shouwang/storage/mp4"
	"shouwang/storage/recorder"
	"shouwang/storage/retain"
	"shouwang/storage/spool"
)

// Config of an Archive. Only Dir is needed.
type Config struct {
	// Dir is the data folder: catalog.db, keys/, spool/ and, without another
	// bucket, bucket/.
	Dir string
	// KeyDir puts the keys elsewhere than Dir/keys, so that a backup of Dir
	// does not hold them.
	KeyDir string
	// Vault is where camera keys live; nil means a master key file in KeyDir.
	Vault keys.Vault
	// Bucket is where segments end up; nil means the folder Dir/bucket.
	Bucket storage.Bucket
	// SpoolDir puts the spool elsewhere than Dir/spool.
	SpoolDir string
	Spool    spool.Options
	Recorder recorder.Config
	// SweepEvery is how often retention looks; 0 means every minute.
	SweepEvery time.Duration
	Log        *slog.Logger
	Clock      func() time.Time
	// Mono is a monotonic clock that counts from anywhere; nil means the
	// kernel's.
	Mono func() time.Duration
	// NoRepair leaves what a crash left as it is, for a check that changes
	// nothing.
	NoRepair bool
	// OnKeyUse, when set, is told of each use of a key before it happens.
	OnKeyUse func(context.Context, keys.Use) error
}

// Archive is everything that is stored on behalf of this process.
type Archive struct {
	Catalog  *catalog.DB
	Keys     *keys.Ring
	Keeper   *retain.Keeper
	Uploader *spool.Uploader
	// Repaired is what was found and mended when it was opened.
	Repaired retain.Report

	cfg      Config
	recorder *recorder.Recorder
	mu       sync.Mutex
}

// Open opens what is stored in the folder, making it at first use, and repairs
// what a crash left. Errors that a person can act on are *shouwang.Error with
// CodeDataUnreadable.
func Open(ctx context.Context, cfg Config) (*Archive, error) {
	cfg = withDefaults(cfg)
	a := &Archive{cfg: cfg}
	var err error
	if a.Catalog, err = catalog.Open(ctx, filepath.Join(cfg.Dir, "catalog.db")); err != nil {
		return nil, err
	}
	if a.Keys, err = keys.Open(cfg.KeyDir, keys.Options{Clock: cfg.Clock, OnUse: cfg.OnKeyUse, Vault: cfg.Vault}); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	if err := a.join(); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	if cfg.NoRepair {
		return a, nil
	}
	if a.Repaired, err = a.Keeper.Repair(ctx); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	if a.Repaired != (retain.Report{}) {
		cfg.Log.Info("storage was repaired after a crash", "recovered", a.Repaired.Recovered, "indexed", a.Repaired.Indexed,
			"settled", a.Repaired.Settled, "lost", a.Repaired.Lost, "discarded", a.Repaired.Discarded)
	}
	return a, nil
}

func withDefaults(cfg Config) Config {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	if cfg.Mono == nil {
		start := time.Now()
		cfg.Mono = func() time.Duration { return time.Since(start) }
	}
	if cfg.KeyDir == "" {
		cfg.KeyDir = filepath.Join(cfg.Dir, "keys")
	}
	if cfg.SpoolDir == "" {
		cfg.SpoolDir = filepath.Join(cfg.Dir, "spool")
	}
	if cfg.SweepEvery <= 0 {
		cfg.SweepEvery = time.Minute
	}
	return cfg
}

func (a *Archive) join() error {
	sp, err := spool.Open(a.cfg.SpoolDir, a.cfg.Spool)
	if err != nil {
		return err
	}
	bucket, local := a.cfg.Bucket, false
	if bucket == nil {
		local = true
		if bucket, err = folder.Open(filepath.Join(a.cfg.Dir, "bucket")); err != nil {
			return err
		}
	}
	a.Keeper = &retain.Keeper{
		Catalog: a.Catalog, Keys: a.Keys, Bucket: bucket, Spool: sp, Log: a.cfg.Log,
		Tide: retain.NewTide(a.cfg.Clock, a.cfg.Mono), LocalBucket: local,
	}
	a.Uploader = &spool.Uploader{Spool: sp, Bucket: bucket, Index: a.Catalog, Log: a.cfg.Log}
	return nil
}

// Close closes the catalog and the keys. Stop recording and Run first.
func (a *Archive) Close() error {
	var errs []error
	if a.Catalog != nil {
		errs = append(errs, a.Catalog.Close())
	}
	if a.Keys != nil {
		errs = append(errs, a.Keys.Close())
	}
	return errors.Join(errs...)
}

// RecorderDeps are what a recorder needs from outside of storage.
type RecorderDeps struct {
	Permit func(camera shouwang.CameraID, captured time.Time) gate.Grant
	Link   func(shouwang.CameraID, shouwang.StreamKind) shouwang.LinkState
	OnClip func(shouwang.Clip)
}

// Recorder makes the recorder that writes into this archive. There is one.
func (a *Archive) Recorder(deps RecorderDeps) *recorder.Recorder {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.recorder == nil {
		a.recorder = recorder.New(a.cfg.Recorder, recorder.Deps{
			Log: a.cfg.Log, Clock: a.cfg.Clock, Permit: deps.Permit, Link: deps.Link, OnClip: deps.OnClip,
			Spool: a.Keeper.Spool, Keys: a.Keys, Index: a.Catalog, Past: a.Catalog, Reclaim: a.Keeper.Reclaim,
			OnSegment: func(*storage.Segment) { a.Uploader.Kick() },
		})
	}
	return a.recorder
}

// Run moves segments to the bucket and sweeps what has expired until ctx ends.
func (a *Archive) Run(ctx context.Context) {
	var wg sync.WaitGroup
	wg.Go(func() { a.Uploader.Run(ctx) })
	wg.Go(func() { a.sweepLoop(ctx) })
	wg.Wait()
}

func (a *Archive) sweepLoop(ctx context.Context) {
	ticker := time.NewTicker(a.cfg.SweepEvery)
	defer ticker.Stop()
	for {
		done, err := a.Keeper.Sweep(ctx)
		if err != nil && ctx.Err() == nil {
			a.cfg.Log.Error("retention sweep did not finish", "error", err)
		}
		if done.Expired+done.Keys+done.Holds > 0 {
			a.cfg.Log.Info("retention swept", "expired", done.Expired, "keys", done.Keys, "holds", done.Holds, "deleted", done.Deleted)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// Assemble makes the MP4 of a span of a camera. stream "" takes the main
// stream where it was recorded, else the sub-stream. decision names why it is
// read; ctx governs all later reads of the file. Where all of it is erased the
// error has CodeKeyDestroyed, where nothing was recorded CodeNotFound.
func (a *Archive) Assemble(ctx context.Context, camera shouwang.CameraID, stream shouwang.StreamKind, span shouwang.Span, decision string) (*mp4.File, error) {
	segments, err := a.Catalog.Segments(ctx, camera, stream, span)
	if err != nil {
		return nil, err
	}
	segments, erased := choose(segments, stream)
	if len(segments) == 0 && erased > 0 {
		return nil, shouwang.Errorf(shouwang.CodeKeyDestroyed, "this recording of camera %s is erased: nobody can read it any more", camera)
	}
	file, err := mp4.Assemble(ctx, span, segments, retain.Reader{Keeper: a.Keeper, Decision: decision})
	if err != nil {
		return nil, err
	}
	// The key is asked for now, so that a refusal comes before the first byte.
	if err := file.Prepare(); err != nil {
		return nil, fmt.Errorf("read clip: %w", err)
	}
	return file, nil
}

// choose leaves one stream's readable segments and counts erased ones.
func choose(all []storage.Segment, stream shouwang.StreamKind) (out []storage.Segment, erased int) {
	if stream == "" {
		stream = shouwang.StreamSub
		for i := range all {
			if all[i].Stream == shouwang.StreamMain && all[i].State != storage.SegmentErased {
				stream = shouwang.StreamMain
			}
		}
	}
	for i := range all {
		switch {
		case all[i].State == storage.SegmentErased:
			erased++
		case all[i].Stream == stream:
			out = append(out, all[i])
		}
	}
	return out, erased
}

// StopRecording closes and indexes what is being recorded of a camera that
// policy no longer permits, so that an erasure finds all of it.
func (a *Archive) StopRecording(ctx context.Context, camera shouwang.CameraID) {
	a.mu.Lock()
	rec := a.recorder
	a.mu.Unlock()
	if rec != nil {
		rec.Invalidate(ctx, camera)
		rec.Flush(ctx, camera)
	}
}

// Erase makes everything recorded of a camera unreadable, except what a hold
// names, after stopping its recording. See retain.Keeper.Erase.
func (a *Archive) Erase(ctx context.Context, camera shouwang.CameraID, decision string) (retain.Receipt, error) {
	a.StopRecording(ctx, camera)
	return a.Keeper.Erase(ctx, camera, decision)
}
