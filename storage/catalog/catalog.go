// Package catalog is the index of what is stored: segments, clips, gaps,
// events, holds and deletions, in one SQLite database. It holds no picture and
// no key that is not wrapped.
package catalog

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"shouwang"
	"shouwang/storage/sqlite"
)

//go:embed migrations/*.sql
var migrations embed.FS

// DB is the catalog. It is safe for concurrent use. What is written is durable
// when the call returns; reads do not wait for writes.
type DB struct {
	file        *sqlite.File
	write, read *sql.DB
	putEvent    *sql.Stmt // asked many times a second; parsing it took as long as doing it
}

// Open opens or makes the catalog file and brings its schema up to date. Close
// it after use. A file that is no catalog gives an Error with
// CodeDataUnreadable.
func Open(ctx context.Context, path string) (*DB, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, shouwang.Errorf(shouwang.CodeDataUnreadable, "data folder %s cannot be made: %w", filepath.Dir(path), err)
	}
	f, err := sqlite.Open(ctx, path, migrations, 4)
	if err != nil {
		return nil, shouwang.Errorf(shouwang.CodeDataUnreadable, "catalog %s cannot be opened: %w", path, err)
	}
	put, err := f.Write.PrepareContext(ctx, putEvent)
	if err != nil {
		_ = f.Close()
		return nil, shouwang.Errorf(shouwang.CodeDataUnreadable, "catalog %s cannot be written to: %w", path, err)
	}
	return &DB{file: f, write: f.Write, read: f.Read, putEvent: put}, nil
}

// Close closes the catalog.
func (d *DB) Close() error { return errors.Join(d.putEvent.Close(), d.file.Close()) }

// Meta returns a small named value, "" when there is none.
func (d *DB) Meta(ctx context.Context, name string) (string, error) {
	var value string
	err := d.read.QueryRowContext(ctx, `SELECT value FROM meta WHERE name=?`, name).Scan(&value)
	if err == sql.ErrNoRows {
		return "", nil
	}
	return value, wrapErr(err, "read meta")
}

// SetMeta keeps a small named value.
func (d *DB) SetMeta(ctx context.Context, name, value string) error {
	_, err := d.write.ExecContext(ctx, `INSERT INTO meta VALUES (?,?) ON CONFLICT (name) DO UPDATE SET value=excluded.value`, name, value)
	return wrapErr(err, "keep meta")
}

func wrapErr(err error, what string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}

// bounds turns a span into nanoseconds; a zero end is open.
func bounds(s shouwang.Span) (from, to int64) {
	from, to = -1<<62, 1<<62
	if !s.From.IsZero() {
		from = s.From.UnixNano()
	}
	if !s.To.IsZero() {
		to = s.To.UnixNano()
	}
	return from, to
}
