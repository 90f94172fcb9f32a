package catalog

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"shouwang"
	"shouwang/storage/sqlite"
)

// EventSearch picks events as an investigator does; zero fields do not narrow,
// except Cameras, which names those to be searched.
type EventSearch struct {
	Cameras []shouwang.CameraID
	// Kinds and Labels say what it is: of any of these kinds, or labelled as any
	// of these.
	Kinds  []shouwang.EventKind
	Labels []string
	Span   shouwang.Span // by the event's start
	// MinArea and MaxArea bound the largest share of the picture that the thing
	// covered, 0..1.
	MinArea, MaxArea float64
	Headings         []Heading // any of them
	// Region is where in the picture the thing must have been.
	Region shouwang.Polygon
	// Before pages back: the last event of the page before.
	Before shouwang.EventID
	Limit  int // 100 when zero, at most 1000
}

// Search returns the latest events that match, latest first, and whether there
// are more.
func (d *DB) Search(ctx context.Context, q EventSearch) (found []StoredEvent, more bool, err error) {
	n := limit(q.Limit)
	before, err := d.startOf(ctx, q.Before)
	if err != nil {
		return nil, false, err
	}
	// Each camera's index is read backwards until it has filled the page; what
	// is older than the page's end so far need not be read.
	since := int64(-1 << 62)
	for _, camera := range q.Cameras {
		some, err := d.searchCamera(ctx, camera, &q, before, since, n+1)
		if err != nil {
			return nil, false, err
		}
		found = append(found, some...)
		slices.SortFunc(found, latestFirst)
		if len(found) > n {
			found, more = found[:n+1], true
			since = found[n].Start.UnixNano()
		}
	}
	return found[:min(len(found), n)], more, nil
}

func latestFirst(a, b StoredEvent) int {
	if c := b.Start.Compare(a.Start); c != 0 {
		return c
	}
	return cmp.Compare(b.ID, a.ID)
}

// startOf returns when the event began that a page ended with.
func (d *DB) startOf(ctx context.Context, id shouwang.EventID) (*StoredEvent, error) {
	if id == "" {
		return nil, nil
	}
	e, err := d.Event(ctx, id)
	return &e, err
}

func (d *DB) searchCamera(ctx context.Context, camera shouwang.CameraID, q *EventSearch, before *StoredEvent, since int64, n int) ([]StoredEvent, error) {
	where, args := q.where(camera, since)
	if before != nil {
		where += " AND (from_ns, id) < (?, ?)"
		args = append(args, before.Start.UnixNano(), before.ID)
	}
	rows, err := d.read.QueryContext(ctx, `SELECT body, verdict, verdict_by, verdict_at FROM events INDEXED BY events_search `+where+
		` ORDER BY from_ns DESC, id DESC`, args...)
	if err != nil {
		return nil, fmt.Errorf("search events: %w", err)
	}
	defer rows.Close()
	var out []StoredEvent
	for len(out) < n && rows.Next() {
		var e StoredEvent
		var body []byte
		var at int64
		if err := rows.Scan(&body, &e.Verdict, &e.By, &at); err != nil {
			return nil, fmt.Errorf("search events: %w", err)
		}
		if err := json.Unmarshal(body, &e.Event); err != nil {
			return nil, fmt.Errorf("read event: %w", err)
		}
		if e.At = sqlite.FromNanos(at); q.matches(&e.Event) {
			out = append(out, e)
		}
	}
	return out, rows.Err()
}

// where is what the index can say of one camera's events; it lets through what
// is older than the index's columns, for matches to judge.
func (q *EventSearch) where(camera shouwang.CameraID, since int64) (string, []any) {
	from, to := bounds(q.Span)
	and := []string{"camera = ?", "from_ns >= ?", "from_ns < ?"}
	args := []any{camera, max(from, since), to}
	if len(q.Kinds)+len(q.Labels) > 0 {
		and = append(and, "(kind IN ("+holes(len(q.Kinds))+") OR label IN ("+holes(len(q.Labels))+"))")
		args = append(append(args, anys(q.Kinds)...), anys(q.Labels)...)
	}
	if q.MinArea > 0 {
		and, args = append(and, "(area IS NULL OR area >= ?)"), append(args, q.MinArea)
	}
	if q.MaxArea > 0 {
		and, args = append(and, "(area IS NULL OR area <= ?)"), append(args, q.MaxArea)
	}
	if len(q.Headings) > 0 {
		or := []string{"dx IS NULL"}
		for _, h := range q.Headings {
			or = append(or, h.clause())
		}
		and = append(and, "("+strings.Join(or, " OR ")+")")
	}
	if len(q.Region) > 0 {
		and, args = append(and, "(cells IS NULL OR cells & ? <> 0)"), append(args, cellsOf(q.Region))
	}
	return "WHERE " + strings.Join(and, " AND "), args
}

func holes(n int) string { return strings.TrimSuffix(strings.Repeat("?, ", n), ", ") }

func anys[T any](list []T) []any {
	out := make([]any, len(list))
	for i, v := range list {
		out[i] = v
	}
	return out
}

// matches judges by the event itself what the index knows roughly or not at all.
func (q *EventSearch) matches(e *shouwang.Event) bool {
	s := shapeOf(e)
	return (q.MinArea == 0 || s.area >= q.MinArea) && (q.MaxArea == 0 || s.area <= q.MaxArea) &&
		(len(q.Headings) == 0 || slices.ContainsFunc(q.Headings, func(h Heading) bool { return h.goes(s) })) &&
		(len(q.Region) == 0 || passes(e, q.Region))
}

// Activity counts the events that match, by when they began, in steps from the
// span's begin (both ends must be set); a region counts by whole cells of an
// eighth of the picture. Before and Limit do not narrow. The keys are the
// query's cameras.
func (d *DB) Activity(ctx context.Context, q EventSearch, step time.Duration) (map[shouwang.CameraID][]int, error) {
	n := int((q.Span.Duration() + step - 1) / step)
	out := make(map[shouwang.CameraID][]int, len(q.Cameras))
	for _, camera := range q.Cameras {
		counts := make([]int, n)
		if err := d.activityOf(ctx, camera, &q, step, counts); err != nil {
			return nil, fmt.Errorf("count events: %w", err)
		}
		out[camera] = counts
	}
	return out, nil
}

func (d *DB) activityOf(ctx context.Context, camera shouwang.CameraID, q *EventSearch, step time.Duration, counts []int) error {
	where, args := q.where(camera, -1<<62)
	rows, err := d.read.QueryContext(ctx, `SELECT (from_ns - ?) / ?, count(*) FROM events INDEXED BY events_search `+where+` GROUP BY 1`,
		append([]any{q.Span.From.UnixNano(), int64(step)}, args...)...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var i, n int
		if err := rows.Scan(&i, &n); err != nil {
			return err
		}
		if i >= 0 && i < len(counts) {
			counts[i] = n
		}
	}
	return rows.Err()
}
