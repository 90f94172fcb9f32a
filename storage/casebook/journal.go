package casebook

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"time"

	"shouwang/storage/sqlite"
)

// Entry is one line of a case's journal. Did is a stable word: opened, closed,
// member_added, member_removed, sheet, clip, still, note, removed, searched.
type Entry struct {
	N    int64
	At   time.Time
	By   string // principal
	Did  string
	What string
}

// Note writes one line into a case's journal.
func (b *Book) Note(ctx context.Context, kase, by, did, what string) error {
	return b.file.Tx(ctx, func(tx *sql.Tx) error { return b.note(ctx, tx, kase, by, did, what) })
}

func (b *Book) note(ctx context.Context, tx *sql.Tx, kase, by, did, what string) error {
	at := b.clock().UnixNano()
	_, err := tx.ExecContext(ctx, `INSERT INTO journal (case_id, at_ns, by, did, sealed_what) VALUES (?,?,?,?,?)`,
		kase, at, by, did, b.box.Seal(journalName(kase, at), []byte(what)))
	if err != nil {
		return fmt.Errorf("write journal: %w", err)
	}
	return nil
}

// journalName is what a line is sealed for, so that it cannot be moved to
// another case or moment.
func journalName(kase string, at int64) string {
	return "journal " + kase + " " + strconv.FormatInt(at, 10)
}

// History returns the newest lines of a case's journal, newest first; limit 0
// means 1000.
func (b *Book) History(ctx context.Context, kase string, limit int) ([]Entry, error) {
	if limit <= 0 {
		limit = 1000
	}
	rows, err := b.db.QueryContext(ctx, `SELECT n, at_ns, by, did, sealed_what FROM journal WHERE case_id=? ORDER BY n DESC LIMIT ?`, kase, limit)
	if err != nil {
		return nil, fmt.Errorf("read journal: %w", err)
	}
	defer rows.Close()
	var out []Entry
	for rows.Next() {
		var e Entry
		var at int64
		var sealed []byte
		if err := rows.Scan(&e.N, &at, &e.By, &e.Did, &sealed); err != nil {
			return nil, fmt.Errorf("read journal: %w", err)
		}
		what, err := b.box.Open(journalName(kase, at), sealed)
		if err != nil {
			return nil, fmt.Errorf("read journal: %w", err)
		}
		e.At, e.What = sqlite.FromNanos(at), string(what)
		out = append(out, e)
	}
	return out, rows.Err()
}
