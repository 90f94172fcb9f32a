// Package auth signs people in: passwords, second factors, sessions and the
// brakes on guessing. It is a library without HTTP; what it keeps, it keeps
// through the small stores it declares.
//
// A password is hashed with argon2id. A session is a random id of 256 bits of
// which only the hash is kept; it ends when idle, when old, when signed out and
// when the password changes. Every failure of a sign-in looks the same and
// takes the same work, whether or not the name exists.
package auth

import (
	"context"
	"time"

	"shouwang"
)

// AccountStore keeps accounts. A name that is not there is CodeNotFound.
type AccountStore interface {
	Account(ctx context.Context, name string) (shouwang.Account, error)
	// UpdateAccount changes one account; two changes at once follow one another,
	// and what f returns as an error undoes the change.
	UpdateAccount(ctx context.Context, name string, f func(*shouwang.Account) error) error
}

// SessionStore keeps sessions by the hash of their id. A session that has ended
// is CodeNotFound.
type SessionStore interface {
	AddSession(ctx context.Context, s shouwang.Session) error
	Session(ctx context.Context, hash string) (shouwang.Session, error)
	TouchSession(ctx context.Context, hash string, seen, secondFactor time.Time) error
	RemoveSession(ctx context.Context, hash string) error
	RemoveSessions(ctx context.Context, account string) error
}

// Store is both, as the registry implements them.
type Store interface {
	AccountStore
	SessionStore
}
