package notices_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"shouwang"
	"shouwang/storage/notices"
)

func smtpSays(code int, enhanced [3]int, text string) *smtp.SMTPError {
	return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode(enhanced), Message: text}
}

func to(person, address string) notices.Letter {
	return notices.Letter{Person: person, To: address, Kind: "looks", Subject: "s", Text: "t"}
}

// TestARefusalForGoodEndsALetterAndNobodyElses: who does not exist ends one
// letter at once, who is busy now keeps one waiting, and what follows is sent.
func TestARefusalForGoodEndsALetterAndNobodyElses(t *testing.T) {
	office, c := openPostOffice(t), &clock{at: noon}
	office.refuses = map[string]*smtp.SMTPError{
		"gone@home.example": smtpSays(550, [3]int{5, 1, 1}, "<gone@home.example>: no such user here"),
		"full@home.example": smtpSays(452, [3]int{4, 2, 2}, "mailbox full"),
	}
	var log bytes.Buffer
	s := open(t, t.TempDir(), office.config(t), c, slog.New(slog.NewTextHandler(&log, nil)))
	must(t, s.Post(t.Context(), []notices.Letter{
		to("resident:gone", "gone@home.example"), to("resident:full", "full@home.example"), to("resident:li", "li@home.example"),
	}, notices.Told{}))
	_, err := s.Forward(t.Context())
	must(t, err) // the way out is open
	if got := office.got(); len(got) != 1 || got[0].to != "li@home.example" {
		t.Errorf("arrived: %+v", got)
	}
	st, err := s.State(t.Context())
	if err != nil || st.Waiting != 1 || st.Lost != 1 || len(st.Given) != 1 || len(st.Ways) != 1 {
		t.Fatalf("state: %+v %v", st, err)
	}
	if g := st.Given[0]; g.Way != notices.WayMail || g.Kind != "looks" || g.Tries != 1 || !g.At.Equal(noon) || !strings.Contains(g.Why, "no such user") || strings.Contains(g.Why, "home.example") {
		t.Errorf("given up: %+v", g)
	}
	if w := st.Ways[0]; w.Waiting != 1 || !w.Sent.Equal(noon) || !w.Failing.IsZero() {
		t.Errorf("way: %+v", w)
	}
	if strings.Contains(log.String(), "home.example") || !strings.Contains(log.String(), "given up") {
		t.Errorf("the log: %s", &log)
	}
	office.change(func(p *postOffice) { p.refuses = nil })
	c.advance(2 * time.Minute)
	_, err = s.Forward(t.Context())
	must(t, err)
	if got := office.got(); len(got) != 2 || got[1].to != "full@home.example" {
		t.Errorf("arrived in the end: %+v", got)
	}
}

// TestWhatIsOursToMendIsTriedAgain: a server that does not let us send ends no
// letter, and the reason stands until it does.
func TestWhatIsOursToMendIsTriedAgain(t *testing.T) {
	office, c := openPostOffice(t), &clock{at: noon}
	s := open(t, t.TempDir(), office.config(t), c, slog.New(slog.DiscardHandler))
	office.refuses = map[string]*smtp.SMTPError{"li@home.example": smtpSays(550, [3]int{5, 7, 1}, "relaying denied")}
	must(t, s.Post(t.Context(), []notices.Letter{to("resident:li", "li@home.example")}, notices.Told{}))
	if _, err := s.Forward(t.Context()); shouwang.CodeOf(err) != shouwang.CodeUnreachable {
		t.Errorf("relaying denied: %v", err)
	}
	c.advance(time.Minute)
	office.change(func(p *postOffice) { p.away = true })
	must(t, s.Hurry(t.Context()))
	_, _ = s.Forward(t.Context())
	st, err := s.State(t.Context())
	if err != nil || st.Waiting != 1 || st.Lost != 0 || !st.Ways[0].Failing.Equal(noon) || !strings.Contains(st.Ways[0].Why, "451") {
		t.Errorf("meanwhile: %+v %v", st, err)
	}
	office.change(func(p *postOffice) { p.away, p.refuses = false, nil })
	must(t, s.Hurry(t.Context()))
	_, err = s.Forward(t.Context())
	must(t, err)
	if st, err = s.State(t.Context()); err != nil || len(office.got()) != 1 || !st.Ways[0].Failing.IsZero() || st.Ways[0].Why != "" {
		t.Errorf("mended: %+v %v", st, err)
	}
}

