package oidc_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"shouwang/web/oidc"
)

func set(name string, value any) func(map[string]any) {
	return func(c map[string]any) { c[name] = value }
}

func TestWhatCannotBeBelievedOpensNothing(t *testing.T) {
	for _, row := range []struct {
		name string
		bend func(map[string]any)
		why  string
	}{
		{"wrong nonce", set("nonce", "another"), "untrusted"},
		{"no nonce", func(c map[string]any) { delete(c, "nonce") }, "untrusted"},
		{"wrong audience", set("aud", "another client"), "untrusted"},
		{"two audiences, no azp", set("aud", []string{clientID, "another"}), "untrusted"},
		{"another's azp", set("azp", "another"), "untrusted"},
		{"wrong issuer", set("iss", "https://another.example"), "untrusted"},
		{"issuer with a slash", func(c map[string]any) { c["iss"] = c["iss"].(string) + "/" }, "untrusted"},
		{"expired", func(c map[string]any) { c["exp"] = c["iat"].(int64) - 1 }, "untrusted"},
		{"not yet", func(c map[string]any) { c["nbf"] = c["iat"].(int64) + 3600 }, "untrusted"},
		{"no subject", set("sub", ""), "untrusted"},
		{"wrong at_hash", set("at_hash", "AAAAAAAAAAAAAAAAAAAAAA"), "untrusted"},
		{"nobody's name", set("preferred_username", "mallory"), "unknown"},
		{"a name that looks like it", set("preferred_username", "ｃhen"), "unknown"},
		{"a number", set("preferred_username", 7), "unknown"},
		{"a long name", set("preferred_username", strings.Repeat("chen", 99)), "unknown"},
		{"blanks", set("preferred_username", " chen "), "unknown"},
		{"a resident", set("preferred_username", "li"), "unknown"},
		{"an account of nobody", set("preferred_username", "lost"), "unknown"},
		{"a shut account", set("preferred_username", "gone"), "closed"},
	} {
		t.Run(row.name, func(t *testing.T) {
			tn := newTown(t)
			tn.double.bend = row.bend
			b := tn.browser()
			b.wantWhy(b.signIn(), row.why)
		})
	}
}

func TestAnUnverifiedAddressIsNobodys(t *testing.T) {
	for _, verified := range []any{false, "false", nil, 1} {
		tn := newTown(t, func(c *oidc.Config) { c.Claim = "email" })
		tn.double.bend = func(c map[string]any) { c["email"], c["email_verified"] = "chen@town.example", verified }
		b := tn.browser()
		b.wantWhy(b.signIn(), "unknown")
	}
}

func TestSignaturesOfOthersOpenNothing(t *testing.T) {
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	part := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	for name, sign := range map[string]func(*double, []byte) string{
		"alg none":      func(_ *double, raw []byte) string { return part(`{"alg":"none"}`) + "." + part(string(raw)) + "." },
		"another's key": func(d *double, raw []byte) string { return d.signed(jose.ES256, other, raw) },
		"the client's secret as key": func(d *double, raw []byte) string {
			return d.signed(jose.HS256, []byte(clientSecret+strings.Repeat("\x00", 32)), raw)
		},
		"changed after signing": func(d *double, raw []byte) string {
			p := strings.Split(d.signed(jose.ES256, d.key, raw), ".")
			return p[0] + "." + part(strings.Replace(string(raw), "Chen", "boss", 1)) + "." + p[2]
		},
		"no token": func(*double, []byte) string { return "" },
		"rubbish":  func(*double, []byte) string { return "a.b.c" },
	} {
		t.Run(name, func(t *testing.T) {
			tn := newTown(t)
			tn.double.sign = func(raw []byte) string { return sign(tn.double, raw) }
			b := tn.browser()
			b.wantWhy(b.signIn(), "untrusted")
		})
	}
}

