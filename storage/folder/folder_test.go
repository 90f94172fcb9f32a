package folder_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"shouwang"
	"shouwang/storage"
	"shouwang/storage/buckettest"
	"shouwang/storage/folder"
)

func TestConformance(t *testing.T) {
	buckettest.Run(t, func(t *testing.T) storage.Bucket { return open(t, t.TempDir()) })
}

func open(t *testing.T, dir string) *folder.Bucket {
	t.Helper()
	b, err := folder.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestAdoptMovesTheFile(t *testing.T) {
	dir := t.TempDir()
	b := open(t, filepath.Join(dir, "bucket"))
	file := filepath.Join(dir, "whole")
	if err := os.WriteFile(file, []byte("sealed"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := b.Adopt(t.Context(), "segments/cam/x.sws", file); err != nil {
		t.Fatal(err)
	}
	if o, err := b.Stat(t.Context(), "segments/cam/x.sws"); err != nil || o.Size != 6 {
		t.Fatalf("%+v %v", o, err)
	}
	if _, err := os.Stat(file); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("the file is still there: %v", err)
	}
	if err := b.Adopt(t.Context(), "../x", file); !errors.Is(err, storage.ErrBadName) {
		t.Fatal(err)
	}
}

func TestFilesAreForTheOwnerOnly(t *testing.T) {
	dir := t.TempDir()
	b := open(t, filepath.Join(dir, "bucket"))
	if err := b.Put(t.Context(), "a/b", bytes.NewReader([]byte("x")), 1); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"bucket", "bucket/a", "bucket/a/b"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v %v", name, info.Mode(), err)
		}
	}
}

func TestUnusableFolderIsSaidPlainly(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := folder.Open(filepath.Join(file, "below")); shouwang.CodeOf(err) != shouwang.CodeDataUnreadable {
		t.Fatal(err)
	}
}
