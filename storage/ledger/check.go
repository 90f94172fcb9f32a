package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/transparency-dev/tessera/api/layout"

	"shouwang/storage/atrest"
	"shouwang/storage/sqlite"
)

// Check verifies a whole log folder, the clear lines included: what Verify says
// of the public log, and that every entry's clear line is what its commitment
// says and every commitment has its entry. It only reads and may run beside the
// service. seen and progress are Verify's.
func Check(ctx context.Context, cfg Config, seen []string, progress func(done, of uint64)) (*Report, error) {
	if cfg.SecretPath == "" {
		cfg.SecretPath = filepath.Join(cfg.Dir, "secret.key")
	}
	vkey, err := os.ReadFile(filepath.Join(cfg.Dir, "log.pub"))
	if err != nil {
		return nil, unreadable("check access log: %w", err)
	}
	public := filepath.Join(cfg.Dir, "public")
	report, err := Verify(ctx, public, strings.TrimSpace(string(vkey)), seen, progress)
	if err != nil {
		return nil, err
	}
	entries, err := openEntries(cfg)
	if err != nil {
		return nil, err
	}
	c := &comparison{report: report, src: Folder(public), ledger: entries}
	return report, errors.Join(c.run(ctx), entries.db.reader.Close())
}

// openEntries opens the clear lines of a log's folder for reading only: a Ledger
// that can be asked and cannot append.
func openEntries(cfg Config) (*Ledger, error) {
	box, err := atrest.Open(cfg.SecretPath, "ledger", false)
	if err != nil {
		return nil, err
	}
	reader, err := sqlite.Look(filepath.Join(cfg.Dir, "details.db"))
	if err != nil {
		return nil, unreadable("read access log: %w", err)
	}
	db := &database{reader: reader}
	return &Ledger{box: box, db: db, keys: &keyCache{box: box, db: db}}, nil
}

// comparison walks the entries and the public log side by side.
type comparison struct {
	report *Report
	src    Source
	ledger *Ledger
	number uint64   // of the bundle at hand
	bundle [][]byte // nil before the first
	next   uint64   // the number that the next entry must have
	public uint64   // entries seen that are in the public log as verified
	tail   uint64   // of them the last ones, not booked yet
}

func (c *comparison) run(ctx context.Context) error {
	rows, err := c.ledger.db.reader.QueryContext(ctx, selectRow+` ORDER BY e.seq`)
	if err != nil {
		return fmt.Errorf("check access log: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := c.one(ctx, rows); err != nil {
			return fmt.Errorf("check access log: %w", err)
		}
	}
	if c.public < c.report.Size {
		c.report.problem(Dropped, "%d entries of the public log have no clear line kept here: rows were dropped", c.report.Size-c.public)
	}
	return rows.Err()
}

func (c *comparison) one(ctx context.Context, rows *sql.Rows) error {
	var r row
	if err := r.scan(rows); err != nil {
		return err
	}
	if r.seq != c.next {
		c.report.problem(Dropped, "entries %d to %d are missing", c.next, r.seq-1)
	}
	c.next = r.seq + 1
	_, line, err := c.ledger.clearLine(&r)
	switch {
	case err != nil:
		c.report.problem(Changed, "%v", err)
	case line == nil:
		c.report.Erased++
	default:
		c.report.Details++
	}
	if !r.leafIndex.Valid || uint64(r.leafIndex.Int64) >= c.report.Size {
		c.report.Waiting++
		return c.unbooked(ctx, &r)
	}
	c.public, c.tail = c.public-c.tail+1, 0 // one that is not booked before one that is was hidden
	want, err := c.leafAt(ctx, uint64(r.leafIndex.Int64))
	if err != nil {
		return err
	}
	if string(want) != string(r.leaf) {
		c.report.problem(Changed, "entry %d is not the one that stands in the public log", r.seq)
	}
	return nil
}

// unbooked counts an entry that stands in the public log though the front does
// not say so yet: a process killed between the two leaves such ones, and the next
// start books them. They went there in order.
func (c *comparison) unbooked(ctx context.Context, r *row) error {
	if r.leafIndex.Valid || c.public >= c.report.Size {
		return nil
	}
	there, err := c.leafAt(ctx, c.public)
	if err == nil && there != nil && string(there) == string(r.leaf) {
		c.public++
		c.tail++
	}
	return err
}

// leafAt returns a commitment of the public log, nil if there is none.
func (c *comparison) leafAt(ctx context.Context, index uint64) (leaf []byte, err error) {
	number := index / layout.EntryBundleWidth
	if c.bundle == nil || number != c.number {
		w := &walk{src: c.src}
		c.number = number
		if c.bundle, err = w.bundle(ctx, number, min(layout.EntryBundleWidth, c.report.Size-number*layout.EntryBundleWidth)); err != nil {
			return nil, err
		}
	}
	if at := index % layout.EntryBundleWidth; at < uint64(len(c.bundle)) {
		return c.bundle[at], nil
	}
	return nil, nil
}
