// Package buckettest executes the contract of storage.Bucket against an
// implementation, and starts a real S3 server for tests.
package buckettest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"testing"

	"shouwang/storage"
)

// Run runs the suite. open gives an empty bucket for each part of it.
func Run(t *testing.T, open func(*testing.T) storage.Bucket) {
	for _, part := range []struct {
		name string
		run  func(*testing.T, storage.Bucket)
	}{
		{"PutAndGet", putAndGet},
		{"Ranges", ranges},
		{"WholeOrNothing", wholeOrNothing},
		{"Replace", replace},
		{"NotThere", notThere},
		{"Names", names},
		{"List", list},
		{"Together", together},
		{"Cancelled", cancelled},
	} {
		t.Run(part.name, func(t *testing.T) { part.run(t, open(t)) })
	}
}

func random(n int) []byte {
	b := make([]byte, n)
	r := rand.NewChaCha8([32]byte{byte(n)})
	_, _ = r.Read(b)
	return b
}

func put(t *testing.T, b storage.Bucket, name string, data []byte) {
	t.Helper()
	if err := b.Put(t.Context(), name, bytes.NewReader(data), int64(len(data))); err != nil {
		t.Fatalf("put %s: %v", name, err)
	}
}

func get(t *testing.T, b storage.Bucket, name string, off, n int64) []byte {
	t.Helper()
	r, err := b.Get(t.Context(), name, off, n)
	if err != nil {
		t.Fatalf("get %s %d+%d: %v", name, off, n, err)
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatalf("read %s %d+%d: %v", name, off, n, err)
	}
	return data
}

// putAndGet crosses the boundary between one PUT and parts.
func putAndGet(t *testing.T, b storage.Bucket) {
	for _, size := range []int{0, 1, 1000, 8<<20 - 1, 8 << 20, 8<<20 + 1, 17 << 20} {
		name, data := fmt.Sprintf("segments/cam/size-%d.sws", size), random(size)
		put(t, b, name, data)
		object, err := b.Stat(t.Context(), name)
		if err != nil || object.Size != int64(size) || object.Name != name || object.Modified.IsZero() {
			t.Fatalf("stat %s: %+v, %v", name, object, err)
		}
		if got := get(t, b, name, 0, -1); !bytes.Equal(got, data) {
			t.Fatalf("%s: %d bytes came back changed", name, len(got))
		}
		if err := b.Delete(t.Context(), name); err != nil {
			t.Fatal(err)
		}
	}
}

func ranges(t *testing.T, b storage.Bucket) {
	data := random(1000)
	put(t, b, "a", data)
	for _, c := range []struct{ off, n, want int64 }{
		{0, 1, 1}, {0, 0, 0}, {0, 10, 10}, {990, 10, 10}, {990, 100, 10}, {999, 1, 1}, {1000, 10, 0}, {5000, 10, 0}, {400, -1, 600}, {1000, -1, 0}, {0, 5000, 1000},
	} {
		got := get(t, b, "a", c.off, c.n)
		if int64(len(got)) != c.want || len(got) > 0 && !bytes.Equal(got, data[c.off:c.off+c.want]) {
			t.Errorf("range %d+%d: %d bytes, want %d", c.off, c.n, len(got), c.want)
		}
	}
}

// broken gives n bytes and then an error.
type broken struct{ n int }

var errBroken = errors.New("the disk beneath broke")

func (r *broken) Read(p []byte) (int, error) {
	if r.n <= 0 {
		return 0, errBroken
	}
	k := min(r.n, len(p))
	r.n -= k
	return k, nil
}

func wholeOrNothing(t *testing.T, b storage.Bucket) {
	for _, size := range []int{1000, 9 << 20} {
		bad := []struct {
			name string
			r    io.Reader
		}{
			{"short", bytes.NewReader(random(size - 1))},
			{"long", bytes.NewReader(random(size + 1))},
			{"broken", &broken{size / 2}},
		}
		for _, c := range bad {
			if err := b.Put(t.Context(), c.name, c.r, int64(size)); err == nil {
				t.Errorf("a %s reader of %d was taken", c.name, size)
			}
			if _, err := b.Stat(t.Context(), c.name); !errors.Is(err, storage.ErrNotExist) {
				t.Errorf("after a %s reader of %d: %v", c.name, size, err)
			}
		}
	}
	if err := b.List(t.Context(), "", func(o storage.Object) error { return fmt.Errorf("%s is listed", o.Name) }); err != nil {
		t.Error(err)
	}
	put(t, b, "kept", []byte("before"))
	if err := b.Put(t.Context(), "kept", &broken{3}, 6); err == nil {
		t.Error("a broken reader was taken")
	}
	if got := get(t, b, "kept", 0, -1); string(got) != "before" {
		t.Errorf("a failed Put left %q", got)
	}
}

