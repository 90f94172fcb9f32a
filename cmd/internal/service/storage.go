package service

import (
	"context"
	"log/slog"
	"os"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/storage"
	"shouwang/storage/catalog"
	"shouwang/storage/folder"
	"shouwang/storage/keys"
	"shouwang/storage/recorder"
	"shouwang/storage/retain"
	"shouwang/storage/s3"
	"shouwang/storage/spool"
)

// store is where recordings live: all of package storage that a node needs.
type store struct {
	catalog  *catalog.DB
	keys     *keys.Ring
	bucket   storage.Bucket
	spool    *spool.Spool
	uploader *spool.Uploader
	keeper   *retain.Keeper
	recorder *recorder.Recorder
	log      *slog.Logger
}

// OpenStore opens catalog, keys, bucket and spool in the data folder; check
// and repair use it too.
func openStore(ctx context.Context, cfg Config, clock func() time.Time, log *slog.Logger) (s *store, err error) {
	s = &store{log: log}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	if s.catalog, err = catalog.Open(ctx, cfg.path("catalog.db")); err != nil {
		return s, err
	}
	if s.keys, err = keys.Open(cfg.path("keys"), keys.Options{Clock: clock}); err != nil {
		return s, err
	}
	local := cfg.Storage.S3.Endpoint == ""
	if s.bucket, err = openBucket(ctx, cfg); err != nil {
		return s, err
	}
	if s.spool, err = spool.Open(cfg.path("spool"), spool.Options{MinFree: cfg.Storage.MinFree, MaxBytes: cfg.Storage.SpoolBytes}); err != nil {
		return s, err
	}
	began := time.Now()
	s.uploader = &spool.Uploader{Spool: s.spool, Bucket: s.bucket, Index: s.catalog, Log: log}
	s.keeper = &retain.Keeper{
		Catalog: s.catalog, Keys: s.keys, Bucket: s.bucket, Spool: s.spool, Log: log,
		Tide: retain.NewTide(clock, func() time.Duration { return time.Since(began) }), LocalBucket: local,
	}
	return s, nil
}

func openBucket(ctx context.Context, cfg Config) (storage.Bucket, error) {
	c := cfg.Storage.S3
	if c.Endpoint == "" {
		return folder.Open(cfg.path("bucket"))
	}
	return s3.Open(ctx, s3.Config{
		Endpoint: c.Endpoint, Bucket: c.Bucket, Region: c.Region, AccessKey: c.AccessKey, SecretKey: c.SecretKey, TLS: !c.Insecure,
	})
}

// record makes the recorder over the store.
func (s *store) record(gate *policy.Gate, clock func() time.Time, link func(shouwang.CameraID, shouwang.StreamKind) shouwang.LinkState) {
	s.recorder = recorder.New(recorder.Config{}, recorder.Deps{
		Log: s.log, Clock: clock, Permit: gate.Record, Spool: s.spool, Keys: s.keys, Index: s.catalog, Past: s.catalog,
		Reclaim: s.keeper.Reclaim, OnSegment: func(*storage.Segment) { s.uploader.Kick() }, Link: link,
	})
}

// sweepEvery is how often retention looks for what has expired; the promise is
// an hour.
const sweepEvery = 5 * time.Minute

// sweep enforces retention until ctx ends.
func (s *store) sweep(ctx context.Context) {
	for {
		done, err := s.keeper.Sweep(ctx)
		switch {
		case err != nil && ctx.Err() == nil:
			s.log.Error("retention could not be carried out; it is tried again", "error", err)
		case done.Expired+done.Deleted+done.Holds > 0:
			s.log.Info("retention", "expired", done.Expired, "deleted", done.Deleted, "keys", done.Keys, "holds_ended", done.Holds)
		}
		if !sleep(ctx, sweepEvery) {
			return
		}
	}
}

// close closes what is open.
func (s *store) close() {
	for _, c := range []interface{ Close() error }{s.keys, s.catalog} {
		if !isNil(c) {
			if err := c.Close(); err != nil {
				s.log.Error("close store", "error", err)
			}
		}
	}
}

func isNil(c interface{ Close() error }) bool {
	switch v := c.(type) {
	case *keys.Ring:
		return v == nil
	case *catalog.DB:
		return v == nil
	}
	return c == nil
}

// lock takes the data folder for this process: two services on one folder
// would record over each other.
func lock(cfg Config) (*os.File, error) {
	f, err := os.OpenFile(cfg.path("lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, shouwang.Errorf(shouwang.CodeDataUnreadable, "data folder %s cannot be locked: %w", cfg.Data, err)
	}
	if err := flock(f); err != nil {
		f.Close()
		return nil, shouwang.Errorf(shouwang.CodeConflict, "another shouwang is using the data folder %s: stop it, or choose another with --data", cfg.Data)
	}
	return f, nil
}
