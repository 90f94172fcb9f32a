package oidc_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
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
	"shouwang/web/look"
	"shouwang/web/oidc"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"))
}

// store keeps accounts and sessions in memory.
type store struct {
	auth.Store
	mu       sync.Mutex
	accounts map[string]shouwang.Account
	sessions map[string]shouwang.Session
}

func missing() error { return shouwang.Errorf(shouwang.CodeNotFound, "there is none") }

func (s *store) Account(_ context.Context, name string) (shouwang.Account, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a, ok := s.accounts[name]; ok {
		return a, nil
	}
	return shouwang.Account{}, missing()
}

func (s *store) UpdateAccount(_ context.Context, name string, f func(*shouwang.Account) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.accounts[name]
	if err := f(&a); err != nil {
		return err
	}
	s.accounts[name] = a
	return nil
}

func (s *store) AddSession(_ context.Context, n shouwang.Session) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions[n.Hash] = n
	return nil
}

func (s *store) Session(_ context.Context, hash string) (shouwang.Session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n, ok := s.sessions[hash]; ok {
		return n, nil
	}
	return shouwang.Session{}, missing()
}

func (s *store) TouchSession(_ context.Context, hash string, seen, factor time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.sessions[hash]
	n.Seen, n.SecondFactor = seen, factor
	s.sessions[hash] = n
	return nil
}

func (s *store) RemoveSession(context.Context, string) error { return nil }

// town is the room before a provider, with real sessions behind it.
type town struct {
	t      *testing.T
	double *double
	store  *store
	server *httptest.Server
	cfg    oidc.Config

	mu sync.Mutex
	at time.Time
}

func (tn *town) now() time.Time {
	tn.mu.Lock()
	defer tn.mu.Unlock()
	return tn.at
}

func (tn *town) pass(d time.Duration) {
	tn.mu.Lock()
	defer tn.mu.Unlock()
	tn.at = tn.at.Add(d)
}

type whoOutput struct {
	Body auth.Session
}

// who tells what the session proves.
func who(f *front.Front, _ *look.Looks) {
	front.Route(f, front.Op{ID: "who", Method: http.MethodGet, Path: "/api/who"}, front.Officers, func(_ context.Context, c *front.Caller, _ *struct{}) (*whoOutput, error) {
		return &whoOutput{c.Session}, nil
	})
}

func newTown(t *testing.T, change ...func(*oidc.Config)) *town {
	t.Helper()
	tn := &town{t: t, at: time.Now().Truncate(time.Second)} // a cookie jar goes by the real clock
	tn.double = newDouble(t, tn.now)
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte(clientSecret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	account := func(name, principal string) shouwang.Account {
		return shouwang.Account{Name: name, Principal: principal, MustChange: true}
	}
	shut := account("gone", "officer:gone")
	shut.Disabled = true
	tn.store = &store{sessions: map[string]shouwang.Session{}, accounts: map[string]shouwang.Account{
		"chen": account("chen", "officer:chen"), "gone": shut, "li": account("li", "resident:li"), "lost": account("lost", "officer:lost"),
		"chen@town.example": account("chen@town.example", "officer:chen"),
	}}
	world, err := policy.NewWorld(policy.WorldData{
		Timezone: "Asia/Shanghai", Places: []shouwang.Place{{ID: "town", Kind: "township"}},
		Principals: []*policy.Principal{
			{ID: "officer:chen", Type: policy.TypeOfficer, Roles: []policy.Role{policy.RoleDispatcher}, Jurisdiction: "town", HomeGrid: "-", OnDuty: true},
			{ID: "officer:gone", Type: policy.TypeOfficer, Jurisdiction: "town", HomeGrid: "-"},
			{ID: "resident:li", Type: policy.TypeResident},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	tn.cfg = oidc.Config{Issuer: tn.double.URL, ClientID: clientID, ClientSecretFile: secret, Claim: "preferred_username", Name: "County"}
	for _, f := range change {
		f(&tn.cfg)
	}
	accounts := auth.New(tn.store, auth.Config{Clock: tn.now})
	late := func(f *front.Front, l *look.Looks) { oidc.Routes(oidc.Deps{Config: tn.cfg, Accounts: accounts})(f, l) }
	// The address is known before the room is built.
	hold := httptest.NewUnstartedServer(nil)
	if tn.cfg.On() {
		tn.cfg.Redirect = "http://" + hold.Listener.Addr().String() + oidc.CallbackPath
	}
	served := fronttest.Serve(t, accounts, func() *policy.World { return world }, tn.now, slog.New(slog.DiscardHandler), late, who)
	hold.Config.Handler = served.Config.Handler
	hold.Start()
	t.Cleanup(hold.Close)
	tn.server = hold
	if err := tn.cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	return tn
}

// browser is a person's: it keeps cookies and stops at each redirect.
type browser struct {
	*http.Client
	tn *town
}

func (tn *town) browser() browser {
	jar, _ := cookiejar.New(nil)
	return browser{&http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}, tn}
}

// open returns where an address leads.
func (b browser) open(address string) string {
	b.tn.t.Helper()
	if strings.HasPrefix(address, "/") {
		address = b.tn.server.URL + address
	}
	resp, err := b.Get(address)
	if err != nil {
		b.tn.t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusSeeOther && resp.StatusCode != http.StatusFound {
		b.tn.t.Fatalf("%s: status %d", address, resp.StatusCode)
	}
	return resp.Header.Get("Location")
}

// signIn goes the whole way and returns the page at its end.
func (b browser) signIn() string {
	return b.open(b.open(b.open("/api/session/oidc/start?to=%2Fwall%2Fnight%3Fa%3D1")))
}

// wantWhy checks that the person is back at the sign-in page for the reason,
// without a session, and can go on to the same page.
func (b browser) wantWhy(page, why string) {
	b.tn.t.Helper()
	u, err := url.Parse(page)
	if err != nil || u.Path != "/sign-in" || u.Host != "" || u.Query().Get("oidc") != why {
		b.tn.t.Errorf("got %s, want the sign-in page with %s", page, why)
	}
	b.tn.store.mu.Lock()
	defer b.tn.store.mu.Unlock()
	if n := len(b.tn.store.sessions); n != 0 {
		b.tn.t.Errorf("%d sessions were opened", n)
	}
}

// only returns the one session that was opened.
func (tn *town) only() (only shouwang.Session) {
	tn.t.Helper()
	tn.store.mu.Lock()
	defer tn.store.mu.Unlock()
	if len(tn.store.sessions) != 1 {
		tn.t.Fatalf("%d sessions", len(tn.store.sessions))
	}
	for _, only = range tn.store.sessions {
	}
	return only
}
