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
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver "sqlite"

	"shouwang"
)

//go:embed migrations/*.sql
var migrations embed.FS

// DB is the desk. It is safe for concurrent use, and other processes (the
// command line) may write beside it.
type DB struct {
	write, read *sql.DB
	clock       func() time.Time
}

// Open opens or makes the file and brings its schema up to date; close it after
// use. A file that cannot be used gives CodeDataUnreadable.
func Open(ctx context.Context, path string, clock func() time.Time) (*DB, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, shouwang.Errorf(shouwang.CodeDataUnreadable, "data folder %s cannot be made: %w", filepath.Dir(path), err)
	}
	dsn := "file:" + path + "?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(10000)&_txlock=immediate"
	write, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, fmt.Errorf("open desk: %w", err)
	}
	write.SetMaxOpenConns(1)
	if err := migrate(ctx, write); err != nil {
		return nil, shouwang.Errorf(shouwang.CodeDataUnreadable, "desk %s cannot be opened: %w", path, errors.Join(err, write.Close()))
	}
	read, err := sql.Open("sqlite", dsn+"&_pragma=query_only(ON)")
	if err != nil {
		return nil, fmt.Errorf("open desk: %w", errors.Join(err, write.Close()))
	}
	read.SetMaxOpenConns(2)
	return &DB{write: write, read: read, clock: clock}, os.Chmod(path, 0o600)
}

func migrate(ctx context.Context, db *sql.DB) error {
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

// Close closes the file.
func (d *DB) Close() error { return errors.Join(d.read.Close(), d.write.Close()) }

// tx runs f in one write transaction.
func (d *DB) tx(ctx context.Context, what string, f func(*sql.Tx) error) error {
	tx, err := d.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	defer func() { _ = tx.Rollback() }()
	if err := f(tx); err != nil {
		var known *shouwang.Error
		if errors.As(err, &known) {
			return err
		}
		return fmt.Errorf("%s: %w", what, err)
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
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

// millis keeps the zero time recognisable.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
