package oidc_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"shouwang/web/auth"
	"shouwang/web/oidc"
)

func TestWhomTheProviderVouchesForIsSignedIn(t *testing.T) {
	tn := newTown(t)
	b := tn.browser()
	if page := b.signIn(); page != "/wall/night?a=1" {
		t.Fatalf("led to %s", page)
	}
	resp, err := b.Get(tn.server.URL + "/api/who")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var s auth.Session
	if err := json.NewDecoder(resp.Body).Decode(&s); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("status %d, %v", resp.StatusCode, err)
	}
	// A first password that was never used is in nobody's way, and a password at
	// the provider is no second factor.
	if s.Principal != "officer:chen" || s.MustChange || !s.SecondFactor.IsZero() {
		t.Errorf("session: %+v", s)
	}
	if kept := tn.only(); kept.Provider != tn.double.URL {
		t.Errorf("kept: %+v", kept)
	}
	if scope := tn.double.seen.Get("scope"); scope != "openid profile" {
		t.Errorf("asked for %q", scope)
	}
}

func TestCookiesAreBoundAndTakenBack(t *testing.T) {
	tn := newTown(t)
	b := tn.browser()
	resp, err := b.Get(tn.server.URL + "/api/session/oidc/start")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	c := resp.Cookies()
	if len(c) != 1 || !c[0].HttpOnly || c[0].SameSite != http.SameSiteLaxMode || c[0].MaxAge != 600 || c[0].Path != "/api/session/oidc/" {
		t.Fatalf("cookies: %+v", c)
	}
	resp, err = b.Get(b.open(resp.Header.Get("Location")))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	c = resp.Cookies()
	if len(c) != 2 || c[0].MaxAge != -1 || c[1].SameSite != http.SameSiteStrictMode || !c[1].HttpOnly {
		t.Errorf("cookies: %+v", c)
	}
}

func TestASecondFactorAtTheProviderCountsFromWhenItWasShown(t *testing.T) {
	for _, row := range []struct {
		name string
		bend func(map[string]any)
		ago  time.Duration // -1 for never
	}{
		{"amr", func(c map[string]any) { c["amr"] = []string{"pwd", "otp"} }, 20 * time.Second},
		{"acr", func(c map[string]any) { c["acr"] = "urn:strong" }, 20 * time.Second},
		{"hours ago", func(c map[string]any) { c["amr"] = []string{"otp"}; c["auth_time"] = c["iat"].(int64) - 7200 }, 2 * time.Hour},
		{"nobody says when", func(c map[string]any) { c["amr"] = []string{"otp"}; delete(c, "auth_time") }, -1},
		{"in the future", func(c map[string]any) { c["amr"] = []string{"otp"}; c["auth_time"] = c["iat"].(int64) + 3600 }, -1},
		{"absurd", func(c map[string]any) { c["amr"] = []string{"otp"}; c["auth_time"] = 1e300 }, -1},
		{"another word", func(c map[string]any) { c["amr"] = []string{"OTP", "face"} }, -1},
		{"not a list", func(c map[string]any) { c["amr"] = "otp" }, -1},
	} {
		t.Run(row.name, func(t *testing.T) {
			tn := newTown(t, func(c *oidc.Config) { c.Strong = []string{"otp", "urn:strong"} })
			tn.double.bend = row.bend
			tn.browser().signIn()
			kept := tn.only()
			if row.ago < 0 && !kept.SecondFactor.IsZero() || row.ago >= 0 && tn.now().Sub(kept.SecondFactor) != row.ago {
				t.Errorf("second factor at %v, now %v", kept.SecondFactor, tn.now())
			}
		})
	}
}

func TestTheNameMayStandInUserinfo(t *testing.T) {
	tn := newTown(t, func(c *oidc.Config) { c.Claim = "email" })
	tn.double.userinfo = map[string]any{"sub": "4711", "email": "chen@town.example", "email_verified": true}
	if page := tn.browser().signIn(); page != "/wall/night?a=1" {
		t.Fatalf("led to %s", page)
	}
	tn = newTown(t, func(c *oidc.Config) { c.Claim = "email" })
	tn.double.userinfo = map[string]any{"sub": "4712", "email": "chen@town.example", "email_verified": true}
	b := tn.browser()
	b.wantWhy(b.signIn(), "untrusted")
}

func TestNobodyIsLedElsewhere(t *testing.T) {
	tn := newTown(t)
	for _, to := range []string{"https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "/%0d%0aX: y", "", "/api/session"} {
		b := tn.browser()
		if page := b.open(b.open(b.open("/api/session/oidc/start?to=" + url.QueryEscape(to)))); page != "/" && !strings.HasPrefix(page, "/%0d") {
			t.Errorf("%q led to %q", to, page)
		}
	}
}

func TestTheBrowserIsTakenToTheAddressThatTheProviderKnows(t *testing.T) {
	tn := newTown(t)
	b := tn.browser()
	other := strings.Replace(tn.server.URL, "127.0.0.1", "localhost", 1)
	first := b.open(other + "/api/session/oidc/start?to=%2Fwall")
	if !strings.HasPrefix(first, tn.server.URL+"/api/session/oidc/start?") {
		t.Fatalf("led to %s", first)
	}
	if page := b.open(b.open(b.open(first))); page != "/wall" {
		t.Errorf("led to %s", page)
	}
}

func TestWithoutAProviderThereIsNoButton(t *testing.T) {
	on, off := newTown(t, func(c *oidc.Config) { c.NameEn = "The county" }), newTown(t, func(c *oidc.Config) { *c = oidc.Defaults() })
	for _, row := range []struct {
		tn         *town
		lang, want string
	}{{on, "zh", "County"}, {on, "en-GB", "The county"}, {newTown(t), "en", "County"}, {off, "en", ""}} {
		tn, want := row.tn, row.want
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, tn.server.URL+"/api/session/ways", nil)
		req.Header.Set("Accept-Language", row.lang)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		var got struct{ Provider string }
		err = json.NewDecoder(resp.Body).Decode(&got)
		resp.Body.Close()
		if err != nil || got.Provider != want {
			t.Errorf("got %q, %v, want %q", got.Provider, err, want)
		}
	}
}
