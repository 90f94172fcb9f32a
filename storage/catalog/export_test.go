package catalog

import (
	"strings"
	"testing"

	"shouwang"
)

// ShapeForTest is what PutEvent keeps of an event's movement.
func ShapeForTest(e *shouwang.Event) (area, dx, dy float64, cells int64) {
	s := shapeOf(e)
	return s.area, s.dx, s.dy, s.cells
}

// PlansForTest is how SQLite goes about the queries, and about ClipsOf.
func (d *DB) PlansForTest(t *testing.T, events EventQuery, clips ClipQuery) (ofEvents, ofClips, ofClipsOf string) {
	t.Helper()
	where, args := events.sql()
	ofEvents = d.plan(t, "SELECT body, verdict, verdict_by, verdict_at FROM events "+where, args...)
	where, args = clips.sql()
	ofClips = d.plan(t, "SELECT id, camera, from_ns, to_ns, reason, event, grant_id, bytes FROM clips "+where, args...)
	return ofEvents, ofClips, d.plan(t, clipsOf, "[]")
}

func (d *DB) plan(t *testing.T, query string, args ...any) string {
	t.Helper()
	rows, err := d.read.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var plan []string
	for rows.Next() {
		var id, parent, none int
		var step string
		if err := rows.Scan(&id, &parent, &none, &step); err != nil {
			t.Fatal(err)
		}
		plan = append(plan, step)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return strings.Join(plan, "; ")
}
