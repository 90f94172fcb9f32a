package auth_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"shouwang"
	"shouwang/web/auth"
)

// The hash of the reference implementation's own test (phc-winner-argon2,
// src/test.c: v=19, t=2, m=64 MiB, p=1, "password", "somesalt").
const reference = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"

func TestReferenceHashVerifies(t *testing.T) {
	h := auth.NewHasher(auth.DefaultParams(), 1)
	ok, stale, err := h.Verify(t.Context(), reference, "password")
	if !ok || !stale || err != nil {
		t.Errorf("the reference's hash: ok %v, stale %v, %v", ok, stale, err)
	}
	if ok, _, _ := h.Verify(t.Context(), reference, "Password"); ok {
		t.Error("another password matches")
	}
}

func TestHashIsSaltedAndSaysItsCosts(t *testing.T) {
	h := auth.NewHasher(cheap, 1)
	one, err := h.Hash(t.Context(), goodPassword)
	must(t, err)
	two, err := h.Hash(t.Context(), goodPassword)
	must(t, err)
	if one == two || !strings.HasPrefix(one, "$argon2id$v=19$m=64,t=1,p=1$") {
		t.Errorf("hashes %q, %q", one, two)
	}
	if ok, stale, err := h.Verify(t.Context(), one, goodPassword); !ok || stale || err != nil {
		t.Errorf("own hash: %v %v %v", ok, stale, err)
	}
}

func TestBrokenHashMatchesNothing(t *testing.T) {
	h := auth.NewHasher(cheap, 1)
	good, err := h.Hash(t.Context(), goodPassword)
	must(t, err)
	for _, bad := range []string{
		"x", strings.Replace(good, "argon2id", "argon2i", 1), strings.Replace(good, "v=19", "v=16", 1),
		strings.Replace(good, "m=64", "m=4294967295", 1), strings.Replace(good, "t=1", "t=0", 1), strings.Replace(good, "p=1", "p=0", 1),
		strings.Replace(good, "t=1,", "", 1), good + "$", good[:len(good)-30], good[:strings.LastIndex(good, "$")+1], strings.Repeat("$", 600),
	} {
		if ok, _, err := h.Verify(t.Context(), bad, goodPassword); ok || err == nil {
			t.Errorf("hash %q: ok %v, %v", bad, ok, err)
		}
	}
	if ok, _, err := h.Verify(t.Context(), "", ""); ok || err != nil {
		t.Errorf("no hash, no password: %v, %v", ok, err)
	}
	// A password too long to hash must not come down to an empty one.
	empty, err := h.Hash(t.Context(), "")
	must(t, err)
	if ok, _, _ := h.Verify(t.Context(), empty, strings.Repeat("x", 5000)); ok {
		t.Error("a huge password opens an account with an empty one")
	}
}

func TestHasherWorksOnFewAtOnce(t *testing.T) {
	h := auth.NewHasher(auth.Params{MemoryKiB: 32 << 10, Passes: 2, Lanes: 1}, 1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var wg sync.WaitGroup
	waited := make(chan error, 4)
	for range 4 {
		wg.Go(func() {
			_, err := h.Hash(ctx, "x")
			waited <- err
		})
	}
	wg.Wait()
	close(waited)
	gaveUp := 0
	for err := range waited {
		if errors.Is(err, context.Canceled) {
			gaveUp++
		}
	}
	if gaveUp == 0 {
		t.Error("four at once in one slot, and none had to wait")
	}
}

func TestPasswordRules(t *testing.T) {
	for _, bad := range []string{
		"", "brief", "123456789", "1234567890", "9876543210", "abcdefghij", "qwertyuiop", "poiuytrewq", "aaaaaaaaaaaa", "ababababababab",
		"12341234123412", "password123!", "Password2026", "HIKVISION12345", "admin123456789", "5201314520", "officerchen", "chen2026chen",
		"officer:chen", "tab\there and there", "\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8\xf7\xf6", strings.Repeat("long enough ", 100), "lizhongguo", "1qaz2wsx3edc",
	} {
		err := auth.CheckPassword(bad, "officerchen", "officer:chen", "lizhongguo", "chen2026")
		if shouwang.CodeOf(err) != shouwang.CodeWeakPassword || strings.Contains(err.Error(), "\n") || (bad != "" && strings.Contains(err.Error(), bad)) {
			t.Errorf("password %q: %v", bad, err)
		}
	}
	for _, good := range []string{goodPassword, "玉米在河的上面长得高高", "kT9#vv2!pQ", "k7mw-4q2d-x9ra-hm3t", "correct horse battery staple", "门前的枣树有两棵都结果"} {
		if err := auth.CheckPassword(good, "chen", "officer:chen", ""); err != nil {
			t.Errorf("password %q: %v", good, err)
		}
	}
}

func FuzzVerify(f *testing.F) {
	f.Add(reference, "password")
	f.Add("$argon2id$v=19$m=8,t=1,p=1$$", "")
	h := auth.NewHasher(cheap, 2)
	f.Fuzz(func(t *testing.T, phc, password string) {
		if strings.Contains(phc, "m=") && !strings.Contains(phc, "m=8,t=1,p=1") {
			return // a hash may ask for much work; that bound is tested above
		}
		if ok, _, err := h.Verify(t.Context(), phc, password); ok && err != nil {
			t.Errorf("%q matches and is broken: %v", phc, err)
		}
	})
}

func BenchmarkHashDefault(b *testing.B) {
	h := auth.NewHasher(auth.DefaultParams(), 1)
	for b.Loop() {
		if _, err := h.Hash(b.Context(), goodPassword); err != nil {
			b.Fatal(err)
		}
	}
}
