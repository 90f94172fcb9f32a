package catalog

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"shouwang"
	"shouwang/storage"
	"shouwang/storage/sqlite"
)

// heldNow selects the ids of segments under a hold that is not released. A
// hold past its end date is released by the sweep, which also destroys the
// case's key; until then it still holds.
const heldNow = `SELECT hs.segment FROM held_segments hs JOIN holds h ON h.id = hs.hold WHERE h.released = 0`

// Hold keeps named segments beyond withdrawal and retention, for a case, by two
// people, until an end date.
type Hold struct {
	ID       string
	Case     string
	Camera   shouwang.CameraID
	Span     shouwang.Span
	PlacedBy string
	Second   string
	Placed   time.Time
	Until    time.Time
	Decision string
	Released time.Time
}

// HeldKey is a held segment's data key under the case's key.
type HeldKey struct {
	Segment storage.SegmentID
	KeyID   string
	Wrapped []byte
}

// PutHold adds a hold with its segments' keys in one transaction. The database
// refuses a hold without two different people, a case and an end date.
func (d *DB) PutHold(ctx context.Context, h Hold, keys []HeldKey) error {
	return wrapErr(d.file.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO holds (id, case_id, camera, from_ns, to_ns, placed_by, second, placed, until, decision)
			VALUES (?,?,?,?,?,?,?,?,?,?)`, h.ID, h.Case, h.Camera, h.Span.From.UnixNano(), h.Span.To.UnixNano(),
			h.PlacedBy, h.Second, sqlite.Nanos(h.Placed), sqlite.Nanos(h.Until), h.Decision)
		if err != nil {
			return err
		}
		for _, k := range keys {
			if _, err := tx.ExecContext(ctx, `INSERT INTO held_segments VALUES (?,?,?,?)`, h.ID, k.Segment, k.KeyID, k.Wrapped); err != nil {
				return err
			}
		}
		return nil
	}), "keep hold")
}

// ReleaseHold ends a hold and forgets the keys it kept.
func (d *DB) ReleaseHold(ctx context.Context, id string, at time.Time) error {
	return wrapErr(d.file.Tx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `UPDATE held_segments SET wrapped=NULL WHERE hold=?`, id); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `UPDATE holds SET released=? WHERE id=? AND released=0`, sqlite.Nanos(at), id)
		return err
	}), "release hold")
}

// Holds returns the holds on the camera ("" means all) that are not released.
func (d *DB) Holds(ctx context.Context, camera shouwang.CameraID) ([]Hold, error) {
	rows, err := d.read.QueryContext(ctx, `SELECT id, case_id, camera, from_ns, to_ns, placed_by, second, placed, until, decision
		FROM holds WHERE released=0 AND (?='' OR camera=?) ORDER BY placed, id`, camera, camera)
	if err != nil {
		return nil, fmt.Errorf("find holds: %w", err)
	}
	defer rows.Close()
	var out []Hold
	for rows.Next() {
		var h Hold
		var from, to, placed, until int64
		if err := rows.Scan(&h.ID, &h.Case, &h.Camera, &from, &to, &h.PlacedBy, &h.Second, &placed, &until, &h.Decision); err != nil {
			return nil, fmt.Errorf("read hold: %w", err)
		}
		h.Span = shouwang.Span{From: sqlite.FromNanos(from), To: sqlite.FromNanos(to)}
		h.Placed, h.Until = sqlite.FromNanos(placed), sqlite.FromNanos(until)
		out = append(out, h)
	}
	return out, rows.Err()
}

// HeldSegments returns the segments a hold names.
func (d *DB) HeldSegments(ctx context.Context, hold string) ([]storage.Segment, error) {
	return d.segments(ctx, `WHERE id IN (SELECT segment FROM held_segments WHERE hold=?) ORDER BY from_ns`, hold)
}

// OnlyHeldBy returns the keys that nothing but the hold named needs: what is to
// be destroyed when it ends. Ask before it is released.
func (d *DB) OnlyHeldBy(ctx context.Context, hold string) (keys []string, err error) {
	rows, err := d.read.QueryContext(ctx, `SELECT DISTINCT key_id FROM held_segments WHERE hold=? AND key_id NOT IN
		(SELECT hs.key_id FROM held_segments hs JOIN holds h ON h.id = hs.hold WHERE h.released=0 AND h.id<>?)`, hold, hold)
	if err != nil {
		return nil, fmt.Errorf("find keys of hold: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("find keys of hold: %w", err)
		}
		keys = append(keys, id)
	}
	return keys, rows.Err()
}

// Held returns the ids of the camera's segments under a live hold.
func (d *DB) Held(ctx context.Context, camera shouwang.CameraID) (map[storage.SegmentID]bool, error) {
	rows, err := d.read.QueryContext(ctx, heldNow+` AND h.camera=?`, camera)
	if err != nil {
		return nil, fmt.Errorf("find held segments: %w", err)
	}
	defer rows.Close()
	out := map[storage.SegmentID]bool{}
	for rows.Next() {
		var id storage.SegmentID
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("read held segment: %w", err)
		}
		out[id] = true
	}
	return out, rows.Err()
}

// applyHolds replaces the keys of held segments by those of their holds, which
// open when the camera's own keys are destroyed.
func (d *DB) applyHolds(ctx context.Context, list []storage.Segment) error {
	for part := range chunks(list, 500) {
		byID := map[storage.SegmentID]*storage.Segment{}
		args := make([]any, len(part))
		for i := range part {
			byID[part[i].ID], args[i] = &part[i], part[i].ID
		}
		if err := d.applyHeldKeys(ctx, byID, args); err != nil {
			return err
		}
	}
	return nil
}

// applyHeldKeys puts the case's keys in place of the segments' own. A half-read
// list would hand out a key that is about to go, so any error is one.
func (d *DB) applyHeldKeys(ctx context.Context, byID map[storage.SegmentID]*storage.Segment, ids []any) error {
	rows, err := d.read.QueryContext(ctx, `SELECT hs.segment, hs.key_id, hs.wrapped FROM held_segments hs JOIN holds h ON h.id=hs.hold
		WHERE h.released=0 AND hs.segment IN (?`+strings.Repeat(",?", len(ids)-1)+`)`, ids...)
	if err != nil {
		return fmt.Errorf("find holds of segments: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var k HeldKey
		if err := rows.Scan(&k.Segment, &k.KeyID, &k.Wrapped); err != nil {
			return fmt.Errorf("read hold of segment: %w", err)
		}
		s := byID[k.Segment]
		s.KeyID, s.Wrapped = k.KeyID, k.Wrapped
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("find holds of segments: %w", err)
	}
	return nil
}

// chunks yields runs of at most n of list, sharing its memory.
func chunks(list []storage.Segment, n int) func(func([]storage.Segment) bool) {
	return func(yield func([]storage.Segment) bool) {
		for len(list) > 0 {
			k := min(n, len(list))
			if !yield(list[:k]) {
				return
			}
			list = list[k:]
		}
	}
}
