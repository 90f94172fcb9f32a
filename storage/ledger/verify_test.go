package ledger_test

import (
	"bytes"
	"database/sql"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"shouwang"
	"shouwang/storage/ledger"
)

// written is a closed log of n entries and its last checkpoint.
func written(t *testing.T, n int) (dir, vkey, head string) {
	t.Helper()
	dir = t.TempDir()
	l := open(t, dir)
	var wg sync.WaitGroup
	for part := range 10 { // side by side, since one commit serves all that wait
		wg.Go(func() {
			for i := range (n + part) / 10 {
				if _, err := l.Append(t.Context(), look("camera:a", i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	p, err := l.Proof(t.Context(), uint64(n-1))
	must(t, err)
	must(t, l.Close())
	return dir, l.VerifierKey(), p.Checkpoint
}

func TestVerifySizes(t *testing.T) {
	for _, n := range []int{1, 2, 255, 256, 257, 600} {
		dir, vkey, head := written(t, n)
		var done uint64
		report, err := ledger.Verify(t.Context(), filepath.Join(dir, "public"), vkey, []string{head}, func(d, of uint64) { done = d * 1000 / of })
		if err != nil || !report.OK() || report.Size != uint64(n) || done != 1000 {
			t.Errorf("%d entries: %+v, %v, progress %d", n, report, err, done)
		}
	}
	// A log without entries is a log.
	empty := t.TempDir()
	l := open(t, empty)
	must(t, l.Close())
	report, err := ledger.Verify(t.Context(), l.PublicDir(), l.VerifierKey(), nil, nil)
	if err != nil || !report.OK() || report.Size != 0 {
		t.Errorf("empty: %+v, %v", report, err)
	}
}

// copied returns a copy of a log folder, to be tampered with.
func copied(t *testing.T, dir string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "copy")
	must(t, os.CopyFS(to, os.DirFS(dir)))
	for _, name := range []string{"secret.key", "log.key"} {
		must(t, os.Chmod(filepath.Join(to, name), 0o600))
	}
	return to
}

// find returns the files of the public log whose path ends so.
func find(t *testing.T, dir, end string) (paths []string) {
	t.Helper()
	must(t, filepath.WalkDir(filepath.Join(dir, "public"), func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.HasSuffix(path, end) {
			paths = append(paths, path)
		}
		return err
	}))
	if len(paths) == 0 {
		t.Fatalf("the public log has no %s", end)
	}
	return paths
}

// edit changes the file of the public log whose path ends so.
func edit(t *testing.T, dir, end string, change func([]byte) []byte) {
	t.Helper()
	for _, path := range find(t, dir, end) {
		raw, err := os.ReadFile(path)
		must(t, err)
		must(t, os.WriteFile(path, change(bytes.Clone(raw)), 0o644))
	}
}

// execSQL does with the front what somebody with a SQLite shell can do.
func execSQL(t *testing.T, dir, query string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "details.db")+"?_pragma=busy_timeout(20000)")
	must(t, err)
	_, err = db.Exec(query)
	must(t, err)
	must(t, db.Close())
}

func TestTamperedLogIsFoundOut(t *testing.T) {
	const bundles, tile = "tile/entries/000.p/30", "tile/0/000.p/30" // of thirty entries
	whole, vkey, _ := written(t, 30)
	other, _, _ := written(t, 30)
	const record = 2 + 32       // a commitment with its length, as tlog-tiles writes it
	kinds := map[string]string{ // what the verifier calls it
		"changed commitment": ledger.Changed, "reordered commitments": ledger.Reordered, "dropped commitment": ledger.Dropped,
		"dropped last commitment": ledger.Dropped, "garbage commitments": ledger.Dropped, "missing commitments": ledger.Dropped,
		"changed tile": ledger.Changed, "missing tile": ledger.Damaged, "checkpoint of fewer": ledger.Signature,
		"unsigned checkpoint": ledger.Signature, "empty checkpoint": ledger.Signature, "another log's": ledger.Signature,
	}
	for name, tamper := range map[string]func(t *testing.T, dir string){
		"changed commitment": func(t *testing.T, dir string) {
			edit(t, dir, bundles, func(b []byte) []byte { b[2*record+5] ^= 1; return b })
		},
		"reordered commitments": func(t *testing.T, dir string) {
			edit(t, dir, bundles, func(b []byte) []byte {
				return append(append(bytes.Clone(b[record:2*record]), b[:record]...), b[2*record:]...)
			})
		},
		"dropped commitment": func(t *testing.T, dir string) {
			edit(t, dir, bundles, func(b []byte) []byte { return append(b[:record:record], b[2*record:]...) })
		},
		"dropped last commitment": func(t *testing.T, dir string) {
			edit(t, dir, bundles, func(b []byte) []byte { return b[:len(b)-record] })
		},
		"garbage commitments": func(t *testing.T, dir string) {
			edit(t, dir, bundles, func([]byte) []byte { return []byte{0xff, 0xff, 1} })
		},
		"missing commitments": func(t *testing.T, dir string) {
			for _, path := range find(t, dir, bundles) {
				must(t, os.Remove(path))
			}
		},
		"changed tile": func(t *testing.T, dir string) {
			edit(t, dir, tile, func(b []byte) []byte { b[40] ^= 1; return b })
		},
		"missing tile": func(t *testing.T, dir string) {
			for _, path := range find(t, dir, tile) {
				must(t, os.Remove(path))
			}
		},
		"checkpoint of fewer": func(t *testing.T, dir string) {
			edit(t, dir, "checkpoint", func(b []byte) []byte { return bytes.Replace(b, []byte("\n30\n"), []byte("\n29\n"), 1) })
		},
		"unsigned checkpoint": func(t *testing.T, dir string) {
			edit(t, dir, "checkpoint", func(b []byte) []byte { return b[:bytes.Index(b, []byte("\n\n"))+2] })
		},
		"empty checkpoint": func(t *testing.T, dir string) {
			edit(t, dir, "checkpoint", func([]byte) []byte { return nil })
		},
		"another log's": func(t *testing.T, dir string) {
			must(t, os.RemoveAll(filepath.Join(dir, "public")))
			must(t, os.CopyFS(filepath.Join(dir, "public"), os.DirFS(filepath.Join(other, "public"))))
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := copied(t, whole)
			tamper(t, dir)
			report, err := ledger.Verify(t.Context(), filepath.Join(dir, "public"), vkey, nil, nil)
			if err != nil || report.OK() {
				t.Fatalf("passes: %+v, %v", report, err)
			}
			if !slices.ContainsFunc(report.Problems, func(p string) bool { return strings.HasPrefix(p, kinds[name]+": ") }) {
				t.Errorf("found out as %q, want %s", report.Problems, kinds[name])
			}
		})
	}
}

// What the log's own operator can do: put back a whole older log, signature
// and all. Only a checkpoint kept elsewhere tells.
func TestRolledBackLogIsFoundOut(t *testing.T) {
	dir := t.TempDir()
	old := filepath.Join(t.TempDir(), "old")
	l := open(t, dir)
	add(t, l, "camera:a", 10)
	must(t, l.Close())
	must(t, os.CopyFS(old, os.DirFS(filepath.Join(dir, "public"))))
	l = open(t, dir)
	add(t, l, "camera:a", 5)
	p, err := l.Proof(t.Context(), 14)
	must(t, err)
	must(t, l.Close())
	must(t, os.RemoveAll(l.PublicDir()))
	must(t, os.CopyFS(l.PublicDir(), os.DirFS(old)))

	alone, err := ledger.Verify(t.Context(), l.PublicDir(), l.VerifierKey(), nil, nil)
	if err != nil || !alone.OK() {
		t.Errorf("an old log is whole in itself: %+v, %v", alone, err)
	}
	report, err := ledger.Verify(t.Context(), l.PublicDir(), l.VerifierKey(), []string{p.Checkpoint}, nil)
	if err != nil || report.OK() {
		t.Errorf("passes beside a newer checkpoint: %+v, %v", report, err)
	}
	_, err = ledger.Open(t.Context(), ledger.Config{Dir: dir})
	wantCode(t, err, shouwang.CodeTampered) // and the front remembers as well
}

func TestTamperedDetailsAreFoundOut(t *testing.T) {
	whole, _, _ := written(t, 10)
	for name, query := range map[string]string{
		"changed line":      `UPDATE entries SET sealed = zeroblob(length(sealed)) WHERE seq = 3`,
		"swapped lines":     `UPDATE entries SET sealed = (SELECT sealed FROM entries WHERE seq = 4) WHERE seq = 3`,
		"dropped line":      `DELETE FROM entries WHERE seq = 3`,
		"dropped last line": `DELETE FROM entries WHERE seq = 9`,
		"dropped first":     `DELETE FROM entries WHERE seq = 0`,
		"changed leaf":      `UPDATE entries SET leaf = randomblob(32) WHERE seq = 3`,
		"hidden from log":   `UPDATE entries SET leaf_index = NULL WHERE seq = 3`,
		"moved":             `UPDATE entries SET leaf_index = 100 WHERE seq = 3`,
		"all":               `DELETE FROM entries`,
	} {
		t.Run(name, func(t *testing.T) {
			dir := copied(t, whole)
			before, err := ledger.Check(t.Context(), ledger.Config{Dir: dir}, nil, nil)
			if err != nil || !before.OK() || before.Details != 10 {
				t.Fatalf("before: %+v, %v", before, err)
			}
			execSQL(t, dir, query)
			report, err := ledger.Check(t.Context(), ledger.Config{Dir: dir}, nil, nil)
			if err != nil || report.OK() {
				t.Errorf("passes: %+v, %v", report, err)
			}
		})
	}
}

func TestTamperedLineIsNotShown(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	add(t, l, "camera:a", 5)
	execSQL(t, dir, `UPDATE entries SET sealed = (SELECT sealed FROM entries WHERE seq = 4) WHERE seq = 3`)
	_, err := l.Looks(t.Context(), "camera:a", shouwang.Span{})
	wantCode(t, err, shouwang.CodeTampered)
	_, err = l.Proof(t.Context(), 3)
	wantCode(t, err, shouwang.CodeTampered)
}

func TestCheckRunsBesideTheService(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	add(t, l, "camera:a", 40)
	_, err := l.Proof(t.Context(), 39)
	must(t, err)
	report, err := ledger.Check(t.Context(), ledger.Config{Dir: dir}, nil, nil)
	if err != nil || !report.OK() || report.Size != 40 {
		t.Errorf("report: %+v, %v", report, err)
	}
	add(t, l, "camera:a", 1)
	_, err = ledger.Check(t.Context(), ledger.Config{Dir: t.TempDir()}, nil, nil)
	wantCode(t, err, shouwang.CodeDataUnreadable)
}

// FuzzVerifyProof feeds the verifier hostile proofs: it answers, and never yes
// to what differs from the good one in the entry.
func FuzzVerifyProof(f *testing.F) {
	l := open(f, f.TempDir())
	add(f, l, "camera:a", 9)
	good, err := l.Proof(f.Context(), 4)
	must(f, err)
	f.Add(good.LeafIndex, good.Salt, good.Entry, good.Leaf, good.Checkpoint, good.Hashes[0])
	f.Add(uint64(1<<63), []byte{}, "", []byte{}, "a\n-1\n\n— a b\n", []byte{1})
	f.Fuzz(func(t *testing.T, index uint64, salt []byte, entry string, leaf []byte, checkpoint string, first []byte) {
		p := &ledger.Proof{
			LeafIndex: index, Salt: salt, Entry: entry, Leaf: leaf, Checkpoint: checkpoint,
			Hashes: append([][]byte{first}, good.Hashes[1:]...),
		}
		if ledger.VerifyProof(p, l.VerifierKey()) == nil && entry != good.Entry && entry != "" {
			t.Errorf("an entry that was never logged verifies: %q", entry)
		}
	})
}
