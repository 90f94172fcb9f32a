package e2e

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"shouwang/ingest/camsim"
)

// refused runs a command line that must fail, and checks that it says so in
// one clear line: the exit code, what the line names, and no password in it.
func refused(t *testing.T, r result, code int, says ...string) {
	t.Helper()
	lines := strings.Split(strings.TrimRight(r.err, "\n"), "\n")
	last := lines[len(lines)-1]
	if r.code != code {
		t.Errorf("exit %d, want %d: %s", r.code, code, r.err)
	}
	if len(lines) != 1 || !strings.HasPrefix(last, "shouwang: ") {
		t.Errorf("said %d lines, want one that begins with \"shouwang: \":\n%s", len(lines), r.err)
	}
	for _, word := range says {
		if !strings.Contains(last, word) {
			t.Errorf("%q does not say %q", last, word)
		}
	}
	if strings.Contains(r.err+r.out, "sesame") {
		t.Errorf("a password is told: %s%s", r.err, r.out)
	}
}

// TestBadConfiguration meets mistakes in what an operator writes.
func TestBadConfiguration(t *testing.T) {
	write := func(text string) string {
		path := filepath.Join(t.TempDir(), "shouwang.yaml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	data := t.TempDir()
	for _, row := range []struct {
		name, text string
		says       []string
	}{
		{"unknown key", "storage:\n  min_fre: 5\n", []string{"line 2", `unknown key "min_fre"`}},
		{"unknown section", "strage: {}\n", []string{"line 1", `unknown key "strage"`}},
		{"wrong type", "analyze:\n  workers: many\n", []string{"line 2", "many"}},
		{"no YAML", "a: b: c\n", []string{"shouwang.yaml"}},
		{"a bound", "analyze: {workers: 1000}\n", []string{"analyze.workers", "256"}},
		{"half a bucket", "storage: {s3: {endpoint: \"127.0.0.1:1\", secret_key: sesame}}\n", []string{"bucket", "access_key"}},
		{"open to the world without TLS", "web: {http: \"0.0.0.0:8080\"}\n", []string{"loopback", "tls"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			refused(t, command(t, nil, "serve", "--config", write(row.text), "--data", data), 2, row.says...)
		})
	}
	t.Run("no file", func(t *testing.T) {
		refused(t, command(t, nil, "serve", "--config", "/nowhere/shouwang.yaml"), 2, "/nowhere/shouwang.yaml")
	})
	t.Run("unknown flag", func(t *testing.T) {
		refused(t, command(t, nil, "serve", "--colour"), 2, "--colour", "--help")
	})
	t.Run("unknown command", func(t *testing.T) {
		refused(t, command(t, nil, "sever"), 2, "sever")
	})
	t.Run("role", func(t *testing.T) {
		refused(t, command(t, nil, "serve", "--role", "king"), 2, "--role")
	})
}

// TestServiceCannotStart meets what keeps a service from starting.
func TestServiceCannotStart(t *testing.T) {
	serve := func(h *house, more ...string) result {
		return command(t, nil, append([]string{"serve", "--config", h.config, "--data", h.dir}, more...)...)
	}
	errors := func(t *testing.T, r result, code int, says ...string) {
		t.Helper()
		// A service that began to start has a log; its last line is what counts.
		lines := strings.Split(strings.TrimSpace(r.err), "\n")
		r.err = lines[len(lines)-1] + "\n"
		refused(t, r, code, says...)
	}
	t.Run("port of the pages in use", func(t *testing.T) {
		taken := occupy(t)
		errors(t, serve(build(t, nil, nil), "--http", taken), 1, taken, "--http")
	})
	t.Run("port of the cameras in use", func(t *testing.T) {
		taken := occupy(t)
		errors(t, serve(build(t, nil, nil), "--rtsp", taken), 1, taken)
	})
	t.Run("analyzer missing", func(t *testing.T) {
		h := build(t, nil, nil)
		text, err := os.ReadFile(h.config)
		if err != nil {
			t.Fatal(err)
		}
		wrong := strings.ReplaceAll(string(text), binary(t, "shouwang-analyzer"), "/nowhere/shouwang-analyzer")
		if err := os.WriteFile(h.config, []byte(wrong), 0o600); err != nil {
			t.Fatal(err)
		}
		errors(t, serve(h), 1, "/nowhere/shouwang-analyzer", "make build")
	})
	t.Run("data folder is a file", func(t *testing.T) {
		h := build(t, nil, nil)
		if err := os.WriteFile(h.dir, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		errors(t, serve(h), 1, h.dir, "--data")
	})
	t.Run("data folder cannot be read", func(t *testing.T) {
		h := build(t, nil, nil)
		h.dir = "/proc/1/fdinfo/data" // where not even root may write
		errors(t, serve(h), 1, h.dir, "--data")
	})
	t.Run("catalog is not one", func(t *testing.T) {
		h := build(t, nil, nil)
		if err := os.MkdirAll(h.dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(h.dir, "catalog.db"), []byte(strings.Repeat("no database ", 500)), 0o600); err != nil {
			t.Fatal(err)
		}
		errors(t, serve(h), 1, "catalog.db")
	})
	t.Run("two services on one folder", func(t *testing.T) {
		h := build(t, nil, nil)
		s := h.start(t)
		errors(t, serve(h), 1, h.dir, "another shouwang")
		refused(t, command(t, nil, "check", "--config", h.config, "--data", h.dir), 1, h.dir, "another shouwang")
		if s.gone() {
			t.Error("the first service died of the second")
		}
		s.stop(t)
	})
	t.Run("nothing to check", func(t *testing.T) {
		refused(t, command(t, nil, "check", "--data", "/nowhere"), 1, "/nowhere")
	})
}

// occupy listens on a loopback port and returns its address.
func occupy(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().String()
}

// TestCameraTest asks cameras that cannot be had what they send.
func TestCameraTest(t *testing.T) {
	clip := short(reel(t, busy(41)))
	sim := cameras(t, map[string]camsim.Camera{
		"good":   {Clips: []*camsim.Clip{clip}, User: "u", Pass: "sesame"},
		"mjpeg":  {Clips: []*camsim.Clip{clip}, Faults: camsim.Faults{SDP: camsim.SDPMJPEG}},
		"silent": {Clips: []*camsim.Clip{clip}, Faults: camsim.Faults{Mute: true}},
	})
	closed := occupied(t)
	address := func(login, path string) string { return fmt.Sprintf("rtsp://%s%s/%s", login, sim.Addr(), path) }
	if r := command(t, nil, "camera", "test", "--allow", "127.0.0.0/8", address("u:sesame@", "good")); r.code != 0 || !strings.Contains(r.out, "640x360") {
		t.Errorf("a good camera: exit %d, %q, %s", r.code, r.out, r.err)
	}
	for _, row := range []struct {
		name, address string
		code          int
		says          []string
	}{
		{"unreachable", "rtsp://u:sesame@" + closed + "/x", 1, []string{closed}},
		{"wrong password", address("u:sesame-not@", "good"), 1, []string{"password"}},
		{"unsupported codec", address("", "mjpeg"), 1, []string{"H.264"}},
		{"no such path", address("", "nothing"), 1, []string{sim.Addr()}},
		{"no RTSP", "http://127.0.0.1/", 1, []string{"rtsp"}},
		{"loopback", "", 1, []string{"loopback", "ingest.allow"}},
		{"no address", "rtsp://u:sesame@:x/", 1, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			args := []string{"camera", "test", "--allow", "127.0.0.0/8", row.address}
			if row.address == "" {
				args = []string{"camera", "test", address("u:sesame@", "good")}
			}
			r := command(t, nil, args...)
			if r.code == 2 {
				r.code = 1 // a bad address may count as bad usage
			}
			refused(t, r, row.code, row.says...)
		})
	}
}

// occupied returns an address that nobody listens on any more.
func occupied(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// TestBadRequestsToDecide feeds what is no request.
func TestBadRequestsToDecide(t *testing.T) {
	h := build(t, []cam{{ID: "cam-1", Name: "路口"}}, nil)
	decide := func(in string, more ...string) result {
		return command(t, strings.NewReader(in), append([]string{"decide", "--config", h.config, "--data", h.dir}, more...)...)
	}
	refused(t, decide("{\"id\":\n"), 2, "line 1")
	refused(t, decide("not JSON\n"), 2, "line 1")
	refused(t, decide("", "--world", "/nowhere/world.json"), 2, "/nowhere/world.json")
	world := filepath.Join(t.TempDir(), "world.json")
	if err := os.WriteFile(world, []byte(`{"cameras": 5}`), 0o600); err != nil {
		t.Fatal(err)
	}
	refused(t, decide("", "--world", world), 2, `"cameras" holds a number`)
	refused(t, command(t, strings.NewReader("places: [{id: a, colour: red}]\n"), "place", "import", "--data", t.TempDir(), "-"), 2, "colour")
}

// TestDiskFull records onto a disk that is full from the start, and onto one
// that fills up: nothing more is recorded, the reason stands in the timeline,
// and the service goes on.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	sim := cameras(t, map[string]camsim.Camera{"cam-1": {Clips: []*camsim.Clip{reel(t, busy(51))}}})
	cams := []cam{{ID: "cam-1", Name: "路口", URL: sim.URL("cam-1")}}
	t.Run("bound above what is free", func(t *testing.T) {
		h := build(t, nil, nil)
		text, err := os.ReadFile(h.config)
		if err != nil {
			t.Fatal(err)
		}
		full := strings.ReplaceAll(string(text), "min_free: 67108864", "min_free: 1152921504606846976")
		if err := os.WriteFile(h.config, []byte(full), 0o600); err != nil {
			t.Fatal(err)
		}
		h.importTownship(t, cams)
		s := h.start(t)
		h.toldDiskFull(t, s)
		if list, _ := h.segments(t, "cam-1"); len(list) > 0 {
			t.Errorf("%d segments were recorded onto a full disk", len(list))
		}
		s.stop(t)
		h.check(t)
	})
	t.Run("a disk that fills up", func(t *testing.T) {
		disk := t.TempDir()
		if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=160m", "tmpfs", disk).CombinedOutput(); err != nil {
			t.Skipf("no small disk can be mounted here, so only the bound is tested: %v %s", err, out)
		}
		t.Cleanup(func() { _ = exec.Command("umount", "-l", disk).Run() })
		h := build(t, nil, nil)
		h.dir = filepath.Join(disk, "data")
		h.importTownship(t, cams)
		s := h.start(t)
		await(t, 40*time.Second, "something to be recorded", func() bool { return spooled(h) > 0 })
		if err := os.WriteFile(filepath.Join(disk, "filler"), make([]byte, 110<<20), 0o600); err != nil {
			t.Fatal(err)
		}
		h.toldDiskFull(t, s)
		if err := os.Remove(filepath.Join(disk, "filler")); err != nil {
			t.Fatal(err)
		}
		freed := time.Now()
		await(t, 60*time.Second, "recording to go on once there is room", func() bool {
			list, _ := h.segments(t, "cam-1")
			return spooled(h) > 0 || len(list) > 0 && list[len(list)-1].From.After(freed)
		})
		s.stop(t)
		h.check(t)
	})
}

// spooled counts the segments that are being written.
func spooled(h *house) int {
	open, _ := filepath.Glob(filepath.Join(h.dir, "spool", "*.part"))
	return len(open)
}

// toldDiskFull waits until the timeline says that the disk is full.
func (h *house) toldDiskFull(t *testing.T, s *service) {
	t.Helper()
	chen := h.signIn(t, s, "chen")
	await(t, 60*time.Second, "a gap that says disk_full", func() bool {
		now := time.Now().UTC()
		var line struct {
			Gaps []struct{ Cause, Detail string }
		}
		chen.must(t, http.MethodGet, "/api/cameras/cam-1/timeline?from="+now.Add(-time.Hour).Format(time.RFC3339)+"&to="+now.Add(time.Hour).Format(time.RFC3339), nil, &line)
		for _, g := range line.Gaps {
			if g.Cause == "disk_full" {
				t.Logf("the timeline says: %s", g.Detail)
				return g.Detail != ""
			}
		}
		return false
	})
	resp, _ := chen.ask(t, http.MethodGet, "/readyz", nil)
	if resp.StatusCode != http.StatusOK || chen.camera(t, "cam-1").Link.State != "live" {
		t.Errorf("with a full disk the service answers %s", resp.Status)
	}
}
