package catalog

import (
	"context"
	"encoding/json"
	"fmt"

	"shouwang"
	"shouwang/storage/sqlite"
)

// PutClip adds or replaces a clip.
func (d *DB) PutClip(ctx context.Context, c shouwang.Clip) error {
	_, err := d.write.ExecContext(ctx, `INSERT INTO clips VALUES (?,?,?,?,?,?,?,?)
		ON CONFLICT (id) DO UPDATE SET from_ns=excluded.from_ns, to_ns=excluded.to_ns, bytes=excluded.bytes`,
		c.ID, c.Camera, c.From.UnixNano(), c.To.UnixNano(), c.Reason, c.Event, c.Grant, c.Bytes)
	return wrapErr(err, "keep clip")
}

// Clip returns one clip, or an Error with CodeNotFound.
func (d *DB) Clip(ctx context.Context, id shouwang.ClipID) (shouwang.Clip, error) {
	list, err := d.clips(ctx, `WHERE id=?`, id)
	if err != nil {
		return shouwang.Clip{}, err
	}
	if len(list) == 0 {
		return shouwang.Clip{}, shouwang.Errorf(shouwang.CodeNotFound, "there is no clip %s", id)
	}
	return list[0], nil
}

// ClipQuery selects clips; zero fields select all. Limit 0 means 100, and 1000
// is the most.
type ClipQuery struct {
	Camera shouwang.CameraID
	Event  shouwang.EventID
	Span   shouwang.Span
	Limit  int
}

// Clips returns the clips that overlap the query's span, latest first.
func (d *DB) Clips(ctx context.Context, q ClipQuery) ([]shouwang.Clip, error) {
	where, args := q.sql()
	return d.clips(ctx, where, args...)
}

func (q *ClipQuery) sql() (where string, args []any) {
	w := filter{}
	w.is(q.Camera != "", "camera=?", q.Camera)
	w.is(q.Event != "", "event=? AND event <> ''", q.Event)
	w.is(!q.Span.To.IsZero(), "from_ns < ?", sqlite.Nanos(q.Span.To))
	w.is(!q.Span.From.IsZero(), "to_ns > ?", sqlite.Nanos(q.Span.From))
	return w.where() + ` ORDER BY from_ns DESC, id DESC LIMIT ?`, append(w.args, limit(q.Limit))
}

// ClipsOf returns which clip keeps each of the events that one keeps, the latest
// where several do.
func (d *DB) ClipsOf(ctx context.Context, events []shouwang.EventID) (map[shouwang.EventID]shouwang.ClipID, error) {
	ids, err := json.Marshal(events)
	if err != nil {
		return nil, fmt.Errorf("find clips of events: %w", err)
	}
	rows, err := d.read.QueryContext(ctx, clipsOf, string(ids))
	if err != nil {
		return nil, fmt.Errorf("find clips of events: %w", err)
	}
	defer rows.Close()
	out := map[shouwang.EventID]shouwang.ClipID{}
	for rows.Next() {
		var e shouwang.EventID
		var c shouwang.ClipID
		if err := rows.Scan(&e, &c); err != nil {
			return nil, fmt.Errorf("read clip of event: %w", err)
		}
		out[e] = c
	}
	return out, rows.Err()
}

// clipsOf goes from the events to their clips, never over all clips.
const clipsOf = `SELECT c.event, c.id FROM json_each(?) AS e CROSS JOIN clips AS c ON c.event = e.value AND c.event <> '' ORDER BY c.from_ns, c.id`

func limit(n int) int {
	if n <= 0 {
		return 100
	}
	return min(n, 1000)
}

func (d *DB) clips(ctx context.Context, where string, args ...any) ([]shouwang.Clip, error) {
	rows, err := d.read.QueryContext(ctx, `SELECT id, camera, from_ns, to_ns, reason, event, grant_id, bytes FROM clips `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("find clips: %w", err)
	}
	defer rows.Close()
	var out []shouwang.Clip
	for rows.Next() {
		var c shouwang.Clip
		var from, to int64
		if err := rows.Scan(&c.ID, &c.Camera, &from, &to, &c.Reason, &c.Event, &c.Grant, &c.Bytes); err != nil {
			return nil, fmt.Errorf("read clip: %w", err)
		}
		c.From, c.To = sqlite.FromNanos(from), sqlite.FromNanos(to)
		out = append(out, c)
	}
	return out, rows.Err()
}

// BytesIn returns how many bytes of samples the camera's readable segments
// hold within the span.
func (d *DB) BytesIn(ctx context.Context, camera shouwang.CameraID, span shouwang.Span) (int64, error) {
	segments, err := d.Segments(ctx, camera, "", span)
	if err != nil {
		return 0, err
	}
	total := int64(0)
	for i := range segments {
		for _, sample := range segments[i].Samples {
			if span.Contains(segments[i].WallOf(sample)) {
				total += int64(sample.Size)
			}
		}
	}
	return total, nil
}

// PutGap adds a gap of a camera's stream, or lengthens the one that began then
// for the same cause.
func (d *DB) PutGap(ctx context.Context, stream shouwang.StreamKind, g shouwang.Gap) error {
	_, err := d.write.ExecContext(ctx, `INSERT INTO gaps VALUES (?,?,?,?,?,?,?)
		ON CONFLICT (camera, stream, from_ns, cause) DO UPDATE SET to_ns=max(to_ns, excluded.to_ns), detail=excluded.detail, noted=excluded.noted`,
		g.Camera, stream, g.From.UnixNano(), g.To.UnixNano(), g.Cause, g.Detail, sqlite.Nanos(g.Noted))
	return wrapErr(err, "keep gap")
}

// Gaps returns the camera's gaps that overlap the span, in order of time.
func (d *DB) Gaps(ctx context.Context, camera shouwang.CameraID, stream shouwang.StreamKind, span shouwang.Span) ([]shouwang.Gap, error) {
	from, to := bounds(span)
	rows, err := d.read.QueryContext(ctx, `SELECT camera, from_ns, to_ns, cause, detail, noted FROM gaps
		WHERE camera=? AND (?='' OR stream=?) AND from_ns < ? AND to_ns > ? ORDER BY from_ns`, camera, stream, stream, to, from)
	if err != nil {
		return nil, fmt.Errorf("find gaps: %w", err)
	}
	defer rows.Close()
	var out []shouwang.Gap
	for rows.Next() {
		var g shouwang.Gap
		var from, to, noted int64
		if err := rows.Scan(&g.Camera, &from, &to, &g.Cause, &g.Detail, &noted); err != nil {
			return nil, fmt.Errorf("read gap: %w", err)
		}
		g.From, g.To, g.Noted = sqlite.FromNanos(from), sqlite.FromNanos(to), sqlite.FromNanos(noted)
		out = append(out, g)
	}
	return out, rows.Err()
}
