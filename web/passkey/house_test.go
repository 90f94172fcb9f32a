package passkey_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/auth"
	"shouwang/web/front"
	"shouwang/web/front/fronttest"
	"shouwang/web/passkey"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"))
}

// store keeps accounts, sessions and keys in memory, by the rules of the
// registry, whose own tests prove them.
type store struct {
	mu       sync.Mutex
	accounts map[string]shouwang.Account
	sessions map[string]shouwang.Session
	keys     map[string]shouwang.Passkey
}

func missing() error { return shouwang.Errorf(shouwang.CodeNotFound, "there is none") }

func (s *store) locked() func() { s.mu.Lock(); return s.mu.Unlock }

func (s *store) Account(_ context.Context, name string) (shouwang.Account, error) {
	defer s.locked()()
	a, ok := s.accounts[name]
	if !ok {
		return a, missing()
	}
	for _, k := range s.keys {
		if k.Account == name {
			a.Passkeys++
		}
	}
	return a, nil
}

func (s *store) UpdateAccount(_ context.Context, name string, f func(*shouwang.Account) error) error {
	defer s.locked()()
	a := s.accounts[name]
	err := f(&a)
	if err == nil {
		s.accounts[name] = a
	}
	return err
}

func (s *store) AddSession(_ context.Context, n shouwang.Session) error {
	defer s.locked()()
	s.sessions[n.Hash] = n
	return nil
}

func (s *store) Session(_ context.Context, hash string) (shouwang.Session, error) {
	defer s.locked()()
	n, ok := s.sessions[hash]
	if !ok {
		return n, missing()
	}
	return n, nil
}

func (s *store) TouchSession(_ context.Context, hash string, seen, factor time.Time) error {
	defer s.locked()()
	n, ok := s.sessions[hash]
	if !ok {
		return missing()
	}
	n.Seen, n.SecondFactor = seen, factor
	s.sessions[hash] = n
	return nil
}

func (s *store) RemoveSession(_ context.Context, hash string) error {
	defer s.locked()()
	delete(s.sessions, hash)
	return nil
}

func (s *store) RemoveSessions(context.Context, string) error { return nil }

func (s *store) Passkey(_ context.Context, id string) (shouwang.Passkey, error) {
	defer s.locked()()
	k, ok := s.keys[id]
	if !ok {
		return k, missing()
	}
	return k, nil
}

func (s *store) Passkeys(_ context.Context, account string) (all []shouwang.Passkey, err error) {
	defer s.locked()()
	for _, k := range s.keys {
		if k.Account == account {
			all = append(all, k)
		}
	}
	slices.SortFunc(all, func(a, b shouwang.Passkey) int {
		return cmp.Or(a.Created.Compare(b.Created), strings.Compare(a.ID, b.ID))
	})
	return all, nil
}

func (s *store) PasskeyHandle(_ context.Context, account string) ([]byte, error) {
	return []byte("handle of " + account), nil
}

func (s *store) AddPasskey(_ context.Context, k shouwang.Passkey, most int) error {
	defer s.locked()()
	if _, there := s.keys[k.ID]; there || len(s.keys) >= most {
		return shouwang.Errorf(shouwang.CodeConflict, "known or too many")
	}
	s.keys[k.ID] = k
	return nil
}

func (s *store) UsePasskey(_ context.Context, id string, count uint32, backedUp bool, at time.Time) error {
	defer s.locked()()
	k, ok := s.keys[id]
	if !ok {
		return missing()
	}
	if count <= k.Count && (count != 0 || k.Count != 0) {
		return shouwang.Errorf(shouwang.CodeConflict, "backwards")
	}
	k.Count, k.BackedUp, k.Used = count, backedUp, at
	s.keys[id] = k
	return nil
}

func (s *store) NamePasskey(_ context.Context, account, id, name string) error {
	defer s.locked()()
	k, ok := s.keys[id]
	if !ok || k.Account != account {
		return missing()
	}
	k.Name = name
	s.keys[id] = k
	return nil
}

func (s *store) RemovePasskey(_ context.Context, account, id, keep string) error {
	defer s.locked()()
	if k, ok := s.keys[id]; !ok || k.Account != account {
		return missing()
	}
	delete(s.keys, id)
	for hash, n := range s.sessions {
		if n.Account == account && !strings.HasPrefix(hash, keep) {
			delete(s.sessions, hash)
		}
	}
	return nil
}

// house is the room by itself, over the real accounts.
type house struct {
	*store
	t      *testing.T
	auth   *auth.Service
	server *httptest.Server
	log    *bytes.Buffer
	mu     sync.Mutex
	at     time.Time
}

const password = "vier-Haelften-Apfel-7"

func (h *house) now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.at
}

func (h *house) pass(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.at = h.at.Add(d)
}

