package desk

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"shouwang"
	"shouwang/storage/sqlite"
)

// SetMark changes what is noted of an event: f gets what stands.
func (d *DB) SetMark(ctx context.Context, event shouwang.EventID, camera shouwang.CameraID, by string, f func(*shouwang.Mark)) (m shouwang.Mark, err error) {
	err = d.tx(ctx, "keep mark", func(tx *sql.Tx) error {
		row := tx.QueryRowContext(ctx, selectMarks+`WHERE event = ?`, event)
		if m, err = scanMark(row.Scan); err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		f(&m)
		m.Event, m.Camera, m.By, m.At = event, camera, by, d.clock().UTC()
		_, err := tx.ExecContext(ctx, `INSERT INTO marks (event, camera, assigned_to, case_id, incident, note, by, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (event) DO UPDATE SET assigned_to = excluded.assigned_to, case_id = excluded.case_id, incident = excluded.incident,
			note = excluded.note, by = excluded.by, at = excluded.at`,
			m.Event, m.Camera, m.AssignedTo, m.Case, m.Incident, m.Note, m.By, sqlite.Millis(m.At))
		return err
	})
	return m, err
}

const selectMarks = `SELECT event, camera, assigned_to, case_id, incident, note, by, at FROM marks `

func scanMark(scan func(...any) error) (m shouwang.Mark, err error) {
	var at int64
	err = scan(&m.Event, &m.Camera, &m.AssignedTo, &m.Case, &m.Incident, &m.Note, &m.By, &at)
	m.At = sqlite.FromMillis(at)
	return m, err
}

// Marks returns the newest marks since a moment, at most 1000.
func (d *DB) Marks(ctx context.Context, since time.Time) ([]shouwang.Mark, error) {
	return rows(ctx, d, "list marks", scanMark, selectMarks+`WHERE at >= ? ORDER BY at DESC, event LIMIT 1000`, sqlite.Millis(since))
}

// PutIncident keeps the record of an incident.
func (d *DB) PutIncident(ctx context.Context, i shouwang.IncidentRecord) error {
	body, err := json.Marshal(i)
	if err != nil {
		return fmt.Errorf("keep incident: %w", err)
	}
	return d.tx(ctx, "keep incident", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO incident_records VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body`,
			i.ID, sqlite.Millis(i.Opened), string(body))
		return err
	})
}

// Incident returns the record of an incident, or CodeNotFound.
func (d *DB) Incident(ctx context.Context, id string) (shouwang.IncidentRecord, error) {
	return one(ctx, d, fmt.Sprintf("there is no record of incident %q", id), func(scan func(...any) error) (i shouwang.IncidentRecord, err error) {
		var body []byte
		if err = scan(&body); err == nil {
			err = json.Unmarshal(body, &i)
		}
		return i, err
	}, `SELECT body FROM incident_records WHERE id = ?`, id)
}
