// Package transittest is a strict double of the transit engine of OpenBao and
// Vault, for tests where no such server can be had: the endpoints that package
// transit calls, with the statuses, words and refusals of the real ones as they
// are documented. It refuses what they refuse: an unknown field, a wrong token,
// deleting a key that may not be, using one that is not there.
package transittest

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"shouwang/storage/keys/transit"
)

// Token is what the double takes.
const Token = "s.test-token"

// Server is the double.
type Server struct {
	*httptest.Server
	T *testing.T

	mu            sync.Mutex
	token         string
	down          bool
	disableUpsert bool
	keys          map[string]*key
	calls         []string
}

type key struct {
	secret          []byte
	deletionAllowed bool
}

// New starts a double; it ends with the test.
func New(t *testing.T) *Server {
	t.Helper()
	s := &Server{T: t, token: Token, keys: map[string]*key{}}
	s.Server = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(s.Close)
	return s
}

// Reach returns how to reach the double; its token file is the test's own.
func (s *Server) Reach() transit.Config {
	file := filepath.Join(s.T.TempDir(), "token")
	if err := os.WriteFile(file, []byte(Token+"\n"), 0o600); err != nil {
		s.T.Fatal(err)
	}
	return transit.Config{Address: s.URL, TokenFile: file}
}

// Open returns a vault over the double.
func (s *Server) Open() *transit.Vault {
	s.T.Helper()
	v, err := transit.Open(s.T.Context(), s.Reach())
	if err != nil {
		s.T.Fatal(err)
	}
	s.T.Cleanup(v.Close)
	return v
}

// SetToken changes what the double takes.
func (s *Server) SetToken(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.token = token
}

// Seal makes the double answer as a sealed server does, or work again.
func (s *Server) Seal(sealed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = sealed
}

// Names returns the names of the keys that are there, sorted.
func (s *Server) Names() (names []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name := range s.keys {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Forget takes a key away behind everybody's back, as a restored snapshot does.
func (s *Server) Forget(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.keys, name)
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, r.Method+" "+r.URL.Path)
	if s.down {
		fail(w, http.StatusServiceUnavailable, "Vault is sealed")
		return
	}
	if r.Header.Get("X-Vault-Token") != s.token {
		fail(w, http.StatusForbidden, "permission denied")
		return
	}
	path, ok := strings.CutPrefix(r.URL.Path, "/v1/transit/")
	parts := strings.Split(path, "/")
	if !ok || len(parts) < 2 {
		fail(w, http.StatusNotFound, fmt.Sprintf("no handler for route %q. route entry not found.", r.URL.Path))
		return
	}
	switch {
	case path == "config/keys":
		s.config(w, r)
	case parts[0] == "keys" && len(parts) == 2:
		s.key(w, r, parts[1])
	case parts[0] == "keys" && len(parts) == 3 && parts[2] == "config" && r.Method == http.MethodPost:
		s.keyConfig(w, r, parts[1])
	case (parts[0] == "encrypt" || parts[0] == "decrypt") && len(parts) == 2 && r.Method == http.MethodPost:
		s.crypt(w, r, parts[0], parts[1])
	default:
		fail(w, http.StatusMethodNotAllowed, "unsupported operation")
	}
}

func (s *Server) config(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost {
		var in struct {
			DisableUpsert *bool `json:"disable_upsert"`
		}
		if !read(w, r, &in) {
			return
		}
		s.disableUpsert = in.DisableUpsert != nil && *in.DisableUpsert
	}
	say(w, map[string]any{"disable_upsert": s.disableUpsert})
}

func (s *Server) key(w http.ResponseWriter, r *http.Request, name string) {
	have := s.keys[name]
	switch r.Method {
	case http.MethodPost:
		var in struct {
			Type       string `json:"type"`
			Exportable bool   `json:"exportable"`
		}
		if !read(w, r, &in) {
			return
		}
		if in.Type != "aes256-gcm96" || in.Exportable || !goodName(name) {
			fail(w, http.StatusBadRequest, "the double makes aes256-gcm96 keys that cannot be exported")
			return
		}
		if have == nil {
			s.make(name)
		}
		say(w, map[string]any{"name": name, "type": in.Type})
	case http.MethodGet:
		if have == nil {
			fail(w, http.StatusNotFound)
			return
		}
		say(w, map[string]any{"name": name, "deletion_allowed": have.deletionAllowed})
	case http.MethodDelete:
		s.delete(w, name)
	default:
		fail(w, http.StatusMethodNotAllowed, "unsupported operation")
	}
}

