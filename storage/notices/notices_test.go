package notices_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"shouwang"
	"shouwang/storage/notices"
	"shouwang/storage/post"
)

func TestALetterOutlivesServerAndProcess(t *testing.T) {
	office, dir, c := openPostOffice(t), t.TempDir(), &clock{at: noon}
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, nil))
	cfg := office.config(t)
	s := open(t, dir, cfg, c, logger)
	office.set(true)
	one := notices.Letter{Person: "resident:li", To: "li@home.example", Kind: "looks", Subject: "有人查看了您的摄像头", Text: "门口：2 次", Link: "https://shouwang.example/my"}
	must(t, s.Post(t.Context(), []notices.Letter{one}, notices.Told{Keys: []string{"look/1"}}))
	if _, err := s.Forward(t.Context()); shouwang.CodeOf(err) != shouwang.CodeUnreachable {
		t.Errorf("a server that is closed: %v", err)
	}
	must(t, s.Close())
	for _, name := range []string{"notices.db", "notices.db-wal"} {
		if raw, err := os.ReadFile(filepath.Join(dir, name)); err == nil && (bytes.Contains(raw, []byte("home.example")) || bytes.Contains(raw, []byte("门口"))) {
			t.Errorf("%s holds it in clear", name)
		}
	}
	s = open(t, dir, cfg, c, logger) // it outlives the process
	office.set(false)
	if _, err := s.Forward(t.Context()); err != nil || len(office.got()) != 0 {
		t.Errorf("tried again before its time: %v", err)
	}
	c.advance(2 * time.Minute)
	_, err := s.Forward(t.Context())
	must(t, err)
	got := office.got()
	if len(got) != 1 || got[0].to != "li@home.example" {
		t.Fatalf("arrived: %+v", got)
	}
	m, err := mail.ReadMessage(strings.NewReader(got[0].raw))
	must(t, err)
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil || subject != one.Subject || m.Header.Get("Auto-Submitted") != "auto-generated" || m.Header.Get("From") != "<shouwang@town.example>" {
		t.Errorf("headers: %q %v %v", subject, m.Header, err)
	}
	told, err := s.Told(t.Context(), "look/")
	if err != nil || !told["look/1"] {
		t.Errorf("told: %v %v", told, err)
	}
	if st, err := s.State(t.Context()); err != nil || st.Waiting != 0 || st.Totals.Sent != 1 {
		t.Errorf("state: %+v %v", st, err)
	}
	if strings.Contains(log.String(), "p4ssw0rd") || strings.Contains(log.String(), "home.example") {
		t.Errorf("the log tells: %s", &log)
	}
}

func TestAfterThreeDaysALetterIsGivenUpAndCounted(t *testing.T) {
	office, c := openPostOffice(t), &clock{at: noon}
	s := open(t, t.TempDir(), office.config(t), c, slog.New(slog.DiscardHandler))
	office.set(true)
	must(t, s.Post(t.Context(), []notices.Letter{{Person: "resident:li", To: "li@home.example", Subject: "a", Text: "b"}}, notices.Told{}))
	tries := 0
	for range 100 { // backoff makes far fewer of them
		st, err := s.State(t.Context())
		must(t, err)
		if st.Waiting == 0 {
			break
		}
		_, _ = s.Forward(t.Context())
		tries++
		c.advance(time.Hour)
	}
	st, err := s.State(t.Context())
	if err != nil || st.Waiting != 0 || st.Lost != 1 || st.Totals.Lost != 1 || tries < 72 || tries > 80 {
		t.Errorf("after %d hours: %+v %v", tries, st, err)
	}
	if st.Totals.Failed < 10 || st.Totals.Failed > 30 {
		t.Errorf("tried %d times in three days", st.Totals.Failed)
	}
	if len(office.got()) != 0 {
		t.Error("it arrived all the same")
	}
}

func TestStaffAreToldBySignedWebhookThoughMailIsAway(t *testing.T) {
	office, c := openPostOffice(t), &clock{at: noon}
	office.set(true)
	var mu sync.Mutex
	var got []notices.Letter
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		if r.Header.Get(post.SignatureHeader) != post.Sign([]byte("hook-secret"), noon, raw) {
			t.Errorf("signature %q", r.Header.Get(post.SignatureHeader))
		}
		var l notices.Letter
		if err := json.Unmarshal(raw, &l); err != nil || r.Header.Get("Idempotency-Key") != l.ID {
			t.Errorf("sent %s: %v", raw, err)
		}
		mu.Lock()
		defer mu.Unlock()
		got = append(got, l)
	}))
	t.Cleanup(hook.Close)
	cfg := office.config(t)
	cfg.Staff = notices.StaffConfig{Mail: []string{"ops@town.example"}, Webhook: hook.URL, SecretFile: filepath.Join(t.TempDir(), "hook")}
	must(t, os.WriteFile(cfg.Staff.SecretFile, []byte("hook-secret"), 0o600))
	s := open(t, t.TempDir(), cfg, c, slog.New(slog.DiscardHandler))
	must(t, s.Post(t.Context(), []notices.Letter{{To: "ops@town.example", Kind: "trouble", Subject: "x"}, {Kind: "trouble", Subject: "x", Facts: map[string]any{"code": "disk_low"}}}, notices.Told{}))
	if _, err := s.Forward(t.Context()); shouwang.CodeOf(err) != shouwang.CodeUnreachable {
		t.Errorf("mail is away: %v", err)
	}
	if len(got) != 1 || got[0].Subject != "x" || got[0].To != "" {
		t.Errorf("the webhook has %+v", got)
	}
}

