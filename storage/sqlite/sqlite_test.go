package sqlite_test

import (
	"bytes"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"shouwang/storage/sqlite"
)

var notes = fstest.MapFS{"migrations/00001_start.sql": {Data: []byte(
	"-- +goose Up\nCREATE TABLE notes (text TEXT NOT NULL);\n")}}

func open(t *testing.T, path string, readers int) *sqlite.File {
	t.Helper()
	f, err := sqlite.Open(t.Context(), path, notes, readers)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

func count(t *testing.T, db *sql.DB) (n int) {
	t.Helper()
	if err := db.QueryRow(`SELECT count(*) FROM notes`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// A folder may have any name, the file is its owner's alone, and readers cannot
// write.
func TestOpen(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "100%? #1")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "notes.db")
	f := open(t, path, 2)
	if !f.Fresh() {
		t.Error("a new file is not called fresh")
	}
	for _, name := range []string{path, path + "-wal"} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v; want mode 600", filepath.Base(name), info, err)
		}
	}
	if _, err := f.Read.Exec(`INSERT INTO notes VALUES ('x')`); err == nil {
		t.Error("a reader wrote")
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if again := open(t, path, 0); again.Fresh() || again.Read != again.Write {
		t.Error("the file opened again is fresh, or has readers that nobody asked for")
	}
	if _, err := sqlite.Look(path + "x"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("looking at no file: %v", err)
	}
}

// A transaction that fails or panics leaves nothing, and the next one gets the
// only connection.
func TestTxIsAllOrNothing(t *testing.T) {
	f := open(t, filepath.Join(t.TempDir(), "notes.db"), 1)
	write := func(tx *sql.Tx) { _, _ = tx.Exec(`INSERT INTO notes VALUES ('half')`) }
	boom := errors.New("boom")
	if err := f.Tx(t.Context(), func(tx *sql.Tx) error { write(tx); return boom }); !errors.Is(err, boom) {
		t.Errorf("Tx gave %v, want the error itself", err)
	}
	func() {
		defer func() { _ = recover() }()
		_ = f.Tx(t.Context(), func(tx *sql.Tx) error { write(tx); panic("boom") })
	}()
	if n := count(t, f.Read); n != 0 {
		t.Errorf("%d rows of failed transactions", n)
	}
	if err := f.Tx(t.Context(), func(tx *sql.Tx) error { write(tx); return nil }); err != nil || count(t, f.Read) != 1 {
		t.Errorf("the transaction after them: %v, %d rows", err, count(t, f.Read))
	}
}

// What is deleted is not in the file afterwards: erasure would be a word.
func TestDeletedIsOverwritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notes.db")
	f := open(t, path, 0)
	secret := []byte("the-key-of-a-withdrawn-camera")
	run := func(queries ...string) []byte {
		t.Helper()
		for _, q := range append(queries, `PRAGMA wal_checkpoint(TRUNCATE)`) {
			if _, err := f.Write.Exec(q); err != nil {
				t.Fatal(err)
			}
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	if !bytes.Contains(run(`INSERT INTO notes VALUES ('`+string(secret)+`')`), secret) {
		t.Fatal("the secret is not where the test looks for it")
	}
	if bytes.Contains(run(`DELETE FROM notes`), secret) {
		t.Error("what was deleted is still in the file")
	}
}
