// Package fronttest runs a room of the web side by itself for its tests: the
// kernel over a real gate and router, people who are signed in by name, and an
// access log in memory.
package fronttest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/prometheus/client_golang/prometheus"

	"shouwang"
	"shouwang/policy"
	"shouwang/policy/gate"
	"shouwang/web/auth"
	"shouwang/web/front"
	"shouwang/web/look"
)

// House is one room with its kernel.
type House struct {
	T      *testing.T
	Front  *front.Front
	Looks  *look.Looks
	Gate   *gate.Gate
	Server *httptest.Server
	Log    *Log

	mu      sync.Mutex
	at      time.Time
	factors map[string]time.Time
}

// Options of a House. World is needed.
type Options struct {
	World     *policy.World
	At        time.Time // what the clock shows
	Approvals gate.Approvals
	CanRender bool
	Rooms     []func(*front.Front, *look.Looks)
}

// Open starts a house; it ends with the test. Rooms may be added with Add until
// the first request.
func Open(t *testing.T, o Options) *House {
	t.Helper()
	h := &House{T: t, Log: &Log{}, at: o.At, factors: map[string]time.Time{}}
	var err error
	if h.Gate, err = gate.NewGate(o.World, h.Now, gate.Options{Approvals: o.Approvals, Language: policy.English}); err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	if h.Front, err = front.New(humago.New(mux, huma.DefaultConfig("test", "1")), h, h.Gate.World, h.Now, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	counter := func(name string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name}, []string{"action"})
	}
	h.Looks = look.New(h.Front, look.Deps{
		Gate: h.Gate, Audit: h.Log, Cameras: noCameras{}, Bus: noBus{}, CanRender: func() bool { return o.CanRender },
		Metrics: look.Metrics{Looks: counter("looks"), Denials: counter("denials"), BytesOut: counter("bytes")},
	})
	for _, room := range o.Rooms {
		h.Add(room)
	}
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mux.ServeHTTP(w, r.WithContext(front.Noted(r)))
	}))
	t.Cleanup(h.Server.Close)
	return h
}

// Add registers a room.
func (h *House) Add(room func(*front.Front, *look.Looks)) { room(h.Front, h.Looks) }

// Now is the house's clock.
func (h *House) Now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.at
}

// Advance moves the clock.
func (h *House) Advance(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.at = h.at.Add(d)
}

// Factor has the person show their second factor now.
func (h *House) Factor(principal string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.factors[principal] = h.at.Add(-time.Second)
}

// Session implements front.Sessions: the token is the principal's name.
func (h *House) Session(_ context.Context, token string) (auth.Session, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return auth.Session{ID: "s-" + token, Principal: token, Account: token, SecondFactor: h.factors[token], HasSecondFactor: true}, nil
}

// Do asks as the person and returns status and body. in may be nil.
func (h *House) Do(who, method, path string, in any) (int, []byte) {
	h.T.Helper()
	var body io.Reader
	if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			h.T.Fatal(err)
		}
		body = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(h.T.Context(), method, h.Server.URL+path, body)
	if err != nil {
		h.T.Fatal(err)
	}
	req.Header.Set("Accept-Language", "en")
	req.Header.Set("Content-Type", "application/json")
	if who != "" {
		req.AddCookie(&http.Cookie{Name: front.CookieName, Value: who})
	}
	resp, err := h.Server.Client().Do(req)
	if err != nil {
		h.T.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		h.T.Fatal(err)
	}
	return resp.StatusCode, raw
}

// Want asks and decodes an answer that must have the status given.
func Want[T any](h *House, status int, who, method, path string, in any) (out T) {
	h.T.Helper()
	got, raw := h.Do(who, method, path, in)
	if got != status {
		h.T.Fatalf("%s %s as %s: want %d, got %d %s", method, path, who, status, got, raw)
	}
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &out); err != nil {
			h.T.Fatalf("%s %s: %v: %s", method, path, err, raw)
		}
	}
	return out
}

// Log is an access log in memory.
type Log struct {
	mu      sync.Mutex
	entries []policy.Entry
	away    bool
}

// Break makes the log refuse entries, or take them again.
func (l *Log) Break(away bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.away = away
}

// Append implements policy.Auditor.
func (l *Log) Append(_ context.Context, e policy.Entry) (uint64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.away {
		return 0, errors.New("the log is away")
	}
	l.entries = append(l.entries, e)
	return uint64(len(l.entries) - 1), nil
}

// All returns every entry, the first one first.
func (l *Log) All() []policy.Entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.entries)
}

// Of returns the entries of a kind.
func (l *Log) Of(kind string) (out []policy.Entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range l.entries {
		if e.Kind == kind {
			out = append(out, e)
		}
	}
	return out
}

type noCameras struct{}

func (noCameras) Camera(shouwang.CameraID) (shouwang.Camera, bool) { return shouwang.Camera{}, false }

type noBus struct{}

func (noBus) Publish(context.Context, shouwang.Topic, any) (string, error) { return "", nil }