func TestAStateIsGoodForOneAnswerInItsBrowser(t *testing.T) {
	tn := newTown(t)
	b := tn.browser()
	back := b.open(b.open("/api/session/oidc/start"))
	// Somebody else's browser, with the victim's address.
	stranger := tn.browser()
	stranger.wantWhy(stranger.open(back), "again")
	b.wantWhy(b.open(back), "again") // it was used up by that

	back = b.open(b.open("/api/session/oidc/start"))
	forged, _ := url.Parse(back)
	q := forged.Query()
	q.Set("state", "AAAAAAAAAAAAAAAAAAAAAAAAAA")
	forged.RawQuery = q.Encode()
	b.wantWhy(b.open(forged.String()), "again")
	if page := b.open(back); page != "/" {
		t.Fatalf("after a forged answer the true one led to %s", page)
	}
	if page := b.open(back); !strings.Contains(page, "oidc=again") {
		t.Errorf("a replayed answer led to %s", page)
	}
	tn.only()
}

func TestTenMinutesAreEnough(t *testing.T) {
	tn := newTown(t)
	b := tn.browser()
	back := b.open(b.open("/api/session/oidc/start"))
	tn.pass(10 * time.Minute)
	b.wantWhy(b.open(back), "again")
}

func TestAUsedOrForeignCodeOpensNothing(t *testing.T) {
	tn := newTown(t)
	b := tn.browser()
	back, _ := url.Parse(b.open(b.open("/api/session/oidc/start")))
	q := back.Query()
	// The code of another sign-in: its verifier is another.
	other := tn.browser()
	foreign, _ := url.Parse(other.open(other.open("/api/session/oidc/start")))
	q.Set("code", foreign.Query().Get("code"))
	back.RawQuery = q.Encode()
	b.wantWhy(b.open(back.String()), "again")
}

func TestTheProvidersNoIsTold(t *testing.T) {
	for query, why := range map[string]string{
		"error=access_denied": "refused", "error=<script>": "refused", "": "refused", "error=server_error": "away",
		"code=x&iss=https%3A%2F%2Fother.example": "untrusted",
	} {
		tn := newTown(t)
		b := tn.browser()
		at, _ := url.Parse(b.open("/api/session/oidc/start"))
		b.wantWhy(b.open(oidc.CallbackPath+"?state="+at.Query().Get("state")+"&"+query), why)
	}
}

func TestAProviderThatIsDownClosesOnlyThisWay(t *testing.T) {
	tn := newTown(t)
	tn.double.fall(true)
	b := tn.browser()
	b.wantWhy(b.open("/api/session/oidc/start"), "away")
	tn.double.fall(false)
	b.wantWhy(b.open("/api/session/oidc/start"), "away") // it is left alone for a while
	tn.pass(6 * time.Second)
	at := b.open("/api/session/oidc/start")
	back := b.open(at)
	tn.double.fall(true)
	b.wantWhy(b.open(back), "away")
	tn.double.fall(false)
	tn.pass(2 * time.Hour) // what was discovered is old and is asked for anew
	if page := b.signIn(); page != "/wall/night?a=1" {
		t.Errorf("led to %s", page)
	}
	if tn.double.asked != 2 {
		t.Errorf("discovered %d times, want 2", tn.double.asked)
	}
}

func TestAClientTheProviderDoesNotKnow(t *testing.T) {
	tn := newTown(t, func(c *oidc.Config) { c.ClientSecretFile = "" })
	b := tn.browser()
	b.wantWhy(b.signIn(), "setup")
}

func TestADiscoveryDocumentOfAnotherIsRefused(t *testing.T) {
	tn := newTown(t)
	tn.double.issuer = "https://another.example"
	b := tn.browser()
	b.wantWhy(b.open("/api/session/oidc/start"), "away")
}

func TestAFloodIsSlowedDown(t *testing.T) {
	tn := newTown(t)
	b := tn.browser()
	for range 60 {
		if at := b.open("/api/session/oidc/start"); !strings.HasPrefix(at, tn.double.URL) {
			t.Fatalf("led to %s", at)
		}
	}
	b.wantWhy(b.open("/api/session/oidc/start"), "slow")
}

// fall takes the provider down or up.
func (d *double) fall(down bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.down = down
}

// A redirect of the token endpoint would carry the code and the secret along.
func TestTheClientFollowsNobody(t *testing.T) {
	led := 0
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { led++ }))
	defer elsewhere.Close()
	tn := newTown(t)
	b := tn.browser()
	back := b.open(b.open("/api/session/oidc/start"))
	tn.double.Config.Handler = http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect)
	b.wantWhy(b.open(back), "away")
	if led != 0 {
		t.Error("the client followed")
	}
}
