package notices

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"time"

	"shouwang"
)

// How somebody wants to hear of looks.
const (
	LooksOff   = "off"
	LooksDaily = "daily"
	LooksOnce  = "once"
)

const (
	codeDigits  = 8
	codeFor     = 30 * time.Minute
	codeTries   = 5
	codesPerDay = 5
	codesWithin = 24 * time.Hour
)

// neverYet is when somebody was last told at once who never was. What is older
// than Daily is told by nothing, so the past stays untold.
var neverYet = time.UnixMilli(0).UTC()

// Subscriber is somebody who is written to.
type Subscriber struct {
	Person    string
	Address   string // confirmed; "" when none is
	Pending   string // waits for its code; "" when none does
	Lang      string
	Looks     string
	Since     time.Time // nothing older is told
	Daily     time.Time // looks before it are told in digests
	AtOnce    time.Time // looks before it are told at once
	CodeUntil time.Time
	// Refused is when the mail server last refused an address of theirs for
	// good, RefusedAt which; zero once it takes mail for them again.
	Refused   time.Time
	RefusedAt string

	codeHash  []byte
	codeTries int
}

// sealed is what nobody reads without the key file.
type sealed struct {
	Address   string    `json:"address,omitempty"`
	Pending   string    `json:"pending,omitempty"`
	CodeHash  []byte    `json:"code_hash,omitempty"`
	CodeUntil time.Time `json:"code_until,omitzero"`
	CodeTries int       `json:"code_tries,omitempty"`
}

// Ask notes an address that is to be confirmed and returns the code that goes
// there. An address that was confirmed before stays until then. Errors:
// CodeBadAddress, CodeRateLimited.
func (s *Store) Ask(ctx context.Context, person, address, lang string) (code string, err error) {
	if err := CheckAddress(address); err != nil {
		return "", err
	}
	now := s.clock()
	var asked int
	if err := s.db.QueryRowContext(ctx, `SELECT count(*) FROM codes WHERE person = ? AND at > ?`, person, now.Add(-codesWithin).UnixMilli()).Scan(&asked); err != nil {
		return "", fmt.Errorf("note address: %w", err)
	}
	if asked >= codesPerDay {
		return "", shouwang.Errorf(shouwang.CodeRateLimited, "%d codes were sent within a day: go on tomorrow", asked)
	}
	n, err := rand.Int(rand.Reader, big.NewInt(100_000_000))
	if err != nil {
		return "", fmt.Errorf("make code: %w", err)
	}
	code = fmt.Sprintf("%0*d", codeDigits, n)
	sub, err := s.Of(ctx, person)
	if err != nil {
		return "", err
	}
	if sub.Since.IsZero() {
		sub = Subscriber{Person: person, Looks: LooksDaily, Since: now, Daily: now, AtOnce: neverYet}
	}
	sub.Lang, sub.Pending, sub.CodeUntil, sub.codeHash, sub.codeTries = lang, address, now.Add(codeFor), hash(person, code), 0
	err = errors.Join(
		s.exec(ctx, `DELETE FROM codes WHERE at <= ?`, now.Add(-codesWithin).UnixMilli()),
		s.exec(ctx, `INSERT INTO codes (person, at) VALUES (?, ?)`, person, now.UnixMilli()),
		s.keep(ctx, &sub))
	return code, err
}

func hash(person, code string) []byte {
	h := sha256.Sum256([]byte(person + "\n" + code))
	return h[:]
}

// Confirm makes the address that waits the person's. A code is good for half an
// hour and five tries. Errors: CodeNotFound when none waits, CodeConflict for a
// wrong or spent code.
func (s *Store) Confirm(ctx context.Context, person, code string) error {
	sub, err := s.Of(ctx, person)
	if err != nil {
		return err
	}
	if sub.Pending == "" {
		return shouwang.Errorf(shouwang.CodeNotFound, "no address waits to be confirmed")
	}
	now := s.clock()
	if !now.Before(sub.CodeUntil) || sub.codeTries >= codeTries {
		return shouwang.Errorf(shouwang.CodeConflict, "this code is no longer good: have another one sent")
	}
	if subtle.ConstantTimeCompare(sub.codeHash, hash(person, code)) != 1 {
		sub.codeTries++
		return errors.Join(s.keep(ctx, &sub), shouwang.Errorf(shouwang.CodeConflict, "that is not the code that was sent"))
	}
	if sub.Address == "" {
		sub.Since, sub.Daily, sub.AtOnce = now, now, neverYet
	}
	sub.Address, sub.Pending, sub.codeHash, sub.codeTries, sub.CodeUntil = sub.Pending, "", nil, 0, time.Time{}
	return s.keep(ctx, &sub)
}

