package auth

import (
	"context"
	"time"

	"shouwang"
)

// Vouched is somebody whom an identity provider has signed in.
type Vouched struct {
	Account  string // the sign-in name, exactly as it is kept
	Provider string // the provider's issuer
	// Subject is the person at the provider, who never becomes another.
	Subject string
	// SecondFactor is when a second factor was shown to the provider, zero for
	// never.
	SecondFactor time.Time
	// May says whether a principal may come in this way; nil for everybody.
	May func(principal string) error
}

// SignInVouched opens a session without a password. The first person for whom
// the provider vouches under the account's name is the one that opens it from
// then on. Errors: CodeNotFound for an account that is not there, CodeDenied for
// one that is shut, CodeConflict for another person than the account's or for
// one that has another account, what May returns, a store's own.
func (s *Service) SignInVouched(ctx context.Context, v Vouched) (token string, session Session, err error) {
	account, err := s.store.Account(ctx, v.Account)
	if err != nil {
		return "", Session{}, err
	}
	if account.Disabled {
		return "", Session{}, shouwang.Errorf(shouwang.CodeDenied, "account %q is shut: an administrator proposes to open it again", account.Name)
	}
	if v.May != nil {
		if err := v.May(account.Principal); err != nil {
			return "", Session{}, err
		}
	}
	if err := s.pin(ctx, account, v); err != nil {
		return "", Session{}, err
	}
	return s.openFor(ctx, account, shouwang.Session{SecondFactor: s.notLater(v.SecondFactor), Provider: v.Provider})
}

// pin checks that the account is this person's, and makes it theirs where it is
// nobody's yet.
func (s *Service) pin(ctx context.Context, a shouwang.Account, v Vouched) error {
	if a.Subject != "" || v.Subject == "" {
		return theirs(&a, v)
	}
	return s.store.UpdateAccount(ctx, a.Name, func(a *shouwang.Account) error {
		if a.Subject != "" { // somebody was quicker
			return theirs(a, v)
		}
		a.Issuer, a.Subject = v.Provider, v.Subject
		return nil
	})
}

func theirs(a *shouwang.Account, v Vouched) error {
	if v.Subject == "" || a.Issuer != v.Provider || a.Subject != v.Subject {
		return shouwang.Errorf(shouwang.CodeConflict, "account %q belongs to another person at the identity provider: an administrator proposes to let a new one open it", a.Name)
	}
	return nil
}

// notLater is a moment by a clock that may be ahead of ours.
func (s *Service) notLater(at time.Time) time.Time {
	if now := s.clock(); at.After(now) {
		return now
	}
	return at
}

// ShowVouchedFactor notes in a session that its person has shown the provider a
// second factor. Errors: CodeUnauthenticated when the session has ended,
// CodeConflict for another person than the session's, CodeDenied where no second
// factor was shown.
func (s *Service) ShowVouchedFactor(ctx context.Context, token string, v Vouched) error {
	account, kept, err := s.lookUp(ctx, token)
	if err != nil {
		return err
	}
	if err := theirs(&account, v); err != nil {
		return err
	}
	if v.SecondFactor.IsZero() {
		return shouwang.Errorf(shouwang.CodeDenied, "the identity provider asked for no second factor")
	}
	shown := s.notLater(v.SecondFactor)
	if kept.SecondFactor.After(shown) {
		shown = kept.SecondFactor
	}
	return ended(s.store.TouchSession(ctx, kept.Hash, s.clock(), shown))
}
