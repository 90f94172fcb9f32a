package casebook

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"shouwang"
	"shouwang/storage/sqlite"
)

// Item is something gathered for a case.
type Item struct {
	ID     string
	Case   string
	Kind   string // clip, still, note
	Camera shouwang.CameraID
	// Span is where in the recordings: of a still it begins at its instant, of
	// a note both ends are zero unless it is about a moment.
	shouwang.Span
	Text string
	By   string
	At   time.Time
	// RemovedBy and Removed say that it was taken out again; it stays in the book.
	RemovedBy string
	Removed   time.Time
}

// Sheet is what a case says of itself beside its title.
type Sheet struct {
	// Basis is the legal basis, in the investigator's words: the filing's number,
	// the article.
	Basis   string `json:"basis,omitempty"`
	Summary string `json:"summary,omitempty"`
	// Second is who is asked to approve what takes two people.
	Second string `json:"second,omitempty"`
}

// Add puts an item into the book and a line into the journal.
func (b *Book) Add(ctx context.Context, i Item) error {
	return b.file.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO items (id, case_id, kind, camera, from_ns, to_ns, sealed_text, by, at_ns) VALUES (?,?,?,?,?,?,?,?,?)`,
			i.ID, i.Case, i.Kind, i.Camera, sqlite.Nanos(i.From), sqlite.Nanos(i.To), b.box.Seal("item "+i.ID, []byte(i.Text)), i.By, sqlite.Nanos(i.At))
		if err != nil {
			return fmt.Errorf("keep item: %w", err)
		}
		return b.note(ctx, tx, i.Case, i.By, i.Kind, i.line())
	})
}

// line is the item in the journal.
func (i *Item) line() string {
	line := string(i.Camera)
	if !i.From.IsZero() {
		line += " " + i.From.UTC().Format(time.RFC3339Nano)
		if i.To.After(i.From) {
			line += " " + i.To.UTC().Format(time.RFC3339Nano)
		}
	}
	if i.Text != "" {
		line += " " + i.Text
	}
	return line
}

// Remove takes an item out of the case; it stays in the book, struck through.
// CodeNotFound when there is none or it is out already.
func (b *Book) Remove(ctx context.Context, kase, id, by string) error {
	return b.file.Tx(ctx, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `UPDATE items SET removed_by=?, removed_ns=? WHERE id=? AND case_id=? AND removed_ns=0`,
			by, b.clock().UnixNano(), id, kase)
		if err != nil {
			return fmt.Errorf("remove item: %w", err)
		}
		if n, _ := result.RowsAffected(); n == 0 {
			return shouwang.Errorf(shouwang.CodeNotFound, "there is no such item in the case")
		}
		return b.note(ctx, tx, kase, by, "removed", id)
	})
}

// Items returns what a case holds, oldest first, removed ones included.
func (b *Book) Items(ctx context.Context, kase string) ([]Item, error) {
	rows, err := b.db.QueryContext(ctx, `SELECT id, kind, camera, from_ns, to_ns, sealed_text, by, at_ns, removed_by, removed_ns
		FROM items WHERE case_id=? ORDER BY at_ns, id`, kase)
	if err != nil {
		return nil, fmt.Errorf("read items: %w", err)
	}
	defer rows.Close()
	var out []Item
	for rows.Next() {
		i := Item{Case: kase}
		var from, to, at, removed int64
		var sealed []byte
		if err := rows.Scan(&i.ID, &i.Kind, &i.Camera, &from, &to, &sealed, &i.By, &at, &i.RemovedBy, &removed); err != nil {
			return nil, fmt.Errorf("read items: %w", err)
		}
		text, err := b.box.Open("item "+i.ID, sealed)
		if err != nil {
			return nil, fmt.Errorf("read items: %w", err)
		}
		i.Text, i.From, i.To, i.At, i.Removed = string(text), sqlite.FromNanos(from), sqlite.FromNanos(to), sqlite.FromNanos(at), sqlite.FromNanos(removed)
		out = append(out, i)
	}
	return out, rows.Err()
}

// Sheet returns a case's sheet; the zero sheet when none was written.
func (b *Book) Sheet(ctx context.Context, kase string) (s Sheet, err error) {
	var sealed []byte
	err = b.db.QueryRowContext(ctx, `SELECT sealed FROM sheets WHERE case_id=?`, kase).Scan(&sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return s, nil
	}
	if err == nil {
		sealed, err = b.box.Open("sheet "+kase, sealed)
	}
	if err == nil {
		err = json.Unmarshal(sealed, &s)
	}
	if err != nil {
		return s, fmt.Errorf("read sheet: %w", err)
	}
	return s, nil
}

// SetSheet replaces a case's sheet and notes the new one in the journal.
func (b *Book) SetSheet(ctx context.Context, kase, by string, s Sheet) error {
	body, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("keep sheet: %w", err)
	}
	return b.file.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO sheets VALUES (?,?) ON CONFLICT (case_id) DO UPDATE SET sealed=excluded.sealed`,
			kase, b.box.Seal("sheet "+kase, body))
		if err != nil {
			return fmt.Errorf("keep sheet: %w", err)
		}
		return b.note(ctx, tx, kase, by, "sheet", string(body))
	})
}
