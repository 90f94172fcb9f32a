package rtsp

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"sync"

	"shouwang"
	"shouwang/ingest/guard"
	"shouwang/ingest/rtsp/sweep"
)

// maxDials bounds how often one session connects: once, and again when the
// camera redirects within itself.
const maxDials = 3

// pinned dials one camera: the first connect is checked by the guard, later
// ones go to the address that passed then, whatever name a redirect gives.
type pinned struct {
	guard *guard.Guard
	host  string
	// plain says that media will come over these connections, unencrypted.
	plain bool

	mu    sync.Mutex
	ip    netip.Addr
	dials int
	swept *sweep.Conn // the newest, nil where connections are read one by one
}

func (p *pinned) dial(ctx context.Context, _, address string) (net.Conn, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dials++
	if p.dials > maxDials {
		return nil, shouwang.Errorf(shouwang.CodeBadStream, "the camera redirects in a circle: give its final address")
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, shouwang.Errorf(shouwang.CodeBadAddress, "the address has no port")
	}
	if !strings.EqualFold(host, p.host) && host != p.ip.String() {
		return nil, shouwang.Errorf(shouwang.CodeAddressForbidden,
			"the camera redirects to another host, which is not followed: give the final address if it is right")
	}
	if p.ip.IsValid() {
		host = p.ip.String()
	}
	conn, ip, err := p.guard.Dial(ctx, net.JoinHostPort(host, port))
	if err != nil {
		return nil, err
	}
	p.ip, p.swept = ip, nil
	if p.plain {
		if c, err := sweep.Take(conn); err == nil {
			p.swept = c
			return c, nil
		}
	}
	return &gulping{Conn: conn}, nil
}

// newest returns the connection in use, nil where it is read by itself.
func (p *pinned) newest() *sweep.Conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.swept
}

// ownTransport cuts the addresses out of a Transport header: media comes from
// and goes to the host of the connection, so that a camera cannot aim our
// packets at another machine.
func ownTransport(header string) string {
	var kept []string
	for _, part := range strings.Split(header, ";") {
		key, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(part)), "=")
		if key != "source" && key != "destination" {
			kept = append(kept, part)
		}
	}
	return strings.Join(kept, ";")
}
