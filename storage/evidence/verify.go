package evidence

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"shouwang"
	"shouwang/storage/notary"
)

func stringReader(s string) io.Reader { return strings.NewReader(s) }

// maxText bounds manifest and signature, in bytes.
const maxText = 4 << 20

// Verify reads a package and returns its manifest if everything in it is as it
// was signed by one of the public keys: the signature, the manifest, each file's
// length and hash, no file more and none less. Errors carry CodeTampered and
// say what does not hold. It needs no service and no network.
func Verify(r io.ReaderAt, size int64, keys ...string) (*Manifest, error) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, tampered("the file is no package, or is cut short")
	}
	files := map[string]*zip.File{}
	for _, f := range z.File {
		if files[f.Name] != nil {
			return nil, tampered("%s is in it twice", f.Name)
		}
		files[f.Name] = f
	}
	m, err := manifestOf(files, keys)
	if err != nil {
		return nil, err
	}
	named := map[string]bool{"manifest.json": true, "manifest.sig": true}
	for _, want := range m.Files {
		named[want.Name] = true
		if err := check(files[want.Name], want); err != nil {
			return nil, err
		}
	}
	for name := range files {
		if !named[name] {
			return nil, tampered("%s was added to it", name)
		}
	}
	if !named[Video] {
		return nil, tampered("it holds no video")
	}
	return m, nil
}

func tampered(format string, args ...any) error {
	return shouwang.Errorf(shouwang.CodeTampered, "this evidence package does not hold: "+format, args...)
}

// manifestOf verifies the signature over the manifest and reads it.
func manifestOf(files map[string]*zip.File, keys []string) (*Manifest, error) {
	raw, err := text(files["manifest.json"])
	if err != nil {
		return nil, err
	}
	signed, err := text(files["manifest.sig"])
	if err != nil {
		return nil, err
	}
	note, err := notary.Verify(string(signed), keys...)
	if err != nil {
		return nil, err
	}
	var m Manifest
	if err := json.Unmarshal(raw, &m); err != nil || m.Format != Format || note != noteOf(m.ID, raw) {
		return nil, tampered("the manifest is not the one that was signed")
	}
	return &m, nil
}

func text(f *zip.File) ([]byte, error) {
	if f == nil {
		return nil, tampered("manifest or signature is missing")
	}
	r, err := f.Open()
	if err != nil {
		return nil, tampered("%s cannot be read", f.Name)
	}
	defer r.Close()
	raw, err := io.ReadAll(io.LimitReader(r, maxText+1))
	if err != nil || len(raw) > maxText {
		return nil, tampered("%s cannot be read", f.Name)
	}
	return raw, nil
}

func check(f *zip.File, want File) error {
	if f == nil {
		return tampered("%s is missing", want.Name)
	}
	r, err := f.Open()
	if err != nil {
		return tampered("%s cannot be read", want.Name)
	}
	defer r.Close()
	sum := sha256.New()
	n, err := io.Copy(sum, io.LimitReader(r, want.Bytes+1))
	if err != nil && !errors.Is(err, io.EOF) || n != want.Bytes {
		return tampered("%s has another length than the manifest says, or is damaged", want.Name)
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != want.SHA256 {
		return tampered("%s was changed", want.Name)
	}
	return nil
}

// String says in two lines what the package is.
func (m *Manifest) String() string {
	return fmt.Sprintf("%s  %s  %s – %s\ncase %s, for %s, by %s with %s, decision %s, log entry %d", m.ID, m.Camera,
		m.From.Format("2006-01-02 15:04:05"), m.To.Format("15:04:05 MST"), m.Case+m.Order, m.Recipient, m.Requester, m.Approver, m.Decision.ID, m.LogEntry)
}
