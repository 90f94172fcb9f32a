package retain_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"shouwang"
	"shouwang/storage"
	"shouwang/storage/archive"
	"shouwang/storage/catalog"
	"shouwang/storage/mp4"
	"shouwang/storage/retain"
	"shouwang/storage/seal"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var start = time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)

const day = 24 * time.Hour

// world is an archive on a clock of its own.
type world struct {
	*archive.Archive
	dir    string
	bucket storage.Bucket
	mu     sync.Mutex
	now    time.Time
	mono   time.Duration
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) monotonic() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.mono
}

// pass lets time pass on both clocks.
func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now, w.mono = w.now.Add(d), w.mono+d
}

// set sets the wall clock alone.
func (w *world) set(t time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = t
}

func newWorld(t testing.TB, bucket storage.Bucket) *world {
	t.Helper()
	w := &world{dir: t.TempDir(), now: start, bucket: bucket}
	w.open(t)
	t.Cleanup(func() { _ = w.Close() })
	return w
}

func (w *world) open(t testing.TB) {
	t.Helper()
	a, err := archive.Open(context.Background(), archive.Config{Dir: w.dir, Bucket: w.bucket, Clock: w.clock, Mono: w.monotonic})
	if err != nil {
		t.Fatal(err)
	}
	w.Archive = a
}

// restart is reopen for where there is no test at hand.
func (w *world) restart() {
	_ = w.Close()
	a, err := archive.Open(context.Background(), archive.Config{Dir: w.dir, Bucket: w.bucket, Clock: w.clock, Mono: w.monotonic})
	if err != nil {
		panic(err)
	}
	w.Archive = a
}

func (w *world) reopen(t testing.TB) {
	t.Helper()
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	w.open(t)
}

// how far a segment is written before the process dies.
type stage int

const (
	open stage = iota
	whole
	indexed
	uploaded
	marked
)

// segment writes a segment of ten seconds as far as the stage.
func (w *world) segment(t testing.TB, camera shouwang.CameraID, from time.Time, keep time.Duration, until stage) *storage.Segment {
	t.Helper()
	ctx := context.Background()
	id := storage.NewSegmentID(from)
	key, err := w.Keys.NewDataKey(ctx, camera, from, "grant-1")
	if err != nil {
		t.Fatal(err)
	}
	f, err := w.Keeper.Spool.Create(id)
	if err != nil {
		t.Fatal(err)
	}
	h := seal.Header{Suite: seal.SuiteAES256GCM, Camera: string(camera), Segment: string(id), KeyID: key.ID, Wrapped: key.Wrapped}
	_, _ = rand.Read(h.Salt[:])
	sw, err := seal.NewWriter(f, h, key.Plain)
	if err != nil {
		t.Fatal(err)
	}
	p := &shouwang.Params{Codec: shouwang.CodecH264, SPS: []byte{0x67, 66, 0, 30, 1}, PPS: []byte{0x68, 1, 2}, Width: 640, Height: 360}
	meta := mp4.Meta{
		ID: id, Camera: camera, Stream: shouwang.StreamMain, From: from, Grant: "grant-1", Mode: "rolling", Retention: keep,
		Codec: p.Codec, SPS: p.SPS, PPS: p.PPS, Width: p.Width, Height: p.Height,
	}
	begin, _ := mp4.Init(p, &meta)
	_, _ = sw.Write(begin)
	for i := range 5 {
		var pieces []mp4.Piece
		for k := range 4 {
			at := shouwang.MediaTime((i*4 + k) * shouwang.MediaRate / 2)
			pieces = append(pieces, mp4.Piece{Data: bytes.Repeat([]byte{byte(i)}, 500), DTS: at, PTS: at, Duration: shouwang.MediaRate / 2, Key: k == 0})
		}
		_, _ = mp4.WriteFragment(sw, uint32(i), from, pieces)
		_ = sw.Flush()
	}
	if until == open {
		_, _ = f.Write([]byte("torn"))
		_ = f.Close()
		return &storage.Segment{ID: id, Camera: camera}
	}
	plain := sw.Plain()
	_ = sw.Close()
	if err := f.Commit(); err != nil {
		t.Fatal(err)
	}
	r, err := seal.Open(atSpool{w, id}, sw.Sealed(), key.Plain)
	if err != nil {
		t.Fatal(err)
	}
	_, samples, err := mp4.Scan(r, plain)
	if err != nil || len(samples) != 20 {
		t.Fatalf("%d samples, %v", len(samples), err)
	}
	row := meta.Segment(samples)
	row.Plain, row.Size, row.KeyID, row.Wrapped, row.State = plain, sw.Sealed(), key.ID, key.Wrapped, storage.SegmentSpooled
	if until >= indexed {
		if err := w.Catalog.PutSegment(ctx, &row); err != nil {
			t.Fatal(err)
		}
	}
	if until >= uploaded {
		sealed, _ := os.ReadFile(w.Keeper.Spool.Path(id))
		if err := w.Keeper.Bucket.Put(ctx, row.Name(), bytes.NewReader(sealed), int64(len(sealed))); err != nil {
			t.Fatal(err)
		}
	}
	if until >= marked {
		if ok, err := w.Catalog.SetStored(ctx, id); !ok || err != nil {
			t.Fatal(err)
		}
	}
	return &row
}

