// Package tlsca makes the certificates of an installation that brings none: a
// local authority on first start, which people install once on their devices,
// and a server certificate under it that is renewed before it ends.
package tlsca

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"shouwang"
)

const (
	authorityLife = 10 * 365 * 24 * time.Hour
	leafLife      = 90 * 24 * time.Hour
	renewBefore   = 30 * 24 * time.Hour
	// backdate forgives clocks that run behind.
	backdate = time.Hour
)

// Authority signs the server's certificate. It is safe for concurrent use.
type Authority struct {
	dir   string
	names []string
	now   func() time.Time

	cert *x509.Certificate
	key  *ecdsa.PrivateKey

	mu   sync.Mutex
	leaf *tls.Certificate
}

// Open reads the authority from dir (ca.pem, ca.key) or makes it there, with
// the key readable by its owner only. names are the host names and addresses
// that the server is reached by; the authority can sign for nothing else that
// a browser would believe is public, but it is still a key to be guarded.
// Errors have CodeDataUnreadable.
func Open(dir string, names []string, now func() time.Time) (*Authority, error) {
	a := &Authority{dir: dir, names: slices.Compact(slices.Sorted(slices.Values(names))), now: now}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, shouwang.Errorf(shouwang.CodeDataUnreadable, "make folder for certificates: %w", err)
	}
	err := a.load()
	if errors.Is(err, fs.ErrNotExist) {
		err = a.create()
	}
	if err != nil {
		return nil, shouwang.Errorf(shouwang.CodeDataUnreadable, "read certificate authority in %s: %w", dir, err)
	}
	return a, nil
}

// CertPath is the file that people install on their devices.
func (a *Authority) CertPath() string { return filepath.Join(a.dir, "ca.pem") }

// PEM returns the authority's certificate, which is public.
func (a *Authority) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw})
}

func (a *Authority) load() error {
	pair, err := tls.LoadX509KeyPair(a.CertPath(), filepath.Join(a.dir, "ca.key"))
	if err != nil {
		return err
	}
	key, ok := pair.PrivateKey.(*ecdsa.PrivateKey)
	if !ok {
		return errors.New("the key is not an ECDSA key")
	}
	a.cert, a.key = pair.Leaf, key
	if !a.now().Before(a.cert.NotAfter) {
		return fmt.Errorf("the authority ended on %s; move it away and start again", a.cert.NotAfter.Format(time.DateOnly))
	}
	return nil
}

func (a *Authority) create() error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	now := a.now()
	template := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: "Shouwang local authority " + now.Format(time.DateOnly)},
		NotBefore: now.Add(-backdate), NotAfter: now.Add(authorityLife),
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign, IsCA: true,
		BasicConstraintsValid: true, MaxPathLenZero: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return err
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		return err
	}
	a.key = key
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	// The key first: a certificate without its key would look like damage.
	if err := write(filepath.Join(a.dir, "ca.key"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600); err != nil {
		return err
	}
	return write(a.CertPath(), a.PEM(), 0o644)
}

// write puts a file in place whole or not at all.
func write(path string, data []byte, mode fs.FileMode) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(data)
	err = errors.Join(err, tmp.Chmod(mode), tmp.Sync(), tmp.Close())
	if err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}

// Certificate returns the server's certificate, signing a new one when there
// is none or the old one ends within 30 days. It is tls.Config.GetCertificate.
func (a *Authority) Certificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.now()
	if a.leaf != nil && now.Add(renewBefore).Before(a.leaf.Leaf.NotAfter) {
		return a.leaf, nil
	}
	leaf, err := a.sign(now)
	if err != nil {
		return nil, fmt.Errorf("sign server certificate: %w", err)
	}
	a.leaf = leaf
	return leaf, nil
}

// sign makes a leaf in memory: its key is never on a disk.
func (a *Authority) sign(now time.Time) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: "Shouwang"},
		NotBefore: now.Add(-backdate), NotAfter: now.Add(leafLife),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, name := range a.names {
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key)
	if err != nil {
		return nil, err
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{der, a.cert.Raw}, PrivateKey: key, Leaf: parsed}, nil
}

// serial returns 120 random bits (RFC 5280, 4.1.2.2 allows 159).
func serial() *big.Int {
	var raw [15]byte
	_, _ = rand.Read(raw[:]) // never fails (crypto/rand, Go 1.24)
	return new(big.Int).SetBytes(raw[:])
}
