package passkey

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"shouwang"
	"shouwang/web/front"
)

// site is where keys are good: the page's origin and its domain.
type site struct{ origin, id string }

// siteOf returns the site of an address that people open. Browsers give out keys
// over https to a host with a name, and on localhost (WebAuthn, 5.1.3 and 13.4.9).
func siteOf(address string) (site, bool) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || protocol.ValidateRPID(u.Hostname()) != nil {
		return site{}, false
	}
	host := strings.ToLower(u.Hostname())
	if u.Scheme != "https" && (u.Scheme != "http" || host != "localhost") {
		return site{}, false
	}
	if port := u.Port(); port != "" && !(u.Scheme == "https" && port == "443") && !(u.Scheme == "http" && port == "80") {
		return site{u.Scheme + "://" + host + ":" + port, host}, true
	}
	return site{u.Scheme + "://" + host, host}, true
}

// Usable reports, with CodeBadConfig, why keys cannot be good at an address;
// the empty one is localhost.
func Usable(address string) error {
	if _, ok := siteOf(address); address != "" && !ok {
		return shouwang.Errorf(shouwang.CodeBadConfig, "web.address %q: write what people open, as https://watch.example: a name, not a number, and http only on localhost", address)
	}
	return nil
}

// Origin returns where the request's person can sign in by touch, "" for
// nowhere: the configured address, else localhost for whoever sits at the machine.
func Origin(ctx context.Context, address string) string {
	s, _ := here(ctx, address)
	return s.origin
}

func here(ctx context.Context, address string) (site, bool) {
	if address != "" {
		return siteOf(address)
	}
	local, ok := ctx.Value(http.LocalAddrContextKey).(net.Addr)
	if !ok {
		return site{}, false
	}
	host, port, err := net.SplitHostPort(local.String())
	if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() {
		return site{}, false
	}
	scheme := "http"
	if front.TransportOf(ctx).Secure {
		scheme = "https"
	}
	return siteOf(scheme + "://localhost:" + port)
}

// relying is the library's view of a site.
func (s site) relying() (*webauthn.WebAuthn, error) {
	return webauthn.New(&webauthn.Config{
		RPID: s.id, RPDisplayName: "守望 Shouwang", RPOrigins: []string{s.origin},
		AttestationPreference: protocol.PreferNoAttestation, // which maker's phone it is, is nobody's business here
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementRequired, UserVerification: protocol.VerificationRequired,
		},
	})
}

// relyingHere is relying for the request's site.
func (r *room) relyingHere(ctx context.Context) (*webauthn.WebAuthn, site, error) {
	s, ok := here(ctx, r.deps.Address)
	if !ok {
		return nil, s, shouwang.Errorf(shouwang.CodeBadAddress, "nobody signs in by touch at this address: set web.address to the https address that people open")
	}
	w, err := s.relying()
	return w, s, err
}
