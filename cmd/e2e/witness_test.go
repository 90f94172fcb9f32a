package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// outsideBody is a `shouwang witness` process of somebody else's.
type outsideBody struct {
	address, key string
	stop         func()
}

func startWitness(t *testing.T, name, logKey string) *outsideBody {
	t.Helper()
	cmd := exec.Command(binary(t, "shouwang"), "witness", "--log-key", logKey, "--name", name, "--data", filepath.Join(t.TempDir(), "w"), "--listen", "127.0.0.1:0")
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	o := &outsideBody{}
	o.stop = func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	t.Cleanup(o.stop)
	lines := bufio.NewScanner(out)
	for o.address == "" && lines.Scan() {
		if key, ok := strings.CutPrefix(lines.Text(), "key "); ok {
			o.key = key
		}
		if address, ok := strings.CutPrefix(lines.Text(), "listening on "); ok {
			o.address = address
		}
	}
	if o.address == "" || o.key == "" {
		t.Fatal("the witness did not start")
	}
	return o
}

type logState struct {
	Key            string
	Size, Cosigned uint64
	Witnesses      []struct {
		Name          string
		Away, Refuses bool
	}
}

func (s *service) logState(t *testing.T) (state logState) {
	t.Helper()
	res, err := http.Get(s.http + "/api/log")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err == nil {
		err = json.Unmarshal(raw, &state)
	}
	if err != nil {
		t.Fatal(err)
	}
	return state
}

// Two bodies outside run a witness each; the log is cosigned, goes on when one
// of them is away, and whoever rewrites its files is found out by command.
func TestWitnessesOutsideAndAVerifierWithTheKeyAlone(t *testing.T) {
	h := build(t, []cam{{ID: "door", Name: "门", Resident: true}}, nil)
	s := h.start(t)
	key := s.logState(t).Key
	s.stop(t)
	a, b := startWitness(t, "a.example/w", key), startWitness(t, "b.example/w", key)
	text := fmt.Sprintf("transparency:\n  every: 200ms\n  quorum: 1\n  witnesses:\n  - {url: %q, key: %q}\n  - {url: %q, key: %q}\n", a.address, a.key, b.address, b.key)
	config, err := os.OpenFile(h.config, os.O_APPEND|os.O_WRONLY, 0)
	if err == nil {
		_, err = config.WriteString(text)
	}
	if err != nil {
		t.Fatal(err)
	}
	_ = config.Close()
	s = h.start(t)
	li := h.signIn(t, s, "li")
	var mine struct {
		Cameras []struct{ Consents []struct{ ID string } }
	}
	li.must(t, http.MethodGet, "/api/my/cameras", nil, &mine)
	change := func(how string, body any) {
		li.must(t, http.MethodPost, "/api/my/consents/"+mine.Cameras[0].Consents[0].ID+"/"+how, body, nil)
	}
	cosigned := func(size uint64, away bool) func() bool {
		return func() bool {
			st := s.logState(t)
			return st.Cosigned >= size && st.Witnesses[0].Away == away && !st.Witnesses[1].Away
		}
	}
	change("pause", map[string]any{"hours": 1})
	await(t, waitShort, "both witnesses to cosign", cosigned(1, false))

	kept := filepath.Join(t.TempDir(), "kept")
	verify := func(more ...string) result {
		return command(t, bytes.NewReader(nil), append([]string{"log", "verify", "--key", key}, more...)...)
	}
	online := []string{"--url", s.http, "--witness-key", a.key, "--witness-key", b.key, "--witness", a.address, "--witness", b.address, "--remember", kept}
	if r := verify(online...); r.code != 0 || strings.Count(r.out, "cosigned by") != 2 {
		t.Errorf("verify: %+v", r)
	}
	old := filepath.Join(t.TempDir(), "old")
	if err := copyFolder(filepath.Join(h.dir, "ledger", "public"), old); err != nil {
		t.Fatal(err)
	}
	a.stop()
	change("resume", nil)
	await(t, waitShort, "one witness to cosign without the other", cosigned(2, true))
	await(t, waitShort, "the newest to be published", func() bool { return s.logState(t).Size >= 2 })
	if r := verify("--url", s.http, "--witness-key", b.key, "--witness", b.address, "--remember", kept); r.code != 0 || !regexp.MustCompile(`continues the [1-9]`).MatchString(r.out) {
		t.Errorf("verify with one witness away: %+v", r)
	}
	s.stop(t)

	// What somebody can do who has the folder.
	public := filepath.Join(h.dir, "ledger", "public")
	if r := verify("--dir", public, "--remember", kept); r.code != 0 {
		t.Errorf("the folder as it is: %+v", r)
	}
	if r := verify("--dir", old, "--seen", kept); r.code != 1 || !strings.Contains(r.out, "dropped: ") {
		t.Errorf("an old copy in its place: %+v", r)
	}
	spoilt := filepath.Join(t.TempDir(), "spoilt")
	if err := copyFolder(public, spoilt); err != nil {
		t.Fatal(err)
	}
	bundles, _ := filepath.Glob(filepath.Join(spoilt, "tile", "entries", "000.p", "*"))
	for _, path := range bundles {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		raw[5] ^= 1
		if err := os.WriteFile(path, raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if r := verify("--dir", spoilt); len(bundles) == 0 || r.code != 1 || !strings.Contains(r.out, "changed: entry 0") {
		t.Errorf("an entry changed: %+v", r)
	}
	if r := verify("--dir", public, "--witness-key", a.key, "--witness-key", b.key); r.code != 1 || !strings.Contains(r.out, "signature: ") {
		t.Errorf("the quorum of two is not there any more: %+v", r)
	}
	h.report(t)
}

// report counts the month and reconciles.
func (h *house) report(t *testing.T) {
	t.Helper()
	r := command(t, bytes.NewReader(nil), "report", "--config", h.config, "--data", h.dir, "--month", time.Now().In(time.FixedZone("CST", 8*3600)).Format("2006-01"))
	var report struct {
		First, End, Entries uint64
		Kinds               map[string]uint64
	}
	if err := json.Unmarshal([]byte(r.out), &report); err != nil || r.code != 0 {
		t.Fatalf("report: %v, %+v", err, r)
	}
	sum := uint64(0)
	for _, n := range report.Kinds {
		sum += n
	}
	if report.Kinds["consent"] != 2 || sum != report.Entries || report.End-report.First != sum {
		t.Errorf("report: %s", r.out)
	}
}
