package registry

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"shouwang"
	"shouwang/storage/sqlite"
)

// AddSession keeps a new session of an account that is there.
func (r *Registry) AddSession(ctx context.Context, s shouwang.Session) error {
	_, err := r.quietly(ctx, `INSERT INTO sessions (hash, account, created, seen, second_factor, provider) VALUES (?, ?, ?, ?, ?, ?)`,
		s.Hash, s.Account, sqlite.Millis(s.Created), sqlite.Millis(s.Seen), sqlite.Millis(s.SecondFactor), s.Provider)
	return err
}

// Session returns the session whose id has the hash, or CodeNotFound.
func (r *Registry) Session(ctx context.Context, hash string) (s shouwang.Session, err error) {
	var created, seen, second int64
	err = r.reader.QueryRowContext(ctx, `SELECT hash, account, created, seen, second_factor, provider FROM sessions WHERE hash = ?`, hash).
		Scan(&s.Hash, &s.Account, &created, &seen, &second, &s.Provider)
	if errors.Is(err, sql.ErrNoRows) {
		return s, noSession()
	}
	if err != nil {
		return s, fmt.Errorf("read session: %w", err)
	}
	s.Created, s.Seen, s.SecondFactor = sqlite.FromMillis(created), sqlite.FromMillis(seen), sqlite.FromMillis(second)
	return s, nil
}

func noSession() error {
	return shouwang.Errorf(shouwang.CodeNotFound, "the session has ended; sign in again")
}

// TouchSession notes when a session was last seen and when its second factor
// was last shown. A session that was ended meanwhile is CodeNotFound.
func (r *Registry) TouchSession(ctx context.Context, hash string, seen, secondFactor time.Time) error {
	n, err := r.quietly(ctx, `UPDATE sessions SET seen = ?, second_factor = ? WHERE hash = ?`, sqlite.Millis(seen), sqlite.Millis(secondFactor), hash)
	if err == nil && n == 0 {
		return noSession()
	}
	return err
}

// RemoveSession ends a session; that it is gone already is no error.
func (r *Registry) RemoveSession(ctx context.Context, hash string) error {
	_, err := r.quietly(ctx, `DELETE FROM sessions WHERE hash = ?`, hash)
	return err
}

// RemoveSessions ends all sessions of the account.
func (r *Registry) RemoveSessions(ctx context.Context, account string) error {
	_, err := r.quietly(ctx, `DELETE FROM sessions WHERE account = ?`, account)
	return err
}

// SweepSessions deletes the sessions last seen before one time or made before
// the other, and returns how many.
func (r *Registry) SweepSessions(ctx context.Context, seenBefore, createdBefore time.Time) (int, error) {
	n, err := r.quietly(ctx, `DELETE FROM sessions WHERE seen < ? OR created < ?`, sqlite.Millis(seenBefore), sqlite.Millis(createdBefore))
	return int(n), err
}
