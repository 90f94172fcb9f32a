package retain_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"shouwang"
	"shouwang/storage"
	"shouwang/storage/buckettest"
	"shouwang/storage/s3"
)

func TestSegmentsWaitWhileS3IsAway(t *testing.T) {
	dir := t.TempDir()
	address, stop := buckettest.Start(t, dir, 0)
	cfg, err := s3.ParseURL(address)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(address, "testkey") == false {
		t.Skip("SHOUWANG_TEST_S3 names a server that this test may not stop")
	}
	cfg.Prefix = "away/"
	bucket, err := s3.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, bucket)
	first := w.segment(t, "cam-a", start, day, indexed)
	w.drain(t)
	stop()
	second := w.segment(t, "cam-a", start.Add(10*time.Second), day, indexed)
	if n, err := w.Uploader.Drain(t.Context()); n != 0 || shouwang.CodeOf(err) != shouwang.CodeStorageAway {
		t.Fatalf("%d, %v", n, err)
	}
	if err := w.reads(second); err != nil {
		t.Fatalf("what waits cannot be read: %v", err)
	}
	if err := w.reads(first); shouwang.CodeOf(err) != shouwang.CodeStorageAway {
		t.Fatalf("what is away: %v", err)
	}
	w.reopen(t) // the service starts while the store is away
	port := 0
	if _, p, ok := strings.Cut(cfg.Endpoint, ":"); ok {
		for _, c := range p {
			port = port*10 + int(c-'0')
		}
	}
	buckettest.Start(t, dir, port)
	w.drain(t)
	if err := errors.Join(w.reads(first), w.reads(second)); err != nil {
		t.Fatal(err)
	}
	w.clean(t)
	if receipt, err := w.Erase(t.Context(), "cam-a", "d"); err != nil || !receipt.Swept || receipt.Segments != 2 {
		t.Fatalf("%+v, %v", receipt, err)
	}
	left := 0
	_ = bucket.List(t.Context(), "", func(storage.Object) error { left++; return nil })
	if left != 0 {
		t.Fatalf("%d objects are left", left)
	}
}
