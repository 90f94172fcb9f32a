package catalog

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"shouwang"
	"shouwang/storage"
	"shouwang/storage/sqlite"
)

const segmentColumns = `id, camera, stream, from_ns, to_ns, epoch, media, codec, vps, sps, pps, width, height,
	samples, plain, size, key_id, wrapped, grant_id, mode, expires_ns, offset_ns, uncertainty_ns, source, state`

// PutSegment adds the row of a segment that is whole and durable. Adding the
// same id again changes nothing, so a repair may repeat it.
func (d *DB) PutSegment(ctx context.Context, s *storage.Segment) error {
	_, err := d.write.ExecContext(ctx, `INSERT INTO segments (`+segmentColumns+`)
		VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT (id) DO NOTHING`,
		s.ID, s.Camera, s.Stream, s.From.UnixNano(), s.To.UnixNano(), s.Epoch, s.Media,
		s.Params.Codec, s.Params.VPS, s.Params.SPS, s.Params.PPS, s.Params.Width, s.Params.Height,
		storage.EncodeSamples(s.Samples), s.Plain, s.Size, s.KeyID, s.Wrapped, s.Grant, s.Mode, sqlite.Nanos(s.Expires),
		s.Offset, s.Uncertainty, s.Source, s.State)
	return wrapErr(err, "index segment "+string(s.ID))
}

// SetStored marks a spooled segment as being in the bucket. It reports false
// when the segment is not waiting any more, as when it was erased meanwhile.
func (d *DB) SetStored(ctx context.Context, id storage.SegmentID) (bool, error) {
	result, err := d.write.ExecContext(ctx, `UPDATE segments SET state='stored' WHERE id=? AND state='spooled'`, id)
	if err != nil {
		return false, fmt.Errorf("mark segment stored: %w", err)
	}
	n, err := result.RowsAffected()
	return n > 0, wrapErr(err, "mark segment stored")
}

// Segment returns one segment, or an Error with CodeNotFound.
func (d *DB) Segment(ctx context.Context, id storage.SegmentID) (*storage.Segment, error) {
	list, err := d.segments(ctx, `WHERE id=?`, id)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, shouwang.Errorf(shouwang.CodeNotFound, "there is no segment %s", id)
	}
	return &list[0], nil
}

// maxSegment is the longest a segment lasts: how far back one can begin and
// still reach into a span.
const maxSegment = 10 * time.Minute

// Segments returns the camera's segments that overlap the span, erased ones
// included, in order of time. stream "" means any. Their Wrapped is the key
// under a live hold where there is one.
func (d *DB) Segments(ctx context.Context, camera shouwang.CameraID, stream shouwang.StreamKind, span shouwang.Span) ([]storage.Segment, error) {
	from, to := bounds(span)
	return d.segments(ctx, `WHERE camera=? AND (?='' OR stream=?) AND from_ns < ? AND to_ns > ? AND from_ns >= ? ORDER BY from_ns, id`,
		camera, stream, stream, to, from, from-int64(maxSegment))
}

// LastSegment returns the camera's latest segment of the stream, or nil.
func (d *DB) LastSegment(ctx context.Context, camera shouwang.CameraID, stream shouwang.StreamKind) (*storage.Segment, error) {
	list, err := d.segments(ctx, `WHERE camera=? AND stream=? ORDER BY from_ns DESC LIMIT 1`, camera, stream)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return &list[0], nil
}

// Spooled returns segments that wait for the bucket, oldest first.
func (d *DB) Spooled(ctx context.Context, limit int) ([]storage.Segment, error) {
	return d.segments(ctx, `WHERE state='spooled' ORDER BY from_ns LIMIT ?`, limit)
}

// Oldest returns the oldest segments that are still readable and that no hold
// covers, at most limit; onlySpooled leaves out those in the bucket.
func (d *DB) Oldest(ctx context.Context, onlySpooled bool, limit int) ([]storage.Segment, error) {
	return d.segments(ctx, `WHERE state<>'erased' AND (NOT ? OR state='spooled') AND id NOT IN (`+heldNow+`) ORDER BY from_ns LIMIT ?`, onlySpooled, limit)
}

