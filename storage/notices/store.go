// Package notices writes to people outside the house: residents by mail, staff
// by mail and webhook. What is to be sent waits on disk, sealed; it is tried
// again for three days. What is refused for good before, or not taken by then,
// is given up, with the reason kept for whoever runs the service. Nothing waits
// for any of it.
package notices

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
	"sync"
	"time"

	"shouwang"
	"shouwang/storage/atrest"
	"shouwang/storage/sqlite"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Letter is one notice to one address.
type Letter struct {
	ID      string    `json:"id"`
	At      time.Time `json:"at"`
	Person  string    `json:"-"`            // who it is for, "" for staff
	To      string    `json:"to,omitempty"` // mail address, "" for the staff's webhook
	Kind    string    `json:"kind"`
	Subject string    `json:"subject"`
	Text    string    `json:"text"`
	Link    string    `json:"link,omitempty"`
	Paper   string    `json:"paper,omitempty"` // signed text at the letter's end, kept line by line
	Facts   any       `json:"facts,omitempty"` // for the webhook alone
}

// Store is the notices of a township, one SQLite file.
type Store struct {
	cfg    Config
	file   *sqlite.File
	db     *sql.DB
	box    *atrest.Box
	clock  func() time.Time
	log    *slog.Logger
	kick   chan struct{} // something new waits
	hurry  chan struct{} // what waits is to be tried at once
	mailer carrier       // nil where none is set up
	hook   carrier

	mu    sync.Mutex
	total Totals
}

// carrier takes one letter to where it goes.
type carrier interface {
	carry(ctx context.Context, l *Letter) error
}

// Totals counts letters since the start.
type Totals struct{ Sent, Failed, Lost uint64 }

// mostWaiting bounds what waits on disk.
const mostWaiting = 10_000

// Open opens or makes dir/notices.db. Errors: CodeDataUnreadable, CodeBadConfig
// for a password or secret that cannot be read.
func Open(ctx context.Context, dir, secretPath string, cfg Config, clock func() time.Time, log *slog.Logger) (*Store, error) {
	s := &Store{cfg: cfg, clock: clock, log: log, kick: make(chan struct{}, 1), hurry: make(chan struct{}, 1)}
	if err := s.hire(); err != nil {
		return nil, err
	}
	f, err := sqlite.Open(ctx, filepath.Join(dir, "notices.db"), migrations, 0) // few write and few read here
	if err != nil {
		return nil, shouwang.Errorf(shouwang.CodeDataUnreadable, "open notices: %w", err)
	}
	s.file, s.db = f, f.Write
	if s.box, err = atrest.Open(secretPath, "notices", f.Fresh()); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return s, nil
}

// hire makes the carriers that are set up.
func (s *Store) hire() error {
	if s.cfg.Mail.Server != "" {
		m, err := newMailer(&s.cfg.Mail)
		if err != nil {
			return err
		}
		s.mailer = m
	}
	if s.cfg.Staff.Webhook != "" {
		key, err := secret("notices.staff.secret_file", s.cfg.Staff.SecretFile)
		if err != nil {
			return err
		}
		s.hook = &hook{url: s.cfg.Staff.Webhook, secret: []byte(key), clock: s.clock}
	}
	return nil
}

// Close closes the file.
func (s *Store) Close() error { return s.file.Close() }

// Mails reports whether a mail server is set up.
func (s *Store) Mails() bool { return s.mailer != nil }

// Told is what a batch of letters settles: keys of what need not be told again,
// and how far a person has been told of looks. Zero times change nothing.
type Told struct {
	Keys          []string
	Forget        []string // keys that may be told again
	Person        string
	Daily, AtOnce time.Time
}

// Post keeps letters to be sent and what they settle, all or nothing. When too
// many wait already, what is settled is kept and the letters are lost and
// counted: CodeOverloaded.
func (s *Store) Post(ctx context.Context, letters []Letter, told Told) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("keep notices: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	lost, err := s.put(ctx, tx, letters)
	if err == nil {
		err = s.settle(ctx, tx, &told)
	}
	if err == nil {
		err = tx.Commit()
	}
	if err != nil {
		return fmt.Errorf("keep notices: %w", err)
	}
	nudge(s.kick)
	if lost > 0 {
		s.count(func(t *Totals) { t.Lost += uint64(lost) })
		return shouwang.Errorf(shouwang.CodeOverloaded, "%d notices were lost: %d wait already; see that the mail server takes them", lost, mostWaiting)
	}
	return nil
}

func nudge(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

func (s *Store) count(f func(*Totals)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(&s.total)
}

// put inserts what there is room for and returns how many there was none for.
func (s *Store) put(ctx context.Context, tx *sql.Tx, letters []Letter) (lost int, err error) {
	var waiting int
	if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM waiting`).Scan(&waiting); err != nil {
		return 0, err
	}
	now := s.clock().UTC().Truncate(time.Millisecond)
	for i := range letters {
		if waiting+i >= mostWaiting {
			_, err := tx.ExecContext(ctx, `INSERT INTO lost (at, way, kind, sealed) VALUES (?, ?, ?, ?)`,
				now.UnixMilli(), letters[i].way(), letters[i].Kind, s.box.Seal("lost", []byte("too many wait")))
			if err != nil {
				return lost, err
			}
			lost++
			continue
		}
		l := letters[i]
		l.ID, l.At = rand.Text(), now
		raw, err := json.Marshal(l)
		if err != nil {
			return lost, err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO waiting (id, at, person, due, way, sealed) VALUES (?, ?, ?, ?, ?, ?)`,
			l.ID, now.UnixMilli(), l.Person, now.UnixMilli(), l.way(), s.box.Seal(l.ID, raw))
		if err != nil {
			return lost, err
		}
	}
	return lost, nil
}

func (s *Store) settle(ctx context.Context, tx *sql.Tx, t *Told) error {
	now := s.clock().UnixMilli()
	for _, k := range t.Keys {
		if _, err := tx.ExecContext(ctx, `INSERT OR IGNORE INTO told (key, at) VALUES (?, ?)`, k, now); err != nil {
			return err
		}
	}
	for _, k := range t.Forget {
		if _, err := tx.ExecContext(ctx, `DELETE FROM told WHERE key = ?`, k); err != nil {
			return err
		}
	}
	for column, at := range map[string]time.Time{"daily_at": t.Daily, "once_at": t.AtOnce} {
		if at.IsZero() {
			continue
		}
		if _, err := tx.ExecContext(ctx, `UPDATE subscribers SET `+column+` = ? WHERE person = ?`, at.UnixMilli(), t.Person); err != nil {
			return err
		}
	}
	return nil
}

// Told returns the keys with the prefix that were told.
func (s *Store) Told(ctx context.Context, prefix string) (map[string]bool, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT key FROM told WHERE substr(key, 1, ?) = ?`, len(prefix), prefix)
	if err != nil {
		return nil, fmt.Errorf("read what was told: %w", err)
	}
	defer func() { _ = rows.Close() }()
	out := map[string]bool{}
	for rows.Next() {
		var k string
		if err := rows.Scan(&k); err != nil {
			return nil, fmt.Errorf("read what was told: %w", err)
		}
		out[k] = true
	}
	return out, rows.Err()
}
