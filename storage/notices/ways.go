package notices

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// The ways out of the house.
const (
	WayMail    = "mail"
	WayWebhook = "webhook"
)

func (l *Letter) way() string {
	if l.To == "" {
		return WayWebhook
	}
	return WayMail
}

// sent notes that a letter was taken, and so that its way and address are open.
func (s *Store) sent(ctx context.Context, w *waiting, now time.Time) error {
	err := errors.Join(
		s.exec(ctx, `DELETE FROM waiting WHERE id = ?`, w.ID),
		s.exec(ctx, `INSERT INTO ways (way, sent_at) VALUES (?, ?)
			ON CONFLICT (way) DO UPDATE SET sent_at = excluded.sent_at, failing_since = 0, sealed = NULL`, w.way(), now.UnixMilli()))
	if err != nil || w.Person == "" {
		return err
	}
	sub, err := s.Of(ctx, w.Person)
	if err != nil || sub.RefusedAt != w.To {
		return err
	}
	return s.exec(ctx, `DELETE FROM refused WHERE person = ?`, w.Person)
}

// closed notes that a way takes nothing now, and why.
func (s *Store) closed(ctx context.Context, way string, why *answer, now time.Time) error {
	return s.exec(ctx, `INSERT INTO ways (way, failing_since, sealed) VALUES (?, ?, ?) ON CONFLICT (way) DO UPDATE SET
		failing_since = CASE failing_since WHEN 0 THEN excluded.failing_since ELSE failing_since END, sealed = excluded.sealed`,
		way, now.UnixMilli(), s.box.Seal("way", []byte(why.text)))
}

// lose ends a letter that nobody will take, and notes whose address it was.
func (s *Store) lose(ctx context.Context, w *waiting, why *answer, now time.Time) error {
	err := errors.Join(
		s.exec(ctx, `DELETE FROM lost WHERE at <= ?`, now.Add(-giveUpAfter).UnixMilli()),
		s.exec(ctx, `INSERT INTO lost (at, way, kind, tries, sealed) VALUES (?, ?, ?, ?, ?)`,
			now.UnixMilli(), w.way(), w.Kind, w.tries+1, s.box.Seal("lost", []byte(why.text))),
		s.exec(ctx, `DELETE FROM waiting WHERE id = ?`, w.ID))
	if err != nil || w.Person == "" || !why.final {
		return err
	}
	return s.exec(ctx, `INSERT INTO refused (person, at, sealed) VALUES (?, ?, ?) ON CONFLICT (person) DO UPDATE SET at = excluded.at, sealed = excluded.sealed`,
		w.Person, now.UnixMilli(), s.box.Seal("refused "+w.Person, []byte(w.To)))
}

// State is how the sending does.
type State struct {
	Waiting int
	Oldest  time.Time // of what waits; zero when nothing does
	Lost    int       // given up within three days
	Ways    []Way     // those that are set up
	Given   []Given   // up within three days, the newest first, at most mostGiven
	Totals  Totals
}

// Way is how one way out does.
type Way struct {
	Name    string
	Waiting int
	Sent    time.Time // last; zero for never
	Failing time.Time // since when nothing is taken; zero when it is
	Why     string    // of that; names no address
}

// Given is a letter that was given up.
type Given struct {
	At        time.Time
	Way, Kind string
	Tries     int
	Why       string // names no address
}

// mostGiven is how many letters given up State lists.
const mostGiven = 20

// State returns how the sending does.
func (s *Store) State(ctx context.Context) (st State, err error) {
	var oldest sql.NullInt64
	if err := s.db.QueryRowContext(ctx, `SELECT count(*), min(at) FROM waiting`).Scan(&st.Waiting, &oldest); err != nil {
		return st, fmt.Errorf("count notices: %w", err)
	}
	if oldest.Valid {
		st.Oldest = time.UnixMilli(oldest.Int64).UTC()
	}
	since := s.clock().Add(-giveUpAfter).UnixMilli()
	if err := s.db.QueryRowContext(ctx, `SELECT count(*) FROM lost WHERE at > ?`, since).Scan(&st.Lost); err != nil {
		return st, fmt.Errorf("count notices: %w", err)
	}
	for _, way := range []struct {
		name string
		by   carrier
	}{{WayMail, s.mailer}, {WayWebhook, s.hook}} {
		if way.by == nil {
			continue
		}
		w, err := s.wayState(ctx, way.name)
		if err != nil {
			return st, err
		}
		st.Ways = append(st.Ways, w)
	}
	if st.Given, err = s.given(ctx, since); err != nil {
		return st, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	st.Totals = s.total
	return st, nil
}

func (s *Store) wayState(ctx context.Context, name string) (Way, error) {
	w := Way{Name: name}
	var sent, failing int64
	var why []byte
	err := s.db.QueryRowContext(ctx, `SELECT sent_at, failing_since, sealed FROM ways WHERE way = ?`, name).Scan(&sent, &failing, &why)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return w, fmt.Errorf("read how notices go: %w", err)
	}
	w.Sent, w.Failing = moment(sent), moment(failing)
	if w.Why, err = s.words("way", why); err != nil {
		return w, err
	}
	if err := s.db.QueryRowContext(ctx, `SELECT count(*) FROM waiting WHERE way = ?`, name).Scan(&w.Waiting); err != nil {
		return w, fmt.Errorf("count notices: %w", err)
	}
	return w, nil
}

func moment(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

func (s *Store) words(what string, sealed []byte) (string, error) {
	raw, err := s.box.Open(what, sealed)
	if err != nil {
		return "", fmt.Errorf("read how notices go: %w", err)
	}
	return string(raw), nil
}

func (s *Store) given(ctx context.Context, since int64) (list []Given, err error) {
	rows, err := s.db.QueryContext(ctx, `SELECT at, way, kind, tries, sealed FROM lost WHERE at > ? ORDER BY at DESC, rowid DESC LIMIT ?`, since, mostGiven)
	if err != nil {
		return nil, fmt.Errorf("read lost notices: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var g Given
		var at int64
		var why []byte
		if err := rows.Scan(&at, &g.Way, &g.Kind, &g.Tries, &why); err != nil {
			return nil, fmt.Errorf("read lost notices: %w", err)
		}
		g.At = moment(at)
		if g.Why, err = s.words("lost", why); err != nil {
			return nil, err
		}
		list = append(list, g)
	}
	return list, rows.Err()
}
