package notices

import (
	"crypto/x509"
	"net"
	"net/mail"
	"net/url"
	"os"
	"strings"
	"time"

	"shouwang"
	"shouwang/storage/post"
)

// Config says how notices leave the house.
type Config struct {
	// PublicURL is what links in notices begin with, as browsers reach the
	// pages: https://shouwang.example.
	PublicURL string `yaml:"public_url"`
	// After is how long something must be wrong before staff are told.
	After time.Duration `yaml:"after"`
	// Every is how often it is looked whom to tell of what.
	Every time.Duration `yaml:"every"`
	Mail  MailConfig    `yaml:"mail"`
	Staff StaffConfig   `yaml:"staff"`
}

// MailConfig is the server that takes mail; without one nobody gets mail.
type MailConfig struct {
	Server string `yaml:"server"` // HOST:PORT
	// TLS is starttls, implicit, or none, which is for this machine alone.
	TLS    string `yaml:"tls"`
	CAFile string `yaml:"ca_file"` // PEM; the system's authorities when empty
	User   string `yaml:"user"`
	// PasswordFile holds the password alone; nobody else may read it.
	PasswordFile string `yaml:"password_file"`
	From         string `yaml:"from"`
}

// StaffConfig is who is told that something is wrong with the service.
type StaffConfig struct {
	Mail    []string `yaml:"mail"`
	Webhook string   `yaml:"webhook"`
	// SecretFile holds the secret that signs what the webhook gets.
	SecretFile string `yaml:"secret_file"`
}

// Defaults returns a configuration in which nothing leaves the house.
func Defaults() Config {
	return Config{After: 10 * time.Minute, Every: time.Minute, Mail: MailConfig{TLS: "starttls"}}
}

// Validate returns the first setting that cannot work, CodeBadConfig.
func (c *Config) Validate() error {
	if c.After < 0 || c.After > 24*time.Hour {
		return bad("notices.after %s: write 0s to 24h", c.After)
	}
	if c.Every < time.Second || c.Every > time.Hour {
		return bad("notices.every %s: write 1s to 1h", c.Every)
	}
	if u, err := url.Parse(c.PublicURL); c.PublicURL != "" && (err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http") {
		return bad("notices.public_url %q: write what browsers open, as https://shouwang.example", c.PublicURL)
	}
	if c.Mail.Server == "" && len(c.Staff.Mail) > 0 {
		return bad("notices.staff.mail is set, so notices.mail.server must be too")
	}
	for _, to := range c.Staff.Mail {
		if err := CheckAddress(to); err != nil {
			return bad("notices.staff.mail: %w", err)
		}
	}
	if c.Staff.Webhook != "" {
		if err := post.CheckURL("notices.staff.webhook", c.Staff.Webhook); err != nil {
			return err
		}
		if c.Staff.SecretFile == "" {
			return bad("notices.staff.webhook is set, so secret_file must be too: its text signs what is sent")
		}
	}
	return c.Mail.validate(c.PublicURL)
}

func (m *MailConfig) validate(public string) error {
	if m.Server == "" {
		return nil
	}
	host, _, err := net.SplitHostPort(m.Server)
	switch {
	case err != nil || host == "":
		return bad("notices.mail.server %q: write HOST:PORT, as mail.example:587", m.Server)
	case m.TLS != "starttls" && m.TLS != "implicit" && m.TLS != "none":
		return bad("notices.mail.tls %q: write starttls, implicit or none", m.TLS)
	case m.TLS == "none" && host != "127.0.0.1" && host != "localhost" && host != "::1":
		return bad("notices.mail.tls is none and %s is another machine: write starttls or implicit; mail and password do not travel in clear", host)
	case m.User != "" && m.PasswordFile == "":
		return bad("notices.mail.user is set, so password_file must be too")
	case public == "":
		return bad("notices.mail.server is set, so notices.public_url must be too: it is what links begin with")
	}
	if err := CheckAddress(m.From); err != nil {
		return bad("notices.mail.from: %w", err)
	}
	return nil
}

func bad(format string, args ...any) error {
	return shouwang.Errorf(shouwang.CodeBadConfig, format, args...)
}

// longestAddress is of a mail address (RFC 5321, 4.5.3.1.3).
const longestAddress = 254

// CheckAddress returns CodeBadAddress unless the text is one plain mail address
// and nothing else: no name, no second address, nothing that begins a new line.
func CheckAddress(s string) error {
	parsed, err := mail.ParseAddress(s)
	_, domain, _ := strings.Cut(s, "@")
	plain := strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`"<>()[],;:\`, r) }) < 0
	if err != nil || !plain || parsed.Address != s || len(s) > longestAddress || domain == "" {
		return shouwang.Errorf(shouwang.CodeBadAddress, "%.80q is no mail address: write it as name@example.com, with nothing around it", s)
	}
	return nil
}

// secret reads a file that holds one secret; "" is none.
func secret(setting, path string) (string, error) {
	if path == "" {
		return "", nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return "", bad("%s cannot be read: %w", setting, err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return "", bad("%s %s can be read by others: run chmod 600 on it", setting, path)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return "", bad("%s cannot be read: %w", setting, err)
	}
	text := strings.TrimSpace(string(raw))
	if text == "" {
		return "", bad("%s %s is empty", setting, path)
	}
	return text, nil
}

func authorities(path string) (*x509.CertPool, error) {
	if path == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, bad("notices.mail.ca_file cannot be read: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, bad("notices.mail.ca_file %s holds no certificate", path)
	}
	return pool, nil
}
