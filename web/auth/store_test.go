package auth_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"shouwang"
	"shouwang/web/auth"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// memory is a store for these tests; the real one is in another room.
type memory struct {
	mu       sync.Mutex
	accounts map[string]shouwang.Account
	sessions map[string]shouwang.Session
	touches  int
	broken   error
}

func missing() error { return shouwang.Errorf(shouwang.CodeNotFound, "there is none") }

func (m *memory) Account(_ context.Context, name string) (shouwang.Account, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	a, ok := m.accounts[name]
	if m.broken != nil {
		return shouwang.Account{}, m.broken
	}
	if !ok {
		return shouwang.Account{}, missing()
	}
	return a, nil
}

func (m *memory) UpdateAccount(_ context.Context, name string, f func(*shouwang.Account) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	a, ok := m.accounts[name]
	if !ok {
		return missing()
	}
	if err := f(&a); err != nil {
		return err
	}
	m.accounts[name] = a
	return nil
}

func (m *memory) AddSession(_ context.Context, s shouwang.Session) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sessions[s.Hash] = s
	return nil
}

func (m *memory) Session(_ context.Context, hash string) (shouwang.Session, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if s, ok := m.sessions[hash]; ok {
		return s, nil
	}
	return shouwang.Session{}, missing()
}

func (m *memory) TouchSession(_ context.Context, hash string, seen, second time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, ok := m.sessions[hash]
	if !ok {
		return missing()
	}
	m.touches++
	s.Seen, s.SecondFactor = seen, second
	m.sessions[hash] = s
	return nil
}

func (m *memory) RemoveSession(_ context.Context, hash string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.sessions, hash)
	return nil
}

func (m *memory) RemoveSessions(_ context.Context, account string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for hash, s := range m.sessions {
		if s.Account == account {
			delete(m.sessions, hash)
		}
	}
	return nil
}

// clock is a clock the test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

var cheap = auth.Params{MemoryKiB: 64, Passes: 1, Lanes: 1}

const goodPassword = "corn above the river"

// world is a service with one officer, who signs in as chen.
type world struct {
	*auth.Service
	store *memory
	clock *clock
}

func newWorld(t *testing.T) *world {
	t.Helper()
	c := &clock{now: time.Date(2026, 11, 23, 8, 0, 0, 500, time.UTC)}
	m := &memory{accounts: map[string]shouwang.Account{}, sessions: map[string]shouwang.Session{}}
	w := &world{Service: auth.New(m, auth.Config{Clock: c.Now, Params: cheap}), store: m, clock: c}
	w.add(t, "chen", "officer:chen")
	return w
}

func (w *world) add(t *testing.T, name, principal string) {
	t.Helper()
	hash, err := w.HashPassword(t.Context(), goodPassword)
	must(t, err)
	w.store.accounts[name] = shouwang.Account{Name: name, Principal: principal, PasswordHash: hash, PasswordSet: w.clock.Now(), MustChange: true, Language: "zh-CN"}
}

func (w *world) signIn(t *testing.T) string {
	t.Helper()
	token, _, err := w.SignIn(t.Context(), "chen", goodPassword, "192.0.2.1:4000")
	must(t, err)
	return token
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantCode(t *testing.T, err error, code shouwang.Code) {
	t.Helper()
	if shouwang.CodeOf(err) != code {
		t.Fatalf("got error %v, want code %s", err, code)
	}
}
