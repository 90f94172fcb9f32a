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
	"path/filepath"
	"time"

	"shouwang"
	"shouwang/storage/atrest"
	"shouwang/storage/sqlite"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Book is the casebook. It is safe for concurrent use; what is written is
// durable when the call returns.
type Book struct {
	file  *sqlite.File
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
	f, err := sqlite.Open(ctx, cfg.Path, migrations, 0)
	if err != nil {
		return nil, unreadable(cfg.Path, err)
	}
	box, err := atrest.Open(cfg.SecretPath, "casebook", f.Fresh())
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &Book{file: f, db: f.Write, box: box, clock: cfg.Clock}, nil
}

func unreadable(path string, err error) error {
	return shouwang.Errorf(shouwang.CodeDataUnreadable, "casebook %s cannot be opened: %w", filepath.Base(path), err)
}

// Close closes the casebook.
func (b *Book) Close() error { return b.file.Close() }