// Expired returns readable segments past their deadline that no hold covers.
func (d *DB) Expired(ctx context.Context, now time.Time, limit int) ([]storage.Segment, error) {
	return d.segments(ctx, `WHERE state<>'erased' AND expires_ns <= ? AND id NOT IN (`+heldNow+`) ORDER BY expires_ns LIMIT ?`, sqlite.Nanos(now), limit)
}

// Unswept returns erased segments whose bytes may still be there.
func (d *DB) Unswept(ctx context.Context, limit int) ([]storage.Segment, error) {
	return d.segments(ctx, `WHERE state='erased' AND swept=0 ORDER BY from_ns LIMIT ?`, limit)
}

// Each calls f for every segment row in order of id.
func (d *DB) Each(ctx context.Context, f func(*storage.Segment) error) error {
	last := storage.SegmentID("")
	for {
		list, err := d.segments(ctx, `WHERE id > ? ORDER BY id LIMIT 500`, last)
		if err != nil || len(list) == 0 {
			return err
		}
		for i := range list {
			if err := f(&list[i]); err != nil {
				return err
			}
		}
		last = list[len(list)-1].ID
	}
}

func (d *DB) segments(ctx context.Context, where string, args ...any) ([]storage.Segment, error) {
	rows, err := d.read.QueryContext(ctx, `SELECT `+segmentColumns+` FROM segments `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("find segments: %w", err)
	}
	defer rows.Close()
	var out []storage.Segment
	for rows.Next() {
		s, err := scanSegment(rows)
		if err != nil {
			return nil, fmt.Errorf("read segment row: %w", err)
		}
		out = append(out, s)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("find segments: %w", err)
	}
	return out, d.applyHolds(ctx, out)
}

func scanSegment(rows *sql.Rows) (storage.Segment, error) {
	s := storage.Segment{Params: &shouwang.Params{}}
	var from, to, expires int64
	var samples []byte
	err := rows.Scan(&s.ID, &s.Camera, &s.Stream, &from, &to, &s.Epoch, &s.Media,
		&s.Params.Codec, &s.Params.VPS, &s.Params.SPS, &s.Params.PPS, &s.Params.Width, &s.Params.Height,
		&samples, &s.Plain, &s.Size, &s.KeyID, &s.Wrapped, &s.Grant, &s.Mode, &expires,
		&s.Offset, &s.Uncertainty, &s.Source, &s.State)
	if err != nil {
		return s, err
	}
	s.From, s.To, s.Expires = sqlite.FromNanos(from), sqlite.FromNanos(to), sqlite.FromNanos(expires)
	s.Samples, err = storage.DecodeSamples(samples)
	if err != nil {
		return s, fmt.Errorf("segment %s: %w", s.ID, err)
	}
	return s, nil
}

// Deletion is one line of the record of what was made unreadable, by which
// deletions are reconciled with the catalog.
type Deletion struct {
	Segment  storage.SegmentID
	Camera   shouwang.CameraID
	Span     shouwang.Span
	Bytes    int64
	Cause    string // expired, withdrawn, disk_full, hold_ended, lost
	Decision string
	At       time.Time
}

// Erase marks segments unreadable, drops their wrapped keys, and notes each
// deletion, in one transaction. Segments under a live hold are left alone.
func (d *DB) Erase(ctx context.Context, list []storage.Segment, cause, decision string, at time.Time) error {
	return wrapErr(d.file.Tx(ctx, func(tx *sql.Tx) error {
		for i := range list {
			s := &list[i]
			result, err := tx.ExecContext(ctx, `UPDATE segments SET state='erased', wrapped=NULL, samples=?
				WHERE id=? AND state<>'erased' AND id NOT IN (`+heldNow+`)`, storage.EncodeSamples(nil), s.ID)
			if err != nil {
				return err
			}
			if n, err := result.RowsAffected(); err != nil || n == 0 {
				if err != nil {
					return err
				}
				continue
			}
			_, err = tx.ExecContext(ctx, `INSERT INTO deletions (segment, camera, from_ns, to_ns, bytes, cause, decision, at)
				VALUES (?,?,?,?,?,?,?,?)`, s.ID, s.Camera, s.From.UnixNano(), s.To.UnixNano(), s.Size, cause, decision, at.UnixNano())
			if err != nil {
				return err
			}
		}
		return nil
	}), "erase segments")
}

