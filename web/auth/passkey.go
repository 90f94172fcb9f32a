package auth

import (
	"context"
	"strings"
	"time"

	"shouwang"
)

// A passkey that has verified its person (by finger, face or PIN, on the
// device) is both factors at once: something held, and something that only the
// person has. What proves it is another room's; these are what follows.

// freshFactor is how long a factor that was shown lets one change factors.
const freshFactor = 5 * time.Minute

// SignInByPasskey opens a session for the account that prove returns, with the
// second factor shown now. remote is the address the request came from. It has
// the brake that passwords have on addresses. Errors: prove's own, CodeDenied
// for an account that is shut, CodeRateLimited, a store's own.
func (s *Service) SignInByPasskey(ctx context.Context, remote string, prove func() (account string, err error)) (token string, session Session, err error) {
	address := AddressKey(remote)
	if wait := s.addresses.Take(address); wait > 0 {
		return "", Session{}, tooMany(wait)
	}
	name, err := prove()
	if err != nil {
		return "", Session{}, err
	}
	account, err := s.store.Account(ctx, name)
	if err != nil {
		return "", Session{}, err
	}
	if account.Disabled {
		return "", Session{}, shouwang.Errorf(shouwang.CodeDenied, "account %q is shut: an administrator proposes to open it again", account.Name)
	}
	s.addresses.Forgive(address)
	return s.open(ctx, account, s.clock())
}

// ShowPasskey notes in the session that the second factor was shown, if prove
// has no objection to the session's account. Errors: prove's own,
// CodeUnauthenticated when the session has ended, CodeRateLimited.
func (s *Service) ShowPasskey(ctx context.Context, token string, prove func(account string) error) error {
	account, kept, err := s.lookUp(ctx, token)
	if err != nil {
		return err
	}
	if wait := s.factors.Take(account.Name); wait > 0 {
		return tooMany(wait)
	}
	if err := prove(account.Name); err != nil {
		return err
	}
	s.factors.Forgive(account.Name)
	now := s.clock()
	return ended(s.store.TouchSession(ctx, kept.Hash, now, now))
}

// MayAddPasskey returns the session's account if it may have one more passkey:
// an account that has a second factor must have shown it in this session within
// five minutes, or a password alone would give itself the factor. A resident's
// passkeys are spared that: no act of theirs hangs on one, and a new phone could
// not show the old one's. first says that the account had no factor, so that
// setting this one up shows it. Errors: CodeUnauthenticated, CodeDenied for an
// account without a password of its own.
func (s *Service) MayAddPasskey(ctx context.Context, token string) (account shouwang.Account, first bool, err error) {
	account, kept, err := s.lookUp(ctx, token)
	if err != nil {
		return account, false, err
	}
	if account.MustChange {
		return account, false, shouwang.Errorf(shouwang.CodeDenied, "this account has no password of its own: whoever signs in elsewhere sets touch up there")
	}
	first = !hasFactor(&account)
	if len(account.TOTPSecret) > 0 || !first && !resident(&account) {
		err = s.shownLately(&kept)
	}
	return account, first, err
}

// MayRemovePasskey reports whether the session's account may have one passkey
// less: who has a role and no other factor must have shown it within five
// minutes, or a password alone would make the next factor a first one.
func (s *Service) MayRemovePasskey(ctx context.Context, token string) (account shouwang.Account, err error) {
	account, kept, err := s.lookUp(ctx, token)
	if err == nil && !resident(&account) && len(account.TOTPSecret) == 0 && account.Passkeys == 1 {
		err = s.shownLately(&kept)
	}
	return account, err
}

func (s *Service) shownLately(kept *shouwang.Session) error {
	if kept.SecondFactor.IsZero() || s.clock().Sub(kept.SecondFactor) > freshFactor {
		return shouwang.Errorf(shouwang.CodeUnauthenticated, "show the second factor you have before you change it")
	}
	return nil
}

func hasFactor(a *shouwang.Account) bool { return len(a.TOTPSecret) > 0 || a.Passkeys > 0 }

func resident(a *shouwang.Account) bool { return strings.HasPrefix(a.Principal, "resident:") }
