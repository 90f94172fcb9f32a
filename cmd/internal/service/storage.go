package service

import (
	"context"
	"log/slog"
	"os"
	"time"

	"shouwang"
	"shouwang/storage/archive"
	"shouwang/storage/keys/transit"
	"shouwang/storage/recorder"
	"shouwang/storage/s3"
	"shouwang/storage/spool"
)

// openArchive opens what is recorded in the data folder, or in the S3 bucket
// that is configured. With repair it mends what a crash left.
func openArchive(ctx context.Context, cfg Config, repair bool, clock func() time.Time, log *slog.Logger) (*archive.Archive, error) {
	c := archive.Config{
		Dir: cfg.Data, Spool: spool.Options{MinFree: cfg.Storage.MinFree, MaxBytes: cfg.Storage.SpoolBytes},
		Recorder: recorder.Config{PreRoll: cfg.Storage.PreRoll},
		Log:      log, Clock: clock, NoRepair: !repair,
	}
	if b := cfg.Storage.S3; b.Endpoint != "" {
		bucket, err := s3.Open(ctx, s3.Config{
			Endpoint: b.Endpoint, Bucket: b.Bucket, Region: b.Region, AccessKey: b.AccessKey, SecretKey: b.SecretKey, TLS: !b.Insecure,
		})
		if err != nil {
			return nil, err
		}
		c.Bucket = bucket
	}
	if k := cfg.Storage.Keys; k.Kind == "transit" {
		vault, err := transit.Open(ctx, transit.Config{
			Address: k.Address, Mount: k.Mount, TokenFile: k.TokenFile, CAFile: k.CAFile, Namespace: k.Namespace,
		})
		if err != nil {
			return nil, err
		}
		c.Vault = vault
	}
	return archive.Open(ctx, c)
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
