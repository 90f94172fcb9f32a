package auth_test

import (
	"testing"
	"time"

	"shouwang"
	"shouwang/web/auth"
)

func proves(account string, err error) func() (string, error) {
	return func() (string, error) { return account, err }
}

func (w *world) set(t *testing.T, account string, f func(*shouwang.Account)) {
	t.Helper()
	must(t, w.store.UpdateAccount(t.Context(), account, func(a *shouwang.Account) error { f(a); return nil }))
}

func TestAPasskeyIsBothFactors(t *testing.T) {
	w := newWorld(t)
	token, s, err := w.SignInByPasskey(t.Context(), "192.0.2.1:1", proves("chen", nil))
	must(t, err)
	if s.Principal != "officer:chen" || s.SecondFactorAge(w.clock.Now()) != 0 {
		t.Errorf("session: %+v", s)
	}
	w.clock.pass(10 * time.Minute)
	no := shouwang.Errorf(shouwang.CodeConflict, "another's")
	wantCode(t, w.ShowPasskey(t.Context(), token, func(string) error { return no }), shouwang.CodeConflict)
	if s, _ := w.Session(t.Context(), token); s.SecondFactorAge(w.clock.Now()) != 600 {
		t.Errorf("a refused key counts: %+v", s)
	}
	must(t, w.ShowPasskey(t.Context(), token, func(account string) error {
		if account != "chen" {
			t.Errorf("asked about %q", account)
		}
		return nil
	}))
	if s, _ := w.Session(t.Context(), token); s.SecondFactorAge(w.clock.Now()) != 0 {
		t.Errorf("after showing: %+v", s)
	}
	wantCode(t, w.ShowPasskey(t.Context(), token[1:]+"A", func(string) error { t.Error("asked"); return nil }), shouwang.CodeUnauthenticated)
	w.set(t, "chen", func(a *shouwang.Account) { a.Disabled = true })
	_, _, err = w.SignInByPasskey(t.Context(), "192.0.2.1:1", proves("chen", nil))
	wantCode(t, err, shouwang.CodeDenied)
	_, _, err = w.SignInByPasskey(t.Context(), "192.0.2.1:1", proves("nobody", nil))
	wantCode(t, err, shouwang.CodeNotFound)
}

// TestPasskeysAndPasswordsHaveOneBrake: failures of one kind count for the other.
func TestPasskeysAndPasswordsHaveOneBrake(t *testing.T) {
	w := newWorld(t)
	no := shouwang.Errorf(shouwang.CodeUnauthenticated, "not known")
	for range 30 {
		_, _, err := w.SignInByPasskey(t.Context(), "192.0.2.9:1", proves("", no))
		wantCode(t, err, shouwang.CodeUnauthenticated)
	}
	_, _, err := w.SignInByPasskey(t.Context(), "192.0.2.9:2", proves("chen", nil))
	wantCode(t, err, shouwang.CodeRateLimited)
	_, _, err = w.SignIn(t.Context(), "chen", goodPassword, "192.0.2.9:3")
	wantCode(t, err, shouwang.CodeRateLimited)
	_, _, err = w.SignInByPasskey(t.Context(), "192.0.2.10:1", proves("chen", nil))
	must(t, err)
}

func TestWhoMayChangePasskeys(t *testing.T) {
	secret := auth.NewTOTPSecret()
	for name, c := range map[string]struct {
		account      func(*shouwang.Account)
		first        bool
		add, remove  shouwang.Code // without the factor just shown
		enrolOutcome shouwang.Code
	}{
		"nothing yet":           {func(*shouwang.Account) {}, true, "", "", ""},
		"an authenticator":      {func(a *shouwang.Account) { a.TOTPSecret, a.Passkeys = secret, 1 }, false, shouwang.CodeUnauthenticated, "", shouwang.CodeUnauthenticated},
		"one key":               {func(a *shouwang.Account) { a.Passkeys = 1 }, false, shouwang.CodeUnauthenticated, shouwang.CodeUnauthenticated, shouwang.CodeUnauthenticated},
		"two keys":              {func(a *shouwang.Account) { a.Passkeys = 2 }, false, shouwang.CodeUnauthenticated, "", shouwang.CodeUnauthenticated},
		"a resident's key":      {func(a *shouwang.Account) { a.Principal, a.Passkeys = "resident:li", 1 }, false, "", "", shouwang.CodeUnauthenticated},
		"a resident's code":     {func(a *shouwang.Account) { a.Principal, a.TOTPSecret = "resident:li", secret }, false, shouwang.CodeUnauthenticated, "", shouwang.CodeUnauthenticated},
		"no password of theirs": {func(a *shouwang.Account) { a.MustChange = true }, false, shouwang.CodeDenied, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.set(t, "chen", func(a *shouwang.Account) { a.MustChange = false; c.account(a) })
			token := w.signIn(t)
			_, first, err := w.MayAddPasskey(t.Context(), token)
			if first != c.first || shouwang.CodeOf(err) != c.add {
				t.Errorf("add: first %v, %v; want %v, %q", first, err, c.first, c.add)
			}
			if _, err = w.MayRemovePasskey(t.Context(), token); shouwang.CodeOf(err) != c.remove {
				t.Errorf("remove: %v, want %q", err, c.remove)
			}
			if _, err = w.EnrolSecondFactor(t.Context(), token); shouwang.CodeOf(err) != c.enrolOutcome {
				t.Errorf("enrol an authenticator: %v, want %q", err, c.enrolOutcome)
			}
			if c.add == shouwang.CodeDenied {
				return
			}
			must(t, w.ShowPasskey(t.Context(), token, func(string) error { return nil }))
			if _, _, err = w.MayAddPasskey(t.Context(), token); err != nil {
				t.Errorf("add, just shown: %v", err)
			}
			if _, err = w.MayRemovePasskey(t.Context(), token); err != nil {
				t.Errorf("remove, just shown: %v", err)
			}
		})
	}
}
