package atrest_test

import (
	"bytes"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"shouwang"
	"shouwang/storage/atrest"
)

func open(t *testing.T, path, purpose string, fresh bool) *atrest.Box {
	t.Helper()
	b, err := atrest.Open(path, purpose, fresh)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestSealedValuesOpenForTheirPurposeOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret.key")
	box := open(t, path, "registry", true)
	secret := []byte("rtsp://admin:hunter2@192.168.7.9/1")
	sealed := box.Seal("camera a", secret)
	if bytes.Contains(sealed, secret[:8]) || bytes.Equal(sealed, box.Seal("camera a", secret)) {
		t.Error("the sealed value shows something")
	}
	again := open(t, path, "registry", false)
	if plain, err := again.Open("camera a", sealed); err != nil || !bytes.Equal(plain, secret) {
		t.Errorf("opened: %q, %v", plain, err)
	}
	sealed[len(sealed)-1] ^= 1
	for name, try := range map[string]func() ([]byte, error){
		"changed":   func() ([]byte, error) { return again.Open("camera a", sealed) },
		"another's": func() ([]byte, error) { return again.Open("camera b", box.Seal("camera a", secret)) },
		"another purpose": func() ([]byte, error) {
			return open(t, path, "ledger", false).Open("camera a", box.Seal("camera a", secret))
		},
		"cut": func() ([]byte, error) { return again.Open("camera a", box.Seal("camera a", secret)[:20]) },
	} {
		if plain, err := try(); shouwang.CodeOf(err) != shouwang.CodeDataUnreadable {
			t.Errorf("%s: %q, %v", name, plain, err)
		}
	}
	if plain, err := box.Open("nothing", box.Seal("nothing", nil)); plain != nil || err != nil {
		t.Errorf("nothing: %q, %v", plain, err)
	}
}

func TestTagsAreStableAndKeyed(t *testing.T) {
	dir := t.TempDir()
	one := open(t, filepath.Join(dir, "one"), "ledger", true)
	two := open(t, filepath.Join(dir, "two"), "ledger", true)
	if !bytes.Equal(one.Tag("a"), one.Tag("a")) || bytes.Equal(one.Tag("a"), one.Tag("b")) || bytes.Equal(one.Tag("a"), two.Tag("a")) {
		t.Error("tags do not tell texts and keys apart")
	}
}

func TestTwoStartsAgreeOnOneSecret(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret.key")
	boxes := make([]*atrest.Box, 8)
	var wg sync.WaitGroup
	for i := range boxes {
		wg.Go(func() { boxes[i], _ = atrest.Open(path, "x", true) })
	}
	wg.Wait()
	for i, b := range boxes {
		if b == nil || !bytes.Equal(b.Tag("a"), boxes[0].Tag("a")) {
			t.Fatalf("start %d has another key", i)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode: %v, %v", info.Mode(), err)
	}
	if files, _ := os.ReadDir(filepath.Dir(path)); len(files) != 1 {
		t.Errorf("%d files are left behind", len(files))
	}
}

func TestUnusableFileIsSaidSo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret.key")
	if _, err := atrest.Open(path, "x", false); shouwang.CodeOf(err) != shouwang.CodeDataUnreadable {
		t.Errorf("missing: %v", err)
	}
	for _, text := range []string{"", "zz", "ab\n", string(make([]byte, 64))} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := atrest.Open(path, "x", true); shouwang.CodeOf(err) != shouwang.CodeDataUnreadable {
			t.Errorf("file of %q: %v", text, err)
		}
	}
}
