package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"shouwang"
	"shouwang/storage"
	"shouwang/storage/buckettest"
	"shouwang/storage/catalog"
	"shouwang/storage/folder"
	"shouwang/storage/keys"
	"shouwang/storage/mp4"
	"shouwang/storage/retain"
	"shouwang/storage/s3"
	"shouwang/storage/seal"
	"shouwang/storage/spool"
)

// objects starts the S3 server and returns its bucket, and the settings that
// make the service use it.
func objects(t testing.TB) (*s3.Bucket, string) {
	t.Helper()
	cfg, err := s3.ParseURL(buckettest.Server(t))
	if err != nil {
		t.Fatal(err)
	}
	bucket, err := s3.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return bucket, fmt.Sprintf("  s3: {endpoint: %q, bucket: %q, access_key: %q, secret_key: %q, insecure: %v}\n",
		cfg.Endpoint, cfg.Bucket, cfg.AccessKey, cfg.SecretKey, !cfg.TLS)
}

// readCatalog copies the catalog of a house, running or not, and opens the
// copy. A copy torn by a write is made again.
func (h *house) readCatalog(t testing.TB, to string) *catalog.DB {
	t.Helper()
	var db *catalog.DB
	await(t, 20*time.Second, "a whole copy of the catalog", func() bool {
		if h.copyCatalog(to) != nil {
			return false
		}
		var err error
		if db, err = catalog.Open(t.Context(), filepath.Join(to, "catalog.db")); err != nil {
			return false
		}
		if err := db.Each(t.Context(), func(*storage.Segment) error { return nil }); err != nil {
			_ = db.Close()
			return false
		}
		return true
	})
	return db
}

func (h *house) copyCatalog(to string) error {
	if err := errors.Join(os.RemoveAll(to), os.MkdirAll(to, 0o700)); err != nil {
		return err
	}
	for _, name := range []string{"catalog.db-wal", "catalog.db"} {
		if err := copyFile(filepath.Join(h.dir, name), filepath.Join(to, name)); err != nil && !os.IsNotExist(err) {
			return err
		}
	}
	return nil
}

