// Package casebook keeps what investigators gather for a case: clips and stills
// as places in the recordings, notes, the case's sheet, and a journal of
// everything done, in one SQLite file. Free text is sealed at rest; pictures are
// never here.
package casebook

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
	"shouwang/storage/atrest"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Book is the casebook. It is safe for concurrent use; what is written is
// durable when the call returns.
type Book struct {
	db    *sql.DB
	box   *atrest.Box
	clock func() time.Time
}

// Config says where the casebook lies.
type Config struct {
	Path string // the SQLite file; its folder exists
	// SecretPath is the file with the key that seals free text; it may be shared.
	SecretPath string
	Clock      func() time.Time // time.Now when nil
}

// Open opens or makes the casebook. Errors carry CodeDataUnreadable.
func Open(ctx context.Context, cfg Config) (*Book, error) {
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	_, err := os.Stat(cfg.Path)
	fresh := errors.Is(err, fs.ErrNotExist)
	box, err := atrest.Open(cfg.SecretPath, "casebook", fresh)
	if err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", "file:"+cfg.Path+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(10000)&_txlock=immediate")
	if err != nil {
		return nil, unreadable(cfg.Path, err)
	}
	db.SetMaxOpenConns(1)
	if err := migrate(ctx, db); err != nil {
		return nil, errors.Join(unreadable(cfg.Path, err), db.Close())
	}
	if err := os.Chmod(cfg.Path, 0o600); err != nil {
		return nil, errors.Join(unreadable(cfg.Path, err), db.Close())
	}
	return &Book{db: db, box: box, clock: cfg.Clock}, nil
}

func unreadable(path string, err error) error {
	return shouwang.Errorf(shouwang.CodeDataUnreadable, "casebook %s cannot be opened: %w", filepath.Base(path), err)
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

// Close closes the casebook.
func (b *Book) Close() error { return b.db.Close() }

// tx runs f in one write transaction.
func (b *Book) tx(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := b.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("write casebook: %w", err)
	}
	if err := f(tx); err != nil {
		_ = tx.Rollback()
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("write casebook: %w", err)
	}
	return nil
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
