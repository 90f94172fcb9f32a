package checkpoint

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// MakeKey makes an Ed25519 key of that name in the note format: the private
// half at path, the public half beside it as .pub. The public one is written
// first: a private one alone would look whole.
func MakeKey(path, name string) error {
	private, public, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		return err
	}
	if err := WriteSynced(strings.TrimSuffix(path, ".key")+".pub", public+"\n", 0o644); err != nil {
		return err
	}
	return WriteSynced(path, private+"\n", 0o600)
}

// WriteSynced replaces a file so that after a crash it holds either the old
// text or the new, and returns when the new is on disk.
func WriteSynced(path, text string, mode os.FileMode) error {
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, mode)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// missing reports whether an error says that a file is not there.
func missing(err error) bool { return errors.Is(err, fs.ErrNotExist) }

// ReadKey returns a key made by MakeKey; fs.ErrNotExist when there is none.
func ReadKey(path string) (private, public string, err error) {
	a, err := os.ReadFile(path)
	if err != nil {
		return "", "", err
	}
	b, err := os.ReadFile(strings.TrimSuffix(path, ".key") + ".pub")
	if missing(err) {
		err = errors.New("its public half " + strings.TrimSuffix(path, ".key") + ".pub is missing")
	}
	return strings.TrimSpace(string(a)), strings.TrimSpace(string(b)), err
}
