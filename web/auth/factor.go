package auth

import (
	"context"

	"shouwang"
)

// EnrolSecondFactor proposes a new second factor and returns its secret, to be
// shown once as TOTPAddress. It counts after ConfirmSecondFactor. An account
// that has one must have shown it in this session within five minutes.
func (s *Service) EnrolSecondFactor(ctx context.Context, token string) (secret []byte, err error) {
	account, kept, err := s.lookUp(ctx, token)
	if err != nil {
		return nil, err
	}
	if hasFactor(&account) {
		if err := s.shownLately(&kept); err != nil {
			return nil, err
		}
	}
	secret = NewTOTPSecret()
	err = s.store.UpdateAccount(ctx, account.Name, func(a *shouwang.Account) error {
		a.TOTPPending = secret
		return nil
	})
	return secret, err
}

// ConfirmSecondFactor makes the proposed factor the account's, given one of its
// codes, and counts as having shown it.
func (s *Service) ConfirmSecondFactor(ctx context.Context, token, code string) error {
	return s.factor(ctx, token, func(a *shouwang.Account) bool {
		step, ok := CheckTOTP(a.TOTPPending, code, s.clock(), 0)
		if ok {
			a.TOTPSecret, a.TOTPPending, a.TOTPLast = a.TOTPPending, nil, step
		}
		return ok
	})
}

// ShowSecondFactor notes in the session that the second factor was shown.
// Errors: CodeUnauthenticated for a wrong or used code or none set up,
// CodeRateLimited.
func (s *Service) ShowSecondFactor(ctx context.Context, token, code string) error {
	return s.factor(ctx, token, func(a *shouwang.Account) bool {
		step, ok := CheckTOTP(a.TOTPSecret, code, s.clock(), a.TOTPLast)
		if ok {
			a.TOTPLast = step
		}
		return ok
	})
}

// factor checks a code in the account's transaction, so that one code cannot be
// used twice at once.
func (s *Service) factor(ctx context.Context, token string, check func(*shouwang.Account) bool) error {
	account, kept, err := s.lookUp(ctx, token)
	if err != nil {
		return err
	}
	if wait := s.factors.Take(account.Name); wait > 0 {
		return tooMany(wait)
	}
	err = s.store.UpdateAccount(ctx, account.Name, func(a *shouwang.Account) error {
		if !check(a) {
			return shouwang.Errorf(shouwang.CodeUnauthenticated, "the code is wrong or was used already: wait for the next one")
		}
		return nil
	})
	if err != nil {
		return err
	}
	s.factors.Forgive(account.Name)
	now := s.clock()
	return ended(s.store.TouchSession(ctx, kept.Hash, now, now))
}