// SetSwept notes that an erased segment's bytes are gone.
func (d *DB) SetSwept(ctx context.Context, id storage.SegmentID) error {
	_, err := d.write.ExecContext(ctx, `UPDATE segments SET swept=1 WHERE id=? AND state='erased'`, id)
	return wrapErr(err, "mark segment swept")
}

// Deletions returns the record of the camera's deletions within the span of
// capture time; camera "" means all.
func (d *DB) Deletions(ctx context.Context, camera shouwang.CameraID, span shouwang.Span) ([]Deletion, error) {
	from, to := bounds(span)
	rows, err := d.read.QueryContext(ctx, `SELECT segment, camera, from_ns, to_ns, bytes, cause, decision, at FROM deletions
		WHERE (?='' OR camera=?) AND from_ns < ? AND to_ns > ? ORDER BY n`, camera, camera, to, from)
	if err != nil {
		return nil, fmt.Errorf("find deletions: %w", err)
	}
	defer rows.Close()
	var out []Deletion
	for rows.Next() {
		var x Deletion
		var from, to, at int64
		if err := rows.Scan(&x.Segment, &x.Camera, &from, &to, &x.Bytes, &x.Cause, &x.Decision, &at); err != nil {
			return nil, fmt.Errorf("read deletion: %w", err)
		}
		x.Span, x.At = shouwang.Span{From: sqlite.FromNanos(from), To: sqlite.FromNanos(to)}, sqlite.FromNanos(at)
		out = append(out, x)
	}
	return out, rows.Err()
}

// Usage returns how many bytes readable segments take, in all and in the spool.
func (d *DB) Usage(ctx context.Context) (total, spooled int64, err error) {
	err = d.read.QueryRowContext(ctx, `SELECT coalesce(sum(size),0), coalesce(sum(iif(state='spooled',size,0)),0)
		FROM segments WHERE state<>'erased'`).Scan(&total, &spooled)
	return total, spooled, wrapErr(err, "sum segments")
}

// Cameras returns the cameras that have rows.
func (d *DB) Cameras(ctx context.Context) ([]shouwang.CameraID, error) {
	rows, err := d.read.QueryContext(ctx, `SELECT DISTINCT camera FROM segments UNION SELECT DISTINCT camera FROM clips ORDER BY 1`)
	if err != nil {
		return nil, fmt.Errorf("list cameras: %w", err)
	}
	defer rows.Close()
	var out []shouwang.CameraID
	for rows.Next() {
		var id shouwang.CameraID
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("list cameras: %w", err)
		}
		out = append(out, id)
	}
	return out, rows.Err()
}

// SetSpooled says that a segment waits in the spool after all: its object was
// not in the bucket.
func (d *DB) SetSpooled(ctx context.Context, id storage.SegmentID) error {
	_, err := d.write.ExecContext(ctx, `UPDATE segments SET state='spooled' WHERE id=? AND state='stored'`, id)
	return wrapErr(err, "mark segment spooled")
}

// KeyUse returns how many rows were sealed under a camera key: those readable
// through it, and those already erased. Held segments count as erased, since
// the case's key opens them.
func (d *DB) KeyUse(ctx context.Context, keyID string) (readable, erased int, err error) {
	err = d.read.QueryRowContext(ctx, `SELECT count(*) FILTER (WHERE state<>'erased' AND id NOT IN (`+heldNow+`)),
		count(*) FILTER (WHERE state='erased' OR id IN (`+heldNow+`)) FROM segments WHERE key_id=?`, keyID).Scan(&readable, &erased)
	return readable, erased, wrapErr(err, "count uses of key")
}
