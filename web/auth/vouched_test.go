package auth_test

import (
	"testing"
	"time"

	"shouwang"
	"shouwang/web/auth"
)

const issuer = "https://id.example"

func TestAVouchedPersonNeedsNoFirstPassword(t *testing.T) {
	w := newWorld(t)
	token, s, err := w.SignInVouched(t.Context(), auth.Vouched{Account: "chen", Provider: issuer, Subject: "4711", SecondFactor: w.clock.Now().Add(-time.Minute)})
	must(t, err)
	if s.Principal != "officer:chen" || s.MustChange || s.SecondFactorAge(w.clock.Now()) != 60 {
		t.Errorf("session: %+v", s)
	}
	if got, err := w.Session(t.Context(), token); err != nil || got != s {
		t.Errorf("looked up: %+v, %v; want %+v", got, err, s)
	}
	// The password is the same as before: who comes with it has to replace it.
	if _, byPassword, err := w.SignIn(t.Context(), "chen", goodPassword, "192.0.2.1:1"); err != nil || !byPassword.MustChange {
		t.Errorf("by password: %+v, %v", byPassword, err)
	}
	// A clock that is ahead makes no factor of tomorrow.
	_, s, err = w.SignInVouched(t.Context(), auth.Vouched{Account: "chen", Provider: issuer, Subject: "4711", SecondFactor: w.clock.Now().Add(time.Hour)})
	must(t, err)
	if !s.SecondFactor.Equal(w.clock.Now()) {
		t.Errorf("second factor at %v", s.SecondFactor)
	}
}

func TestAProviderOpensNoShutAccount(t *testing.T) {
	w := newWorld(t)
	token, _, err := w.SignInVouched(t.Context(), auth.Vouched{Account: "chen", Provider: issuer, Subject: "4711"})
	must(t, err)
	must(t, w.store.UpdateAccount(t.Context(), "chen", func(a *shouwang.Account) error { a.Disabled = true; return nil }))
	_, err = w.Session(t.Context(), token)
	wantCode(t, err, shouwang.CodeUnauthenticated)
	for name, code := range map[string]shouwang.Code{"chen": shouwang.CodeDenied, "Chen": shouwang.CodeNotFound, "nobody": shouwang.CodeNotFound, "": shouwang.CodeNotFound} {
		_, _, err := w.SignInVouched(t.Context(), auth.Vouched{Account: name, Provider: issuer, Subject: "4711"})
		wantCode(t, err, code)
	}
}

func TestWhoMayComeInIsAskedFirst(t *testing.T) {
	w := newWorld(t)
	asked := ""
	_, _, err := w.SignInVouched(t.Context(), auth.Vouched{Account: "chen", Provider: issuer, Subject: "4711", May: func(p string) error {
		asked = p
		return shouwang.Errorf(shouwang.CodeNotFound, "not you")
	}})
	wantCode(t, err, shouwang.CodeNotFound)
	if asked != "officer:chen" || len(w.store.sessions) != 0 {
		t.Errorf("asked about %q, %d sessions", asked, len(w.store.sessions))
	}
}

// TestAnAccountIsOnePersonsAtTheProvider: the first who is vouched for has it,
// whoever gets the same name later does not, and one person has one account.
func TestAnAccountIsOnePersonsAtTheProvider(t *testing.T) {
	w := newWorld(t)
	chen := auth.Vouched{Account: "chen", Provider: issuer, Subject: "4711"}
	_, _, err := w.SignInVouched(t.Context(), auth.Vouched{Account: "chen", Provider: issuer})
	wantCode(t, err, shouwang.CodeConflict)
	_, _, err = w.SignInVouched(t.Context(), chen)
	must(t, err)
	for _, other := range []auth.Vouched{
		{Account: "chen", Provider: issuer, Subject: "4712"}, {Account: "chen", Provider: "https://other.example", Subject: "4711"}, {Account: "chen", Provider: issuer},
	} {
		_, _, err := w.SignInVouched(t.Context(), other)
		wantCode(t, err, shouwang.CodeConflict)
	}
	_, _, err = w.SignInVouched(t.Context(), chen)
	must(t, err)
	must(t, w.store.UpdateAccount(t.Context(), "chen", func(a *shouwang.Account) error { a.Issuer, a.Subject = "", ""; return nil }))
	_, _, err = w.SignInVouched(t.Context(), auth.Vouched{Account: "chen", Provider: issuer, Subject: "4712"})
	must(t, err)
	_, _, err = w.SignInVouched(t.Context(), chen)
	wantCode(t, err, shouwang.CodeConflict)
}

func TestASecondFactorAtTheProviderCountsForItsOwnPerson(t *testing.T) {
	w := newWorld(t)
	v := auth.Vouched{Account: "chen", Provider: issuer, Subject: "4711"}
	token, _, err := w.SignInVouched(t.Context(), v)
	must(t, err)
	wantCode(t, w.ShowVouchedFactor(t.Context(), token, v), shouwang.CodeDenied)
	v.SecondFactor = w.clock.Now().Add(-10 * time.Second)
	other := v
	other.Subject = "4712"
	wantCode(t, w.ShowVouchedFactor(t.Context(), token, other), shouwang.CodeConflict)
	wantCode(t, w.ShowVouchedFactor(t.Context(), token[1:]+"A", v), shouwang.CodeUnauthenticated)
	must(t, w.ShowVouchedFactor(t.Context(), token, v))
	if s, err := w.Session(t.Context(), token); err != nil || s.SecondFactorAge(w.clock.Now()) != 10 {
		t.Errorf("session: %+v, %v", s, err)
	}
	v.SecondFactor = w.clock.Now().Add(-time.Hour) // an older one takes nothing away
	must(t, w.ShowVouchedFactor(t.Context(), token, v))
	if s, err := w.Session(t.Context(), token); err != nil || s.SecondFactorAge(w.clock.Now()) != 10 {
		t.Errorf("session: %+v, %v", s, err)
	}
}
