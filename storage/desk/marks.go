package desk

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"shouwang"
)

// Mark is what people at the wall made of an event, beside its verdict.
type Mark struct {
	Event      shouwang.EventID
	Camera     shouwang.CameraID
	AssignedTo string // a principal
	Case       string
	Incident   string
	Note       string
	By         string
	At         time.Time
}

// SetMark changes what is noted of an event: f gets what stands.
func (d *DB) SetMark(ctx context.Context, event shouwang.EventID, camera shouwang.CameraID, by string, f func(*Mark)) (m Mark, err error) {
	err = d.tx(ctx, "keep mark", func(tx *sql.Tx) error {
		row := tx.QueryRowContext(ctx, selectMarks+`WHERE event = ?`, event)
		if m, err = scanMark(row.Scan); err != nil && err != sql.ErrNoRows {
			return err
		}
		f(&m)
		m.Event, m.Camera, m.By, m.At = event, camera, by, d.clock().UTC()
		_, err := tx.ExecContext(ctx, `INSERT INTO marks (event, camera, assigned_to, case_id, incident, note, by, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (event) DO UPDATE SET assigned_to = excluded.assigned_to, case_id = excluded.case_id, incident = excluded.incident,
			note = excluded.note, by = excluded.by, at = excluded.at`,
			m.Event, m.Camera, m.AssignedTo, m.Case, m.Incident, m.Note, m.By, millis(m.At))
		return err
	})
	return m, err
}

const selectMarks = `SELECT event, camera, assigned_to, case_id, incident, note, by, at FROM marks `

func scanMark(scan func(...any) error) (m Mark, err error) {
	var at int64
	err = scan(&m.Event, &m.Camera, &m.AssignedTo, &m.Case, &m.Incident, &m.Note, &m.By, &at)
	m.At = fromMillis(at)
	return m, err
}

// Marks returns the newest marks since a moment, at most 1000.
func (d *DB) Marks(ctx context.Context, since time.Time) ([]Mark, error) {
	return rows(ctx, d, "list marks", scanMark, selectMarks+`WHERE at >= ? ORDER BY at DESC, event LIMIT 1000`, millis(since))
}

// Incident is the record of an incident: who opened it for what cause, and how
// it ended. Which cameras were looked at stands in the access log; what each
// nearby camera would have answered when it began stands here.
type Incident struct {
	ID       string            `json:"id"`
	OpenedBy string            `json:"opened_by"`
	Opened   time.Time         `json:"opened"`
	Cause    string            `json:"cause"` // report, event, call
	Ref      string            `json:"ref,omitempty"`
	Nearby   []IncidentCamera  `json:"nearby"`
	ClosedBy string            `json:"closed_by,omitempty"`
	Closed   time.Time         `json:"closed,omitzero"`
	Camera   shouwang.CameraID `json:"camera,omitempty"`
}

// IncidentCamera is what a nearby camera answered when the incident began.
type IncidentCamera struct {
	Camera   shouwang.CameraID `json:"camera"`
	Distance float64           `json:"distance_m"`
	Shown    bool              `json:"shown"`
	Reasons  []string          `json:"reasons,omitempty"`
}

// PutIncident keeps the record of an incident.
func (d *DB) PutIncident(ctx context.Context, i Incident) error {
	body, err := json.Marshal(i)
	if err != nil {
		return fmt.Errorf("keep incident: %w", err)
	}
	return d.tx(ctx, "keep incident", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO incident_records VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body`,
			i.ID, millis(i.Opened), string(body))
		return err
	})
}

// Incident returns the record of an incident, or CodeNotFound.
func (d *DB) Incident(ctx context.Context, id string) (Incident, error) {
	return one(ctx, d, fmt.Sprintf("there is no record of incident %q", id), func(scan func(...any) error) (i Incident, err error) {
		var body []byte
		if err = scan(&body); err == nil {
			err = json.Unmarshal(body, &i)
		}
		return i, err
	}, `SELECT body FROM incident_records WHERE id = ?`, id)
}
