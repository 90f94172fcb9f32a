package guard_test

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"shouwang"
	"shouwang/ingest/guard"
)

func prefixes(list ...string) (out []netip.Prefix) {
	for _, s := range list {
		out = append(out, netip.MustParsePrefix(s))
	}
	return out
}

func TestWhichAddressesPass(t *testing.T) {
	plain := &guard.Guard{}
	loop := &guard.Guard{Allow: prefixes("127.0.0.0/8"), Deny: prefixes("127.0.0.9/32", "10.9.0.0/16")}
	only := &guard.Guard{Only: true, Allow: prefixes("192.168.7.0/24")}
	for _, c := range []struct {
		g    *guard.Guard
		ip   string
		pass bool
	}{
		{plain, "192.168.1.20", true},
		{plain, "10.0.0.5", true},
		{plain, "100.64.0.1", true},
		{plain, "203.0.113.9", true},
		{plain, "2001:db8::7", true},
		{plain, "fd00::7", true},
		{plain, "127.0.0.1", false},
		{plain, "127.8.9.10", false},
		{plain, "::1", false},
		{plain, "::ffff:127.0.0.1", false},
		{plain, "64:ff9b::7f00:1", false},
		{plain, "169.254.169.254", false},
		{plain, "::ffff:169.254.169.254", false},
		{plain, "fe80::1", false},
		{plain, "fe80::1%eth0", false},
		{plain, "224.0.0.1", false},
		{plain, "ff02::1", false},
		{plain, "0.0.0.0", false},
		{plain, "0.1.2.3", false},
		{plain, "::", false},
		{plain, "255.255.255.255", false},
		{plain, "240.0.0.1", false},
		{loop, "127.0.0.1", true},
		{loop, "::ffff:127.0.0.1", true},
		{loop, "127.0.0.9", false},
		{loop, "10.9.1.1", false},
		{loop, "::1", false},
		{only, "192.168.7.9", true},
		{only, "192.168.8.9", false},
	} {
		err := c.g.Check(netip.MustParseAddr(c.ip))
		if (err == nil) != c.pass {
			t.Errorf("%s: %v, want pass %v", c.ip, err, c.pass)
		}
		if err != nil && shouwang.CodeOf(err) != shouwang.CodeAddressForbidden {
			t.Errorf("%s: code %s", c.ip, shouwang.CodeOf(err))
		}
	}
}

// names answers like a name server under an attacker's control: something else
// each time.
type names struct {
	answers [][]netip.Addr
	asked   atomic.Int32
}

func (n *names) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	i := int(n.asked.Add(1)) - 1
	return n.answers[min(i, len(n.answers)-1)], nil
}

func TestEveryResolvedAddressMustPass(t *testing.T) {
	g := &guard.Guard{Resolver: &names{answers: [][]netip.Addr{{
		netip.MustParseAddr("192.168.1.1"), netip.MustParseAddr("127.0.0.1"),
	}}}}
	_, _, err := g.Dial(context.Background(), "cam.example:554")
	if shouwang.CodeOf(err) != shouwang.CodeAddressForbidden {
		t.Errorf("%v", err)
	}
}

func TestRebindingIsCheckedOnEachConnect(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.2:0")
	if err != nil {
		t.Skipf("no second loopback address here: %v", err)
	}
	defer func() { _ = l.Close() }()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	n := &names{answers: [][]netip.Addr{
		{netip.MustParseAddr("127.0.0.2")}, {netip.MustParseAddr("127.0.0.1")},
	}}
	g := &guard.Guard{Allow: prefixes("127.0.0.2/32"), Resolver: n}
	conn, ip, err := g.Dial(context.Background(), "cam.example:"+port)
	if err != nil || ip.String() != "127.0.0.2" || !strings.HasPrefix(conn.RemoteAddr().String(), "127.0.0.2:") {
		t.Fatalf("%v %v", ip, err)
	}
	_ = conn.Close()
	if n.asked.Load() != 1 {
		t.Errorf("asked %d times for one connect: the address checked may not be the one dialled", n.asked.Load())
	}
	if _, _, err = g.Dial(context.Background(), "cam.example:"+port); shouwang.CodeOf(err) != shouwang.CodeAddressForbidden {
		t.Errorf("after rebinding: %v", err)
	}
}

func TestUnreachableSaysWhy(t *testing.T) {
	g := &guard.Guard{Allow: prefixes("127.0.0.0/8"), Timeout: 50 * time.Millisecond}
	_, _, err := g.Dial(context.Background(), "127.0.0.1:1")
	if shouwang.CodeOf(err) != shouwang.CodeUnreachable || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("%v", err)
	}
	_, _, err = g.Dial(context.Background(), "no-such-host.invalid:554")
	if shouwang.CodeOf(err) != shouwang.CodeUnreachable || !strings.Contains(err.Error(), "no-such-host.invalid") {
		t.Errorf("%v", err)
	}
}

func TestParseNeverRepeatsAPassword(t *testing.T) {
	for _, raw := range []string{
		"rtsp://u:s3cr3t@ho st/", "http://u:s3cr3t@host/", "rtsp://u:s3cr3t@/x", "rtsp://u:s3cr3t@h:99999/",
		"u:s3cr3t@host", "rtsp://u:s3cr3t%zz@host/", "file:///etc/passwd#s3cr3t", "rtsp://u:s3cr3t@h:0/",
	} {
		_, err := guard.Parse(raw)
		if shouwang.CodeOf(err) != shouwang.CodeBadAddress || strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("%q: %v", raw, err)
		}
	}
	if u, err := guard.Parse(" rtsps://u:p%40@[2001:db8::1]:322/a?b=c#sha256=00 "); err != nil || u.Hostname() != "2001:db8::1" {
		t.Errorf("%v %v", u, err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("rtsp://u:p@host:554/path")
	f.Add("rtsp://[::1%25lo]:1/")
	f.Fuzz(func(t *testing.T, raw string) {
		u, err := guard.Parse(raw)
		if err == nil && (u.Hostname() == "" || u.Scheme != "rtsp" && u.Scheme != "rtsps") {
			t.Errorf("%q passes as %v", raw, u)
		}
	})
}
