package web

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"shouwang/web/front"

	"shouwang"
)

func TestConfigMistakesAreSaid(t *testing.T) {
	if err := Defaults().Validate(); err != nil {
		t.Fatal(err)
	}
	for want, spoil := range map[string]func(*Config){
		"write HOST:PORT":          func(c *Config) { c.HTTP = "8080" },
		"is not loopback":          func(c *Config) { c.HTTP = ":8080" },
		"not loopback, so tls":     func(c *Config) { c.HTTP = "192.168.1.2:80" },
		"write off, auto or files": func(c *Config) { c.TLS = "on" },
		"cert_file and key_file":   func(c *Config) { c.TLS = "files" },
		"names is empty":           func(c *Config) { c.TLS, c.Names = "auto", nil },
		"are both empty":           func(c *Config) { c.MediaTCP, c.MediaUDP = "", "" },
		"at most 15s":              func(c *Config) { c.TicketCheck = time.Minute },
		"at least copy_bytes":      func(c *Config) { c.CacheBytes = 1 },
		"max_views_person":         func(c *Config) { c.MaxViewsPerson = 0 },
	} {
		c := Defaults()
		spoil(&c)
		if err := c.Validate(); shouwang.CodeOf(err) != shouwang.CodeBadConfig || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

func TestRunServesTLSWithItsOwnAuthorityAndStops(t *testing.T) {
	dir := t.TempDir()
	tn := newTown(t, func(c *Config, _ *Deps) { c.TLS, c.HTTP = "auto", "127.0.0.1:0" })
	cfg, err := tn.server.TLSConfig(dir)
	if err != nil {
		t.Fatal(err)
	}
	l, err := tn.server.Listen()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- tn.server.Run(ctx, l, cfg) }()
	ca, err := os.ReadFile(filepath.Join(dir, "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	// The authority's clock is the town's, which stands in November 2026.
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, Time: tn.clock.now}, ForceAttemptHTTP2: true}}
	defer client.CloseIdleConnections()
	resp, err := client.Post("https://"+l.Addr().String()+"/api/session", "application/json", strings.NewReader(`{"name":"officer:chen","password":"right horse"}`))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if cookie := resp.Header.Get("Set-Cookie"); resp.ProtoMajor != 2 || !strings.Contains(cookie, "Secure") || resp.Header.Get("Strict-Transport-Security") == "" {
		t.Errorf("HTTP/%d, cookie %q", resp.ProtoMajor, cookie)
	}
	cancel()
	select {
	case err := <-done:
		if err != nil {
			t.Errorf("stop: %v", err)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("does not stop")
	}
	if _, err := net.DialTimeout("tcp", l.Addr().String(), time.Second); err == nil {
		t.Error("the port is still open")
	}
}

func TestStopEndsStreamsAndViews(t *testing.T) {
	tn := newTown(t)
	tn.hubs.units, _ = picture(t)
	chen := tn.signIn("officer:chen")
	view := chen.request(context.Background(), "GET", "/api/cameras/gate/live.mp4", nil)
	defer view.Body.Close()
	events := chen.request(context.Background(), "GET", "/api/events/stream", nil)
	defer events.Body.Close()
	tn.server.stop()
	if _, err := io.Copy(io.Discard, events.Body); err != nil {
		t.Errorf("events: %v", err)
	}
	tn.server.tickets.list("")[0].end(EndShutdown)
	if _, err := io.Copy(io.Discard, view.Body); err != nil {
		t.Errorf("view: %v", err)
	}
}

func TestPortInUseIsSaid(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	tn := newTown(t, func(c *Config, _ *Deps) { c.HTTP = l.Addr().String() })
	if _, err := tn.server.Listen(); shouwang.CodeOf(err) != shouwang.CodePortInUse || !strings.Contains(err.Error(), "--http") {
		t.Errorf("%v", err)
	}
}

func TestHealthReadinessAndMetrics(t *testing.T) {
	var broken error
	tn := newTown(t, func(_ *Config, d *Deps) {
		d.Ready = func(context.Context) error { return broken }
	})
	p := tn.signIn("admin:ops")
	for _, path := range []string{"/healthz", "/readyz", "/metrics"} {
		if status, body := p.do("GET", path, nil); status != http.StatusOK {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	_, body := p.do("GET", "/metrics", nil)
	if !strings.Contains(body, `shouwang_web_requests_total{operation="POST /api/session",status="200"}`) || strings.Contains(body, "officer") {
		t.Errorf("metrics: %s", body)
	}
	broken = shouwang.Errorf(shouwang.CodeDiskFull, "the disk is full")
	if got := p.problem(http.StatusServiceUnavailable, "GET", "/readyz", nil); got.Code != shouwang.CodeDiskFull {
		t.Errorf("%+v", got)
	}
}

func TestMetricsFromElsewhereNeedAnAdministrator(t *testing.T) {
	tn := newTown(t)
	req := httptest.NewRequest("GET", "/metrics", nil)
	req.RemoteAddr = "203.0.113.9:1234"
	rec := httptest.NewRecorder()
	tn.server.Handler().ServeHTTP(rec, req)
	if rec.Code != http.StatusUnauthorized {
		t.Errorf("%d", rec.Code)
	}
}

func TestPanicIsAProblem(t *testing.T) {
	tn := newTown(t)
	h := tn.server.watched(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("boom") }))
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, httptest.NewRequest("GET", "/x", nil))
	if rec.Code != http.StatusInternalServerError || strings.Contains(rec.Body.String(), "boom") || rec.Header().Get("Content-Type") != "application/problem+json" {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
}

func TestInternalErrorsTellNothing(t *testing.T) {
	p := front.ProblemOf(errors.New("open /var/lib/secret: permission denied"))
	if p.Status != 500 || strings.Contains(p.Detail, "secret") {
		t.Errorf("%+v", p)
	}
}

func TestPagesFallBackToTheOnePage(t *testing.T) {
	h := pagesOf(fstest.MapFS{
		"index.html": {Data: []byte("<html>one page")}, "assets/app-1a2b.js": {Data: []byte("js")}, ".gitkeep": {Data: []byte("x")},
	})
	for path, want := range map[string]struct {
		status int
		cache  string
		body   string
	}{
		"/":                   {200, "no-cache", "one page"},
		"/wall/3":             {200, "no-cache", "one page"},
		"/assets/app-1a2b.js": {200, "public, max-age=31536000, immutable", "js"},
		"/assets/old.js":      {404, "no-store", ""},
		"/api/none":           {404, "no-store", ""},
		"/.gitkeep":           {200, "no-cache", "one page"},
		"/../../etc/passwd":   {200, "no-cache", "one page"},
	} {
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, httptest.NewRequest("GET", path, nil))
		if rec.Code != want.status || rec.Header().Get("Cache-Control") != want.cache || !strings.Contains(rec.Body.String(), want.body) {
			t.Errorf("%s: %d %q %s", path, rec.Code, rec.Header().Get("Cache-Control"), rec.Body)
		}
	}
	rec := httptest.NewRecorder()
	pagesOf(fstest.MapFS{}).ServeHTTP(rec, httptest.NewRequest("GET", "/", nil))
	if rec.Code != http.StatusServiceUnavailable || !strings.Contains(rec.Body.String(), "make build") {
		t.Errorf("without pages: %d %s", rec.Code, rec.Body)
	}
	rec = httptest.NewRecorder()
	h.ServeHTTP(rec, httptest.NewRequest("POST", "/", nil))
	if rec.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", rec.Code)
	}
}

func TestLanguage(t *testing.T) {
	for accept, want := range map[string]string{"": "zh-CN", "en-GB,en;q=0.9": "en", "fr,en;q=0.5": "en", "zh-TW,en": "zh-CN", "fr": "zh-CN"} {
		if got := front.Language(accept); got != want {
			t.Errorf("%q: %s, want %s", accept, got, want)
		}
	}
}