func replace(t *testing.T, b storage.Bucket) {
	put(t, b, "a/b", []byte("first and longer"))
	put(t, b, "a/b", []byte("second"))
	put(t, b, "a/b", []byte("second"))
	if got := get(t, b, "a/b", 0, -1); string(got) != "second" {
		t.Errorf("got %q", got)
	}
}

func notThere(t *testing.T, b storage.Bucket) {
	if _, err := b.Stat(t.Context(), "no/such"); !errors.Is(err, storage.ErrNotExist) {
		t.Errorf("stat: %v", err)
	}
	if r, err := b.Get(t.Context(), "no/such", 0, 10); !errors.Is(err, storage.ErrNotExist) {
		t.Errorf("get: %v, %v", r, err)
	}
	put(t, b, "a/b/c", []byte("x"))
	for range 2 {
		if err := b.Delete(t.Context(), "a/b/c"); err != nil {
			t.Errorf("delete: %v", err)
		}
	}
	if _, err := b.Stat(t.Context(), "a/b/c"); !errors.Is(err, storage.ErrNotExist) {
		t.Errorf("stat after delete: %v", err)
	}
	if _, err := b.Stat(t.Context(), "a/b"); !errors.Is(err, storage.ErrNotExist) {
		t.Errorf("stat of what is only a prefix: %v", err)
	}
	put(t, b, "a/b/c", []byte("y")) // the name can be used again
}

func names(t *testing.T, b storage.Bucket) {
	for _, bad := range []string{"", "/a", "a/", "a//b", "..", "a/../b", ".hidden", "a/.b", "A", "a b", "a\x00b", "守", "a\\b", string(make([]byte, 600))} {
		if err := b.Put(t.Context(), bad, bytes.NewReader(nil), 0); !errors.Is(err, storage.ErrBadName) {
			t.Errorf("put %q: %v", bad, err)
		}
		if _, err := b.Get(t.Context(), bad, 0, -1); !errors.Is(err, storage.ErrBadName) {
			t.Errorf("get %q: %v", bad, err)
		}
		if _, err := b.Stat(t.Context(), bad); !errors.Is(err, storage.ErrBadName) {
			t.Errorf("stat %q: %v", bad, err)
		}
		if err := b.Delete(t.Context(), bad); !errors.Is(err, storage.ErrBadName) {
			t.Errorf("delete %q: %v", bad, err)
		}
	}
}

func list(t *testing.T, b storage.Bucket) {
	want := []string{"segments/a/1.sws", "segments/a/2.sws", "segments/b/1.sws", "stills/x"}
	for _, name := range []string{want[2], want[0], want[3], want[1]} {
		put(t, b, name, []byte(name))
	}
	for prefix, expect := range map[string][]string{"": want, "segments/": want[:3], "segments/a": want[:2], "seg": want[:3], "none": nil, "segments/a/2": want[1:2]} {
		var got []string
		err := b.List(t.Context(), prefix, func(o storage.Object) error {
			if o.Size != int64(len(o.Name)) {
				t.Errorf("%s is listed with %d bytes", o.Name, o.Size)
			}
			got = append(got, o.Name)
			return nil
		})
		if err != nil || fmt.Sprint(got) != fmt.Sprint(expect) {
			t.Errorf("list %q: %v, want %v, %v", prefix, got, expect, err)
		}
	}
	stop, seen := errors.New("enough"), 0
	if err := b.List(t.Context(), "", func(storage.Object) error { seen++; return stop }); !errors.Is(err, stop) || seen != 1 {
		t.Errorf("list went on after an error: %d, %v", seen, err)
	}
}

// together puts, reads and deletes from many goroutines.
func together(t *testing.T, b storage.Bucket) {
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			for i := range 5 {
				name := fmt.Sprintf("cam-%d/day/%d", worker%3, worker*10+i)
				data := []byte(name)
				if err := b.Put(t.Context(), name, bytes.NewReader(data), int64(len(data))); err != nil {
					t.Errorf("put: %v", err)
					return
				}
				if got := get(t, b, name, 0, -1); string(got) != name {
					t.Errorf("%s holds %q", name, got)
				}
				if err := b.Delete(t.Context(), name); err != nil {
					t.Errorf("delete: %v", err)
				}
			}
		})
	}
	wg.Wait()
}

func cancelled(t *testing.T, b storage.Bucket) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.Put(ctx, "late", bytes.NewReader([]byte("x")), 1); err == nil {
		t.Error("a cancelled Put succeeded")
	}
	if _, err := b.Stat(t.Context(), "late"); !errors.Is(err, storage.ErrNotExist) {
		t.Errorf("a cancelled Put left something: %v", err)
	}
}
