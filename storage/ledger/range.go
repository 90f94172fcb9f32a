package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"shouwang"
	"shouwang/storage/ledger/checkpoint"
)

// Range is a stretch of the public log: places First to End, End not included.
type Range struct {
	First, End uint64
	// Checkpoint is one that covers it.
	Checkpoint string
}

// Reader reads a log without the right to write it, also beside the service
// that does.
type Reader struct {
	cfg    Config
	vkey   string
	ledger *Ledger
	close  func() error
}

// OpenReader opens a log's folder for reading. Errors: CodeDataUnreadable.
func OpenReader(cfg Config) (*Reader, error) {
	if cfg.SecretPath == "" {
		cfg.SecretPath = filepath.Join(cfg.Dir, "secret.key")
	}
	_, vkey, err := checkpoint.ReadKey(filepath.Join(cfg.Dir, "log.key"))
	if err != nil {
		return nil, unreadable("read access log: %w", err)
	}
	entries, err := openEntries(cfg)
	if err != nil {
		return nil, err
	}
	return &Reader{cfg: cfg, vkey: vkey, ledger: entries, close: entries.db.reader.Close}, nil
}

// Reader returns a reader of the same log; it needs no closing.
func (l *Ledger) Reader() *Reader { return &Reader{cfg: l.cfg, vkey: l.VerifierKey(), ledger: l} }

// Close closes what OpenReader opened.
func (r *Reader) Close() error {
	if r.close == nil {
		return nil
	}
	return r.close()
}

// Key returns the log's public key.
func (r *Reader) Key() string { return r.vkey }

// Entries is Ledger.Entries.
func (r *Reader) Entries(ctx context.Context, q Query) ([]Logged, error) {
	return r.ledger.Entries(ctx, q)
}

// Walk visits every entry of the public log that was logged from one moment to
// another, in the order of the log, erased ones by their kind and time alone.
// Each is compared with the public log: a row that is missing or changed here is
// an error with CodeTampered, so that whoever counts has counted all. A month's
// end is the next one's begin, whatever the clock did.
func (r *Reader) Walk(ctx context.Context, from, to time.Time, visit func(Logged) error) (Range, error) {
	raw, err := Folder(filepath.Join(r.cfg.Dir, "public")).Read(ctx, checkpointPath)
	if err != nil {
		return Range{}, unreadable("read access log: %w", err)
	}
	cp, err := checkpoint.Open(string(raw), checkpoint.Trust{Key: r.vkey})
	if err != nil {
		return Range{}, err
	}
	out := Range{Checkpoint: cp.Raw}
	if out.First, err = r.border(ctx, from, cp.Size); err != nil {
		return out, err
	}
	if out.End, err = r.border(ctx, to, cp.Size); err != nil {
		return out, err
	}
	out.End = max(out.End, out.First)
	return out, r.visit(ctx, out, cp, visit)
}

// border is the place of the first entry of a moment or later, the log's size
// where there is none.
func (r *Reader) border(ctx context.Context, at time.Time, size uint64) (uint64, error) {
	var place sql.NullInt64
	err := r.ledger.db.reader.QueryRowContext(ctx, `SELECT leaf_index FROM entries WHERE at >= ? ORDER BY at, seq LIMIT 1`, at.UnixMilli()).Scan(&place)
	if isNoRows(err) || err == nil && !place.Valid {
		return size, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read access log: %w", err)
	}
	return min(uint64(place.Int64), size), nil
}

func (r *Reader) visit(ctx context.Context, rng Range, cp checkpoint.Checkpoint, visit func(Logged) error) (err error) {
	rows, err := r.ledger.db.reader.QueryContext(ctx, `SELECT e.kind, e.seq, e.at, e.leaf, e.sealed, e.leaf_index, e.key, k.camera, k.month, k.sealed_key
		FROM entries e LEFT JOIN keys k ON k.id = e.key WHERE e.leaf_index >= ? AND e.leaf_index < ? ORDER BY e.leaf_index`, rng.First, rng.End)
	if err != nil {
		return fmt.Errorf("read access log: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	c := &comparison{report: &Report{Size: cp.Size}, src: Folder(filepath.Join(r.cfg.Dir, "public"))}
	next := rng.First
	for rows.Next() {
		if err := r.one(ctx, rows, c, next, visit); err != nil {
			return err
		}
		next++
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if next != rng.End {
		return missing(next, rng.End)
	}
	return nil
}

func missing(from, to uint64) error {
	return shouwang.Errorf(shouwang.CodeTampered, "entries %d to %d of the public log are not kept here any more: keep the folder and verify it", from, to-1)
}

func (r *Reader) one(ctx context.Context, rows *sql.Rows, c *comparison, next uint64, visit func(Logged) error) error {
	var kind string
	var at row
	if err := rows.Scan(&kind, &at.seq, &at.at, &at.leaf, &at.sealed, &at.leafIndex, &at.keyID, &at.keyTag, &at.keyMonth, &at.sealedKey); err != nil {
		return fmt.Errorf("read access log: %w", err)
	}
	if place := uint64(at.leafIndex.Int64); place != next {
		return missing(next, place)
	}
	want, err := c.leafAt(ctx, next)
	if err != nil {
		return err
	}
	if string(want) != string(at.leaf) {
		return tampered(at.seq)
	}
	e, err := r.ledger.reveal(&at)
	if err != nil {
		return err
	}
	if e.Kind != Erased && e.Kind != kind {
		return tampered(at.seq) // the column that erased ones are counted by
	}
	if e.Kind == Erased {
		e.Detail = kind
	}
	return visit(e)
}