// goodName is the names that the real ones' routes take.
func goodName(name string) bool {
	return len(name) <= 200 && strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.") == "" &&
		!strings.HasPrefix(name, "-") && !strings.HasPrefix(name, ".") && !strings.HasSuffix(name, "-") && !strings.HasSuffix(name, ".")
}

func (s *Server) make(name string) {
	secret := make([]byte, 32)
	_, _ = rand.Read(secret)
	s.keys[name] = &key{secret: secret}
}

func (s *Server) delete(w http.ResponseWriter, name string) {
	switch have := s.keys[name]; {
	case have == nil:
		fail(w, http.StatusBadRequest, "error deleting policy "+name+": could not delete key; not found")
	case !have.deletionAllowed:
		fail(w, http.StatusBadRequest, "error deleting policy "+name+": deletion is not allowed for this key")
	default:
		delete(s.keys, name)
		w.WriteHeader(http.StatusNoContent)
	}
}

func (s *Server) keyConfig(w http.ResponseWriter, r *http.Request, name string) {
	var in struct {
		DeletionAllowed bool `json:"deletion_allowed"`
	}
	if !read(w, r, &in) {
		return
	}
	have := s.keys[name]
	if have == nil {
		fail(w, http.StatusBadRequest, "no existing key named "+name+" could be found")
		return
	}
	have.deletionAllowed = in.DeletionAllowed
	say(w, map[string]any{"name": name})
}

func (s *Server) crypt(w http.ResponseWriter, r *http.Request, what, name string) {
	var in struct {
		Plaintext      string `json:"plaintext"`
		Ciphertext     string `json:"ciphertext"`
		AssociatedData string `json:"associated_data"`
	}
	if !read(w, r, &in) {
		return
	}
	if s.keys[name] == nil && what == "encrypt" && !s.disableUpsert {
		s.make(name) // as the real ones do: the client must have forbidden it
	}
	have := s.keys[name]
	if have == nil {
		fail(w, http.StatusBadRequest, "encryption key not found")
		return
	}
	aad, err := base64.StdEncoding.DecodeString(in.AssociatedData)
	if err != nil {
		fail(w, http.StatusBadRequest, "failed to base64-decode associated_data")
		return
	}
	if what == "encrypt" {
		s.encrypt(w, have, in.Plaintext, aad)
	} else {
		s.decrypt(w, have, in.Ciphertext, aad)
	}
}

func aead(k *key) cipher.AEAD {
	block, _ := aes.NewCipher(k.secret)
	gcm, _ := cipher.NewGCM(block)
	return gcm
}

func (s *Server) encrypt(w http.ResponseWriter, k *key, text string, aad []byte) {
	plain, err := base64.StdEncoding.DecodeString(text)
	if err != nil || text == "" {
		fail(w, http.StatusBadRequest, "failed to base64-decode plaintext")
		return
	}
	gcm := aead(k)
	nonce := make([]byte, gcm.NonceSize())
	_, _ = rand.Read(nonce)
	say(w, map[string]any{"ciphertext": "vault:v1:" + base64.StdEncoding.EncodeToString(gcm.Seal(nonce, nonce, plain, aad)), "key_version": 1})
}

func (s *Server) decrypt(w http.ResponseWriter, k *key, text string, aad []byte) {
	raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(text, "vault:v1:"))
	gcm := aead(k)
	if err != nil || !strings.HasPrefix(text, "vault:v1:") || len(raw) < gcm.NonceSize() {
		fail(w, http.StatusBadRequest, "invalid ciphertext: no prefix")
		return
	}
	plain, err := gcm.Open(nil, raw[:gcm.NonceSize()], raw[gcm.NonceSize():], aad)
	if err != nil {
		fail(w, http.StatusBadRequest, "cipher: message authentication failed")
		return
	}
	say(w, map[string]any{"plaintext": base64.StdEncoding.EncodeToString(plain)})
}

func read(w http.ResponseWriter, r *http.Request, into any) bool {
	dec := json.NewDecoder(r.Body)
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		fail(w, http.StatusBadRequest, "error parsing JSON")
		return false
	}
	return true
}

func say(w http.ResponseWriter, data any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"request_id": "r", "data": data})
}

func fail(w http.ResponseWriter, status int, words ...string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"errors": append([]string{}, words...)})
}
