package e2e

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

// letter is a mail as its reader has it.
type letter struct{ to, subject, text string }

// postOffice is a mail server of the test's own: it may be closed, and knows
// nobody by the name of gone.
type postOffice struct {
	t       *testing.T
	address string

	mu      sync.Mutex
	closed  bool
	letters []letter
}

func openPostOffice(t *testing.T) *postOffice {
	t.Helper()
	p := &postOffice{t: t}
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &sender{office: p}, nil }))
	server.Domain = "localhost"
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p.address = l.Addr().String()
	done := make(chan struct{})
	go func() { defer close(done); _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close(); <-done })
	return p
}

func (p *postOffice) close(closed bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = closed
}

// of returns the letters to an address whose subject holds some words.
func (p *postOffice) of(to, subject string) (list []letter) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, l := range p.letters {
		if l.to == to && strings.Contains(l.subject, subject) {
			list = append(list, l)
		}
	}
	return list
}

// wait waits for the first such letter.
func (p *postOffice) wait(limit time.Duration, to, subject string) letter {
	p.t.Helper()
	await(p.t, limit, "a letter to "+to+" about "+subject, func() bool { return len(p.of(to, subject)) > 0 })
	return p.of(to, subject)[0]
}

// sender is one connection.
type sender struct {
	office *postOffice
	to     string
}

func (s *sender) Mail(string, *smtp.MailOptions) error {
	s.office.mu.Lock()
	defer s.office.mu.Unlock()
	if s.office.closed {
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "closed"}
	}
	return nil
}

func (s *sender) Rcpt(to string, _ *smtp.RcptOptions) error {
	if strings.HasPrefix(to, "gone@") {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "<" + to + ">: nobody by that name"}
	}
	s.to = to
	return nil
}

func (s *sender) Data(r io.Reader) error {
	m, err := mail.ReadMessage(r)
	if err != nil {
		return err
	}
	l := letter{to: s.to}
	if l.subject, err = new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); err != nil {
		return err
	}
	if m.Header.Get("Content-Transfer-Encoding") == "quoted-printable" {
		m.Body = quotedprintable.NewReader(m.Body)
	}
	text, err := io.ReadAll(m.Body)
	l.text = strings.ReplaceAll(string(text), "\r\n", "\n")
	s.office.mu.Lock()
	defer s.office.mu.Unlock()
	s.office.letters = append(s.office.letters, l)
	return err
}

func (s *sender) Reset()        {}
func (s *sender) Logout() error { return nil }

// hook receives the staff's webhook and judges each signature as its reader
// would: with the documentation alone.
type hook struct {
	url, secretFile string

	mu  sync.Mutex
	got []hooked
}

type hooked struct {
	ID    string
	Facts struct {
		Wrong, Over []struct{ Code, Subject string }
	}
	good bool // the signature holds
}

func openHook(t *testing.T) *hook {
	t.Helper()
	const secret = "of the webhook's test"
	h := &hook{secretFile: filepath.Join(t.TempDir(), "hook.secret")}
	if err := os.WriteFile(h.secretFile, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		at, v1, _ := strings.Cut(strings.TrimPrefix(r.Header.Get("Shouwang-Signature"), "t="), ",v1=")
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte(at + "." + string(body)))
		seconds, _ := strconv.ParseInt(at, 10, 64)
		var x hooked
		err := json.Unmarshal(body, &x)
		x.good = err == nil && hex.EncodeToString(mac.Sum(nil)) == v1 && time.Since(time.Unix(seconds, 0)).Abs() < 5*time.Minute && r.Header.Get("Idempotency-Key") == x.ID
		h.mu.Lock()
		defer h.mu.Unlock()
		h.got = append(h.got, x)
	}))
	t.Cleanup(server.Close)
	h.url = server.URL
	return h
}

// told returns how often the webhook was told that a subject is in trouble, and
// whether every signature holds.
func (h *hook) told(code, subject string) (n int, signed bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	signed = true
	for _, x := range h.got {
		signed = signed && x.good
		for _, w := range x.Facts.Wrong {
			if w.Code == code && w.Subject == subject {
				n++
			}
		}
	}
	return n, signed
}

// readKeyLine is the key that papers are verified with.
func (h *house) readKeyLine(t *testing.T) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(h.dir, "papers.pub"))
	if err != nil {
		t.Fatal(err)
	}
	return string(bytes.TrimSpace(raw))
}
