package seal

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	mrand "math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"testing/iotest"

	"shouwang"
)

var testKey = bytes.Repeat([]byte{7}, KeySize)

func testHeader(segment string) Header {
	h := Header{Suite: SuiteAES256GCM, Camera: "door-17", Segment: segment, KeyID: "door-17/20261123/3/1", Wrapped: []byte("wrapped")}
	_, _ = rand.Read(h.Salt[:])
	return h
}

// sealed returns plain text and its sealed form, flushed at the sizes given.
func sealed(t testing.TB, h Header, pieces ...int) (plain, file []byte) {
	t.Helper()
	var out bytes.Buffer
	w, err := NewWriter(&out, h, testKey)
	if err != nil {
		t.Fatal(err)
	}
	rng := mrand.New(mrand.NewPCG(1, 2))
	for _, n := range pieces {
		piece := make([]byte, n)
		for i := range piece {
			piece[i] = byte(rng.Uint32())
		}
		plain = append(plain, piece...)
		if _, err := w.Write(piece); err != nil {
			t.Fatal(err)
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if w.Sealed() != int64(out.Len()) || w.Plain() != int64(len(plain)) {
		t.Fatalf("writer counted %d/%d, wrote %d/%d", w.Sealed(), w.Plain(), out.Len(), len(plain))
	}
	return plain, out.Bytes()
}

func TestRoundTripAtAnyOffset(t *testing.T) {
	plain, file := sealed(t, testHeader("a"), 10, ChunkSize, 1, 3*ChunkSize+77, 0, 5000)
	r, err := Open(bytes.NewReader(file), int64(len(file)), testKey)
	if err != nil {
		t.Fatal(err)
	}
	if r.Size() != int64(len(plain)) || r.Header.Camera != "door-17" {
		t.Fatalf("size %d of %d, header %+v", r.Size(), len(plain), r.Header)
	}
	if err := iotest.TestReader(io.NewSectionReader(r, 0, r.Size()), plain); err != nil {
		t.Fatal(err)
	}
	rng := mrand.New(mrand.NewPCG(3, 4))
	for range 300 {
		off := rng.IntN(len(plain))
		n := 1 + rng.IntN(len(plain)-off)
		got := make([]byte, n)
		if _, err := r.ReadAt(got, int64(off)); err != nil && !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
		if !bytes.Equal(got, plain[off:off+n]) {
			t.Fatalf("range %d+%d differs", off, n)
		}
	}
	if bytes.Contains(file, plain[:10]) || bytes.Contains(file, plain[100:120]) {
		t.Fatal("plain text stands in the file")
	}
}

func TestEmptySegment(t *testing.T) {
	_, file := sealed(t, testHeader("a"))
	r, err := Open(bytes.NewReader(file), int64(len(file)), testKey)
	if err != nil || r.Size() != 0 {
		t.Fatalf("size %d, error %v", r.Size(), err)
	}
}

// mustFail opens the file and reads it all, and fails unless that fails.
func mustFail(t *testing.T, what string, file, key []byte) {
	t.Helper()
	r, err := Open(bytes.NewReader(file), int64(len(file)), key)
	if err == nil {
		_, err = io.ReadAll(io.NewSectionReader(r, 0, r.Size()))
	}
	if err == nil {
		t.Fatalf("%s: was not noticed", what)
	}
	if code := shouwang.CodeOf(err); code != shouwang.CodeTampered && !errors.Is(err, ErrNotSealed) && code != shouwang.CodeDataUnreadable {
		t.Fatalf("%s: %v (%s)", what, err, code)
	}
}

func TestEveryChangeIsNoticed(t *testing.T) {
	h := testHeader("a")
	_, file := sealed(t, h, 400, 400, 400, 900)
	_, other := sealed(t, testHeader("b"), 400, 400, 400, 900)
	raw, _ := h.marshal()
	head, frame := len(raw), wordLen+400+tagLen

	for i := range file {
		bad := bytes.Clone(file)
		bad[i] ^= 0x10
		mustFail(t, "one bit changed", bad, testKey)
	}
	for n := 0; n < len(file); n += 13 {
		mustFail(t, "cut short", file[:n], testKey)
	}
	reordered := bytes.Clone(file)
	copy(reordered[head:], file[head+frame:head+2*frame])
	copy(reordered[head+frame:], file[head:head+frame])
	mustFail(t, "two chunks swapped", reordered, testKey)

	repeated := bytes.Clone(file)
	copy(repeated[head+frame:], file[head:head+frame])
	mustFail(t, "a chunk repeated", repeated, testKey)

	mixed := bytes.Clone(file)
	copy(mixed[len(mixed)-(len(file)-head):], other[len(other)-(len(file)-head):])
	mustFail(t, "another segment's body", mixed, testKey)

	dropped := append(bytes.Clone(file[:head]), file[head+frame:]...)
	mustFail(t, "a chunk dropped", dropped, testKey)
	mustFail(t, "wrong key", file, bytes.Repeat([]byte{8}, KeySize))
}

func TestRecoverKeepsWhatWasFlushed(t *testing.T) {
	plain, file := sealed(t, testHeader("a"), 1000, 1000, 1000)
	h, raw, err := ReadHeader(bytes.NewReader(file))
	if err != nil || h.Segment != "a" {
		t.Fatal(err)
	}
	frame := wordLen + 1000 + tagLen
	for cut := len(raw); cut <= len(file); cut += 37 {
		f, err := os.Create(filepath.Join(t.TempDir(), "spool"))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = f.Write(file[:cut])
		size, err := Recover(f, int64(cut), testKey)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Recover(f, size, testKey)
		if err != nil || again != size {
			t.Fatalf("recovering twice: %d then %d, %v", size, again, err)
		}
		r, err := Open(f, size, testKey)
		if err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		want := min((cut-len(raw))/frame, 3) * 1000
		got, err := io.ReadAll(io.NewSectionReader(r, 0, r.Size()))
		if err != nil || !bytes.Equal(got, plain[:want]) {
			t.Fatalf("cut at %d: %d bytes, want %d, %v", cut, len(got), want, err)
		}
		_ = f.Close()
	}
}

func TestForeignFilesAreRefused(t *testing.T) {
	for _, b := range [][]byte{nil, []byte("SWSEAL"), make([]byte, 4096), []byte("SWSEAL\x01\x01\xff\xff")} {
		if _, err := Open(bytes.NewReader(b), int64(len(b)), testKey); !errors.Is(err, ErrNotSealed) {
			t.Errorf("%q: %v", b, err)
		}
	}
	h := testHeader("a")
	h.Suite = SuiteSM4GCM
	_, file := sealed(t, h, 10)
	if _, err := Open(bytes.NewReader(file), int64(len(file)), testKey); shouwang.CodeOf(err) != shouwang.CodeDataUnreadable {
		t.Errorf("unknown suite: %v", err)
	}
}

func FuzzOpen(f *testing.F) {
	_, file := sealed(f, testHeader("a"), 100, 2000)
	f.Add(file)
	f.Add(file[:60])
	f.Fuzz(func(t *testing.T, data []byte) {
		if r, err := Open(bytes.NewReader(data), int64(len(data)), testKey); err == nil {
			_, _ = io.ReadAll(io.NewSectionReader(r, 0, r.Size()))
		}
		spool := &memory{bytes.Clone(data)}
		if size, err := Recover(spool, int64(len(data)), testKey); err == nil {
			if _, err := Open(spool, size, testKey); err != nil {
				t.Fatalf("recovered and does not open: %v", err)
			}
		}
	})
}

// memory is a File that needs no disk.
type memory struct{ b []byte }

func (m *memory) ReadAt(p []byte, off int64) (int, error) {
	return bytes.NewReader(m.b).ReadAt(p, off)
}

func (m *memory) WriteAt(p []byte, off int64) (int, error) {
	m.b = append(m.b[:off], p...)
	return len(p), nil
}

func (m *memory) Truncate(size int64) error {
	m.b = m.b[:size]
	return nil
}

func BenchmarkSeal(b *testing.B) {
	w, _ := NewWriter(io.Discard, testHeader("a"), testKey)
	piece := make([]byte, ChunkSize)
	b.SetBytes(ChunkSize)
	b.ReportAllocs()
	for b.Loop() {
		w.lengths = w.lengths[:0]
		_, _ = w.Write(piece)
	}
}
