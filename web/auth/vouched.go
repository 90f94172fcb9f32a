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
	// SecondFactor is when a second factor was shown to the provider, zero for
	// never.
	SecondFactor time.Time
	// May says whether a principal may come in this way; nil for everybody.
	May func(principal string) error
}

// SignInVouched opens a session without a password. Errors: CodeNotFound for an
// account that is not there, CodeDenied for one that is shut, what May
// returns, a store's own.
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
	if now := s.clock(); v.SecondFactor.After(now) {
		v.SecondFactor = now
	}
	return s.openFor(ctx, account, shouwang.Session{SecondFactor: v.SecondFactor, Provider: v.Provider})
}