func openHouse(t *testing.T, address string) *house {
	t.Helper()
	h := &house{ // the browsers' jars go by the real clock: the test's begins there
		store: &store{accounts: map[string]shouwang.Account{}, sessions: map[string]shouwang.Session{}, keys: map[string]shouwang.Passkey{}},
		t:     t, at: time.Now().Truncate(time.Second), log: &bytes.Buffer{},
	}
	h.auth = auth.New(h.store, auth.Config{Clock: h.now, Params: auth.Params{MemoryKiB: 64, Passes: 1, Lanes: 1}})
	hash, err := h.auth.HashPassword(t.Context(), password)
	if err != nil {
		t.Fatal(err)
	}
	world, err := policy.NewWorld(policy.WorldData{Timezone: "Asia/Shanghai"})
	if err != nil {
		t.Fatal(err)
	}
	for name, who := range map[string]policy.Principal{
		"li":   {ID: "resident:li", Type: policy.TypeResident, Name: "李秀兰"},
		"hu":   {ID: "resident:hu", Type: policy.TypeResident, Name: "胡"},
		"pu":   {ID: "officer:pu", Type: policy.TypeOfficer, Name: "普审批", Roles: []policy.Role{policy.RoleApprover}},
		"wall": {ID: "kiosk:wall", Type: policy.TypeKiosk, Name: "值守屏"},
	} {
		h.accounts[name] = shouwang.Account{Name: name, Principal: who.ID, PasswordHash: hash, PasswordSet: h.at.Add(-time.Hour)}
		if world, err = world.WithPrincipal(&who); err != nil {
			t.Fatal(err)
		}
	}
	log := slog.New(slog.NewTextHandler(&guarded{h}, nil))
	h.server = fronttest.Serve(t, h.auth, func() *policy.World { return world }, h.now, log,
		passkey.Routes(passkey.Deps{Accounts: h.auth, Keys: h.store, Address: address}))
	return h
}

// guarded is the log's buffer under the house's lock.
type guarded struct{ h *house }

func (g *guarded) Write(p []byte) (int, error) {
	g.h.mu.Lock()
	defer g.h.mu.Unlock()
	return g.h.log.Write(p)
}

func (h *house) said() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.log.String()
}

// browser keeps its cookies.
type browser struct {
	h      *house
	client *http.Client
}

func (h *house) browser() *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		h.t.Fatal(err)
	}
	return &browser{h, &http.Client{Jar: jar, Transport: h.server.Client().Transport}}
}

// in is a browser in which somebody has signed in with a password.
func (h *house) in(login string) *browser {
	h.t.Helper()
	token, s, err := h.auth.SignIn(h.t.Context(), login, password, "192.0.2.7")
	if err != nil {
		h.t.Fatal(err)
	}
	b := h.browser()
	req, err := http.NewRequest(http.MethodGet, h.server.URL, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	cookie := front.SessionCookie(token, s.Expires, false)
	b.client.Jar.SetCookies(req.URL, []*http.Cookie{&cookie})
	return b
}

// session is the browser's, as the accounts know it.
func (b *browser) session() (auth.Session, error) {
	req, err := http.NewRequest(http.MethodGet, b.h.server.URL, nil)
	if err != nil {
		b.h.t.Fatal(err)
	}
	for _, c := range b.client.Jar.Cookies(req.URL) {
		if c.Name == front.CookieName {
			return b.h.auth.Session(b.h.t.Context(), c.Value)
		}
	}
	return auth.Session{}, missing()
}

// problem is what a refusal says.
type problem struct {
	Code   shouwang.Code    `json:"code"`
	Detail string           `json:"detail"`
	Faults []shouwang.Fault `json:"faults"`
}

func (b *browser) do(method, path string, in, out any) (int, problem) {
	b.h.t.Helper()
	var body io.Reader
	if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			b.h.t.Fatal(err)
		}
		body = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(b.h.t.Context(), method, b.h.server.URL+path, body)
	if err != nil {
		b.h.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := b.client.Do(req)
	if err != nil {
		b.h.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		b.h.t.Fatal(err)
	}
	var p problem
	switch {
	case resp.StatusCode >= 300:
		if err := json.Unmarshal(raw, &p); err != nil {
			b.h.t.Fatalf("%s %s: %d %s", method, path, resp.StatusCode, raw)
		}
	case out != nil:
		if err := json.Unmarshal(raw, out); err != nil {
			b.h.t.Fatalf("%s %s: %d %s", method, path, resp.StatusCode, raw)
		}
	}
	return resp.StatusCode, p
}

func (b *browser) must(method, path string, in, out any) {
	b.h.t.Helper()
	if status, p := b.do(method, path, in, out); status >= 300 {
		b.h.t.Fatalf("%s %s: %d %+v", method, path, status, p)
	}
}

// refused asks and wants a refusal with the code and, unless "", the reason.
func (b *browser) refused(code shouwang.Code, why, method, path string, in any) {
	b.h.t.Helper()
	status, p := b.do(method, path, in, nil)
	got := ""
	if len(p.Faults) > 0 {
		got = p.Faults[0].Why
	}
	if status < 400 || p.Code != code || got != why || p.Detail == "" || strings.Contains(p.Detail, "\n") {
		b.h.t.Errorf("%s %s: %d %+v, want %s %s", method, path, status, p, code, why)
	}
}

const (
	keys     = "/api/session/passkeys"
	ask      = "/api/session/passkey/ask"
	signIn   = "/api/session/passkey"
	askShow  = "/api/session/factor/passkey/ask"
	showPath = "/api/session/factor/passkey"
)

// adds has a device make a key and returns the key's id.
func (b *browser) adds(d *device, name string) string {
	b.h.t.Helper()
	var asked newKey
	b.must(http.MethodPost, keys+"/new", nil, &asked)
	b.must(http.MethodPost, keys, map[string]any{"name": name, "key": d.makeKey(asked)}, nil)
	return d.id
}

// asks fetches a challenge.
func (b *browser) asks(path string) (a askKey) {
	b.h.t.Helper()
	b.must(http.MethodPost, path, nil, &a)
	return a
}
