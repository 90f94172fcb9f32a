package ledger

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"io/fs"
	"net/url"
	"path/filepath"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver named "sqlite"
)

//go:embed migrations/*.sql
var migrations embed.FS

// database is the log's front: one connection writes, others read.
type database struct{ writer, reader *sql.DB }

func openDatabase(ctx context.Context, path string) (*database, error) {
	d := &database{}
	var err error
	if d.writer, err = openSQLite(path, "_txlock=immediate"); err != nil {
		return nil, err
	}
	d.writer.SetMaxOpenConns(1)
	if err := migrate(ctx, d.writer); err != nil {
		return nil, errors.Join(err, d.writer.Close())
	}
	if d.reader, err = openSQLite(path, "_pragma=query_only(1)"); err != nil {
		return nil, errors.Join(err, d.writer.Close())
	}
	d.reader.SetMaxOpenConns(4)
	return d, nil
}

// openSQLite makes every commit durable (synchronous=FULL with a write-ahead
// log syncs at each commit) and overwrites what is deleted.
func openSQLite(path, extra string) (*sql.DB, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	dsn := url.URL{Scheme: "file", Path: abs, RawQuery: "_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)" +
		"&_pragma=synchronous(FULL)&_pragma=secure_delete(1)&" + extra}
	return sql.Open("sqlite", dsn.String())
}

func migrate(ctx context.Context, db *sql.DB) error {
	dir, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, dir, goose.WithAllowOutofOrder(true))
	if err != nil {
		return err
	}
	_, err = p.Up(ctx)
	return err
}

func (d *database) close() error { return errors.Join(d.reader.Close(), d.writer.Close()) }

// next returns the sequence number after the last one kept.
func (d *database) next(ctx context.Context) (n uint64, err error) {
	err = d.reader.QueryRowContext(ctx, `SELECT coalesce(max(seq) + 1, 0) FROM entries`).Scan(&n)
	return n, err
}

// waiting counts the entries that are not in the Merkle log.
func (d *database) waiting(ctx context.Context) (n int, err error) {
	err = d.reader.QueryRowContext(ctx, `SELECT count(*) FROM entries WHERE leaf_index IS NULL`).Scan(&n)
	return n, err
}

// indexed returns how many leaves of the Merkle log the front knows of.
func (d *database) indexed(ctx context.Context) (n uint64, err error) {
	err = d.reader.QueryRowContext(ctx, `SELECT coalesce(max(leaf_index) + 1, 0) FROM entries`).Scan(&n)
	return n, err
}

// leaf is a commitment and where it belongs.
type leaf struct {
	seq  uint64
	hash []byte
}

// unfed returns the first entries that are not in the Merkle log, in order.
func (d *database) unfed(ctx context.Context, limit int) (leaves []leaf, err error) {
	rows, err := d.reader.QueryContext(ctx, `SELECT seq, leaf FROM entries WHERE leaf_index IS NULL ORDER BY seq LIMIT ?`, limit)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var l leaf
		if err := rows.Scan(&l.seq, &l.hash); err != nil {
			return nil, err
		}
		leaves = append(leaves, l)
	}
	return leaves, rows.Err()
}

// place notes where leaves stand in the Merkle log. A leaf that the front does
// not have is returned as unknown.
func (d *database) place(ctx context.Context, at map[uint64][]byte) (unknown []uint64, err error) {
	tx, err := d.writer.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer func() { _ = tx.Rollback() }()
	for index, hash := range at {
		res, err := tx.ExecContext(ctx, `UPDATE entries SET leaf_index = ? WHERE leaf = ? AND leaf_index IS NULL`, index, hash)
		if err != nil {
			return nil, err
		}
		if n, _ := res.RowsAffected(); n != 1 {
			unknown = append(unknown, index)
		}
	}
	return unknown, tx.Commit()
}
