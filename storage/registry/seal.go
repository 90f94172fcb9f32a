package registry

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// sealer encrypts small values with AES-256-GCM under a key of the secret
// file. What a value is for is authenticated with it, so that one camera's
// address cannot be moved to another.
type sealer struct{ aead cipher.AEAD }

const secretBytes = 32

// openSealer reads the secret file; it makes one only for a fresh database.
func openSealer(path string, fresh bool) (*sealer, error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && fresh {
		raw, err = makeSecret(path)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, unreadable("open registry: the key file %s is missing; restore it, the cameras' addresses cannot be read without it", path)
	}
	if err != nil {
		return nil, unreadable("open registry: read key file: %w", err)
	}
	if info, err := os.Stat(path); err == nil && info.Mode().Perm()&0o077 != 0 {
		return nil, unreadable("open registry: others may read the key file %s; run chmod 600 on it", path)
	}
	secret, err := hex.DecodeString(strings.TrimSpace(string(raw)))
	if err != nil || len(secret) != secretBytes {
		return nil, unreadable("open registry: the key file %s does not hold a key of 64 hexadecimal digits", path)
	}
	key, err := hkdf.Key(sha256.New, secret, nil, "shouwang registry seal v1", 32)
	if err != nil {
		return nil, fmt.Errorf("derive registry key: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("derive registry key: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("derive registry key: %w", err)
	}
	return &sealer{aead: aead}, nil
}

// makeSecret writes a new key so that it is whole on disk before anything is
// sealed with it. A file that is already there is used as it is: two processes
// may start at once, and the folder's key may serve other rooms.
func makeSecret(path string) ([]byte, error) {
	secret := make([]byte, secretBytes)
	_, _ = rand.Read(secret) // never fails (crypto/rand)
	text := []byte(hex.EncodeToString(secret) + "\n")
	tmp, err := os.CreateTemp(filepath.Dir(path), ".secret-*")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.Remove(tmp.Name()) }()
	_, err = tmp.Write(text)
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return nil, err
	}
	if err := os.Link(tmp.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return os.ReadFile(path)
}

// seal returns nil for nothing.
func (s *sealer) seal(what string, plain []byte) []byte {
	if len(plain) == 0 {
		return nil
	}
	return s.aead.Seal(nil, nil, plain, []byte(what))
}

// open undoes seal for the same what.
func (s *sealer) open(what string, sealed []byte) ([]byte, error) {
	if len(sealed) == 0 {
		return nil, nil
	}
	plain, err := s.aead.Open(nil, nil, sealed, []byte(what))
	if err != nil {
		return nil, unreadable("read registry: the key file does not open what was sealed for %s; is it another database's key?", what)
	}
	return plain, nil
}
