// Package sqlite opens the house's SQLite files, all in one way: what is
// committed is on disk, what is deleted is overwritten, one connection writes,
// and nobody but the service's user can read the file.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver named "sqlite"
)

// durable makes every commit last: with a write-ahead log, synchronous=FULL
// syncs at each one (https://sqlite.org/pragma.html#pragma_synchronous).
// secure_delete overwrites what is deleted. Another process (the command line)
// may hold the file for up to busy_timeout, in ms.
const durable = "_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)&_pragma=secure_delete(1)"

// File is an open database. Writes go through one connection, one after
// another; reads do not wait for them.
type File struct {
	Write *sql.DB
	Read  *sql.DB // cannot write; it is Write itself where few read
	fresh bool
}

// Open opens or makes the file at path, in a folder that exists, and applies
// those of the folder "migrations" that are missing, in any order of landing.
// readers is how many may read at once; with 0 reads share the writer. The
// errors do not name the file: the caller says what it is for.
func Open(ctx context.Context, path string, migrations fs.FS, readers int) (*File, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	fresh, err := touch(abs)
	if err != nil {
		return nil, err
	}
	f := &File{fresh: fresh}
	if err := f.open(ctx, abs, migrations, readers); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// Look opens a file that another process may be writing, for reading only. A file
// that is not there is an error and is not made.
func Look(path string) (*sql.DB, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(abs); err != nil {
		return nil, err
	}
	return connect(abs, "_pragma=query_only(1)")
}

func (f *File) open(ctx context.Context, abs string, migrations fs.FS, readers int) (err error) {
	if f.Write, err = connect(abs, "_txlock=immediate"); err != nil {
		return err
	}
	f.Write.SetMaxOpenConns(1)
	if err := migrate(ctx, f.Write, migrations); err != nil {
		return err
	}
	if readers == 0 {
		f.Read = f.Write
		return nil
	}
	if f.Read, err = connect(abs, "_pragma=query_only(1)"); err != nil {
		return err
	}
	f.Read.SetMaxOpenConns(readers)
	return nil
}

// touch makes the file, readable for its owner only, and reports whether it
// held nothing. SQLite gives its journals the same mode.
func touch(path string) (fresh bool, err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return false, err
	}
	info, err := f.Stat()
	if err != nil {
		return false, errors.Join(err, f.Close())
	}
	return info.Size() == 0, errors.Join(f.Chmod(0o600), f.Close())
}

// connect escapes the path, so that a folder may be called "100%?".
func connect(abs, extra string) (*sql.DB, error) {
	dsn := url.URL{Scheme: "file", Path: abs, RawQuery: durable + "&" + extra}
	return sql.Open("sqlite", dsn.String())
}

func migrate(ctx context.Context, db *sql.DB, migrations fs.FS) error {
	dir, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, dir, goose.WithAllowOutofOrder(true))
	if err != nil {
		return err
	}
	_, err = provider.Up(ctx)
	return err
}

// Fresh reports whether the file was made, or found empty, by Open.
func (f *File) Fresh() bool { return f.fresh }

// Close closes the connections; it is safe on a file that was half opened.
func (f *File) Close() error {
	var errs []error
	if f.Read != nil && f.Read != f.Write {
		errs = append(errs, f.Read.Close())
	}
	if f.Write != nil {
		errs = append(errs, f.Write.Close())
	}
	return errors.Join(errs...)
}

// Tx runs do in one write transaction, which is undone when do fails; do's error
// is returned as it is.
func (f *File) Tx(ctx context.Context, do func(*sql.Tx) error) error {
	tx, err := f.Write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // does nothing after a commit, also when do panics
	if err := do(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// Millis is t in ms since 1970, 0 for the zero time.
func Millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// FromMillis is the time Millis was given, in UTC and to the ms.
func FromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// Nanos is t in ns since 1970, 0 for the zero time.
func Nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

// FromNanos is the time Nanos was given, in UTC.
func FromNanos(ns int64) time.Time {
	if ns == 0 {
		return time.Time{}
	}
	return time.Unix(0, ns).UTC()
}