func TestOnlyOnePlainAddressIsOne(t *testing.T) {
	s := open(t, t.TempDir(), notices.Defaults(), &clock{at: noon}, slog.New(slog.DiscardHandler))
	for _, hostile := range []string{
		"", "li", "li@", "@x.example", "li@x.example\r\nBcc: all@x.example", "li@x.example\nX: y", "Li <li@x.example>", "<li@x.example>",
		"li@x.example,gao@x.example", "li@x.example gao@x.example", "\"a b\"@x.example", "li@x.example\x00", "李@x.example", strings.Repeat("a", 250) + "@x.example",
	} {
		if _, err := s.Ask(t.Context(), "resident:li", hostile, "en"); shouwang.CodeOf(err) != shouwang.CodeBadAddress {
			t.Errorf("%q: %v", hostile, err)
		}
	}
	if sub, err := s.Of(t.Context(), "resident:li"); err != nil || !sub.Since.IsZero() {
		t.Errorf("something is kept: %+v %v", sub, err)
	}
}

func TestAnAddressCountsOnceItsCodeIsShown(t *testing.T) {
	ctx, c := t.Context(), &clock{at: noon}
	s := open(t, t.TempDir(), notices.Defaults(), c, slog.New(slog.DiscardHandler))
	code, err := s.Ask(ctx, "resident:li", "li@home.example", "en")
	must(t, err)
	wrong := "00000000"
	if code == wrong {
		wrong = "00000001"
	}
	if err := s.Confirm(ctx, "resident:gao", code); shouwang.CodeOf(err) != shouwang.CodeNotFound {
		t.Errorf("another's code: %v", err)
	}
	for range 5 {
		if err := s.Confirm(ctx, "resident:li", wrong); shouwang.CodeOf(err) != shouwang.CodeConflict {
			t.Errorf("wrong code: %v", err)
		}
	}
	if err := s.Confirm(ctx, "resident:li", code); shouwang.CodeOf(err) != shouwang.CodeConflict {
		t.Errorf("guessed five times, then right: %v", err)
	}
	code, err = s.Ask(ctx, "resident:li", "li@home.example", "en")
	must(t, err)
	if list, err := s.Subscribers(ctx); err != nil || len(list) != 0 {
		t.Errorf("written to before the code: %+v %v", list, err)
	}
	c.advance(31 * time.Minute)
	if err := s.Confirm(ctx, "resident:li", code); shouwang.CodeOf(err) != shouwang.CodeConflict {
		t.Errorf("late: %v", err)
	}
	code, err = s.Ask(ctx, "resident:li", "li@home.example", "en")
	must(t, err)
	must(t, s.Confirm(ctx, "resident:li", code))
	must(t, s.Choose(ctx, "resident:li", notices.LooksOnce, "zh-CN"))
	_, err = s.Ask(ctx, "resident:li", "li@work.example", "en") // the old one counts meanwhile
	must(t, err)
	list, err := s.Subscribers(ctx)
	if err != nil || len(list) != 1 || list[0].Address != "li@home.example" || list[0].Looks != notices.LooksOnce || list[0].Pending != "li@work.example" || !list[0].Since.Equal(c.now()) || !list[0].Daily.Equal(c.now()) || !list[0].AtOnce.Before(c.now().Add(-24*time.Hour)) {
		t.Errorf("subscribers: %+v %v", list, err)
	}
	_, err = s.Ask(ctx, "resident:li", "li@work.example", "en")
	must(t, err)
	if _, err := s.Ask(ctx, "resident:li", "li@work.example", "en"); shouwang.CodeOf(err) != shouwang.CodeRateLimited {
		t.Errorf("the sixth code of a day: %v", err)
	}
	must(t, s.Forget(ctx, "resident:li"))
	if sub, err := s.Of(ctx, "resident:li"); err != nil || !sub.Since.IsZero() {
		t.Errorf("forgotten: %+v %v", sub, err)
	}
}

func TestWhatCannotWorkIsSaid(t *testing.T) {
	for what, change := range map[string]func(*notices.Config){
		"clear over the network": func(c *notices.Config) { c.Mail.TLS = "none" },
		"no such tls":            func(c *notices.Config) { c.Mail.TLS = "perhaps" },
		"user without password":  func(c *notices.Config) { c.Mail.User = "u" },
		"no link":                func(c *notices.Config) { c.PublicURL = "" },
		"never":                  func(c *notices.Config) { c.Every = 0 },
		"no sender":              func(c *notices.Config) { c.Mail.From = "" },
		"unsigned webhook":       func(c *notices.Config) { c.Staff.Webhook = "https://x.example" },
		"webhook in clear":       func(c *notices.Config) { c.Staff.Webhook, c.Staff.SecretFile = "http://x.example", "f" },
		"hostile staff":          func(c *notices.Config) { c.Staff.Mail = []string{"a@x.example\nb"} },
	} {
		c := notices.Defaults()
		c.PublicURL = "https://shouwang.example"
		c.Mail.Server, c.Mail.From = "mail.example:587", "a@town.example"
		must(t, c.Validate())
		if change(&c); shouwang.CodeOf(c.Validate()) != shouwang.CodeBadConfig {
			t.Errorf("%s: %v", what, c.Validate())
		}
	}
}
