package auth_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"shouwang"
	"shouwang/web/auth"
)

func TestSignInOpensASession(t *testing.T) {
	w := newWorld(t)
	token, s, err := w.SignIn(t.Context(), " Chen ", goodPassword, "192.0.2.1:4000")
	must(t, err)
	if s.Principal != "officer:chen" || !s.MustChange || s.Language != "zh-CN" || s.HasSecondFactor || s.SecondFactorAge(w.clock.Now()) < 1e6 {
		t.Errorf("session: %+v", s)
	}
	if got, err := w.Session(t.Context(), token); err != nil || got != s {
		t.Errorf("looked up: %+v, %v; want %+v", got, err, s)
	}
	if len(token) < 43 {
		t.Errorf("token %q has less than 256 bits", token)
	}
	for hash, kept := range w.store.sessions {
		if strings.Contains(fmt.Sprint(hash, kept), token) || strings.Contains(token, s.ID) {
			t.Error("the store or the id gives the token away")
		}
	}
	again := w.signIn(t)
	if again == token {
		t.Error("two sessions have one token")
	}
	must(t, w.SignOut(t.Context(), token))
	must(t, w.SignOut(t.Context(), "nonsense"))
	_, err = w.Session(t.Context(), token)
	wantCode(t, err, shouwang.CodeUnauthenticated)
	_, err = w.Session(t.Context(), again)
	must(t, err)
}

func TestEveryFailureLooksTheSame(t *testing.T) {
	w := newWorld(t)
	w.add(t, "gone", "officer:gone")
	must(t, w.store.UpdateAccount(t.Context(), "gone", func(a *shouwang.Account) error { a.Disabled = true; return nil }))
	w.store.accounts["nohash"] = shouwang.Account{Name: "nohash", Principal: "officer:x"}
	texts := map[string]bool{}
	for _, try := range [][2]string{{"chen", "wrong password"}, {"nobody", goodPassword}, {"gone", goodPassword}, {"nohash", ""}, {"", ""}, {"chen", ""}, {strings.Repeat("x", 9999), strings.Repeat("y", 99999)}} {
		_, _, err := w.SignIn(t.Context(), try[0], try[1], "192.0.2.1:1")
		wantCode(t, err, shouwang.CodeUnauthenticated)
		texts[err.Error()] = true
	}
	if len(texts) != 1 {
		t.Errorf("failures can be told apart: %v", texts)
	}
	for _, token := range []string{"", "x", strings.Repeat("a", 43), strings.Repeat("a", 99999)} {
		_, err := w.Session(t.Context(), token)
		wantCode(t, err, shouwang.CodeUnauthenticated)
	}
}

func TestUnknownNameCostsAsMuchAsAKnownOne(t *testing.T) {
	m := &memory{accounts: map[string]shouwang.Account{}, sessions: map[string]shouwang.Session{}}
	s := auth.New(m, auth.Config{Params: auth.Params{MemoryKiB: 16 << 10, Passes: 2, Lanes: 1}})
	hash, err := s.HashPassword(t.Context(), goodPassword)
	must(t, err)
	m.accounts["chen"] = shouwang.Account{Name: "chen", Principal: "officer:chen", PasswordHash: hash}
	// CPU time, not the wall's: others may load the machine.
	cost := func(name string) time.Duration {
		start := cpu(t)
		for i := range 5 {
			_, _, err := s.SignIn(t.Context(), name, "wrong password", fmt.Sprintf("192.0.2.%d", i))
			wantCode(t, err, shouwang.CodeUnauthenticated)
		}
		return cpu(t) - start
	}
	known, unknown := cost("chen"), cost("nobody")
	if ratio := float64(known) / float64(unknown); ratio < 0.4 || ratio > 2.5 {
		t.Errorf("a known name costs %v, an unknown one %v", known, unknown)
	}
}

