package catalog

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"shouwang"
	"shouwang/storage/sqlite"
)

// StoredEvent is an event with what a person made of it.
type StoredEvent struct {
	shouwang.Event
	Verdict string // "", seen, false_alarm
	By      string
	At      time.Time
}

// phaseRank orders the phases; SQL text, since the rule lives in the upsert.
const phaseRank = `CASE %s WHEN 'begin' THEN 0 WHEN 'update' THEN 1 ELSE 2 END`

// PutEvent adds an event or replaces it by its later phase. A phase that comes
// late, after a later one, changes nothing.
func (d *DB) PutEvent(ctx context.Context, e shouwang.Event) error {
	return keepEvent(ctx, d.putEvent, &e)
}

// PutEvents is PutEvent for several, which cost the disk no more than one: all
// are kept, or none.
func (d *DB) PutEvents(ctx context.Context, list []shouwang.Event) error {
	if len(list) == 1 {
		return keepEvent(ctx, d.putEvent, &list[0])
	}
	return d.file.Tx(ctx, func(tx *sql.Tx) error {
		put := tx.StmtContext(ctx, d.putEvent)
		for i := range list {
			if err := keepEvent(ctx, put, &list[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

var putEvent = `INSERT INTO events (id, camera, kind, phase, from_ns, to_ns, body, label, area, dx, dy, cells)
	VALUES (?,?,?,?,?,?,?,?,?,?,?,?)
	ON CONFLICT (id) DO UPDATE SET kind=excluded.kind, phase=excluded.phase, from_ns=excluded.from_ns, to_ns=excluded.to_ns,
		body=excluded.body, label=excluded.label, area=excluded.area, dx=excluded.dx, dy=excluded.dy, cells=excluded.cells
	WHERE ` + fmt.Sprintf(phaseRank, "excluded.phase") + ` >= ` + fmt.Sprintf(phaseRank, "events.phase")

func keepEvent(ctx context.Context, put *sql.Stmt, e *shouwang.Event) error {
	body, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("keep event: %w", err)
	}
	s := shapeOf(e)
	_, err = put.ExecContext(ctx,
		e.ID, e.Camera, e.Kind, e.Phase, e.Start.UnixNano(), sqlite.Nanos(e.End), body, e.Label, s.area, s.dx, s.dy, s.cells)
	return wrapErr(err, "keep event")
}

// SetVerdict notes what a person made of an event: seen or false_alarm. An
// unknown event gives an Error with CodeNotFound.
func (d *DB) SetVerdict(ctx context.Context, id shouwang.EventID, verdict, by string, at time.Time) error {
	if verdict != "seen" && verdict != "false_alarm" && verdict != "" {
		return shouwang.Errorf(shouwang.CodeBadUsage, "verdict %q is unknown: use seen or false_alarm", verdict)
	}
	result, err := d.write.ExecContext(ctx, `UPDATE events SET verdict=?, verdict_by=?, verdict_at=? WHERE id=?`, verdict, by, sqlite.Nanos(at), id)
	if err != nil {
		return fmt.Errorf("keep verdict: %w", err)
	}
	if n, _ := result.RowsAffected(); n == 0 {
		return shouwang.Errorf(shouwang.CodeNotFound, "there is no event %s", id)
	}
	return nil
}

// EventQuery selects events; zero fields select all. Before pages back: the id
// of the last event of the page before. Limit 0 means 100, and 1000 is the
// most.
type EventQuery struct {
	Camera shouwang.CameraID
	Kind   shouwang.EventKind
	Span   shouwang.Span // by the event's start
	Before shouwang.EventID
	Limit  int
}

// Events returns events, latest first.
func (d *DB) Events(ctx context.Context, q EventQuery) ([]StoredEvent, error) {
	where, args := q.sql()
	return d.events(ctx, where, args...)
}

func (q *EventQuery) sql() (where string, args []any) {
	w := filter{}
	w.is(q.Camera != "", "camera=?", q.Camera)
	w.is(q.Kind != "", "kind=?", q.Kind)
	w.is(!q.Span.From.IsZero(), "from_ns >= ?", sqlite.Nanos(q.Span.From))
	w.is(!q.Span.To.IsZero(), "from_ns < ?", sqlite.Nanos(q.Span.To))
	w.is(q.Before != "", "(from_ns, id) < (SELECT from_ns, id FROM events WHERE id=?)", q.Before)
	return w.where() + ` ORDER BY from_ns DESC, id DESC LIMIT ?`, append(w.args, limit(q.Limit))
}

// Event returns one event, or an Error with CodeNotFound.
func (d *DB) Event(ctx context.Context, id shouwang.EventID) (StoredEvent, error) {
	list, err := d.events(ctx, `WHERE id=?`, id)
	if err != nil {
		return StoredEvent{}, err
	}
	if len(list) == 0 {
		return StoredEvent{}, shouwang.Errorf(shouwang.CodeNotFound, "there is no event %s", id)
	}
	return list[0], nil
}

func (d *DB) events(ctx context.Context, where string, args ...any) ([]StoredEvent, error) {
	rows, err := d.read.QueryContext(ctx, `SELECT body, verdict, verdict_by, verdict_at FROM events `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("find events: %w", err)
	}
	defer rows.Close()
	var out []StoredEvent
	for rows.Next() {
		var e StoredEvent
		var body []byte
		var at int64
		if err := rows.Scan(&body, &e.Verdict, &e.By, &at); err != nil {
			return nil, fmt.Errorf("read event: %w", err)
		}
		if err := json.Unmarshal(body, &e.Event); err != nil {
			return nil, fmt.Errorf("read event: %w", err)
		}
		e.At = sqlite.FromNanos(at)
		out = append(out, e)
	}
	return out, rows.Err()
}

// Timeline is what is known of a stretch of one camera: what was recorded, what
// was not and why, and what happened.
type Timeline struct {
	Segments []TimelineSegment
	Gaps     []shouwang.Gap
	Events   []StoredEvent
}

// TimelineSegment is a segment without its samples.
type TimelineSegment struct {
	shouwang.Span
	Bytes int64
	State string
}

// Timeline returns the camera's timeline; at most 1000 events.
func (d *DB) Timeline(ctx context.Context, camera shouwang.CameraID, span shouwang.Span) (Timeline, error) {
	var t Timeline
	from, to := bounds(span)
	rows, err := d.read.QueryContext(ctx, `SELECT from_ns, to_ns, size, state FROM segments
		WHERE camera=? AND from_ns < ? AND to_ns > ? AND from_ns >= ? ORDER BY from_ns`, camera, to, from, from-int64(maxSegment))
	if err != nil {
		return t, fmt.Errorf("read timeline: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var s TimelineSegment
		var from, to int64
		if err := rows.Scan(&from, &to, &s.Bytes, &s.State); err != nil {
			return t, fmt.Errorf("read timeline: %w", err)
		}
		s.From, s.To = sqlite.FromNanos(from), sqlite.FromNanos(to)
		t.Segments = append(t.Segments, s)
	}
	if err := rows.Err(); err != nil {
		return t, fmt.Errorf("read timeline: %w", err)
	}
	if t.Gaps, err = d.Gaps(ctx, camera, "", span); err != nil {
		return t, err
	}
	t.Events, err = d.Events(ctx, EventQuery{Camera: camera, Span: span, Limit: 1000})
	return t, err
}
