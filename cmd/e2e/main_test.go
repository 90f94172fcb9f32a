package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// root returns the module's folder.
func root(t testing.TB) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// missing skips the test, or fails it under SHOUWANG_CI=1.
func missing(t testing.TB, format string, args ...any) {
	t.Helper()
	if os.Getenv("SHOUWANG_CI") == "1" {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}

// binary returns the path of one of our own programs.
func binary(t testing.TB, name string) string {
	t.Helper()
	dir := os.Getenv("SHOUWANG_BIN")
	if dir == "" {
		dir = filepath.Join(root(t), "bin")
	}
	path := filepath.Join(dir, name)
	if _, err := os.Stat(path); err != nil {
		missing(t, "there is no %s: run make build", path)
	}
	return path
}

// tool returns the path of a program of the system.
func tool(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		missing(t, "%s is not in PATH: run make test, which installs it", name)
	}
	return path
}

// waitShort is for what happens within a second on an idle machine.
const waitShort = 20 * time.Second

// await asks until yes says so; after the limit the test fails, saying what
// was waited for.
func await(t testing.TB, limit time.Duration, what string, yes func() bool) {
	t.Helper()
	end := time.Now().Add(limit)
	for !yes() {
		if time.Now().After(end) {
			t.Fatalf("waited %s in vain for %s", limit, what)
		}
		pause(50 * time.Millisecond)
	}
}

// pause lets a moment pass between two questions to another process, or until
// a moment that is to be random.
func pause(d time.Duration) { <-time.After(d) }

func copyFile(from, to string) error {
	raw, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	return os.WriteFile(to, raw, 0o600)
}

// copyFolder copies all files of a folder that may be written to meanwhile.
func copyFolder(from, to string) error {
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.IsDir() {
			if err := copyFolder(filepath.Join(from, e.Name()), filepath.Join(to, e.Name())); err != nil {
				return err
			}
			continue
		}
		if err := copyFile(filepath.Join(from, e.Name()), filepath.Join(to, e.Name())); err != nil && !os.IsNotExist(err) {
			return fmt.Errorf("copy %s: %w", e.Name(), err)
		}
	}
	return nil
}
