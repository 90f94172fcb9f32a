// Package passkey is the room in which people sign in by touch: with a key that
// their phone, computer or security key holds and gives out only to the finger,
// face or PIN of whoever set it up (W3C Web Authentication, Level 3). The
// library does the protocol; this room keeps challenges, binds them to who asked,
// and says who may have a key and what it counts for.
//
// A key is always verified by its person, so it is both factors at once. It is
// good at one address only, which the browser vouches for: a page elsewhere that
// looks like ours gets no answer that counts here.
package passkey

import (
	"context"
	"time"

	"shouwang"
	"shouwang/web/auth"
)

// Accounts is what follows from a key that was shown; auth.Service is it.
type Accounts interface {
	SignInByPasskey(ctx context.Context, remote string, prove func() (account string, err error)) (token string, s auth.Session, err error)
	ShowPasskey(ctx context.Context, token string, prove func(account string) error) error
	MayAddPasskey(ctx context.Context, token string) (account shouwang.Account, first bool, err error)
	MayRemovePasskey(ctx context.Context, token string) (shouwang.Account, error)
}

// Keys keeps public keys with their accounts. Errors: CodeNotFound for a key
// that is not there or is another account's, CodeConflict for one too many and
// for a counter that does not go on.
type Keys interface {
	Passkey(ctx context.Context, id string) (shouwang.Passkey, error)
	Passkeys(ctx context.Context, account string) ([]shouwang.Passkey, error)
	PasskeyHandle(ctx context.Context, account string) ([]byte, error)
	AddPasskey(ctx context.Context, k shouwang.Passkey, most int) error
	UsePasskey(ctx context.Context, id string, count uint32, backedUp bool, at time.Time) error
	NamePasskey(ctx context.Context, account, id, name string) error
	RemovePasskey(ctx context.Context, account, id, keep string) error
}

// Deps are the room's neighbours.
type Deps struct {
	Accounts Accounts
	Keys     Keys
	// Address is what people open, as https://watch.example; empty for
	// localhost alone.
	Address string
}

// most bounds the keys of an account: a phone, a computer and a spare, twice over.
const most = 8
