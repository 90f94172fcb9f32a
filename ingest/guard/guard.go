// Package guard decides which addresses ingest may dial. A camera's address is
// typed in by people and answered by name servers, so it must not become a way
// into the machine itself or the network behind it: only rtsp and rtsps, every
// resolved address checked on every connect, and the one that passed is the
// one that is dialled.
package guard

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"shouwang"
)

// Resolver finds a host's addresses; *net.Resolver is one.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// Guard holds the rules. Loopback, link-local, multicast, unspecified and
// broadcast addresses are refused unless a prefix in Allow contains them;
// private networks are where cameras live and pass. Deny beats Allow. With
// Only set, nothing outside Allow passes.
type Guard struct {
	Allow, Deny []netip.Prefix
	Only        bool
	Resolver    Resolver      // nil: the system's
	Timeout     time.Duration // of one dial, resolving included; 0: 10 s
}

// DefaultPort returns the port of an rtsp or rtsps address that names none
// (RFC 2326 section 3.2; 322 is IANA's for rtsps).
func DefaultPort(scheme string) string {
	if scheme == "rtsps" {
		return "322"
	}
	return "554"
}

// Parse reads a camera's address. Errors have CodeBadAddress and never repeat
// the address, since a part of it may be a password.
func Parse(raw string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSpace(raw))
	if err != nil {
		return nil, shouwang.Errorf(shouwang.CodeBadAddress,
			"the address cannot be read: write it as rtsp://user:password@host:port/path, with special characters of the password as %%40 and the like")
	}
	if u.Scheme != "rtsp" && u.Scheme != "rtsps" {
		return nil, shouwang.Errorf(shouwang.CodeBadAddress, "the address must begin with rtsp:// or rtsps://")
	}
	if u.Hostname() == "" {
		return nil, shouwang.Errorf(shouwang.CodeBadAddress, "the address names no host")
	}
	if p := u.Port(); p != "" {
		if n, err := strconv.Atoi(p); err != nil || n < 1 || n > 65535 {
			return nil, shouwang.Errorf(shouwang.CodeBadAddress, "the address's port is not between 1 and 65535")
		}
	}
	return u, nil
}

// Check reports why an address may not be dialled, nil if it may.
func (g *Guard) Check(ip netip.Addr) error {
	ip = ip.Unmap().WithZone("")
	if contains(g.Deny, ip) {
		return forbidden(ip, "the configuration denies it")
	}
	if contains(g.Allow, ip) {
		return nil
	}
	if g.Only {
		return forbidden(ip, "the configuration allows only listed networks")
	}
	if embedded, ok := inner(ip); ok {
		return g.Check(embedded)
	}
	if kind := special(ip); kind != "" {
		return forbidden(ip, kind+" addresses are refused unless ingest.allow lists them")
	}
	return nil
}

func contains(list []netip.Prefix, ip netip.Addr) bool {
	for _, p := range list {
		if p.Contains(ip) {
			return true
		}
	}
	return false
}

func forbidden(ip netip.Addr, why string) error {
	return shouwang.Errorf(shouwang.CodeAddressForbidden, "address %s may not be dialled: %s", ip, why)
}

// special names what no camera of a neighbour can be (IANA special-purpose
// registries).
func special(ip netip.Addr) string {
	switch {
	case ip.IsLoopback():
		return "loopback"
	case ip.IsLinkLocalUnicast(), ip.IsLinkLocalMulticast():
		return "link-local"
	case ip.IsMulticast():
		return "multicast"
	case ip.IsUnspecified(), ip.Is4() && ip.As4()[0] == 0:
		return "unspecified"
	case ip.Is4() && ip.As4()[0] >= 240:
		return "reserved"
	}
	return ""
}

var nat64 = netip.MustParsePrefix("64:ff9b::/96") // RFC 6052

// inner returns the IPv4 address that a translator would dial for an IPv6 one.
func inner(ip netip.Addr) (netip.Addr, bool) {
	if !nat64.Contains(ip) {
		return netip.Addr{}, false
	}
	b := ip.As16()
	return netip.AddrFrom4([4]byte(b[12:])), true
}

// Resolve returns the addresses of a host that may be dialled. One forbidden
// address among several refuses the host: a name that points at the machine
// itself now and then is no camera's.
func (g *Guard) Resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	if ip, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{ip.Unmap()}, g.Check(ip)
	}
	r := g.Resolver
	if r == nil {
		r = net.DefaultResolver
	}
	ips, err := r.LookupNetIP(ctx, "ip", host)
	if err != nil || len(ips) == 0 {
		return nil, shouwang.Errorf(shouwang.CodeUnreachable,
			"host %s has no address: check the name and the name server", host)
	}
	for _, ip := range ips {
		if err := g.Check(ip); err != nil {
			return nil, err
		}
	}
	return ips, nil
}

func (g *Guard) timeout() time.Duration {
	if g.Timeout > 0 {
		return g.Timeout
	}
	return 10 * time.Second
}

// Dial resolves, checks and connects to host:port over TCP and returns the
// address it is really connected to. Errors have CodeAddressForbidden or
// CodeUnreachable.
func (g *Guard) Dial(ctx context.Context, hostport string) (net.Conn, netip.Addr, error) {
	host, port, err := net.SplitHostPort(hostport)
	if err != nil {
		return nil, netip.Addr{}, shouwang.Errorf(shouwang.CodeBadAddress, "the address has no port")
	}
	ctx, cancel := context.WithTimeout(ctx, g.timeout())
	defer cancel()
	ips, err := g.Resolve(ctx, host)
	if err != nil {
		return nil, netip.Addr{}, err
	}
	var dialer net.Dialer
	for _, ip := range ips[:min(len(ips), 4)] {
		var conn net.Conn
		if conn, err = dialer.DialContext(ctx, "tcp", net.JoinHostPort(ip.String(), port)); err == nil {
			return conn, ip, nil
		}
	}
	return nil, netip.Addr{}, &shouwang.Error{
		Code: shouwang.CodeUnreachable, Err: err,
		Message: "camera at " + hostport + " does not answer (" + dialReason(err) + "): check that it is switched on, the address and the port",
	}
}

func dialReason(err error) string {
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() || errors.Is(err, context.DeadlineExceeded) {
		return "no reply in time"
	}
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err.Error()
	}
	return "connection failed"
}