// segments returns what the catalog of a house says is recorded of a camera.
func (h *house) segments(t testing.TB, camera string) ([]storage.Segment, []shouwang.Gap) {
	t.Helper()
	db := h.readCatalog(t, filepath.Join(t.TempDir(), "look"))
	defer db.Close()
	list, err := db.Segments(t.Context(), shouwang.CameraID(camera), "", shouwang.Span{})
	if err != nil {
		t.Fatal(err)
	}
	gaps, err := db.Gaps(t.Context(), shouwang.CameraID(camera), shouwang.StreamMain, shouwang.Span{From: time.Unix(0, 0), To: time.Now().Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	return list, gaps
}

// backup is a copy of bucket and catalog as an operator keeps them, and of the
// keys, which no operator may keep: they show that the copy was good.
type backup struct {
	dir      string
	bucket   *folder.Bucket
	segments []storage.Segment // that the copied bucket holds, of one camera
}

// takeBackup waits until something of the clip's span lies in the bucket and
// copies it all, until the copy can be read with the keys of that moment.
func takeBackup(t testing.TB, h *house, from *s3.Bucket, camera shouwang.CameraID, clip shouwang.ClipID) *backup {
	t.Helper()
	b := &backup{dir: filepath.Join(t.TempDir(), "backup")}
	var err error
	if b.bucket, err = folder.Open(filepath.Join(b.dir, "bucket")); err != nil {
		t.Fatal(err)
	}
	why := errors.New("not tried")
	defer func() {
		if why != nil {
			t.Logf("the last copy: %v", why)
		}
	}()
	await(t, 90*time.Second, "a backup of the clip that can be read", func() bool {
		why = b.copy(t, h, from, camera, clip)
		if why == nil {
			why = b.open(t, filepath.Join(b.dir, "keys"))
		}
		return why == nil
	})
	return b
}

func (b *backup) copy(t testing.TB, h *house, from *s3.Bucket, camera shouwang.CameraID, id shouwang.ClipID) error {
	ctx := t.Context()
	if err := errors.Join(os.RemoveAll(filepath.Join(b.dir, "keys")), copyFolder(filepath.Join(h.dir, "keys"), filepath.Join(b.dir, "keys"))); err != nil {
		return err
	}
	db := h.readCatalog(t, filepath.Join(b.dir, "catalog"))
	defer db.Close()
	clip, err := db.Clip(ctx, id)
	if err != nil {
		return err
	}
	list, err := db.Segments(ctx, camera, "", clip.Span)
	if err != nil {
		return err
	}
	b.segments = nil
	for _, s := range list {
		if s.State != storage.SegmentStored {
			continue
		}
		if err := move(ctx, from, b.bucket, s.Name()); err != nil {
			return err
		}
		b.segments = append(b.segments, s)
	}
	if len(b.segments) == 0 {
		return fmt.Errorf("of %d segments of clip %s (%s) none is in the bucket yet", len(list), id, clip.Span.From)
	}
	return nil
}

// move copies one object from bucket to bucket.
func move(ctx context.Context, from, to storage.Bucket, name string) error {
	r, err := from.Get(ctx, name, 0, -1)
	if err != nil {
		return err
	}
	raw, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil {
		return err
	}
	return to.Put(ctx, name, bytes.NewReader(raw), int64(len(raw)))
}

// open reads every segment of the backup with the keys in a folder: by what the
// catalog's row holds, and by what the object says of itself. It returns nil
// when all of them are whole videos.
func (b *backup) open(t testing.TB, keyDir string) error {
	ring, err := keys.Open(keyDir, keys.Options{})
	if err != nil {
		return err
	}
	defer ring.Close()
	waiting, err := spool.Open(filepath.Join(b.dir, "spool"), spool.Options{})
	if err != nil {
		return err
	}
	keeper := &retain.Keeper{Keys: ring, Bucket: b.bucket, Spool: waiting}
	var errs []error
	for i := range b.segments {
		errs = append(errs, readable(t.Context(), keeper, &b.segments[i]))
	}
	return errors.Join(errs...)
}

func readable(ctx context.Context, k *retain.Keeper, s *storage.Segment) error {
	r, err := k.Open(ctx, s, "test:restore")
	if err != nil {
		return err
	}
	if _, samples, err := mp4.Scan(r, r.Size()); err != nil || len(samples) == 0 {
		return fmt.Errorf("segment %s holds %d pictures: %w", s.ID, len(samples), err)
	}
	return nil
}

// sealedKeys tries the key that each object carries in its own header, and
// returns how many open.
func (b *backup) sealedKeys(t testing.TB, keyDir string) int {
	t.Helper()
	ring, err := keys.Open(keyDir, keys.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer ring.Close()
	open := 0
	for _, s := range b.segments {
		r, err := b.bucket.Get(t.Context(), s.Name(), 0, -1)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := io.ReadAll(r)
		if err := errors.Join(err, r.Close()); err != nil {
			t.Fatal(err)
		}
		header, _, err := seal.ReadHeader(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(raw, []byte("moof")) || bytes.Contains(raw, []byte("avcC")) {
			t.Errorf("object %s shows boxes of MP4: it is not sealed", s.Name())
		}
		if _, err := ring.Unwrap(t.Context(), header.KeyID, header.Wrapped, "test:restore"); err == nil {
			open++
		}
	}
	return open
}

// restore puts the backup back in place of what a stopped house holds, its
// keys excepted.
func (b *backup) restore(t testing.TB, h *house, to *s3.Bucket) {
	t.Helper()
	for _, s := range b.segments {
		if err := move(t.Context(), b.bucket, to, s.Name()); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"catalog.db", "catalog.db-wal", "catalog.db-shm"} {
		if err := os.RemoveAll(filepath.Join(h.dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := copyFile(filepath.Join(b.dir, "catalog", "catalog.db"), filepath.Join(h.dir, "catalog.db")); err != nil {
		t.Fatal(err)
	}
}
