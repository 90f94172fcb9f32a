package oidc_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// double is a strict stand-in for an identity provider: it takes a code once,
// with the right verifier, redirect and secret only. bend makes it lie.
type double struct {
	*httptest.Server
	t   *testing.T
	now func() time.Time
	key *ecdsa.PrivateKey

	mu    sync.Mutex
	down  bool
	codes map[string]url.Values // what the code was asked with
	seen  url.Values            // the last authorization request
	asked int                   // requests for the discovery document

	issuer   string
	userinfo map[string]any // asked for what the token leaves out
	bend     func(map[string]any)
	sign     func(claims []byte) string // nil for the honest key
}

const clientID, clientSecret = "shouwang", "a secret of the client"

func newDouble(t *testing.T, now func() time.Time) *double {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	d := &double{t: t, now: now, key: key, codes: map[string]url.Values{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", d.discovery)
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		write(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "k", Algorithm: "ES256", Use: "sig"}}})
	})
	mux.HandleFunc("GET /authorize", d.authorize)
	mux.HandleFunc("POST /token", d.token)
	mux.HandleFunc("GET /userinfo", func(w http.ResponseWriter, _ *http.Request) { write(w, d.userinfo) })
	d.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.mu.Lock()
		down := d.down
		d.mu.Unlock()
		if down {
			http.Error(w, "down", http.StatusBadGateway)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	d.issuer = d.URL
	t.Cleanup(d.Close)
	return d
}

func write(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

func (d *double) discovery(w http.ResponseWriter, _ *http.Request) {
	d.mu.Lock()
	d.asked++
	d.mu.Unlock()
	write(w, map[string]any{
		"issuer": d.issuer, "authorization_endpoint": d.URL + "/authorize", "token_endpoint": d.URL + "/token",
		"jwks_uri": d.URL + "/keys", "userinfo_endpoint": d.URL + "/userinfo", "end_session_endpoint": d.URL + "/end?tenant=1",
		"id_token_signing_alg_values_supported": []string{"ES256", "HS256", "none"},
	})
}

// authorize answers as if the person had signed in at once.
func (d *double) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if q.Get("client_id") != clientID || q.Get("response_type") != "code" || q.Get("code_challenge_method") != "S256" ||
		len(q.Get("code_challenge")) != 43 || len(q.Get("nonce")) < 20 || len(q.Get("state")) < 20 || !strings.Contains(q.Get("scope"), "openid") {
		d.t.Errorf("authorization request: %v", q)
	}
	code := rand.Text()
	d.mu.Lock()
	d.codes[code], d.seen = q, q
	d.mu.Unlock()
	back := q.Get("redirect_uri") + "?" + url.Values{"code": {code}, "state": {q.Get("state")}, "iss": {d.issuer}}.Encode()
	http.Redirect(w, r, back, http.StatusFound)
}

func (d *double) token(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	asked, ok := d.codes[r.FormValue("code")]
	delete(d.codes, r.FormValue("code"))
	d.mu.Unlock()
	name, secret, _ := r.BasicAuth()
	given, _ := url.QueryUnescape(secret) // RFC 6749, 2.3.1
	sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
	no := func(status int, code string) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]string{"error": code})
	}
	switch {
	case name != clientID || given != clientSecret:
		no(http.StatusUnauthorized, "invalid_client")
	case !ok || base64.RawURLEncoding.EncodeToString(sum[:]) != asked.Get("code_challenge") || r.FormValue("redirect_uri") != asked.Get("redirect_uri"):
		no(http.StatusBadRequest, "invalid_grant")
	default:
		write(w, map[string]any{"access_token": rand.Text(), "token_type": "Bearer", "expires_in": 60, "id_token": d.idToken(asked)})
	}
}

// idToken is an honest token of the officer Chen unless bend or sign lie.
func (d *double) idToken(asked url.Values) string {
	now := d.now()
	claims := map[string]any{
		"iss": d.issuer, "sub": "4711", "aud": clientID, "iat": now.Unix(), "exp": now.Add(time.Minute).Unix(), "nonce": asked.Get("nonce"),
		"preferred_username": "Chen", "roles": []string{"approver"}, "auth_time": now.Add(-20 * time.Second).Unix(), "amr": []string{"pwd"},
	}
	if d.bend != nil {
		d.bend(claims)
	}
	raw, _ := json.Marshal(claims)
	if d.sign != nil {
		return d.sign(raw)
	}
	return d.signed(jose.ES256, d.key, raw)
}

func (d *double) signed(alg jose.SignatureAlgorithm, key any, raw []byte) string {
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: jose.JSONWebKey{Key: key, KeyID: "k"}}, nil)
	if err != nil {
		d.t.Error(err)
		return ""
	}
	jws, err := s.Sign(raw)
	if err != nil {
		d.t.Error(err)
		return ""
	}
	out, _ := jws.CompactSerialize()
	return out
}
