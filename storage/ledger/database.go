package ledger

import (
	"context"
	"database/sql"
	"embed"

	"shouwang/storage/sqlite"
)

//go:embed migrations/*.sql
var migrations embed.FS

// database is the log's front: one connection writes, others read.
type database struct {
	file           *sqlite.File
	writer, reader *sql.DB
}

func openDatabase(ctx context.Context, path string) (*database, error) {
	f, err := sqlite.Open(ctx, path, migrations, 4)
	if err != nil {
		return nil, err
	}
	return &database{file: f, writer: f.Write, reader: f.Read}, nil
}

func (d *database) close() error { return d.file.Close() }

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
