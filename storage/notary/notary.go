// Package notary signs the papers that leave the house: receipts of what was
// destroyed, and packages of evidence. A signed paper is a note (C2SP
// signed-note, Ed25519): text that a person can read, and a line that anybody
// can verify with the public key alone, years later and without this house.
package notary

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"shouwang"
	"shouwang/storage/ledger/checkpoint"
)

// KeyName is the name in front of every public key of a notary.
const KeyName = "shouwang.papers"

// Notary holds the house's key for papers. It is safe for concurrent use.
type Notary struct {
	signer note.Signer
	public string
}

// Open reads the key papers.key in the folder, and makes it with its public
// half papers.pub at first use. Errors carry CodeDataUnreadable.
func Open(dir string) (*Notary, error) {
	path := filepath.Join(dir, "papers.key")
	private, public, err := checkpoint.ReadKey(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err = checkpoint.MakeKey(path, KeyName); err == nil {
			private, public, err = checkpoint.ReadKey(path)
		}
	}
	if err != nil {
		return nil, shouwang.Errorf(shouwang.CodeDataUnreadable, "the key for papers %s cannot be used: put it back from its backup: %w", path, err)
	}
	if info, err := os.Stat(path); err == nil && info.Mode().Perm()&0o077 != 0 {
		return nil, shouwang.Errorf(shouwang.CodeDataUnreadable, "the key for papers %s can be read by others: run chmod 600 on it", path)
	}
	signer, err := note.NewSigner(private)
	if err != nil {
		return nil, shouwang.Errorf(shouwang.CodeDataUnreadable, "the key for papers %s is no key: put it back from its backup", path)
	}
	return &Notary{signer: signer, public: public}, nil
}

// Key returns the public key, NAME+HASH+KEY.
func (n *Notary) Key() string { return n.public }

// Sign returns the text as a signed note. The text is lines of UTF-8, the last
// one ended.
func (n *Notary) Sign(text string) (string, error) {
	signed, err := note.Sign(&note.Note{Text: text}, n.signer)
	if err != nil {
		return "", fmt.Errorf("sign paper: %w", err)
	}
	return string(signed), nil
}

// Verify returns the text of a signed note that one of the public keys signed.
// Errors carry CodeTampered for what was changed or signed by somebody else,
// CodeBadUsage for a key that is none.
func Verify(signed string, keys ...string) (text string, err error) {
	var known []note.Verifier
	for _, key := range keys {
		v, err := note.NewVerifier(strings.TrimSpace(key))
		if err != nil {
			return "", shouwang.Errorf(shouwang.CodeBadUsage, "the public key cannot be read: it is one line that begins with %s+", KeyName)
		}
		known = append(known, v)
	}
	n, err := note.Open([]byte(signed), note.VerifierList(known...))
	var other *note.UnverifiedNoteError
	switch {
	case errors.As(err, &other):
		return "", shouwang.Errorf(shouwang.CodeTampered, "the paper is signed with another key than the one given")
	case err != nil:
		return "", shouwang.Errorf(shouwang.CodeTampered, "the paper is not as it was signed, or is no paper")
	}
	return n.Text, nil
}
