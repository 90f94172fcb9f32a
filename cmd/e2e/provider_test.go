package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// department is a department's identity provider: it has a page of its own with
// name and password, knows who was there before by a cookie, asks again where it
// is told to (prompt, max_age), and for a code where acr_values wants one. It
// takes each code once and from its own client only.
type department struct {
	*httptest.Server
	key                 *ecdsa.PrivateKey
	redirect, signedOut string // as registered

	mu    sync.Mutex
	seen  map[string]time.Time  // who is signed in here, by cookie
	codes map[string]url.Values // what each code was asked with
	ended int                   // sign-outs with a token that it made
}

const (
	departmentClient, departmentSecret = "shouwang", "of the department's test"
	departmentPassword                 = "a password of the department"
	departmentCode                     = "314159"
	departmentCookie                   = "department"
)

func openDepartment(t *testing.T, redirect, signedOut string) *department {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	d := &department{key: key, redirect: redirect, signedOut: signedOut, seen: map[string]time.Time{}, codes: map[string]url.Values{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", d.discovery)
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "k", Algorithm: "ES256", Use: "sig"}}})
	})
	mux.HandleFunc("GET /authorize", d.authorize)
	mux.HandleFunc("POST /authorize", d.signIn)
	mux.HandleFunc("POST /token", d.token)
	mux.HandleFunc("GET /end", d.end)
	d.Server = httptest.NewServer(mux)
	t.Cleanup(d.Close)
	return d
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

func (d *department) discovery(w http.ResponseWriter, _ *http.Request) {
	answer(w, map[string]any{
		"issuer": d.URL, "authorization_endpoint": d.URL + "/authorize", "token_endpoint": d.URL + "/token", "jwks_uri": d.URL + "/keys",
		"end_session_endpoint": d.URL + "/end", "id_token_signing_alg_values_supported": []string{"ES256"},
	})
}

// authorize lets in at once who is known and need not be asked again.
func (d *department) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if q.Get("client_id") != departmentClient || q.Get("redirect_uri") != d.redirect || q.Get("code_challenge_method") != "S256" || q.Get("state") == "" {
		http.Error(w, "this is not how the client is registered", http.StatusBadRequest)
		return
	}
	if at := d.known(r); !at.IsZero() && q.Get("prompt") != "login" && q.Get("max_age") != "0" {
		d.back(w, r, q, at, false)
		return
	}
	field := ""
	if q.Get("acr_values") == "otp" {
		field = `<input name="otp" placeholder="code">`
	}
	fmt.Fprintf(w, `<!doctype html><title>department</title><h1>The department</h1><form method="post" action="/authorize?%s">`+
		`<input name="username"><input name="password" type="password">%s<button>Sign in</button></form>`, html.EscapeString(r.URL.RawQuery), field)
}

func (d *department) known(r *http.Request) time.Time {
	c, err := r.Cookie(departmentCookie)
	if err != nil {
		return time.Time{}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.seen[c.Value]
}

func (d *department) signIn(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	strong := q.Get("acr_values") == "otp"
	if r.PostFormValue("username") != "chen" || r.PostFormValue("password") != departmentPassword || strong && r.PostFormValue("otp") != departmentCode {
		http.Error(w, "wrong", http.StatusForbidden)
		return
	}
	id, now := rand.Text(), time.Now()
	d.mu.Lock()
	d.seen[id] = now
	d.mu.Unlock()
	http.SetCookie(w, &http.Cookie{Name: departmentCookie, Value: id, Path: "/", HttpOnly: true})
	d.back(w, r, q, now, strong)
}

// back leads to the client with a code; q says what the token will.
func (d *department) back(w http.ResponseWriter, r *http.Request, q url.Values, at time.Time, strong bool) {
	q.Set("auth_time", fmt.Sprint(at.Unix()))
	q.Set("amr", map[bool]string{true: "otp", false: "pwd"}[strong])
	code := rand.Text()
	d.mu.Lock()
	d.codes[code] = q
	d.mu.Unlock()
	http.Redirect(w, r, d.redirect+"?"+url.Values{"code": {code}, "state": {q.Get("state")}, "iss": {d.URL}}.Encode(), http.StatusSeeOther)
}

func (d *department) token(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	q := d.codes[r.PostFormValue("code")]
	delete(d.codes, r.PostFormValue("code"))
	d.mu.Unlock()
	name, secret, _ := r.BasicAuth()
	secret, _ = url.QueryUnescape(secret)
	sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	if q == nil || name != departmentClient || secret != departmentSecret || base64.RawURLEncoding.EncodeToString(sum[:]) != q.Get("code_challenge") {
		w.WriteHeader(http.StatusBadRequest)
		answer(w, map[string]string{"error": "invalid_grant"})
		return
	}
	var at int64
	_, _ = fmt.Sscan(q.Get("auth_time"), &at)
	now := time.Now()
	raw, _ := json.Marshal(map[string]any{
		"iss": d.URL, "sub": "4711", "aud": departmentClient, "iat": now.Unix(), "exp": now.Add(time.Minute).Unix(), "nonce": q.Get("nonce"),
		"preferred_username": "chen", "auth_time": at, "amr": []string{q.Get("amr")},
	})
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: d.key, KeyID: "k"}}, nil)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	jws, err := signer.Sign(raw)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	id, _ := jws.CompactSerialize()
	answer(w, map[string]any{"access_token": rand.Text(), "token_type": "Bearer", "expires_in": 60, "id_token": id})
}

// end signs out whoever comes with a token that this provider made, and sends
// them where the client is registered to have them sent.
func (d *department) end(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	jws, err := jose.ParseSignedCompact(q.Get("id_token_hint"), []jose.SignatureAlgorithm{jose.ES256})
	if err == nil {
		_, err = jws.Verify(d.key.Public())
	}
	if err != nil || q.Get("post_logout_redirect_uri") != d.signedOut {
		http.Error(w, "nobody here to sign out", http.StatusBadRequest)
		return
	}
	d.mu.Lock()
	d.ended++
	clear(d.seen)
	d.mu.Unlock()
	http.Redirect(w, r, d.signedOut, http.StatusSeeOther)
}
