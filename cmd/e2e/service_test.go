package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"text/template"
	"time"
)

// cam is a camera of a test's township: pulled from URL, or pushed to us.
type cam struct {
	ID, Name, URL string
	Resident      bool // owned by resident:li under consent; else a department's
	Rolling       bool // the consent lets it be recorded all the time, not events alone
	Analysed      bool // the consent lets it be analysed for motion
	Ending        bool // the consent ends within the month
}

// house is a data folder with its configuration and what the import printed.
type house struct {
	dir, config string
	passwords   map[string]string // by sign-in name
	tokens      map[string]string // by camera
}

// settings are what a test changes of the configuration, as YAML below the
// section named.
type settings map[string]string

// build writes a configuration and imports a township through the command
// line, as an operator would.
func build(t testing.TB, cams []cam, more settings) *house {
	t.Helper()
	h := &house{dir: filepath.Join(t.TempDir(), "data"), passwords: map[string]string{}, tokens: map[string]string{}}
	h.config = filepath.Join(filepath.Dir(h.dir), "shouwang.yaml")
	base := settings{
		"ingest":  "  push: 127.0.0.1:0\n  allow: [127.0.0.0/8]\n",
		"analyze": "  workers: 1\n  binary: " + binary(t, "shouwang-analyzer") + "\n",
		"storage": "  min_free: 67108864\n",
		"web":     "  http: 127.0.0.1:0\n  media_udp: 127.0.0.1:0\n  media_tcp: 127.0.0.1:0\n",
	}
	for section, text := range more {
		base[section] += text
	}
	var yaml strings.Builder
	for section, text := range base {
		fmt.Fprintf(&yaml, "%s:\n%s", section, text)
	}
	if err := os.WriteFile(h.config, []byte(yaml.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	if len(cams) > 0 {
		h.importTownship(t, cams)
	}
	return h
}

// importTown imports a township and keeps what the command tells once: the
// first passwords and the publish tokens.
func (h *house) importTown(t testing.TB, town io.Reader) result {
	t.Helper()
	r := command(t, town, "place", "import", "--config", h.config, "--data", h.dir, "-")
	if r.code != 0 {
		t.Fatalf("place import: exit %d: %s", r.code, r.err)
	}
	for _, m := range regexp.MustCompile(`first password of (\S+) \(\S+\): (\S+)`).FindAllStringSubmatch(r.out, -1) {
		h.passwords[m[1]] = m[2]
	}
	for _, m := range regexp.MustCompile(`publish token of camera (\S+): (\S+)`).FindAllStringSubmatch(r.out, -1) {
		h.tokens[m[1]] = m[2]
	}
	return r
}

func (h *house) importTownship(t testing.TB, cams []cam) {
	t.Helper()
	tmpl, err := template.ParseFiles("testdata/township.yaml.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	var town bytes.Buffer
	now := time.Now()
	err = tmpl.Execute(&town, map[string]any{
		"Cameras": cams, "From": now.AddDate(0, -1, 0).Format(time.RFC3339), "To": now.AddDate(0, 11, 0).Format(time.RFC3339),
		"Soon": now.AddDate(0, 0, 20).Format(time.RFC3339),
	})
	if err != nil {
		t.Fatal(err)
	}
	r := h.importTown(t, &town)
	if len(h.passwords) != 7 {
		t.Fatalf("place import printed %d first passwords, want 7:\n%s", len(h.passwords), r.out)
	}
}

// service is one running `shouwang serve`.
type service struct {
	cmd        *exec.Cmd
	http, push string // addresses, known once ready
	log        *journal
	done       chan struct{}
	err        error // of the process, once done
}

// launch starts the service and does not wait for it.
func (h *house) launch(t testing.TB) *service {
	t.Helper()
	s := &service{log: &journal{}, done: make(chan struct{})}
	s.cmd = exec.Command(binary(t, "shouwang"), "serve", "--config", h.config, "--data", h.dir)
	s.cmd.Stdout, s.cmd.Stderr = s.log, s.log
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		s.err = s.cmd.Wait()
		close(s.done)
	}()
	t.Cleanup(func() {
		s.kill()
		if t.Failed() {
			t.Logf("the service said:\n%s", s.log.tail(6000))
		}
	})
	return s
}

// start starts the service and waits until it is ready.
func (h *house) start(t testing.TB) *service {
	t.Helper()
	s := h.launch(t)
	s.awaitReady(t)
	return s
}

var readyLine = regexp.MustCompile(`msg=ready pages=(\S+) push=(\S+)`)

func (s *service) awaitReady(t testing.TB) {
	t.Helper()
	await(t, time.Minute, "the service to be ready", func() bool {
		if s.gone() {
			t.Fatalf("the service ended before it was ready: %v\n%s", s.err, s.log.tail(2000))
		}
		m := readyLine.FindStringSubmatch(s.log.String())
		if m == nil {
			return false
		}
		s.http, s.push = m[1], m[2]
		resp, err := http.Get(s.http + "/readyz")
		if err != nil {
			return false
		}
		_ = resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
}

func (s *service) gone() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

// kill ends the service as a power cut would, and waits.
func (s *service) kill() {
	_ = s.cmd.Process.Kill()
	<-s.done
}

// stop ends the service as systemd would, and fails the test when it does not
// end well.
func (s *service) stop(t testing.TB) {
	t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case <-s.done:
	case <-time.After(40 * time.Second):
		t.Fatal("the service does not end within 40 s of SIGTERM")
	}
	if s.err != nil {
		t.Fatalf("the service ended badly: %v", s.err)
	}
}

// journal keeps what a process says.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

func (j *journal) tail(n int) string {
	s := j.String()
	return s[max(0, len(s)-n):]
}

// result is what one command came to.
type result struct {
	out, err string
	code     int
}

// command runs the binary with a minute's patience.
func command(t testing.TB, in interface{ Read([]byte) (int, error) }, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary(t, "shouwang"), args...)
	cmd.Stdin = in
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if cmd.ProcessState == nil {
		t.Fatalf("run shouwang %v: %v", args, err)
	}
	return result{out.String(), errs.String(), cmd.ProcessState.ExitCode()}
}

// check runs `shouwang check` on the stopped house, every byte of it.
func (h *house) check(t testing.TB) {
	t.Helper()
	if r := command(t, nil, "check", "--config", h.config, "--data", h.dir, "--deep"); r.code != 0 || !strings.Contains(r.out, "clean") {
		t.Errorf("check is not clean: exit %d\n%s%s", r.code, r.out, r.err)
	}
}
