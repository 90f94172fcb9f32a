// Package atrest keeps small secrets of a database unreadable to whoever has
// the database without the key file that lies beside it: camera addresses,
// second factors, the access log's details.
package atrest

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"shouwang"
)

// Box encrypts small values with AES-256-GCM under a key of the secret file.
// What a value is for is authenticated with it, so that one camera's address
// cannot be moved to another.
type Box struct {
	aead cipher.AEAD
	tag  []byte
}

const secretBytes = 32

// Open reads the secret file and derives from it the keys of one purpose, so
// that several databases may share the file. It makes a file only if fresh says
// that nothing was sealed yet. Errors carry CodeDataUnreadable.
func Open(path, purpose string, fresh bool) (*Box, error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && fresh {
		raw, err = makeSecret(path)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, unreadable("the key file %s is missing: restore it from its backup, what was sealed with it cannot be read otherwise", path)
	}
	if err != nil {
		return nil, unreadable("read key file: %w", err)
	}
	if info, err := os.Stat(path); err == nil && info.Mode().Perm()&0o077 != 0 {
		return nil, unreadable("others may read the key file %s: run chmod 600 on it", path)
	}
	secret, err := hex.DecodeString(strings.TrimSpace(string(raw)))
	if err != nil || len(secret) != secretBytes {
		return nil, unreadable("the key file %s does not hold a key of 64 hexadecimal digits", path)
	}
	key, errKey := hkdf.Key(sha256.New, secret, nil, "shouwang "+purpose+" seal v1", 32)
	tag, errTag := hkdf.Key(sha256.New, secret, nil, "shouwang "+purpose+" tag v1", 32)
	if err := errors.Join(errKey, errTag); err != nil {
		return nil, fmt.Errorf("derive keys: %w", err)
	}
	aead, err := NewAEAD(key)
	return &Box{aead: aead, tag: tag}, err
}

// NewAEAD returns AES-256-GCM with a random nonce in front of each ciphertext
// (NIST SP 800-38D, 8.2.2: at most 2^32 values under one key) for a key of 32
// bytes.
func NewAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("make cipher: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("make cipher: %w", err)
	}
	return aead, nil
}

func unreadable(format string, args ...any) error {
	return shouwang.Errorf(shouwang.CodeDataUnreadable, format, args...)
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

// Seal encrypts a value; nothing stays nil.
func (b *Box) Seal(what string, plain []byte) []byte {
	if len(plain) == 0 {
		return nil
	}
	return b.aead.Seal(nil, nil, plain, []byte(what))
}

// Open undoes Seal for the same what.
func (b *Box) Open(what string, sealed []byte) ([]byte, error) {
	if len(sealed) == 0 {
		return nil, nil
	}
	plain, err := b.aead.Open(nil, nil, sealed, []byte(what))
	if err != nil {
		return nil, unreadable("the key file does not open what was sealed for %s: is it another database's key?", what)
	}
	return plain, nil
}

// Tag returns 16 bytes that stand for a text in an index without giving it
// away (HMAC-SHA256, truncated).
func (b *Box) Tag(text string) []byte {
	mac := hmac.New(sha256.New, b.tag)
	_, _ = mac.Write([]byte(text))
	return mac.Sum(nil)[:16]
}
