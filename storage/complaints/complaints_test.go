package complaints_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"shouwang"
	"shouwang/storage/complaints"
)

var noon = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, dir string, cfg complaints.Config) *complaints.Store {
	t.Helper()
	s, err := complaints.Open(t.Context(), dir, filepath.Join(dir, "secret.key"), cfg, func() time.Time { return noon }, slog.New(slog.DiscardHandler))
	must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestComplaintsAreKeptSealedAndForwarded(t *testing.T) {
	dir := t.TempDir()
	var mu sync.Mutex
	var got []complaints.Complaint
	away := true
	body := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if away || r.Header.Get("Authorization") != "Bearer t0ken" {
			http.Error(w, "closed", http.StatusServiceUnavailable)
			return
		}
		var c complaints.Complaint
		if err := json.NewDecoder(r.Body).Decode(&c); err != nil || r.Header.Get("Idempotency-Key") != c.ID {
			t.Errorf("sent: %+v, %v", c, err)
		}
		got = append(got, c)
	}))
	t.Cleanup(body.Close)
	cfg := complaints.Config{Webhook: body.URL, Token: "t0ken"}
	s := open(t, dir, cfg)
	look := uint64(7)
	one, err := s.Add(t.Context(), complaints.Complaint{By: "resident:li", Person: "李", Camera: "camera:door", Look: &look, Text: "He looked without a reason"})
	must(t, err)
	if !strings.HasPrefix(one.ID, "W-20261128-") || len(one.ID) != 17 {
		t.Errorf("number %q", one.ID)
	}
	if err := s.Forward(t.Context()); shouwang.CodeOf(err) != shouwang.CodeUnreachable {
		t.Errorf("a body that is away: %v", err)
	}
	must(t, s.Close())
	s = open(t, dir, cfg) // it outlives the process
	mu.Lock()
	away = false
	mu.Unlock()
	_, err = s.Add(t.Context(), complaints.Complaint{By: "resident:gao", Text: "Another one, of somebody else"})
	must(t, err)
	must(t, s.Forward(t.Context()))
	must(t, s.Forward(t.Context()))
	if len(got) != 2 || got[0].ID != one.ID || got[0].Text != one.Text || *got[0].Look != 7 {
		t.Errorf("the body has %+v", got)
	}
	_, err = s.SetAnswer(t.Context(), one.ID, "We looked into it.", "officer:over")
	must(t, err)
	mine, err := s.List(t.Context(), "resident:li")
	if err != nil || len(mine) != 1 || mine[0].Answer != "We looked into it." || !mine[0].ForwardedAt.Equal(noon) || !mine[0].AnsweredAt.Equal(noon) {
		t.Errorf("mine: %+v, %v", mine, err)
	}
	if all, err := s.List(t.Context(), ""); err != nil || len(all) != 2 {
		t.Errorf("all: %+v, %v", all, err)
	}
	if _, err := s.One(t.Context(), "W-1"); shouwang.CodeOf(err) != shouwang.CodeNotFound {
		t.Errorf("none: %v", err)
	}
	must(t, s.Close())
	for _, name := range []string{"complaints.db", "complaints.db-wal"} {
		raw, err := os.ReadFile(filepath.Join(dir, name))
		if err == nil && (bytes.Contains(raw, []byte("without a reason")) || bytes.Contains(raw, []byte("camera:door"))) {
			t.Errorf("%s holds it in clear", name)
		}
	}
}

func TestNobodyFloodsTheBody(t *testing.T) {
	s := open(t, t.TempDir(), complaints.Config{})
	for range 20 {
		_, err := s.Add(t.Context(), complaints.Complaint{By: "resident:li", Text: "again"})
		must(t, err)
	}
	if _, err := s.Add(t.Context(), complaints.Complaint{By: "resident:li", Text: "again"}); shouwang.CodeOf(err) != shouwang.CodeRateLimited {
		t.Errorf("the 21st within a day: %v", err)
	}
	_, err := s.Add(t.Context(), complaints.Complaint{By: "resident:gao", Text: "mine"})
	must(t, err)
}

func TestComplaintsDoNotTravelInClear(t *testing.T) {
	for address, good := range map[string]bool{"": true, "https://oversight.example/in": true, "http://127.0.0.1:9/in": true, "http://oversight.example/in": false, "oversight": false, "ftp://x/": false} {
		c := complaints.Config{Webhook: address}
		if err := c.Validate(); (err == nil) != good {
			t.Errorf("%q: %v", address, err)
		}
	}
}