// Choose notes how somebody wants to hear of looks, and in which language.
// Errors: CodeNotFound when no address is known.
func (s *Store) Choose(ctx context.Context, person, looks, lang string) error {
	sub, err := s.Of(ctx, person)
	if err != nil {
		return err
	}
	if sub.Since.IsZero() {
		return shouwang.Errorf(shouwang.CodeNotFound, "give an address first")
	}
	if now := s.clock(); sub.Looks == LooksOff {
		sub.Daily, sub.AtOnce = now, neverYet
	}
	sub.Looks, sub.Lang = looks, lang
	return s.keep(ctx, &sub)
}

// Forget removes somebody's address and what waits for them.
func (s *Store) Forget(ctx context.Context, person string) error {
	return errors.Join(
		s.exec(ctx, `DELETE FROM subscribers WHERE person = ?`, person),
		s.exec(ctx, `DELETE FROM refused WHERE person = ?`, person),
		s.exec(ctx, `DELETE FROM waiting WHERE person = ? AND person <> ''`, person))
}

// Of returns what is known of somebody; Since is zero when nothing is.
func (s *Store) Of(ctx context.Context, person string) (Subscriber, error) {
	found, err := s.subscribers(ctx, `WHERE subscribers.person = ?`, person)
	if err != nil || len(found) == 0 {
		return Subscriber{Person: person}, err
	}
	return found[0], nil
}

// Subscribers returns everybody with a confirmed address.
func (s *Store) Subscribers(ctx context.Context) ([]Subscriber, error) {
	return s.subscribers(ctx, `WHERE confirmed = 1 ORDER BY subscribers.person`)
}

func (s *Store) subscribers(ctx context.Context, where string, args ...any) (list []Subscriber, err error) {
	rows, err := s.db.QueryContext(ctx, `SELECT subscribers.person, subscribers.sealed, lang, looks, since, daily_at, once_at, refused.at, refused.sealed
		FROM subscribers LEFT JOIN refused ON refused.person = subscribers.person `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("read subscribers: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		sub, err := s.scan(rows)
		if err != nil {
			return nil, fmt.Errorf("read subscribers: %w", err)
		}
		list = append(list, sub)
	}
	return list, rows.Err()
}

func (s *Store) scan(rows *sql.Rows) (sub Subscriber, err error) {
	var box, refused []byte
	var since, daily, once int64
	var at sql.NullInt64
	if err := rows.Scan(&sub.Person, &box, &sub.Lang, &sub.Looks, &since, &daily, &once, &at, &refused); err != nil {
		return sub, err
	}
	raw, err := s.box.Open(sub.Person, box)
	if err != nil {
		return sub, err
	}
	var in sealed
	if err := json.Unmarshal(raw, &in); err != nil {
		return sub, err
	}
	sub.Address, sub.Pending, sub.codeHash, sub.CodeUntil, sub.codeTries = in.Address, in.Pending, in.CodeHash, in.CodeUntil, in.CodeTries
	if at.Valid {
		if raw, err = s.box.Open("refused "+sub.Person, refused); err != nil {
			return sub, err
		}
		sub.Refused, sub.RefusedAt = time.UnixMilli(at.Int64).UTC(), string(raw)
	}
	sub.Since, sub.Daily, sub.AtOnce = time.UnixMilli(since).UTC(), time.UnixMilli(daily).UTC(), time.UnixMilli(once).UTC()
	return sub, nil
}

func (s *Store) keep(ctx context.Context, sub *Subscriber) error {
	raw, err := json.Marshal(sealed{sub.Address, sub.Pending, sub.codeHash, sub.CodeUntil, sub.codeTries})
	if err != nil {
		return fmt.Errorf("note address: %w", err)
	}
	return s.exec(ctx, `INSERT INTO subscribers (person, sealed, confirmed, lang, looks, since, daily_at, once_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (person) DO UPDATE SET sealed = excluded.sealed, confirmed = excluded.confirmed, lang = excluded.lang,
		looks = excluded.looks, since = excluded.since, daily_at = excluded.daily_at, once_at = excluded.once_at`,
		sub.Person, s.box.Seal(sub.Person, raw), sub.Address != "", sub.Lang, sub.Looks,
		sub.Since.UnixMilli(), sub.Daily.UnixMilli(), sub.AtOnce.UnixMilli())
}
