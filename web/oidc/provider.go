package oidc

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

const (
	// askWithin bounds one request to the provider, answerBytes its answer.
	askWithin   = 8 * time.Second
	answerBytes = 1 << 20
	// keepFor is how long what the provider says of itself is believed,
	// restFor how long a provider that is down is left alone.
	keepFor, restFor = time.Hour, 5 * time.Second
)

// provider is the identity provider as far as it is known. It is asked when
// somebody first wants in, never at start.
type provider struct {
	cfg    Config
	now    func() time.Time
	client *http.Client

	mu       sync.Mutex
	known    *discovered
	at       time.Time
	failed   error
	failedAt time.Time
}

// discovered is what the provider says of itself.
type discovered struct {
	*oidc.Provider
	endpoint oauth2.Endpoint
	userInfo bool
	end      string // where one signs out; "" where the provider has no such place
}

func newProvider(cfg Config, now func() time.Time) *provider {
	roots, _ := cfg.roots() // Validate looked; whom the machine does not know is refused
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	transport.IdleConnTimeout = askWithin
	return &provider{cfg: cfg, now: now, client: &http.Client{
		Transport: bounded{transport}, Timeout: askWithin,
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return errors.New("the provider sends its client elsewhere, where nobody should follow")
		},
	}}
}

// bounded reads no more of an answer than an honest one has.
type bounded struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := b.next.RoundTrip(r)
	if err == nil {
		resp.Body = http.MaxBytesReader(nil, resp.Body, answerBytes)
	}
	return resp, err
}

// CloseIdleConnections lets http.Client reach the transport's.
func (b bounded) CloseIdleConnections() {
	if c, ok := b.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// get returns what is known of the provider, asking it where that is too old.
// An old answer is better than none.
func (p *provider) get(ctx context.Context) (*discovered, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if p.known != nil && now.Sub(p.at) < keepFor {
		return p.known, nil
	}
	if p.failed == nil || now.Sub(p.failedAt) >= restFor {
		// Others wait for this answer too: that one of them leaves is no reason to stop.
		known, err := p.discover(context.WithoutCancel(ctx))
		if p.failed, p.failedAt = err, p.now(); err == nil {
			p.known, p.at = known, p.now()
		}
	}
	if p.known != nil {
		return p.known, nil
	}
	return nil, p.failed
}

func (p *provider) discover(ctx context.Context) (*discovered, error) {
	found, err := oidc.NewProvider(oidc.ClientContext(ctx, p.client), p.cfg.Issuer)
	if err != nil {
		return nil, err
	}
	var doc struct {
		Auth     string   `json:"authorization_endpoint"`
		Token    string   `json:"token_endpoint"`
		Keys     string   `json:"jwks_uri"`
		UserInfo string   `json:"userinfo_endpoint"`
		End      string   `json:"end_session_endpoint"`
		Methods  []string `json:"token_endpoint_auth_methods_supported"`
	}
	if err := found.Claims(&doc); err != nil {
		return nil, fmt.Errorf("read discovery document: %w", err)
	}
	needed := []string{doc.Auth, doc.Token, doc.Keys}
	if doc.UserInfo != "" {
		needed = append(needed, doc.UserInfo)
	}
	for _, address := range needed {
		if !p.trusted(address) {
			return nil, fmt.Errorf("the discovery document names %q, which is not https", address)
		}
	}
	out := &discovered{Provider: found, endpoint: found.Endpoint(), userInfo: doc.UserInfo != ""}
	if p.trusted(doc.End) { // signing out there is a courtesy
		out.end = doc.End
	}
	// One guess only: a code that was shown in the wrong way is used up.
	out.endpoint.AuthStyle = oauth2.AuthStyleInHeader
	post := len(doc.Methods) > 0 && !slices.Contains(doc.Methods, "client_secret_basic")
	if p.cfg.ClientSecretFile == "" || post {
		out.endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	return out, nil
}

// trusted reports whether codes and tokens may be sent to an address.
func (p *provider) trusted(address string) bool {
	return secureURL(address) && (strings.HasPrefix(address, "https:") || strings.HasPrefix(p.cfg.Issuer, "http:"))
}

// oauth returns the client, with its secret as the file has it now.
func (p *provider) oauth(d *discovered) (*oauth2.Config, error) {
	secret, err := p.cfg.secret()
	if err != nil {
		return nil, err
	}
	scopes := []string{oidc.ScopeOpenID}
	switch p.cfg.Claim { // no more than is needed (Core 1.0, 5.4)
	case "sub":
	case "email":
		scopes = append(scopes, "email")
	default:
		scopes = append(scopes, "profile")
	}
	return &oauth2.Config{
		ClientID: p.cfg.ClientID, ClientSecret: secret, Endpoint: d.endpoint, RedirectURL: p.cfg.Redirect,
		Scopes: slices.Compact(append(scopes, p.cfg.Scopes...)),
	}, nil
}
