package rtsp

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"net/url"
	"strings"

	"shouwang"
)

// TLS says which certificates of rtsps cameras are trusted. The zero value
// trusts the system's authorities.
type TLS struct {
	Roots *x509.CertPool
	// Insecure accepts any certificate; the stream is then encrypted but its
	// sender is not known.
	Insecure bool
}

// config makes the client's configuration. Most cameras sign for themselves,
// so the address may carry the fingerprint of the one certificate to accept.
func (t TLS) config(u *url.URL) *tls.Config {
	if u.Scheme != "rtsps" {
		return nil
	}
	pin, _ := strings.CutPrefix(strings.ToLower(u.Fragment), "sha256=")
	pin = strings.ReplaceAll(pin, ":", "")
	host := u.Hostname()
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		// Verification is not skipped but done below, to tell the person
		// what to do about a certificate that fails it.
		InsecureSkipVerify: true,
		VerifyConnection: func(cs tls.ConnectionState) error {
			return t.verify(cs, host, pin)
		},
	}
}

func (t TLS) verify(cs tls.ConnectionState, host, pin string) error {
	if len(cs.PeerCertificates) == 0 {
		return shouwang.Errorf(shouwang.CodeUnreachable, "the camera shows no certificate")
	}
	sum := sha256.Sum256(cs.PeerCertificates[0].Raw)
	seen := hex.EncodeToString(sum[:])
	if pin != "" {
		if pin == seen {
			return nil
		}
		return shouwang.Errorf(shouwang.CodeUnreachable,
			"the camera's certificate is not the pinned one: it is sha256=%s; find out why before you change the address", seen)
	}
	if t.Insecure {
		return nil
	}
	rest := x509.NewCertPool()
	for _, c := range cs.PeerCertificates[1:] {
		rest.AddCert(c)
	}
	_, err := cs.PeerCertificates[0].Verify(x509.VerifyOptions{DNSName: host, Roots: t.Roots, Intermediates: rest})
	if err != nil {
		return shouwang.Errorf(shouwang.CodeUnreachable,
			"the camera's certificate is not trusted: compare its fingerprint on the camera, then append #sha256=%s to the address", seen)
	}
	return nil
}