type atSpool struct {
	w  *world
	id storage.SegmentID
}

func (a atSpool) ReadAt(p []byte, off int64) (int, error) {
	return a.w.Keeper.Spool.ReadAt(a.id, p, off)
}

func (w *world) drain(t testing.TB) {
	t.Helper()
	for {
		n, err := w.Uploader.Drain(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return
		}
	}
}

// reads returns why the segment cannot be read, or nil.
func (w *world) reads(s *storage.Segment) error {
	row, err := w.Catalog.Segment(context.Background(), s.ID)
	if err != nil {
		return err
	}
	r, err := w.Keeper.Open(context.Background(), row, "d-1")
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, io.NewSectionReader(r, 0, r.Size()))
	return err
}

func (w *world) findings(t testing.TB) []retain.Finding {
	t.Helper()
	found, err := w.Keeper.Check(t.Context(), true)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func (w *world) clean(t testing.TB) {
	t.Helper()
	for _, f := range w.findings(t) {
		t.Error(f)
	}
}

func TestRepairAfterEachStage(t *testing.T) {
	for until, name := range map[stage]string{open: "open", whole: "whole", indexed: "indexed", uploaded: "uploaded", marked: "marked"} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, nil)
			s := w.segment(t, "cam-a", start, day, until)
			w.reopen(t)
			if err := w.reads(s); err != nil {
				t.Fatal(err)
			}
			w.clean(t)
			w.drain(t)
			if err := w.reads(s); err != nil {
				t.Fatal(err)
			}
			w.clean(t)
			if w.reopen(t); w.Repaired != (retain.Report{}) {
				t.Fatalf("repaired again: %+v", w.Repaired)
			}
		})
	}
}

func TestCheckFindsWhatIsWrong(t *testing.T) {
	cases := map[string]struct {
		invariant int
		spoil     func(*testing.T, *world, *storage.Segment, string)
	}{
		"plain text in the bucket": {3, func(t *testing.T, w *world, s *storage.Segment, path string) {
			if err := os.WriteFile(path, bytes.Repeat([]byte("x"), int(s.Size)), 0o600); err != nil {
				t.Fatal(err)
			}
		}},
		"one byte changed": {3, func(t *testing.T, w *world, s *storage.Segment, path string) {
			b, _ := os.ReadFile(path)
			b[len(b)/2] ^= 1
			_ = os.WriteFile(path, b, 0o600)
		}},
		"object cut short": {4, func(t *testing.T, w *world, s *storage.Segment, path string) { _ = os.Truncate(path, s.Size-1) }},
		"object gone":      {4, func(t *testing.T, w *world, s *storage.Segment, path string) { _ = os.Remove(path) }},
		"object without a row": {4, func(t *testing.T, w *world, s *storage.Segment, path string) {
			_ = w.Keeper.Bucket.Put(t.Context(), "segments/cam-a/20261120/stray", strings.NewReader("x"), 1)
		}},
		"a break without a gap": {5, func(t *testing.T, w *world, s *storage.Segment, path string) {
			w.segment(t, "cam-a", start.Add(15*time.Second), day, marked)
		}},
		"expired and readable": {0, func(t *testing.T, w *world, s *storage.Segment, path string) { w.pass(day + 2*time.Hour) }},
		"key destroyed alone": {3, func(t *testing.T, w *world, s *storage.Segment, path string) {
			_, _ = w.Keys.DestroyCamera(t.Context(), "cam-a", shouwang.Span{}, "d")
		}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, nil)
			s := w.segment(t, "cam-a", start, day, marked)
			_ = w.Keeper.Spool.Remove(s.ID)
			w.clean(t)
			c.spoil(t, w, s, filepath.Join(w.dir, "bucket", s.Name()))
			found := w.findings(t)
			if len(found) == 0 || found[0].Invariant != c.invariant {
				t.Fatalf("found %v", found)
			}
		})
	}
}

func TestRepairSweepsAndStatesWhatIsLost(t *testing.T) {
	w := newWorld(t, nil)
	lost := w.segment(t, "cam-a", start, day, indexed)
	_ = os.Remove(w.Keeper.Spool.Path(lost.ID))
	_ = w.Keeper.Bucket.Put(t.Context(), "segments/cam-a/20261120/20261120t100000000-0123456789.sws", strings.NewReader("not sealed"), 10)
	w.reopen(t)
	if w.Repaired.Lost != 1 || w.Repaired.Discarded != 1 {
		t.Fatalf("%+v", w.Repaired)
	}
	if gaps, _ := w.Catalog.Gaps(t.Context(), "cam-a", "", shouwang.Span{}); len(gaps) != 1 || gaps[0].Cause != shouwang.GapDisk || gaps[0].Span != lost.Span {
		t.Fatalf("gaps %+v", gaps)
	}
	w.clean(t)
}

