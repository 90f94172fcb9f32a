// Package transit keeps camera keys in the transit engine of OpenBao or
// HashiCorp Vault, over its HTTP API: the keys never leave that server, and
// destroying one deletes it there.
//
// The token needs, on the mount (here transit/):
//
//	path "transit/keys/+"        { capabilities = ["create", "read", "update", "delete"] }
//	path "transit/keys/+/config" { capabilities = ["update"] }
//	path "transit/encrypt/+"     { capabilities = ["update"] }
//	path "transit/decrypt/+"     { capabilities = ["update"] }
//	path "transit/config/keys"   { capabilities = ["read", "update"] }
//
// No create on encrypt: the server would otherwise make a key anew under the
// name of one that was destroyed. This package forbids it on the mount as well
// (disable_upsert). A snapshot of the server that is older than a destruction
// still holds the key: keep those no longer than an hour, or do not restore
// this mount from them.
package transit

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"shouwang"
)

// Config names the server and how to reach it.
type Config struct {
	// Address is https://HOST:PORT; http only on loopback.
	Address string
	// Mount is the transit engine's path; "transit" when empty.
	Mount string
	// Prefix begins the name of every key; "shouwang" when empty.
	Prefix string
	// TokenFile holds the token, on one line; read again when it was refused,
	// so that an agent can renew it.
	TokenFile string
	// CAFile is a PEM file of authorities, the system's when empty.
	CAFile string
	// Namespace, where the server has them.
	Namespace string
}

// Vault implements keys.Vault.
type Vault struct {
	cfg  Config
	base string
	http *http.Client

	mu    sync.Mutex
	token string
}

const (
	callWithin = 10 * time.Second
	keyType    = "aes256-gcm96"
	keySize    = 32
	atOnce     = 8 // deletions under way together
)

// Open checks that the server is there, that the token may use the mount, and
// forbids making keys by using them. Errors carry CodeBadConfig for what the
// operator wrote, CodeStorageAway for a server that does not answer.
func Open(ctx context.Context, cfg Config) (*Vault, error) {
	if cfg.Mount == "" {
		cfg.Mount = "transit"
	}
	if cfg.Prefix == "" {
		cfg.Prefix = "shouwang"
	}
	base, err := checkAddress(cfg)
	if err != nil {
		return nil, err
	}
	client, err := clientFor(cfg)
	if err != nil {
		return nil, err
	}
	v := &Vault{cfg: cfg, base: base, http: client}
	if err := v.readToken(); err != nil {
		return nil, err
	}
	if err := v.forbidUpsert(ctx); err != nil {
		return nil, fmt.Errorf("open key server %s: %w", cfg.Address, err)
	}
	return v, nil
}

func checkAddress(cfg Config) (string, error) {
	u, err := url.Parse(cfg.Address)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" {
		return "", shouwang.Errorf(shouwang.CodeBadConfig, "storage.keys.address %q: write https://HOST:PORT", cfg.Address)
	}
	host := u.Hostname()
	if u.Scheme != "https" && (u.Scheme != "http" || host != "127.0.0.1" && host != "localhost" && host != "::1") {
		return "", shouwang.Errorf(shouwang.CodeBadConfig, "storage.keys.address %q: keys travel over https; plain http only to this machine", cfg.Address)
	}
	return strings.TrimSuffix(u.String(), "/") + "/v1/" + strings.Trim(cfg.Mount, "/") + "/", nil
}

func clientFor(cfg Config) (*http.Client, error) {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Proxy = nil
	transport.MaxIdleConnsPerHost = atOnce
	if cfg.CAFile != "" {
		pem, err := os.ReadFile(cfg.CAFile)
		pool := x509.NewCertPool()
		if err != nil || !pool.AppendCertsFromPEM(pem) {
			return nil, shouwang.Errorf(shouwang.CodeBadConfig, "storage.keys.ca_file %s holds no certificate that can be read", cfg.CAFile)
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	return &http.Client{Transport: transport, Timeout: callWithin, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse // a token is never carried to another server
	}}, nil
}

// forbidUpsert has the server refuse to make a key by using it.
func (v *Vault) forbidUpsert(ctx context.Context) error {
	var have struct {
		DisableUpsert bool `json:"disable_upsert"`
	}
	if err := v.call(ctx, http.MethodPost, "config/keys", map[string]any{"disable_upsert": true}, nil); err != nil {
		return err
	}
	if err := v.call(ctx, http.MethodGet, "config/keys", nil, &have); err != nil {
		return err
	}
	if !have.DisableUpsert {
		return shouwang.Errorf(shouwang.CodeBadConfig, "the key server does not take disable_upsert: use OpenBao 2 or Vault 1.12 or later")
	}
	return nil
}

// Close gives idle connections back.
func (v *Vault) Close() { v.http.CloseIdleConnections() }

// Name implements keys.Vault.
func (v *Vault) Name() string { return "transit " + v.cfg.Mount + "/" + v.cfg.Prefix }

// keyName is the key's name on the server: letters, digits, dots, hyphens and
// underscores. Two ids never share one.
func (v *Vault) keyName(id string) string {
	var b strings.Builder
	b.WriteString(v.cfg.Prefix + ".")
	for _, c := range []byte(id) {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '-', c == '.':
			b.WriteByte(c)
		case c == '/':
			b.WriteString("__")
		default:
			fmt.Fprintf(&b, "_%02x", c)
		}
	}
	return b.String()
}

