package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"shouwang"
	"shouwang/policy"
)

// Logged is one entry with its number, and what a verifier needs: its place in
// the public log, once it has one, and the salt and text that were committed to
// (both empty when erased).
type Logged struct {
	Index     uint64
	Place     uint64
	Published bool // it has its place
	Salt      []byte
	Line      string
	policy.Entry
}

// Query picks entries; zero fields do not narrow.
type Query struct {
	Camera string   // "camera:door-17"
	Kinds  []string // policy.Entry.Kind
	Span   shouwang.Span
	Before uint64 // numbers below this one, for paging; 0 for no bound
	Limit  int    // 1,000 when zero, at most 10,000
}

// lookKinds is what a resident reads about a camera.
var lookKinds = []string{"look", "look_end", "export", "hold", "release", "destroy", policy.KindDefer, policy.KindReveal}

// Looks returns who looked at a camera ("camera:door-17") within the span, and
// what was exported, held, released or destroyed, newest first, at most 10,000.
// An empty span does not narrow. Erased entries are left out.
func (l *Ledger) Looks(ctx context.Context, camera string, span shouwang.Span) ([]Logged, error) {
	found, err := l.Entries(ctx, Query{Camera: camera, Kinds: lookKinds, Span: span, Limit: maxRows})
	looks := found[:0]
	for _, e := range found {
		if e.Kind != Erased {
			looks = append(looks, e)
		}
	}
	return looks, err
}

const maxRows = 10_000

// Erased is the Kind of an entry whose key was destroyed; only its number and
// time are left.
const Erased = "erased"

// Entries returns what the query picks, newest first, for oversight. An entry
// that does not match its commitment is an error with CodeTampered.
func (l *Ledger) Entries(ctx context.Context, q Query) (found []Logged, err error) {
	query, args := l.where(q)
	rows, err := l.db.reader.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read access log: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var r row
		if err := r.scan(rows); err != nil {
			return nil, fmt.Errorf("read access log: %w", err)
		}
		e, err := l.reveal(&r)
		if err != nil {
			return nil, err
		}
		found = append(found, e)
	}
	return found, rows.Err()
}

func (l *Ledger) where(q Query) (query string, args []any) {
	var and []string
	add := func(clause string, values ...any) { and, args = append(and, clause), append(args, values...) }
	if q.Camera != "" {
		add("e.camera = ?", l.box.Tag("camera "+q.Camera))
	}
	if len(q.Kinds) > 0 {
		list := make([]any, len(q.Kinds))
		for i, k := range q.Kinds {
			list[i] = k
		}
		add("e.kind IN (?"+strings.Repeat(", ?", len(list)-1)+")", list...)
	}
	if !q.Span.From.IsZero() {
		add("e.at >= ?", q.Span.From.UnixMilli())
	}
	if !q.Span.To.IsZero() {
		add("e.at < ?", q.Span.To.UnixMilli())
	}
	if q.Before > 0 {
		add("e.seq < ?", q.Before)
	}
	where := ""
	if len(and) > 0 {
		where = " WHERE " + strings.Join(and, " AND ")
	}
	if q.Limit <= 0 {
		q.Limit = 1000
	}
	return selectRow + where + " ORDER BY e.seq DESC LIMIT ?", append(args, min(q.Limit, maxRows))
}

// selectRow reads entries with the key that opens them, if it is still there.
const selectRow = `SELECT e.seq, e.at, e.leaf, e.sealed, e.leaf_index, e.key, k.camera, k.month, k.sealed_key
	FROM entries e LEFT JOIN keys k ON k.id = e.key`

// row is an entry as it is kept.
type row struct {
	seq       uint64
	at        int64
	leaf      []byte
	sealed    []byte
	leafIndex sql.NullInt64
	keyID     int64
	keyTag    []byte
	keyMonth  sql.NullInt64
	sealedKey []byte
}

// scanner is a row, or the present one of several.
type scanner interface{ Scan(dest ...any) error }

func (r *row) scan(from scanner) error {
	return from.Scan(&r.seq, &r.at, &r.leaf, &r.sealed, &r.leafIndex, &r.keyID, &r.keyTag, &r.keyMonth, &r.sealedKey)
}

// clearLine returns the salt and clear line, or nothing when they were erased. What
// does not match the commitment is CodeTampered.
func (l *Ledger) clearLine(r *row) (salt, line []byte, err error) {
	if r.sealedKey == nil {
		return nil, nil, nil
	}
	k, err := l.keys.unseal(r.keyID, keyName(r.keyTag, int(r.keyMonth.Int64)), r.sealedKey)
	if err != nil {
		return nil, nil, err
	}
	plain, err := k.aead.Open(nil, nil, r.sealed, r.leaf)
	if err != nil || len(plain) < saltBytes {
		return nil, nil, tampered(r.seq)
	}
	salt, line = plain[:saltBytes], plain[saltBytes:]
	if string(Commitment(salt, line)) != string(r.leaf) {
		return nil, nil, tampered(r.seq)
	}
	return salt, line, nil
}

func tampered(seq uint64) error {
	return shouwang.Errorf(shouwang.CodeTampered, "entry %d of the access log is not what was written: keep the folder and verify it", seq)
}

func (l *Ledger) reveal(r *row) (Logged, error) {
	salt, line, err := l.clearLine(r)
	if err != nil {
		return Logged{}, err
	}
	out := Logged{Index: r.seq, Place: uint64(r.leafIndex.Int64), Published: r.leafIndex.Valid, Salt: salt, Line: string(line)}
	if line == nil {
		out.Entry = policy.Entry{At: time.UnixMilli(r.at).UTC(), Kind: Erased}
		return out, nil
	}
	if err := json.Unmarshal(line, &out.Entry); err != nil {
		return Logged{}, tampered(r.seq)
	}
	return out, nil
}
