package tlsca

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"shouwang"
)

var start = time.Now()

func open(t *testing.T, dir string, now *time.Time, names ...string) *Authority {
	t.Helper()
	a, err := Open(dir, names, func() time.Time { return *now })
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestBrowserTrustsTheServer makes a real handshake by name and by address
// with nothing but the authority's certificate.
func TestBrowserTrustsTheServer(t *testing.T) {
	now := start
	a := open(t, t.TempDir(), &now, "localhost", "127.0.0.1", "localhost")
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{GetCertificate: a.Certificate})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { defer c.Close(); _ = c.(*tls.Conn).Handshake() }()
		}
	}()
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(a.PEM()) {
		t.Fatal("the certificate does not read")
	}
	for name, good := range map[string]bool{"localhost": true, "127.0.0.1": true, "evil.example": false} {
		c, err := tls.DialWithDialer(&net.Dialer{Timeout: 5 * time.Second}, "tcp", l.Addr().String(), &tls.Config{RootCAs: roots, ServerName: name})
		if (err == nil) != good {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil {
			c.Close()
		}
	}
}

func TestAuthorityStaysAndLeafIsRenewed(t *testing.T) {
	dir, now := t.TempDir(), start
	a := open(t, dir, &now, "localhost")
	first, err := a.Certificate(nil)
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := a.Certificate(nil); again != first {
		t.Error("a new certificate for every handshake")
	}
	now = now.Add(61 * 24 * time.Hour)
	later, err := a.Certificate(nil)
	if err != nil || later.Leaf.SerialNumber.Cmp(first.Leaf.SerialNumber) == 0 || !later.Leaf.NotAfter.After(now.Add(renewBefore)) {
		t.Errorf("not renewed: %v, ends %s", err, later.Leaf.NotAfter)
	}
	if b := open(t, dir, &now, "localhost"); string(b.PEM()) != string(a.PEM()) {
		t.Error("a restart made another authority")
	}
	info, err := os.Stat(filepath.Join(dir, "ca.key"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("key: %v %v", info.Mode(), err)
	}
}

func TestDamagedOrEndedAuthorityIsSaid(t *testing.T) {
	dir, now := t.TempDir(), start
	open(t, dir, &now)
	now = now.Add(authorityLife + time.Hour)
	if _, err := Open(dir, nil, func() time.Time { return now }); shouwang.CodeOf(err) != shouwang.CodeDataUnreadable {
		t.Errorf("ended: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "ca.pem"), []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, nil, time.Now); shouwang.CodeOf(err) != shouwang.CodeDataUnreadable {
		t.Errorf("damaged: %v", err)
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(filepath.Join(file, "x"), nil, time.Now); shouwang.CodeOf(err) != shouwang.CodeDataUnreadable {
		t.Errorf("no folder: %v", err)
	}
}
