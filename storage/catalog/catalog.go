// Package catalog is the index of what is stored: segments, clips, gaps,
// events, holds and deletions, in one SQLite database. It holds no picture and
// no key that is not wrapped.
package catalog

import (
	"context"
	"database/sql"
	"embed"
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

// DB is the catalog. It is safe for concurrent use. Writes go through one
// connection, one after another, and are durable when they return (WAL with
// synchronous=FULL); reads do not wait for them.
type DB struct {
	write *sql.DB
	read  *sql.DB
}

// Open opens or makes the catalog file and brings its schema up to date. Close
// it after use. A file that is no catalog gives an Error with
// CodeDataUnreadable.
func Open(ctx context.Context, path string) (*DB, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, shouwang.Errorf(shouwang.CodeDataUnreadable, "data folder %s cannot be made: %w", filepath.Dir(path), err)
	}
	dsn := "file:" + path + "?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(ON)" +
		"&_pragma=secure_delete(ON)&_pragma=busy_timeout(10000)&_txlock=immediate"
	write, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, fmt.Errorf("open catalog: %w", err)
	}
	write.SetMaxOpenConns(1)
	if err := migrate(ctx, write); err != nil {
		_ = write.Close()
		return nil, shouwang.Errorf(shouwang.CodeDataUnreadable, "catalog %s cannot be opened: %w", path, err)
	}
	read, err := sql.Open("sqlite", dsn+"&_pragma=query_only(ON)")
	if err != nil {
		_ = write.Close()
		return nil, fmt.Errorf("open catalog: %w", err)
	}
	read.SetMaxOpenConns(4)
	return &DB{write: write, read: read}, os.Chmod(path, 0o600)
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

// Close closes the catalog.
func (d *DB) Close() error {
	readErr := d.read.Close()
	if err := d.write.Close(); err != nil {
		return err
	}
	return readErr
}

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

// tx runs f in one write transaction.
func (d *DB) tx(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := d.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := f(tx); err != nil {
		_ = tx.Rollback()
		return err
	}
	return tx.Commit()
}

func wrapErr(err error, what string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}

func nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

func fromNanos(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
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
