// Package desk keeps the dispatchers' papers: saved walls, what was made of
// each event, the record of each incident, call buttons and their calls. It is
// one SQLite file. What is told to a button or a person is durable first.
package desk

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"shouwang"
	"shouwang/storage/sqlite"
)

//go:embed migrations/*.sql
var migrations embed.FS

// DB is the desk. It is safe for concurrent use, and other processes (the
// command line) may write beside it.
type DB struct {
	file        *sqlite.File
	write, read *sql.DB
	clock       func() time.Time
}

// Open opens or makes the file and brings its schema up to date; close it after
// use. A file that cannot be used gives CodeDataUnreadable.
func Open(ctx context.Context, path string, clock func() time.Time) (*DB, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, shouwang.Errorf(shouwang.CodeDataUnreadable, "data folder %s cannot be made: %w", filepath.Dir(path), err)
	}
	f, err := sqlite.Open(ctx, path, migrations, 2)
	if err != nil {
		return nil, shouwang.Errorf(shouwang.CodeDataUnreadable, "desk %s cannot be opened: %w", path, err)
	}
	return &DB{file: f, write: f.Write, read: f.Read, clock: clock}, nil
}

// Close closes the file.
func (d *DB) Close() error { return d.file.Close() }

// tx runs f in one write transaction; what is not already an error for people
// says what was being done.
func (d *DB) tx(ctx context.Context, what string, f func(*sql.Tx) error) error {
	err := d.file.Tx(ctx, f)
	var known *shouwang.Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	return fmt.Errorf("%s: %w", what, err)
}

// rows reads every row of a query with scan.
func rows[T any](ctx context.Context, d *DB, what string, scan func(func(...any) error) (T, error), query string, args ...any) ([]T, error) {
	found, err := d.read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	defer func() { _ = found.Close() }()
	out := []T{}
	for found.Next() {
		v, err := scan(found.Scan)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", what, err)
		}
		out = append(out, v)
	}
	return out, found.Err()
}

// one is rows for at most one; CodeNotFound with the words of missing for none.
func one[T any](ctx context.Context, d *DB, missing string, scan func(func(...any) error) (T, error), query string, args ...any) (T, error) {
	list, err := rows(ctx, d, "read desk", scan, query, args...)
	var none T
	if err != nil {
		return none, err
	}
	if len(list) == 0 {
		return none, shouwang.Errorf(shouwang.CodeNotFound, "%s", missing)
	}
	return list[0], nil
}
