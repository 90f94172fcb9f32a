package auth_test

import (
	"encoding/base32"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"shouwang"
	"shouwang/web/auth"
)

// RFC 4226 appendix D and RFC 6238 appendix B.
func TestCodesOfTheRFCs(t *testing.T) {
	secret := []byte("12345678901234567890")
	for i, want := range strings.Fields("755224 287082 359152 969429 338314 254676 287922 162583 399871 520489") {
		if got := auth.HOTP(secret, uint64(i), 6); got != want {
			t.Errorf("HOTP %d: %s, want %s", i, got, want)
		}
	}
	for unix, want := range map[int64]string{
		59: "94287082", 1111111109: "07081804", 1111111111: "14050471", 1234567890: "89005924", 2000000000: "69279037", 20000000000: "65353130",
	} {
		if got := auth.HOTP(secret, uint64(unix/30), 8); got != want {
			t.Errorf("TOTP at %d: %s, want %s", unix, got, want)
		}
		step, ok := auth.CheckTOTP(secret, want[2:], time.Unix(unix, 0), 0)
		if !ok || step != uint64(unix/30) {
			t.Errorf("check at %d: %d, %v", unix, step, ok)
		}
	}
}

func TestCodeWindow(t *testing.T) {
	secret, now := []byte("12345678901234567890"), time.Unix(1_800_000_010, 0)
	step := uint64(now.Unix() / 30)
	for delta, want := range map[int]bool{-2: false, -1: true, 0: true, 1: true, 2: false} {
		code := auth.HOTP(secret, uint64(int(step)+delta), 6)
		if got, ok := auth.CheckTOTP(secret, code, now, 0); ok != want || ok && got != uint64(int(step)+delta) {
			t.Errorf("code %d steps away: %d, %v", delta, got, ok)
		}
	}
	code := auth.HOTP(secret, step, 6)
	for _, last := range []uint64{step, step + 1} {
		if _, ok := auth.CheckTOTP(secret, code, now, last); ok {
			t.Error("a code works twice")
		}
	}
	for _, bad := range []string{"", " " + code, code + "0", code[:5], "０" + code[1:]} {
		if _, ok := auth.CheckTOTP(secret, bad, now, 0); ok {
			t.Errorf("code %q works", bad)
		}
	}
	if _, ok := auth.CheckTOTP(nil, auth.HOTP(nil, step, 6), now, 0); ok {
		t.Error("no secret has a code")
	}
	if _, ok := auth.CheckTOTP(secret, auth.HOTP(secret, 1, 6), time.Unix(10, 0), 0); !ok {
		t.Error("the first half minute of 1970 has no code")
	}
}

func TestAddressForPhones(t *testing.T) {
	secret := auth.NewTOTPSecret()
	u, err := url.Parse(auth.TOTPAddress("守望 Shouwang", "陈@x", secret))
	must(t, err)
	got, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(u.Query().Get("secret"))
	if err != nil || string(got) != string(secret) || u.Scheme != "otpauth" || u.Host != "totp" || u.Path != "/守望 Shouwang:陈@x" {
		t.Errorf("address %q: %v", u, err)
	}
	if len(secret) != 20 || string(secret) == string(auth.NewTOTPSecret()) {
		t.Error("secrets are short or alike")
	}
}

func (w *world) code(secret []byte) string {
	return auth.HOTP(secret, uint64(w.clock.Now().Unix()/30), 6)
}

func TestSecondFactorLife(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	token := w.signIn(t)
	wantCode(t, w.ShowSecondFactor(ctx, token, "123456"), shouwang.CodeUnauthenticated)
	secret, err := w.EnrolSecondFactor(ctx, token)
	must(t, err)
	wantCode(t, w.ShowSecondFactor(ctx, token, w.code(secret)), shouwang.CodeUnauthenticated) // not confirmed yet
	wantCode(t, w.ConfirmSecondFactor(ctx, token, "000000"), shouwang.CodeUnauthenticated)
	must(t, w.ConfirmSecondFactor(ctx, token, w.code(secret)))
	s, err := w.Session(ctx, token)
	if err != nil || !s.HasSecondFactor || s.SecondFactorAge(w.clock.Now()) != 0 {
		t.Errorf("session: %+v, %v", s, err)
	}
	wantCode(t, w.ShowSecondFactor(ctx, token, w.code(secret)), shouwang.CodeUnauthenticated) // used by confirming

	w.clock.pass(10 * time.Minute)
	if s, _ := w.Session(ctx, token); s.SecondFactorAge(w.clock.Now()) != 600 {
		t.Errorf("age: %v", s.SecondFactorAge(w.clock.Now()))
	}
	_, err = w.EnrolSecondFactor(ctx, token)
	wantCode(t, err, shouwang.CodeUnauthenticated) // a stolen session cannot replace it
	must(t, w.ShowSecondFactor(ctx, token, w.code(secret)))
	_, err = w.EnrolSecondFactor(ctx, token)
	must(t, err)

	// Another session of the same person has not shown it.
	if s, _ := w.Session(ctx, w.signIn(t)); s.SecondFactorAge(w.clock.Now()) < 1e6 {
		t.Errorf("another session's age: %v", s.SecondFactorAge(w.clock.Now()))
	}
}

func TestCodesCannotBeGuessed(t *testing.T) {
	w := newWorld(t)
	token := w.signIn(t)
	secret, err := w.EnrolSecondFactor(t.Context(), token)
	must(t, err)
	must(t, w.ConfirmSecondFactor(t.Context(), token, w.code(secret)))
	tries := 0
	for ; tries < 100; tries++ {
		if err := w.ShowSecondFactor(t.Context(), token, "000000"); shouwang.CodeOf(err) == shouwang.CodeRateLimited {
			break
		}
	}
	if tries != 5 {
		t.Errorf("throttled after %d tries", tries)
	}
}

func TestOneCodeOpensOnce(t *testing.T) {
	w := newWorld(t)
	token := w.signIn(t)
	secret, err := w.EnrolSecondFactor(t.Context(), token)
	must(t, err)
	must(t, w.ConfirmSecondFactor(t.Context(), token, w.code(secret)))
	w.clock.pass(time.Minute)
	var wg sync.WaitGroup
	var mu sync.Mutex
	opened := 0
	for range 4 {
		wg.Go(func() {
			if w.ShowSecondFactor(t.Context(), token, w.code(secret)) == nil {
				mu.Lock()
				opened++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if opened != 1 {
		t.Errorf("one code opened %d times", opened)
	}
}
