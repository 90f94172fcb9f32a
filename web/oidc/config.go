package oidc

import (
	"bytes"
	"crypto/x509"
	"net"
	"net/url"
	"os"
	"unicode/utf8"

	"shouwang"
)

// CallbackPath is where the provider sends people back to.
const CallbackPath = "/api/session/oidc/callback"

// Config names an identity provider; without an issuer there is none.
type Config struct {
	// Issuer is the provider's issuer exactly as its discovery document has it.
	Issuer   string `yaml:"issuer"`
	ClientID string `yaml:"client_id"`
	// ClientSecretFile holds the client's secret; empty for a public client. It
	// is read at each sign-in, so that the secret can be changed.
	ClientSecretFile string `yaml:"client_secret_file"`
	// Redirect is this service's address as registered with the provider, as
	// https://HOST/api/session/oidc/callback.
	Redirect string `yaml:"redirect"`
	// Claim is what holds the sign-in name here: preferred_username, email, sub
	// or one of the provider's own. It must be one that people cannot change
	// themselves and that is never given to somebody else.
	Claim string `yaml:"claim"`
	// Scopes are asked for beside openid and what the claim needs.
	Scopes []string `yaml:"scopes"`
	// Name is what the button on the sign-in page calls the provider, NameEn what
	// it calls it in English; Name where that is empty.
	Name   string `yaml:"name"`
	NameEn string `yaml:"name_en"`
	// Strong are the values of amr or acr that mean a second factor was shown.
	// Without any, this service asks for its own.
	Strong []string `yaml:"strong"`
	// SignedOut is where the provider sends people after they signed out there, an
	// address registered with it as such; empty leaves them at the provider.
	SignedOut string `yaml:"signed_out"`
	// CAFile is a PEM file with the authority of the provider's certificate, where
	// the machine does not know it.
	CAFile string `yaml:"ca_file"`
}

// Defaults returns the configuration without a provider.
func Defaults() Config { return Config{Claim: "preferred_username"} }

// On reports whether there is a provider.
func (c *Config) On() bool { return c.Issuer != "" }

// Validate returns the first mistake, with CodeBadConfig and a line that says
// what to write instead. It asks nobody: the provider may be down.
func (c *Config) Validate() error {
	bad := func(format string, args ...any) error {
		return shouwang.Errorf(shouwang.CodeBadConfig, "web.oidc: "+format, args...)
	}
	if !c.On() {
		if c.ClientID != "" || c.ClientSecretFile != "" || c.Redirect != "" {
			return bad("issuer is empty: write the provider's issuer, as https://id.example.gov, or leave out the rest too")
		}
		return nil
	}
	redirect, err := url.Parse(c.Redirect)
	switch {
	case !secureURL(c.Issuer):
		return bad("issuer %q: write an https address (http on loopback only)", c.Issuer)
	case c.ClientID == "":
		return bad("client_id is empty: write the name this service is registered under with the provider")
	case err != nil || !secureURL(c.Redirect) || redirect.Path != CallbackPath || redirect.RawQuery != "":
		return bad("redirect %q: write https://HOST%s, as registered with the provider", c.Redirect, CallbackPath)
	case c.SignedOut != "" && !secureURL(c.SignedOut):
		return bad("signed_out %q: write an https address as registered with the provider, or leave it out", c.SignedOut)
	case c.Claim == "":
		return bad("claim is empty: write the claim that holds the sign-in name, as preferred_username")
	case c.Name == "" || utf8.RuneCountInString(c.Name) > 40 || utf8.RuneCountInString(c.NameEn) > 40:
		return bad("name %q, name_en %q: write what the sign-in button calls the provider, in 1 to 40 characters", c.Name, c.NameEn)
	}
	if _, err := c.secret(); err != nil {
		return err
	}
	_, err = c.roots()
	return err
}

// secret reads the client's secret; "" for a public client.
func (c *Config) secret() (string, error) {
	if c.ClientSecretFile == "" {
		return "", nil
	}
	raw, err := os.ReadFile(c.ClientSecretFile)
	if raw = bytes.TrimSpace(raw); err == nil && len(raw) > 0 {
		return string(raw), nil
	}
	if err == nil {
		return "", shouwang.Errorf(shouwang.CodeBadConfig, "web.oidc: client_secret_file %s is empty: write the client's secret into it", c.ClientSecretFile)
	}
	return "", shouwang.Errorf(shouwang.CodeBadConfig, "web.oidc: client_secret_file: %w; write the client's secret into a file that the service can read", err)
}

// roots returns whom to believe about the provider's certificate; nil for whom
// the machine believes.
func (c *Config) roots() (*x509.CertPool, error) {
	if c.CAFile == "" {
		return nil, nil
	}
	raw, err := os.ReadFile(c.CAFile)
	if err != nil {
		return nil, shouwang.Errorf(shouwang.CodeBadConfig, "web.oidc: ca_file: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(raw) {
		return nil, shouwang.Errorf(shouwang.CodeBadConfig, "web.oidc: ca_file %s holds no PEM certificate", c.CAFile)
	}
	return pool, nil
}

// secureURL reports whether what is sent to an address cannot be read on the
// way: https, or http that does not leave the machine.
func secureURL(raw string) bool {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" {
		return false
	}
	if u.Scheme == "https" {
		return true
	}
	ip := net.ParseIP(u.Hostname())
	return u.Scheme == "http" && (u.Hostname() == "localhost" || ip != nil && ip.IsLoopback())
}
