package oidc_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"shouwang/web/oidc"
)

func strong(c *oidc.Config) { c.Strong = []string{"otp"} }

// TestTheAccountStaysItsPersons: a later person with the same name at the
// provider is refused with a word of its own.
func TestTheAccountStaysItsPersons(t *testing.T) {
	tn := newTown(t)
	tn.browser().signIn()
	tn.double.bend = func(c map[string]any) { c["sub"] = "4712" }
	if page := tn.browser().signIn(); !strings.HasPrefix(page, "/sign-in?oidc=other&") {
		t.Errorf("another person with the name chen was led to %s", page)
	}
	tn.only()
	if a := tn.store.accounts["chen"]; a.Subject != "4711" || a.Issuer != tn.double.URL {
		t.Errorf("account: %+v", a)
	}
}

// TestAFreshFactorIsAskedForAtTheProvider: the provider is told to ask anew, and
// only what it says was shown since, by the same person, counts.
func TestAFreshFactorIsAskedForAtTheProvider(t *testing.T) {
	now := func(c map[string]any) int64 { return c["iat"].(int64) }
	for _, row := range []struct {
		name, page string
		bend       func(map[string]any)
		fresh      bool
	}{
		{"shown now", "/factor-shown", func(c map[string]any) { c["amr"], c["auth_time"] = []string{"otp"}, now(c) }, true},
		{"a clock that is behind", "/factor-shown", func(c map[string]any) { c["amr"], c["auth_time"] = []string{"otp"}, now(c)-50 }, true},
		{"shown an hour ago", "/factor-shown?oidc=weak", func(c map[string]any) { c["amr"], c["auth_time"] = []string{"otp"}, now(c)-3600 }, false},
		{"nobody says when", "/factor-shown?oidc=weak", func(c map[string]any) { c["amr"] = []string{"otp"}; delete(c, "auth_time") }, false},
		{"a password alone", "/factor-shown?oidc=weak", func(c map[string]any) { c["auth_time"] = now(c) }, false},
		{"somebody else", "/factor-shown?oidc=other", func(c map[string]any) {
			c["sub"], c["amr"], c["auth_time"] = "4712", []string{"otp"}, now(c)
		}, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			tn := newTown(t, strong)
			b := tn.browser()
			b.signIn()
			tn.pass(time.Hour)
			there := b.open("/api/session/oidc/factor")
			q, err := url.Parse(there)
			if err != nil {
				t.Fatal(err)
			}
			if q := q.Query(); q.Get("prompt") != "login" || q.Get("max_age") != "0" || q.Get("acr_values") != "otp" {
				t.Errorf("asked with %v", q)
			}
			tn.double.bend = row.bend
			back := b.open(there)
			if page := b.open(back); page != row.page {
				t.Errorf("led to %s", page)
			}
			if kept := tn.only(); (kept.SecondFactor.IsZero()) == row.fresh || row.fresh && tn.now().Sub(kept.SecondFactor) > time.Minute {
				t.Errorf("second factor %v, now %v", kept.SecondFactor, tn.now())
			}
			if page := b.open(back); !strings.Contains(page, "oidc=again") {
				t.Errorf("the same answer twice led to %s", page)
			}
		})
	}
}

func TestNobodyShowsAFactorWhoIsNotSignedInOrWhereNoneIsStrong(t *testing.T) {
	for name, change := range map[string][]func(*oidc.Config){"signed out": {strong}, "none is strong": nil} {
		tn := newTown(t, change...)
		b, want := tn.browser(), http.StatusUnauthorized
		if change == nil {
			b.signIn()
			want = http.StatusNotFound
		}
		resp, err := b.Get(tn.server.URL + "/api/session/oidc/factor")
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s: %s", name, resp.Status)
		}
	}
}

func TestWhereToSignOutAtTheProvider(t *testing.T) {
	tn := newTown(t, func(c *oidc.Config) { c.SignedOut = "https://town.example/sign-in" })
	b := tn.browser()
	b.signIn()
	ask := func() url.Values {
		resp, err := b.Post(tn.server.URL+"/api/session/oidc/end", "application/json", nil)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		var out struct{ Location string }
		if err := json.NewDecoder(resp.Body).Decode(&out); err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("%s, %v", resp.Status, err)
		}
		where, err := url.Parse(out.Location)
		if err != nil || !strings.HasPrefix(out.Location, tn.double.URL+"/end?") {
			t.Fatalf("led to %q, %v", out.Location, err)
		}
		return where.Query()
	}
	q := ask()
	if q.Get("tenant") != "1" || q.Get("client_id") != clientID || q.Get("post_logout_redirect_uri") != "https://town.example/sign-in" || strings.Count(q.Get("id_token_hint"), ".") != 2 {
		t.Errorf("asked with %v", q)
	}
	if q := ask(); q.Has("id_token_hint") { // it was used; a provider asks the person then
		t.Errorf("again: %v", q)
	}
}
