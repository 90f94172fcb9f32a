package registry_test

import (
	"bytes"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/storage/registry"
)

func key(id, account string) shouwang.Passkey {
	return shouwang.Passkey{
		ID: id, Account: account, PublicKey: []byte{1, 2, 3}, Site: "watch.example", Name: "我的手机",
		MayBackUp: true, Transports: []string{"internal", "hybrid"}, Created: noon,
	}
}

// withKeys is a register with an account and as many keys, of which the first
// is called k-0.
func withKeys(t *testing.T, n int) (*registry.Registry, string) {
	t.Helper()
	r, path := fresh(t)
	seed(t, r)
	must(t, r.AddAccount(t.Context(), shouwang.Account{Name: "chen", Principal: "officer:chen"}))
	_, err := r.PasskeyHandle(t.Context(), "chen")
	must(t, err)
	for i := range n {
		must(t, r.AddPasskey(t.Context(), key("k-"+strconv.Itoa(i), "chen"), 8))
	}
	return r, path
}

func TestPasskeyIsKeptWhole(t *testing.T) {
	r, path := withKeys(t, 0)
	ctx := t.Context()
	want := key("k-0", "chen")
	var err error
	want.Handle, err = r.PasskeyHandle(ctx, "chen")
	again, err2 := r.PasskeyHandle(ctx, "chen")
	if err != nil || err2 != nil || len(want.Handle) != 32 || !bytes.Equal(want.Handle, again) {
		t.Errorf("handle %x, again %x, %v, %v", want.Handle, again, err, err2)
	}
	must(t, r.AddPasskey(ctx, want, 2))
	wantCode(t, r.AddPasskey(ctx, want, 2), shouwang.CodeConflict)
	must(t, r.AddPasskey(ctx, key("k-1", "chen"), 2))
	wantCode(t, r.AddPasskey(ctx, key("k-2", "chen"), 2), shouwang.CodeConflict)
	must(t, r.Close())
	r = open(t, path)
	got, err := r.Passkey(ctx, "k-0")
	if err != nil || toJSON(t, got) != toJSON(t, want) {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	if all, err := r.Passkeys(ctx, "chen"); err != nil || len(all) != 2 {
		t.Errorf("all: %+v, %v", all, err)
	}
	if a, err := r.Account(ctx, "chen"); err != nil || a.Passkeys != 2 {
		t.Errorf("account: %+v, %v", a, err)
	}
	_, err = r.Passkey(ctx, "nobody's")
	wantCode(t, err, shouwang.CodeNotFound)
	must(t, r.NamePasskey(ctx, "chen", "k-0", "红色"))
	wantCode(t, r.NamePasskey(ctx, "li", "k-0", "mine"), shouwang.CodeNotFound)
	if got, _ := r.Passkey(ctx, "k-0"); got.Name != "红色" {
		t.Errorf("named %q", got.Name)
	}
}

// TestACounterOnlyGoesOn: of many answers with one counter at once, one counts.
func TestACounterOnlyGoesOn(t *testing.T) {
	r, path := withKeys(t, 2)
	ctx, later := t.Context(), noon.Add(time.Hour)
	must(t, r.UsePasskey(ctx, "k-0", 5, true, later))
	if k, err := r.Passkey(ctx, "k-0"); err != nil || k.Count != 5 || !k.BackedUp || !k.Used.Equal(later) {
		t.Errorf("used: %+v, %v", k, err)
	}
	for _, count := range []uint32{0, 4, 5} {
		wantCode(t, r.UsePasskey(ctx, "k-0", count, false, later), shouwang.CodeConflict)
	}
	must(t, r.UsePasskey(ctx, "k-1", 0, false, later))
	must(t, r.UsePasskey(ctx, "k-1", 0, false, later))
	must(t, r.UsePasskey(ctx, "k-1", 1<<31, false, later))
	wantCode(t, r.UsePasskey(ctx, "k-9", 1, false, later), shouwang.CodeNotFound)
	other := open(t, path)
	var taken atomic.Int32
	var wg sync.WaitGroup
	for range 5 {
		for _, each := range []*registry.Registry{r, other} {
			wg.Go(func() {
				if each.UsePasskey(ctx, "k-0", 6, false, later) == nil {
					taken.Add(1)
				}
			})
		}
	}
	wg.Wait()
	if taken.Load() != 1 {
		t.Errorf("one counter was taken %d times", taken.Load())
	}
}

func TestARemovedPasskeyEndsWhatElseIsOpen(t *testing.T) {
	r, _ := withKeys(t, 1)
	ctx := t.Context()
	for _, hash := range []string{"aa11", "bb22"} {
		must(t, r.AddSession(ctx, shouwang.Session{Hash: hash, Account: "chen", Created: noon, Seen: noon}))
	}
	wantCode(t, r.RemovePasskey(ctx, "li", "k-0", "aa"), shouwang.CodeNotFound)
	must(t, r.RemovePasskey(ctx, "chen", "k-0", "aa"))
	wantCode(t, r.RemovePasskey(ctx, "chen", "k-0", "aa"), shouwang.CodeNotFound)
	if _, err := r.Session(ctx, "aa11"); err != nil {
		t.Errorf("kept: %v", err)
	}
	_, err := r.Session(ctx, "bb22")
	wantCode(t, err, shouwang.CodeNotFound)

	// At the machine none is kept, and it leaves its note.
	must(t, r.AddPasskey(ctx, key("k-0", "chen"), 8))
	must(t, r.RemovePasskey(registry.FromMachine(ctx, "root@here", "user passkey remove chen"), "chen", "k-0", ""))
	_, err = r.Session(ctx, "aa11")
	wantCode(t, err, shouwang.CodeNotFound)
	if acts, err := r.MachineActs(ctx, true, 10); err != nil || len(acts) != 1 || acts[0].Who != "root@here" {
		t.Errorf("acts: %+v, %v", acts, err)
	}
}

func TestPasskeysGoWithWhatTheyOpen(t *testing.T) {
	for name, end := range map[string]func(*testing.T, *registry.Registry){
		"the account": func(t *testing.T, r *registry.Registry) { must(t, r.RemoveAccount(t.Context(), "chen")) },
		"the person":  func(t *testing.T, r *registry.Registry) { must(t, r.RemovePrincipal(t.Context(), "officer:chen")) },
		"forgotten": func(t *testing.T, r *registry.Registry) {
			must(t, r.UpdateAccount(t.Context(), "chen", func(a *shouwang.Account) error { a.Passkeys = 0; return nil }))
		},
		"the last role": func(t *testing.T, r *registry.Registry) {
			p, _ := world(t, r).Principal("officer:chen")
			next := *p
			next.Roles = nil
			must(t, r.PutPrincipal(t.Context(), next))
		},
	} {
		t.Run(name, func(t *testing.T) {
			r, _ := withKeys(t, 2)
			// What is no end leaves them: duty, a name, another role.
			must(t, r.SetDuty(t.Context(), "officer:chen", false))
			must(t, r.UpdateAccount(t.Context(), "chen", func(a *shouwang.Account) error { a.Language = "en"; return nil }))
			p, _ := world(t, r).Principal("officer:chen")
			next := *p
			next.Roles = []policy.Role{policy.RoleDispatcher}
			must(t, r.PutPrincipal(t.Context(), next))
			if all, err := r.Passkeys(t.Context(), "chen"); err != nil || len(all) != 2 {
				t.Fatalf("before: %+v, %v", all, err)
			}
			end(t, r)
			if all, err := r.Passkeys(t.Context(), "chen"); err != nil || len(all) != 0 {
				t.Errorf("after: %+v, %v", all, err)
			}
		})
	}
}