func cpu(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	must(t, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func TestBrokenStoreIsNotAWrongPassword(t *testing.T) {
	w := newWorld(t)
	token := w.signIn(t)
	w.store.broken = shouwang.Errorf(shouwang.CodeStorageAway, "the disk is gone")
	_, _, err := w.SignIn(t.Context(), "chen", goodPassword, "192.0.2.1")
	wantCode(t, err, shouwang.CodeStorageAway)
	_, err = w.Session(t.Context(), token)
	wantCode(t, err, shouwang.CodeStorageAway)
}

func TestAccountIsThrottled(t *testing.T) {
	w := newWorld(t)
	tries := 0
	var many *auth.TooMany
	for ; tries < 100; tries++ {
		// From ever another address, as a botnet would.
		_, _, err := w.SignIn(t.Context(), "chen", "wrong password", fmt.Sprintf("192.0.2.%d:1", tries))
		if errors.As(err, &many) {
			wantCode(t, err, shouwang.CodeRateLimited)
			break
		}
	}
	if tries != 10 || many.RetryAfter() <= 0 || many.RetryAfter() > 30*time.Second {
		t.Fatalf("throttled after %d tries for %v", tries, many.RetryAfter())
	}
	_, _, err := w.SignIn(t.Context(), "chen", goodPassword, "198.51.100.1:1")
	wantCode(t, err, shouwang.CodeRateLimited) // the right one does not slip through either
	w.add(t, "li", "resident:li")
	if _, _, err := w.SignIn(t.Context(), "li", goodPassword, "198.51.100.1:1"); err != nil {
		t.Errorf("another account is throttled too: %v", err)
	}
	w.clock.pass(many.RetryAfter())
	w.signIn(t) // and its owner gets in after the wait
}

func TestAddressIsThrottled(t *testing.T) {
	for name, addresses := range map[string][2]string{
		"IPv4":           {"192.0.2.1:1", "192.0.2.2:1"},
		"IPv6 household": {"[2001:db8:1:2:3::%d]:9", "[2001:db8:1:3::1]:9"},
		"mapped":         {"[::ffff:192.0.2.1]:1", "192.0.2.2:1"},
		"unreadable":     {"nonsense", "192.0.2.2:1"},
	} {
		w := newWorld(t)
		tries := 0
		for ; tries < 100; tries++ {
			address := addresses[0]
			if strings.Contains(address, "%d") {
				address = fmt.Sprintf(address, tries)
			}
			if _, _, err := w.SignIn(t.Context(), fmt.Sprint("name", tries), "wrong password", address); shouwang.CodeOf(err) == shouwang.CodeRateLimited {
				break
			}
		}
		if tries != 30 {
			t.Errorf("%s: throttled after %d tries", name, tries)
		}
		if _, _, err := w.SignIn(t.Context(), "chen", goodPassword, addresses[1]); err != nil {
			t.Errorf("%s: another address is throttled too: %v", name, err)
		}
	}
}

func TestManyTriesAtOnceDoNotSlipThrough(t *testing.T) {
	w := newWorld(t)
	var wg sync.WaitGroup
	var mu sync.Mutex
	tried := 0
	for range 60 {
		wg.Go(func() {
			if _, _, err := w.SignIn(t.Context(), "chen", "wrong password", "192.0.2.1:1"); shouwang.CodeOf(err) == shouwang.CodeUnauthenticated {
				mu.Lock()
				tried++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if tried != 10 {
		t.Errorf("%d passwords were tried", tried)
	}
}

func TestGoodSignInsAreNotThrottled(t *testing.T) {
	w := newWorld(t)
	for range 100 {
		w.signIn(t)
	}
}

func TestThrottleForgetsTheLeastRecent(t *testing.T) {
	c := &clock{now: time.Unix(1e9, 0)}
	th := auth.NewThrottle(1, time.Minute, 100, c.Now)
	for i := range 10_000 {
		if wait := th.Take(fmt.Sprint(i)); wait != 0 {
			t.Fatalf("key %d waits %v at its first try", i, wait)
		}
	}
	if wait := th.Take("9999"); wait != time.Minute {
		t.Errorf("a recent key waits %v", wait)
	}
	if wait := th.Take("0"); wait != 0 {
		t.Errorf("a long forgotten key waits %v: memory is not bounded", wait)
	}
	c.pass(-time.Hour) // a clock that goes back punishes and forgives nobody
	if wait := th.Take("9999"); wait != time.Minute {
		t.Errorf("after the clock went back: %v", wait)
	}
}

func TestSessionEnds(t *testing.T) {
	for principal, life := range map[string]auth.Lifetime{
		"officer:chen": {Idle: 2 * time.Hour, Absolute: 12 * time.Hour},
		"resident:li":  {Idle: 7 * 24 * time.Hour, Absolute: 30 * 24 * time.Hour},
		"kiosk:wall":   {Idle: 7 * 24 * time.Hour, Absolute: 90 * 24 * time.Hour},
	} {
		w := newWorld(t)
		w.add(t, "chen", principal)
		idle := w.signIn(t)
		w.clock.pass(life.Idle - time.Second)
		s, err := w.Session(t.Context(), idle)
		must(t, err)
		if !s.Expires.Equal(w.clock.Now().Add(life.Idle)) {
			t.Errorf("%s: expires %v", principal, s.Expires)
		}
		w.clock.pass(life.Idle)
		_, err = w.Session(t.Context(), idle)
		wantCode(t, err, shouwang.CodeUnauthenticated)

		used := w.signIn(t)
		start := w.clock.Now()
		for w.clock.Now().Sub(start) < life.Absolute {
			s, err := w.Session(t.Context(), used)
			must(t, err)
			if s.Expires.After(start.Add(life.Absolute)) {
				t.Fatalf("%s: expires %v, past its end", principal, s.Expires)
			}
			w.clock.pass(life.Idle / 2)
		}
		_, err = w.Session(t.Context(), used)
		wantCode(t, err, shouwang.CodeUnauthenticated)
		if len(w.store.sessions) != 0 {
			t.Errorf("%s: %d ended sessions are kept", principal, len(w.store.sessions))
		}
	}
}

func TestBusySessionWritesSeldom(t *testing.T) {
	w := newWorld(t)
	token := w.signIn(t)
	for range 600 {
		_, err := w.Session(t.Context(), token)
		must(t, err)
		w.clock.pass(time.Second)
	}
	if w.store.touches > 10 {
		t.Errorf("600 requests in ten minutes wrote %d times", w.store.touches)
	}
}

func TestDisabledAccountIsOutAtOnce(t *testing.T) {
	w := newWorld(t)
	token := w.signIn(t)
	must(t, w.store.UpdateAccount(t.Context(), "chen", func(a *shouwang.Account) error { a.Disabled = true; return nil }))
	_, err := w.Session(t.Context(), token)
	wantCode(t, err, shouwang.CodeUnauthenticated)
}

func TestSetPasswordEndsAllSessions(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	token, other := w.signIn(t), w.signIn(t)
	w.clock.pass(time.Minute)
	_, err := w.SetPassword(ctx, token, "not the old one", "a field of yellow rape")
	wantCode(t, err, shouwang.CodeOldPassword)
	for bad, code := range map[string]shouwang.Code{goodPassword: shouwang.CodeBadUsage, "short": shouwang.CodeWeakPassword, "password1234": shouwang.CodeWeakPassword} {
		_, err = w.SetPassword(ctx, token, goodPassword, bad)
		wantCode(t, err, code)
	}
	fresh, err := w.SetPassword(ctx, token, goodPassword, "a field of yellow rape")
	must(t, err)
	for _, old := range []string{token, other} {
		_, err := w.Session(ctx, old)
		wantCode(t, err, shouwang.CodeUnauthenticated)
	}
	if s, err := w.Session(ctx, fresh); err != nil || s.MustChange {
		t.Errorf("new session: %+v, %v", s, err)
	}
	_, _, err = w.SignIn(ctx, "chen", goodPassword, "192.0.2.1")
	wantCode(t, err, shouwang.CodeUnauthenticated)
	_, _, err = w.SignIn(ctx, "chen", "a field of yellow rape", "192.0.2.1")
	must(t, err)
}

// As after a crash between the two writes of a password change.
func TestSessionFromBeforeThePasswordIsOver(t *testing.T) {
	w := newWorld(t)
	token := w.signIn(t)
	w.clock.pass(time.Second)
	must(t, w.store.UpdateAccount(t.Context(), "chen", func(a *shouwang.Account) error { a.PasswordSet = w.clock.Now(); return nil }))
	_, err := w.Session(t.Context(), token)
	wantCode(t, err, shouwang.CodeUnauthenticated)
}

func TestOldCostsAreBroughtUpToDate(t *testing.T) {
	w := newWorld(t)
	stricter := auth.New(w.store, auth.Config{Clock: w.clock.Now, Params: auth.Params{MemoryKiB: 128, Passes: 1, Lanes: 1}})
	token := w.signIn(t)
	_, _, err := stricter.SignIn(t.Context(), "chen", goodPassword, "192.0.2.1")
	must(t, err)
	if hash := w.store.accounts["chen"].PasswordHash; !strings.Contains(hash, "m=128,") {
		t.Errorf("the hash is still %q", hash)
	}
	_, err = stricter.Session(t.Context(), token)
	must(t, err) // it is the same password: nobody is signed out
	_, _, err = stricter.SignIn(t.Context(), "chen", goodPassword, "192.0.2.1")
	must(t, err)
}
