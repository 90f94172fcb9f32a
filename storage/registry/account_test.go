package registry_test

import (
	"encoding/json"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/storage/registry"
)

func toJSON(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	must(t, err)
	return string(raw)
}

func TestAccountIsKeptWhole(t *testing.T) {
	r, path := fresh(t)
	seed(t, r)
	ctx := t.Context()
	want := shouwang.Account{
		Name: "陈警官", Principal: "officer:chen", PasswordHash: "$argon2id$x", PasswordSet: noon, MustChange: true,
		Language: "zh-CN", TOTPSecret: []byte{1, 2, 3}, TOTPPending: []byte{4}, TOTPLast: 59000000,
		Issuer: "https://id.example", Subject: "4711",
	}
	must(t, r.AddAccount(ctx, want))
	wantCode(t, r.AddAccount(ctx, want), shouwang.CodeLoginTaken)
	must(t, r.Close())
	r = open(t, path)
	got, err := r.Account(ctx, "陈警官")
	if err != nil || toJSON(t, got) != toJSON(t, want) {
		t.Errorf("got %+v, %v", got, err)
	}
	_, err = r.Account(ctx, "nobody")
	wantCode(t, err, shouwang.CodeNotFound)
	for _, name := range []string{"", " chen", "Chen", "chen\n", "a\x00b"} {
		wantCode(t, r.AddAccount(ctx, shouwang.Account{Name: name, Principal: "officer:chen"}), shouwang.CodeBadUsage)
	}
	wantCode(t, r.AddAccount(ctx, shouwang.Account{Name: "x", Principal: "officer:nobody"}), shouwang.CodeNotFound)
	must(t, r.AddAccount(ctx, shouwang.Account{Name: "chen-2", Principal: "officer:chen"}))
	wantCode(t, r.UpdateAccount(ctx, "chen-2", func(a *shouwang.Account) error {
		a.Issuer, a.Subject = want.Issuer, want.Subject // has an account already
		return nil
	}), shouwang.CodeConflict)
	must(t, r.RemoveAccount(ctx, "chen-2"))
	if all, err := r.Accounts(ctx); err != nil || len(all) != 1 {
		t.Errorf("accounts: %v, %v", all, err)
	}
	if n, err := r.CountAccounts(ctx); err != nil || n != 1 {
		t.Errorf("count: %d, %v", n, err)
	}
}

func TestAccountChangesFollowOneAnother(t *testing.T) {
	r, path := fresh(t)
	seed(t, r)
	must(t, r.AddAccount(t.Context(), shouwang.Account{Name: "chen", Principal: "officer:chen"}))
	other := open(t, path)
	var wg sync.WaitGroup
	for range 10 {
		for _, each := range []*registry.Registry{r, other} {
			wg.Go(func() {
				if err := each.UpdateAccount(t.Context(), "chen", func(a *shouwang.Account) error { a.TOTPLast++; return nil }); err != nil {
					t.Error(err)
				}
			})
		}
	}
	wg.Wait()
	a, err := r.Account(t.Context(), "chen")
	if err != nil || a.TOTPLast != 20 {
		t.Errorf("after 20 changes of one each: %d, %v", a.TOTPLast, err)
	}
	err = r.UpdateAccount(t.Context(), "chen", func(a *shouwang.Account) error { a.Name = "wang"; return nil })
	wantCode(t, err, shouwang.CodeBadUsage)
	err = r.UpdateAccount(t.Context(), "wang", func(*shouwang.Account) error { return nil })
	wantCode(t, err, shouwang.CodeNotFound)
}

func TestSessionsLiveAndEnd(t *testing.T) {
	r, _ := fresh(t)
	seed(t, r)
	ctx := t.Context()
	must(t, r.AddAccount(ctx, shouwang.Account{Name: "chen", Principal: "officer:chen"}))
	must(t, r.AddAccount(ctx, shouwang.Account{Name: "li", Principal: "resident:li"}))
	add := func(hash, account string, seen time.Time) shouwang.Session {
		t.Helper()
		s := shouwang.Session{Hash: hash, Account: account, Created: noon, Seen: seen, Provider: "https://id.example"}
		must(t, r.AddSession(ctx, s))
		return s
	}
	want := add("h1", "chen", noon)
	if got, err := r.Session(ctx, "h1"); err != nil || got != want {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	if err := r.AddSession(ctx, shouwang.Session{Hash: "h0", Account: "nobody"}); err == nil {
		t.Error("a session of nobody was kept")
	}
	must(t, r.TouchSession(ctx, "h1", noon.Add(time.Minute), noon.Add(time.Second)))
	if got, _ := r.Session(ctx, "h1"); !got.Seen.Equal(noon.Add(time.Minute)) || !got.SecondFactor.Equal(noon.Add(time.Second)) {
		t.Errorf("touched: %+v", got)
	}
	gone := func(hashes ...string) {
		t.Helper()
		for _, h := range hashes {
			_, err := r.Session(ctx, h)
			wantCode(t, err, shouwang.CodeNotFound)
		}
		wantCode(t, r.TouchSession(ctx, hashes[0], noon, noon), shouwang.CodeNotFound)
	}
	add("h2", "chen", noon)
	add("h3", "li", noon)
	must(t, r.RemoveSession(ctx, "h2"))
	must(t, r.RemoveSession(ctx, "h2"))
	gone("h2")
	must(t, r.RemoveSessions(ctx, "chen"))
	gone("h1")
	add("h4", "li", noon.Add(-time.Hour))
	if n, err := r.SweepSessions(ctx, noon.Add(-time.Minute), noon.Add(-24*time.Hour)); n != 1 || err != nil {
		t.Errorf("swept %d, %v", n, err)
	}
	gone("h4")
	if n, _ := r.SweepSessions(ctx, noon.Add(-time.Hour), noon.Add(time.Hour)); n != 1 {
		t.Errorf("swept %d by age", n)
	}
	gone("h3")
}

func TestRemovedPersonCannotSignIn(t *testing.T) {
	r, _ := fresh(t)
	seed(t, r)
	ctx := t.Context()
	must(t, r.AddAccount(ctx, shouwang.Account{Name: "chen", Principal: "officer:chen"}))
	must(t, r.AddAccount(ctx, shouwang.Account{Name: "chen2", Principal: "officer:chen"}))
	must(t, r.AddSession(ctx, shouwang.Session{Hash: "h", Account: "chen", Created: noon, Seen: noon}))
	must(t, r.RemoveAccount(ctx, "chen2"))
	wantCode(t, r.RemoveAccount(ctx, "chen2"), shouwang.CodeNotFound)
	must(t, r.RemovePrincipal(ctx, "officer:chen"))
	_, err := r.Account(ctx, "chen")
	wantCode(t, err, shouwang.CodeNotFound)
	_, err = r.Session(ctx, "h")
	wantCode(t, err, shouwang.CodeNotFound)
	wantCode(t, r.RemovePrincipal(ctx, "officer:chen"), shouwang.CodeNotFound)
	wantCode(t, r.SetDuty(ctx, "officer:chen", true), shouwang.CodeNotFound)
	if _, ok := world(t, r).Principal("officer:chen"); ok {
		t.Error("the person is still in the world")
	}
}

func itoa(n int) string { return strconv.Itoa(n) }

func loadWorld(text string) (*policy.World, error) { return policy.LoadWorld(strings.NewReader(text)) }
