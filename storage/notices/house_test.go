package notices_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"shouwang/storage/notices"
)

var noon = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// clock is one that the test moves.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func open(t *testing.T, dir string, cfg notices.Config, c *clock, log *slog.Logger) *notices.Store {
	t.Helper()
	must(t, cfg.Validate())
	s, err := notices.Open(t.Context(), dir, filepath.Join(dir, "secret.key"), cfg, c.now, log)
	must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// post office is a real mail server with STARTTLS and a password.
type postOffice struct {
	mu      sync.Mutex
	away    bool
	refuses map[string]*smtp.SMTPError // by addressee
	spam    *smtp.SMTPError            // to whatever is in a letter
	hangs   bool                       // up after each letter, before the sender says good-bye
	letters []letter
	address string
	ca      string
}

type letter struct{ to, raw string }

func (p *postOffice) set(away bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.away = away
}

// change is set for everything else.
func (p *postOffice) change(f func(*postOffice)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f(p)
}

func (p *postOffice) got() []letter {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]letter{}, p.letters...)
}

func openPostOffice(t *testing.T) *postOffice {
	t.Helper()
	p := &postOffice{}
	cert, ca := certificate(t)
	p.ca = ca
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &counter{office: p, conn: c.Conn()}, nil }))
	server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	server.Domain = "localhost"
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	p.address = l.Addr().String()
	done := make(chan struct{})
	go func() { defer close(done); _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close(); <-done })
	return p
}

func certificate(t *testing.T) (cert tls.Certificate, file string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	must(t, err)
	file = filepath.Join(t.TempDir(), "ca.pem")
	must(t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, file
}

// counter is where one sender stands.
type counter struct {
	office *postOffice
	conn   net.Conn
	proved bool
	taken  bool
	to     string
}

func (c *counter) AuthMechanisms() []string { return []string{sasl.Plain} }

func (c *counter) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if c.proved = user == "shouwang" && password == "p4ssw0rd"; !c.proved {
			return smtp.ErrAuthFailed
		}
		return nil
	}), nil
}

func (c *counter) Mail(string, *smtp.MailOptions) error {
	c.office.mu.Lock()
	defer c.office.mu.Unlock()
	if c.office.away {
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "closed"}
	}
	if !c.proved {
		return smtp.ErrAuthRequired
	}
	return nil
}

func (c *counter) Rcpt(to string, _ *smtp.RcptOptions) error {
	c.office.mu.Lock()
	defer c.office.mu.Unlock()
	if no := c.office.refuses[to]; no != nil {
		return no
	}
	c.to = to
	return nil
}

func (c *counter) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	c.office.mu.Lock()
	defer c.office.mu.Unlock()
	if c.office.spam != nil {
		return c.office.spam
	}
	c.office.letters = append(c.office.letters, letter{c.to, string(raw)})
	c.taken = true
	return err
}

func (c *counter) Reset() {
	c.office.mu.Lock()
	defer c.office.mu.Unlock()
	if c.taken && c.office.hangs {
		_ = c.conn.Close()
	}
}
func (c *counter) Logout() error { return nil }

func (p *postOffice) config(t *testing.T) notices.Config {
	t.Helper()
	password := filepath.Join(t.TempDir(), "password")
	must(t, os.WriteFile(password, []byte("p4ssw0rd\n"), 0o600))
	cfg := notices.Defaults()
	cfg.PublicURL = "https://shouwang.example"
	cfg.Mail = notices.MailConfig{Server: p.address, TLS: "starttls", CAFile: p.ca, User: "shouwang", PasswordFile: password, From: "shouwang@town.example"}
	return cfg
}