// Make implements keys.Vault. Making a key that is there already is no error
// to the server, and leaves it as it is.
func (v *Vault) Make(ctx context.Context, id string) ([]byte, error) {
	name := v.keyName(id)
	if err := v.call(ctx, http.MethodPost, "keys/"+name, map[string]any{"type": keyType, "exportable": false}, nil); err != nil {
		return nil, fmt.Errorf("make key: %w", err)
	}
	if err := v.call(ctx, http.MethodPost, "keys/"+name+"/config", map[string]any{"deletion_allowed": true}, nil); err != nil {
		return nil, fmt.Errorf("make key: %w", err)
	}
	return []byte(name), nil
}

// Wrap implements keys.Vault.
func (v *Vault) Wrap(ctx context.Context, id string, handle, plain []byte) ([]byte, error) {
	var out struct {
		Ciphertext string `json:"ciphertext"`
	}
	err := v.use(ctx, id, "encrypt/"+string(handle), map[string]any{"plaintext": base64.StdEncoding.EncodeToString(plain), "associated_data": aad(id)}, &out)
	if err == nil && !strings.HasPrefix(out.Ciphertext, "vault:v") {
		err = shouwang.Errorf(shouwang.CodeStorageAway, "the key server answered without a ciphertext")
	}
	return []byte(out.Ciphertext), err
}

func aad(id string) string { return base64.StdEncoding.EncodeToString([]byte(id)) }

// Unwrap implements keys.Vault.
func (v *Vault) Unwrap(ctx context.Context, id string, handle, wrapped []byte) ([]byte, error) {
	var out struct {
		Plaintext string `json:"plaintext"`
	}
	if err := v.use(ctx, id, "decrypt/"+string(handle), map[string]any{"ciphertext": string(wrapped), "associated_data": aad(id)}, &out); err != nil {
		return nil, err
	}
	key, err := base64.StdEncoding.DecodeString(out.Plaintext)
	if err != nil || len(key) != keySize {
		return nil, errors.New("unwrap key: it was made under another key or changed")
	}
	return key, nil
}

// use calls for a key, and tells one that is gone from everything else.
func (v *Vault) use(ctx context.Context, id, path string, in, out any) error {
	err := v.call(ctx, http.MethodPost, path, in, out)
	if isGone(err) {
		return shouwang.Errorf(shouwang.CodeKeyDestroyed, "key %s is destroyed: what it sealed can not be read by anybody", id)
	}
	if err != nil {
		return fmt.Errorf("use key: %w", err)
	}
	return nil
}

// Destroy implements keys.Vault.
func (v *Vault) Destroy(ctx context.Context, ids []string) error {
	turn, failed := make(chan struct{}, atOnce), make(chan error, len(ids))
	for _, id := range ids {
		turn <- struct{}{}
		go func() {
			defer func() { <-turn }()
			failed <- v.destroy(ctx, id)
		}()
	}
	var errs []error
	for range ids {
		errs = append(errs, <-failed)
	}
	return errors.Join(errs...)
}

// destroy deletes one key and looks whether it is gone.
func (v *Vault) destroy(ctx context.Context, id string) error {
	name := v.keyName(id)
	failed := v.call(ctx, http.MethodDelete, "keys/"+name, nil, nil)
	err := v.call(ctx, http.MethodGet, "keys/"+name, nil, nil)
	if isGone(err) {
		return nil
	}
	if err = errors.Join(failed, err); err == nil {
		err = errors.New("the key server still has it")
	}
	return fmt.Errorf("destroy key %s: %w", id, err)
}
