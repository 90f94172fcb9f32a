package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"time"

	"shouwang"
)

// tokenBytes is the size of a session's id: 256 bits.
const tokenBytes = 32

// Session is one person's sign-in.
type Session struct {
	// ID names the session in logs; it is no secret and opens nothing.
	ID        string
	Principal string // "officer:chen"
	// MustChange says that the first password has to be replaced before anything
	// else.
	MustChange bool
	// SecondFactor is when the second factor was last shown, zero for never.
	SecondFactor time.Time
	// Expires is when the session ends if it is not used again.
	Expires time.Time

	Account  string // the sign-in name
	Language string
	// Provider is the issuer of the identity provider that vouched for the
	// person, "" where a password did.
	Provider string
	// HasSecondFactor says that the account has one.
	HasSecondFactor bool
}

// never is the age of a second factor that was not shown, in seconds: thirty
// years, a number that JSON can carry.
const never = 1e9

// SecondFactorAge returns how many seconds ago the second factor was shown, as
// policy.Request wants it; a very large number if it never was.
func (s *Session) SecondFactorAge(now time.Time) float64 {
	if s.SecondFactor.IsZero() {
		return never
	}
	return max(0, now.Sub(s.SecondFactor).Seconds())
}

// open makes a session for the account and returns its token.
func (s *Service) open(ctx context.Context, a shouwang.Account, secondFactor time.Time) (string, Session, error) {
	return s.openFor(ctx, a, shouwang.Session{SecondFactor: secondFactor})
}

// openFor is open with what else is known of the sign-in.
func (s *Service) openFor(ctx context.Context, a shouwang.Account, kept shouwang.Session) (string, Session, error) {
	raw := make([]byte, tokenBytes)
	_, _ = rand.Read(raw) // never fails (crypto/rand)
	token := base64.RawURLEncoding.EncodeToString(raw)
	now := s.clock()
	kept.Hash, kept.Account, kept.Created, kept.Seen = hashToken(token), a.Name, now, now
	if err := s.store.AddSession(ctx, kept); err != nil {
		return "", Session{}, err
	}
	return token, s.view(a, kept), nil
}

func (s *Service) view(a shouwang.Account, kept shouwang.Session) Session {
	life := s.lifetime(a.Principal)
	expires := kept.Seen.Add(life.Idle)
	if end := kept.Created.Add(life.Absolute); end.Before(expires) {
		expires = end
	}
	return Session{
		// A first password opens nothing; whoever came without it needs no other.
		MustChange: a.MustChange && kept.Provider == "",
		ID:         kept.Hash[:12], Principal: a.Principal, SecondFactor: kept.SecondFactor, Expires: expires,
		Account: a.Name, Language: a.Language, Provider: kept.Provider, HasSecondFactor: hasFactor(&a),
	}
}

// hashToken needs no slow hash: a token has 256 random bits.
func hashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// Session returns the session that the token opens and keeps it from going
// idle, or CodeUnauthenticated.
func (s *Service) Session(ctx context.Context, token string) (Session, error) {
	account, kept, err := s.lookUp(ctx, token)
	if err != nil {
		return Session{}, err
	}
	if now := s.clock(); now.Sub(kept.Seen) >= touchEvery {
		kept.Seen = now
		if err := s.store.TouchSession(ctx, kept.Hash, kept.Seen, kept.SecondFactor); err != nil {
			return Session{}, ended(err)
		}
	}
	return s.view(account, kept), nil
}

// lookUp returns a live session and its account. A session made before the
// password was last set is over, whatever the store still holds: a crash
// between the two writes of a change revives nothing.
func (s *Service) lookUp(ctx context.Context, token string) (shouwang.Account, shouwang.Session, error) {
	var none shouwang.Account
	if len(token) != base64.RawURLEncoding.EncodedLen(tokenBytes) {
		return none, shouwang.Session{}, notSignedIn()
	}
	kept, err := s.store.Session(ctx, hashToken(token))
	if err != nil {
		return none, kept, ended(err)
	}
	account, err := s.store.Account(ctx, kept.Account)
	if err != nil {
		return none, kept, ended(err)
	}
	now, life := s.clock(), s.lifetime(account.Principal)
	if account.Disabled || now.Sub(kept.Seen) >= life.Idle || now.Sub(kept.Created) >= life.Absolute ||
		kept.Created.Before(account.PasswordSet.Truncate(time.Millisecond)) {
		_ = s.store.RemoveSession(ctx, kept.Hash) // it opens nothing, removed or not
		return none, kept, notSignedIn()
	}
	return account, kept, nil
}

// ended turns "there is none" into "sign in".
func ended(err error) error {
	if shouwang.CodeOf(err) == shouwang.CodeNotFound {
		return notSignedIn()
	}
	return err
}

func notSignedIn() error {
	return shouwang.Errorf(shouwang.CodeUnauthenticated, "not signed in, or the session has ended: sign in again")
}

// SignOut ends the token's session. A token that opens nothing is no error.
func (s *Service) SignOut(ctx context.Context, token string) error {
	return s.store.RemoveSession(ctx, hashToken(token))
}

// SetPassword replaces the password and ends every session of the account; the
// new token opens the one that goes on. Errors: CodeOldPassword when the old
// password is wrong, CodeUnauthenticated when the session has ended,
// CodeBadUsage and CodeWeakPassword for the new one, CodeRateLimited.
func (s *Service) SetPassword(ctx context.Context, token, old, next string) (newToken string, err error) {
	account, kept, err := s.lookUp(ctx, token)
	if err != nil {
		return "", err
	}
	if wait := s.accounts.Take(account.Name); wait > 0 {
		return "", tooMany(wait)
	}
	if _, err := s.check(ctx, account.Name, old); shouwang.CodeOf(err) == shouwang.CodeUnauthenticated {
		// The session is good: saying "unauthenticated" would read as signed out.
		return "", shouwang.Errorf(shouwang.CodeOldPassword, "the present password is wrong: type it again").At("old", "wrong")
	} else if err != nil {
		return "", err
	}
	s.accounts.Forgive(account.Name)
	if old == next {
		return "", shouwang.Errorf(shouwang.CodeBadUsage, "the new password is the old one: choose another").At("password", "same")
	}
	if err := CheckPassword(next, account.Name, account.Principal); err != nil {
		return "", err
	}
	if account, err = s.replace(ctx, account, next); err != nil {
		return "", err
	}
	newToken, _, err = s.open(ctx, account, kept.SecondFactor)
	return newToken, err
}

// replace stores the new password and ends all sessions.
func (s *Service) replace(ctx context.Context, was shouwang.Account, password string) (now shouwang.Account, err error) {
	hash, err := s.hasher.Hash(ctx, password)
	if err != nil {
		return now, err
	}
	err = s.store.UpdateAccount(ctx, was.Name, func(a *shouwang.Account) error {
		if a.Disabled || !a.PasswordSet.Equal(was.PasswordSet) {
			return wrong() // somebody else changed it meanwhile
		}
		a.PasswordHash, a.PasswordSet, a.MustChange = hash, s.clock(), false
		now = *a
		return nil
	})
	if err != nil {
		return now, err
	}
	return now, s.store.RemoveSessions(ctx, was.Name)
}
