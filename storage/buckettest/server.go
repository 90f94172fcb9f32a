package buckettest

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// Server returns the address of a real S3 server for ParseURL of package s3:
// that in SHOUWANG_TEST_S3, else a versitygw on loopback over a temporary
// folder, which ends with the test. Without either the test is skipped, or
// fails under SHOUWANG_CI=1.
func Server(t testing.TB) string {
	t.Helper()
	address, _ := Start(t, t.TempDir(), 0)
	return address
}

// Start starts a versitygw over the folder on the port (0 picks one) and
// returns its address and what stops it early.
func Start(t testing.TB, dir string, port int) (address string, stop func()) {
	t.Helper()
	if given := os.Getenv("SHOUWANG_TEST_S3"); given != "" && port == 0 {
		return given, func() {}
	}
	program := gateway()
	if program == "" {
		const how = "no S3 server to test with: set SHOUWANG_TEST_S3 or run GOBIN=$PWD/.cache/bin go install github.com/versity/versitygw/cmd/versitygw@v1.8.0"
		if os.Getenv("SHOUWANG_CI") == "1" {
			t.Fatal(how)
		}
		t.Skip(how)
	}
	if port == 0 {
		port = freePort(t)
	}
	// A sidecar folder, since not every file system has extended attributes.
	listen := fmt.Sprintf("127.0.0.1:%d", port)
	cmd := exec.Command(program, "--access", "testkey", "--secret", "testsecret", "--port", listen, "--quiet", "posix", "--sidecar", t.TempDir(), dir)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", program, err)
	}
	stopped := false
	stop = func() {
		if !stopped {
			stopped = true
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	}
	t.Cleanup(stop)
	awaitPort(t, listen)
	return fmt.Sprintf("s3://testkey:testsecret@%s/clips?tls=false", listen), stop
}

// gateway finds versitygw in PATH or in .cache/bin of a folder above.
func gateway() string {
	if path, err := exec.LookPath("versitygw"); err == nil {
		return path
	}
	dir, err := os.Getwd()
	for err == nil {
		if path := filepath.Join(dir, ".cache", "bin", "versitygw"); isFile(path) {
			return path
		}
		if parent := filepath.Dir(dir); parent == dir {
			break
		}
		dir = filepath.Dir(dir)
	}
	return ""
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func awaitPort(t testing.TB, address string) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); ; {
		conn, err := net.DialTimeout("tcp", address, time.Second)
		if err == nil {
			_ = conn.Close()
			return
		}
		if time.Now().After(end) {
			t.Fatalf("S3 server did not come up on %s: %v", address, err)
		}
		<-time.After(20 * time.Millisecond) // the server says nothing when it is ready
	}
}