func TestCatalogLostIsRebuiltFromTheBucket(t *testing.T) {
	w := newWorld(t, nil)
	a, b := w.segment(t, "cam-a", start, day, marked), w.segment(t, "cam-b", start, day, marked)
	_ = w.Close()
	for _, name := range []string{"catalog.db", "catalog.db-wal", "catalog.db-shm"} {
		_ = os.Remove(filepath.Join(w.dir, name))
	}
	_ = os.RemoveAll(filepath.Join(w.dir, "spool"))
	w.open(t)
	if w.Repaired.Indexed != 2 || w.reads(a) != nil || w.reads(b) != nil {
		t.Fatalf("%+v %v %v", w.Repaired, w.reads(a), w.reads(b))
	}
	row, _ := w.Catalog.Segment(t.Context(), a.ID)
	if !row.Expires.Equal(a.Expires) || row.Span != a.Span || row.Grant != a.Grant {
		t.Fatalf("%+v", row)
	}
	w.clean(t)
}

func TestWithdrawalErasesAndABackupDoesNotOpen(t *testing.T) {
	w := newWorld(t, nil)
	var mine []*storage.Segment
	for i := range 5 {
		mine = append(mine, w.segment(t, "cam-a", start.Add(time.Duration(i)*20*time.Minute), 7*day, marked))
	}
	spooled := w.segment(t, "cam-a", start.Add(3*time.Hour), 7*day, indexed)
	other := w.segment(t, "cam-b", start, 7*day, marked)
	backup := t.TempDir()
	if err := os.CopyFS(backup, os.DirFS(w.dir)); err != nil { // catalog and bucket (and, wrongly, spool), as of yesterday
		t.Fatal(err)
	}
	_ = os.RemoveAll(filepath.Join(backup, "keys"))
	hold := catalog.Hold{
		ID: "h-1", Case: "case-1", Camera: "cam-a", Span: shouwang.Span{From: start, To: start.Add(time.Minute)},
		PlacedBy: "officer:a", Second: "officer:b", Until: start.Add(30 * day), Decision: "d-hold",
	}
	if n, err := w.Keeper.Place(t.Context(), hold); n != 1 || err != nil {
		t.Fatalf("%d, %v", n, err)
	}
	receipt, err := w.Erase(t.Context(), "cam-a", "withdrawal-1")
	if err != nil || receipt.Segments != 5 || len(receipt.Held) != 1 || !receipt.Swept || len(receipt.Keys) == 0 || receipt.ID == "" {
		t.Fatalf("%+v, %v", receipt, err)
	}
	for i, s := range append(mine, spooled) {
		err := w.reads(s)
		if held := i == 0; held != (err == nil) || !held && shouwang.CodeOf(err) != shouwang.CodeKeyDestroyed {
			t.Fatalf("segment %d: %v", i, err)
		}
		if _, err := w.Keeper.Bucket.Stat(t.Context(), s.Name()); (i == 0) != (err == nil) {
			t.Fatalf("object %d: %v", i, err)
		}
	}
	if err := w.reads(other); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Assemble(t.Context(), "cam-a", "", shouwang.Span{From: start.Add(20 * time.Minute), To: start.Add(21 * time.Minute)}, "d"); shouwang.CodeOf(err) != shouwang.CodeKeyDestroyed {
		t.Fatal(err)
	}
	w.clean(t)
	// Yesterday's bucket and catalog beside today's keys.
	w.restored(t, backup, append(mine, spooled))
	// The hold ends: now that is gone too.
	w.pass(31 * day)
	w.believe(t)
	if err := w.reads(mine[0]); shouwang.CodeOf(err) != shouwang.CodeKeyDestroyed {
		t.Fatalf("held after its end: %v", err)
	}
	w.clean(t)
}

// restored opens a backup of everything but the keys with the keys as they
// are, and fails if any of the segments opens.
func (w *world) restored(t *testing.T, backup string, gone []*storage.Segment) {
	t.Helper()
	db, err := catalog.Open(t.Context(), filepath.Join(backup, "catalog.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for i, s := range gone {
		row, err := db.Segment(t.Context(), s.ID)
		if err != nil || len(row.Wrapped) == 0 {
			t.Fatalf("the backup does not hold segment %d: %v", i, err)
		}
		if _, err := w.Keys.Unwrap(t.Context(), row.KeyID, row.Wrapped, "d"); shouwang.CodeOf(err) != shouwang.CodeKeyDestroyed {
			t.Fatalf("the backup of segment %d opens: %v", i, err)
		}
	}
}
