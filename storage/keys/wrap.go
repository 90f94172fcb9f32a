package keys

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"shouwang"
)

const keySize = 32

// wrap encrypts a key under another with AES-256-GCM and a random nonce; label
// ties it to its place, so that a wrapped key moved to another row does not
// open.
func wrap(under, key []byte, label string) ([]byte, error) {
	aead, err := newAEAD(under)
	if err != nil {
		return nil, err
	}
	out := make([]byte, aead.NonceSize(), aead.NonceSize()+len(key)+aead.Overhead())
	_, _ = rand.Read(out)
	return aead.Seal(out, out, key, []byte(label)), nil
}

var errUnwrap = errors.New("unwrap key: it was made under another key or changed")

func unwrap(under, wrapped []byte, label string) ([]byte, error) {
	aead, err := newAEAD(under)
	if err != nil {
		return nil, err
	}
	if len(wrapped) < aead.NonceSize() {
		return nil, errUnwrap
	}
	key, err := aead.Open(nil, wrapped[:aead.NonceSize()], wrapped[aead.NonceSize():], []byte(label))
	if err != nil || len(key) != keySize {
		return nil, errUnwrap
	}
	return key, nil
}

func newAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("make cipher: %w", err)
	}
	return cipher.NewGCM(block)
}

func newKey() []byte {
	key := make([]byte, keySize)
	_, _ = rand.Read(key) // never fails (Go 1.24)
	return key
}

// fileVault keeps camera keys in the index itself, wrapped under a master key
// that lies in a file of its own: what the index keeps of a key is the key, and
// erasing that destroys it.
type fileVault struct{ master []byte }

func openFileVault(path string, storeExists bool) (*fileVault, error) {
	master, err := loadMaster(path, storeExists)
	return &fileVault{master}, err
}

// Name implements Vault.
func (v *fileVault) Name() string { return "file" }

// Make implements Vault.
func (v *fileVault) Make(_ context.Context, id string) ([]byte, error) {
	return wrap(v.master, newKey(), id)
}

// Wrap implements Vault.
func (v *fileVault) Wrap(_ context.Context, id string, handle, plain []byte) ([]byte, error) {
	under, err := unwrap(v.master, handle, id)
	if err != nil {
		return nil, err
	}
	defer clear(under)
	return wrap(under, plain, id)
}

// Unwrap implements Vault.
func (v *fileVault) Unwrap(_ context.Context, id string, handle, wrapped []byte) ([]byte, error) {
	under, err := unwrap(v.master, handle, id)
	if err != nil {
		return nil, err
	}
	defer clear(under)
	return unwrap(under, wrapped, id)
}

// Destroy implements Vault: the index forgets what it keeps, which is the key.
func (v *fileVault) Destroy(context.Context, []string) error { return nil }

// loadMaster reads the master key file, or makes it (mode 0600, synced) when
// neither it nor a key store exists. A store without its master key is an
// error: making a new one would hide the loss.
func loadMaster(path string, storeExists bool) ([]byte, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) && !storeExists {
		return makeMaster(path)
	}
	if err != nil {
		return nil, shouwang.Errorf(shouwang.CodeDataUnreadable, "master key %s cannot be read: put it back from its own backup: %w", path, err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, shouwang.Errorf(shouwang.CodeDataUnreadable, "master key %s can be read by others: run chmod 600 on it", path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, shouwang.Errorf(shouwang.CodeDataUnreadable, "master key %s cannot be read: %w", path, err)
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != keySize {
		return nil, shouwang.Errorf(shouwang.CodeDataUnreadable, "master key %s is not 64 hexadecimal digits: put it back from its own backup", path)
	}
	return key, nil
}

func makeMaster(path string) ([]byte, error) {
	key := newKey()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("make master key: %w", err)
	}
	_, err = f.WriteString(hex.EncodeToString(key) + "\n")
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, fmt.Errorf("write master key: %w", err)
	}
	return key, syncDir(filepath.Dir(path))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("sync folder: %w", err)
	}
	defer d.Close()
	if err := d.Sync(); err != nil {
		return fmt.Errorf("sync folder: %w", err)
	}
	return nil
}
