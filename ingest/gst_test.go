package ingest_test

import (
	"bufio"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"shouwang"
	"shouwang/ingest"
)

const python = "/usr/bin/python3" // Debian's, which has the bindings

// gstCamera starts GStreamer's RTSP server and returns host:port.
func gstCamera(t *testing.T, codec, user, pass, auth string) string {
	t.Helper()
	check := exec.Command(python, "-c", `import gi; gi.require_version("GstRtspServer", "1.0")`)
	if err := check.Run(); err != nil {
		if os.Getenv("SHOUWANG_CI") == "1" {
			t.Fatal("python3-gi and gir1.2-gst-rtsp-server-1.0 are not installed")
		}
		t.Skip("python3-gi and gir1.2-gst-rtsp-server-1.0 are not installed: no foreign RTSP server was tested")
	}
	cmd := exec.Command(python, "testdata/gst_camera.py", codec, user, pass, auth)
	var complaints strings.Builder
	cmd.Stderr = &complaints
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = stdin.Close()
		timer := time.AfterFunc(3*time.Second, func() { _ = cmd.Process.Kill() })
		_ = cmd.Wait()
		timer.Stop()
	})
	lines := bufio.NewScanner(stdout)
	if !lines.Scan() {
		t.Fatalf("GStreamer's server did not start: %s", complaints.String())
	}
	return "127.0.0.1:" + lines.Text()
}

// TestForeignServer pulls from GStreamer's server, a peer whose reading of the
// standards is not ours.
func TestForeignServer(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ codec, user, pass, auth string }{
		"h264 open":   {"h264", "", "", "basic"},
		"h264 basic":  {"h264", "viewer", "secret", "basic"},
		"h264 digest": {"h264", "viewer", "secret", "digest"},
		"h265 digest": {"h265", "viewer", "secret", "digest"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			addr := gstCamera(t, c.codec, c.user, c.pass, c.auth)
			url := "rtsp://" + addr + "/cam"
			if c.user != "" {
				url = "rtsp://" + c.user + ":" + c.pass + "@" + addr + "/cam"
			}
			r := newRig(t, quick(), ingest.Deps{})
			reader := r.pull(t, url).Subscribe(ingest.ReaderConfig{})
			defer reader.Close()
			units := take(t, reader, 12)
			whole(t, units)
			last := units[len(units)-1]
			if last.Params.Width != 320 || last.Params.Height != 180 || last.Params.Codec.String() != c.codec {
				t.Errorf("%+v", last.Params)
			}
			if d := last.PTS.Duration(); d < 900*time.Millisecond || d > 1300*time.Millisecond {
				t.Errorf("eleven pictures of 10 a second took %s of media time", d)
			}
			if c.user == "" {
				return
			}
			wrong := newRig(t, quick(), ingest.Deps{})
			wrong.pull(t, "rtsp://"+c.user+":guess@"+addr+"/cam")
			wrong.until(t, "refusal", func(s shouwang.StreamStatus) bool {
				return s.State == shouwang.LinkRefused && s.Code == shouwang.CodeWrongPassword
			})
		})
	}
}
