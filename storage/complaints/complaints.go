// Package complaints keeps what residents complain of and hands it to a body
// outside the dispatch centre. A complaint is durable before its number is
// given; it is sent until the body has it, whatever is away meanwhile.
package complaints

import (
	"context"
	"crypto/rand"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"time"

	"shouwang"
	"shouwang/storage/atrest"
	"shouwang/storage/sqlite"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Complaint is one person's complaint and what became of it.
type Complaint struct {
	ID          string    `json:"id"` // the receipt's number: W-20261128-7K3QX2
	At          time.Time `json:"at"`
	By          string    `json:"by"`               // the principal
	Person      string    `json:"person,omitempty"` // the name
	Camera      string    `json:"camera,omitempty"`
	Look        *uint64   `json:"look,omitempty"` // entry of the access log it is about
	Text        string    `json:"text"`
	Contact     string    `json:"contact,omitempty"`
	ForwardedAt time.Time `json:"-"`
	Answer      string    `json:"answer,omitempty"`
	AnsweredBy  string    `json:"answered_by,omitempty"`
	AnsweredAt  time.Time `json:"-"`
}

// Store is the complaints of a township, one SQLite file.
type Store struct {
	cfg   Config
	file  *sqlite.File
	db    *sql.DB
	box   *atrest.Box
	clock func() time.Time
	log   *slog.Logger
	kick  chan struct{}
}

// Open opens or makes dir/complaints.db. Errors: CodeDataUnreadable.
func Open(ctx context.Context, dir, secretPath string, cfg Config, clock func() time.Time, log *slog.Logger) (*Store, error) {
	path := filepath.Join(dir, "complaints.db")
	f, err := sqlite.Open(ctx, path, migrations, 0) // few write and few read here
	if err != nil {
		return nil, shouwang.Errorf(shouwang.CodeDataUnreadable, "open complaints: %w", err)
	}
	box, err := atrest.Open(secretPath, "complaints", f.Fresh())
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &Store{cfg: cfg, file: f, db: f.Write, box: box, clock: clock, log: log, kick: make(chan struct{}, 1)}, nil
}

// Close closes the file.
func (s *Store) Close() error { return s.file.Close() }

// perDay bounds how many complaints one person makes in a day.
const perDay = 20

// Add keeps a complaint and returns it with its number. Errors: CodeRateLimited.
func (s *Store) Add(ctx context.Context, c Complaint) (Complaint, error) {
	c.At = s.clock().UTC().Truncate(time.Millisecond)
	var today int
	err := s.db.QueryRowContext(ctx, `SELECT count(*) FROM complaints WHERE by = ? AND at > ?`, c.By, c.At.Add(-24*time.Hour).UnixMilli()).Scan(&today)
	if err != nil {
		return c, fmt.Errorf("keep complaint: %w", err)
	}
	if today >= perDay {
		return c, shouwang.Errorf(shouwang.CodeRateLimited, "%d complaints were made within a day: all of them are kept; go on tomorrow", today)
	}
	c.ID = "W-" + c.At.Format("20060102") + "-" + rand.Text()[:6]
	sealed, err := s.seal(&c)
	if err != nil {
		return c, err
	}
	if _, err := s.db.ExecContext(ctx, `INSERT INTO complaints (id, at, by, sealed) VALUES (?, ?, ?, ?)`, c.ID, c.At.UnixMilli(), c.By, sealed); err != nil {
		return c, fmt.Errorf("keep complaint: %w", err)
	}
	select {
	case s.kick <- struct{}{}:
	default:
	}
	return c, nil
}

func (s *Store) seal(c *Complaint) ([]byte, error) {
	raw, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("keep complaint: %w", err)
	}
	return s.box.Seal(c.ID, raw), nil
}

// List returns one person's complaints, or everybody's for by "", newest first,
// at most a thousand.
func (s *Store) List(ctx context.Context, by string) ([]Complaint, error) {
	return s.query(ctx, `WHERE ? IN ('', by) ORDER BY at DESC, id LIMIT 1000`, by)
}

// One returns a complaint; CodeNotFound when there is none of that number.
func (s *Store) One(ctx context.Context, id string) (Complaint, error) {
	found, err := s.query(ctx, `WHERE id = ?`, strings.ToUpper(id))
	if err == nil && len(found) == 0 {
		err = shouwang.Errorf(shouwang.CodeNotFound, "there is no complaint %q", id)
	}
	if err != nil {
		return Complaint{}, err
	}
	return found[0], nil
}

func (s *Store) query(ctx context.Context, where string, args ...any) (list []Complaint, err error) {
	rows, err := s.db.QueryContext(ctx, `SELECT id, sealed, forwarded_at, answered_at FROM complaints `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("read complaints: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var id string
		var sealed []byte
		var forwarded, answered sql.NullInt64
		if err := rows.Scan(&id, &sealed, &forwarded, &answered); err != nil {
			return nil, fmt.Errorf("read complaints: %w", err)
		}
		raw, err := s.box.Open(id, sealed)
		if err != nil {
			return nil, err
		}
		var c Complaint
		if err := json.Unmarshal(raw, &c); err != nil {
			return nil, fmt.Errorf("read complaint %s: %w", id, err)
		}
		c.ForwardedAt, c.AnsweredAt = instant(forwarded), instant(answered)
		list = append(list, c)
	}
	return list, rows.Err()
}

func instant(ms sql.NullInt64) time.Time {
	if !ms.Valid {
		return time.Time{}
	}
	return time.UnixMilli(ms.Int64).UTC()
}

// SetAnswer keeps the oversight's answer.
func (s *Store) SetAnswer(ctx context.Context, id, answer, by string) (Complaint, error) {
	c, err := s.One(ctx, id)
	if err != nil {
		return c, err
	}
	c.Answer, c.AnsweredBy, c.AnsweredAt = answer, by, s.clock().UTC().Truncate(time.Millisecond)
	sealed, err := s.seal(&c)
	if err != nil {
		return c, err
	}
	if _, err := s.db.ExecContext(ctx, `UPDATE complaints SET sealed = ?, answered_at = ? WHERE id = ?`, sealed, c.AnsweredAt.UnixMilli(), c.ID); err != nil {
		return c, fmt.Errorf("keep answer: %w", err)
	}
	return c, nil
}