func TestALetterCalledSpamEndsAtOnce(t *testing.T) {
	office := openPostOffice(t)
	office.spam = smtpSays(554, [3]int{5, 6, 0}, "we do not like it")
	s := open(t, t.TempDir(), office.config(t), &clock{at: noon}, slog.New(slog.DiscardHandler))
	must(t, s.Post(t.Context(), []notices.Letter{to("resident:li", "li@home.example")}, notices.Told{}))
	_, err := s.Forward(t.Context())
	must(t, err)
	if st, err := s.State(t.Context()); err != nil || st.Waiting != 0 || st.Lost != 1 {
		t.Errorf("state: %+v %v", st, err)
	}
}

// TestALetterComesOnceThoughTheServerHangsUp: the server has it, and is rude
// afterwards.
func TestALetterComesOnceThoughTheServerHangsUp(t *testing.T) {
	office, c := openPostOffice(t), &clock{at: noon}
	office.hangs = true
	s := open(t, t.TempDir(), office.config(t), c, slog.New(slog.DiscardHandler))
	must(t, s.Post(t.Context(), []notices.Letter{to("resident:li", "li@home.example")}, notices.Told{}))
	for range 3 {
		_, err := s.Forward(t.Context())
		must(t, err)
		c.advance(time.Hour)
	}
	if n := len(office.got()); n != 1 {
		t.Errorf("it came %d times", n)
	}
}

// TestWhoseAddressIsRefusedIsTold: the person reads it on their page until mail
// arrives there again.
func TestWhoseAddressIsRefusedIsTold(t *testing.T) {
	ctx, office, c := t.Context(), openPostOffice(t), &clock{at: noon}
	s := open(t, t.TempDir(), office.config(t), c, slog.New(slog.DiscardHandler))
	code, err := s.Ask(ctx, "resident:li", "li@home.example", "en")
	must(t, err)
	must(t, s.Confirm(ctx, "resident:li", code))
	office.refuses = map[string]*smtp.SMTPError{"li@home.example": smtpSays(550, [3]int{5, 1, 1}, "no")}
	send := func() {
		must(t, s.Post(ctx, []notices.Letter{to("resident:li", "li@home.example")}, notices.Told{}))
		_, err := s.Forward(ctx)
		must(t, err)
	}
	send()
	sub, err := s.Of(ctx, "resident:li")
	if err != nil || !sub.Refused.Equal(noon) || sub.RefusedAt != "li@home.example" {
		t.Errorf("refused: %+v %v", sub, err)
	}
	office.change(func(p *postOffice) { p.refuses = nil })
	send()
	if sub, err = s.Of(ctx, "resident:li"); err != nil || !sub.Refused.IsZero() || sub.Address != "li@home.example" {
		t.Errorf("taken again: %+v %v", sub, err)
	}
}

// TestAWebhooksAnswers: what it says of the body ends a notice, everything else
// is tried again; its address, which may hold a secret, is told to nobody.
func TestAWebhooksAnswers(t *testing.T) {
	for status, final := range map[int]bool{400: true, 410: true, 413: true, 422: true, 302: false, 401: false, 404: false, 409: false, 429: false, 500: false, 503: false} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
			t.Cleanup(hook.Close)
			s := open(t, t.TempDir(), hooked(t, hook.URL+"/?access_token=sesame"), &clock{at: noon}, slog.New(slog.DiscardHandler))
			must(t, s.Post(t.Context(), []notices.Letter{{Kind: "trouble", Subject: "x"}}, notices.Told{}))
			_, err := s.Forward(t.Context())
			st, errState := s.State(t.Context())
			if errState != nil || (err == nil) != final || (st.Waiting == 0) != final || (st.Lost == 1) != final {
				t.Errorf("%+v %v %v", st, err, errState)
			}
			if !final && !strings.Contains(st.Ways[0].Why, fmt.Sprint(status)) {
				t.Errorf("why: %q", st.Ways[0].Why)
			}
		})
	}
	s := open(t, t.TempDir(), hooked(t, "http://127.0.0.1:1/?access_token=sesame"), &clock{at: noon}, slog.New(slog.DiscardHandler))
	must(t, s.Post(t.Context(), []notices.Letter{{Kind: "trouble"}}, notices.Told{}))
	_, err := s.Forward(t.Context())
	st, _ := s.State(t.Context())
	if err == nil || strings.Contains(err.Error()+st.Ways[0].Why, "sesame") {
		t.Errorf("told: %v, %+v", err, st.Ways)
	}
}

func hooked(t *testing.T, url string) notices.Config {
	t.Helper()
	cfg := notices.Defaults()
	cfg.Staff = notices.StaffConfig{Webhook: url, SecretFile: filepath.Join(t.TempDir(), "hook")}
	must(t, os.WriteFile(cfg.Staff.SecretFile, []byte("hook-secret"), 0o600))
	return cfg
}
