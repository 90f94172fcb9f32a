package ingest_test

import (
	"context"
	"errors"
	"flag"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"shouwang"
	"shouwang/ingest"
)

// TestMain lets more tests wait side by side than there are cores: they spend
// their time on the cameras' clocks, not on the processor.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "16"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}

func need(t testing.TB, tool string) {
	t.Helper()
	if _, err := exec.LookPath(tool); err == nil {
		return
	}
	if os.Getenv("SHOUWANG_CI") == "1" {
		t.Fatalf("%s is not installed", tool)
	}
	t.Skipf("%s is not installed: nothing was tested here", tool)
}

// ffmpeg starts a real encoder as a camera; it ends with the test.
func ffmpeg(t *testing.T, args ...string) *strings.Builder {
	t.Helper()
	need(t, "ffmpeg")
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, "ffmpeg", append([]string{"-nostdin", "-loglevel", "error"}, args...)...)
	out := &strings.Builder{}
	cmd.Stderr = out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { _ = cmd.Wait(); close(done) }()
	t.Cleanup(func() { cancel(); <-done })
	return out
}

// scene is a generated moving picture, 320x180 at 10 a second, in H.264.
var scene = []string{
	"-re", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=10",
	"-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "10",
}

func TestPushedByFFmpeg(t *testing.T) {
	t.Parallel()
	cfg := ingest.DefaultConfig()
	cfg.Push = "127.0.0.1:0"
	states := make(chan shouwang.StreamStatus, 100)
	m, err := ingest.New(cfg, ingest.Deps{
		OnStatus: func(s shouwang.StreamStatus) { states <- s },
		PushAuth: func(id shouwang.CameraID, token string) error {
			if id == "door-1" && token == "s3cret" {
				return nil
			}
			return errors.New("no")
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if err := m.Start(shouwang.Camera{ID: "door-1", Sources: []shouwang.Source{{Kind: shouwang.StreamMain, Push: true}}}); err != nil {
		t.Fatal(err)
	}
	hub, _ := m.Hub("door-1", shouwang.StreamSub)
	r := hub.Subscribe(ingest.ReaderConfig{Name: "test"})
	defer r.Close()
	out := ffmpeg(t, append(scene, "-f", "rtsp", "rtsp://edge:s3cret@"+m.PushAddr().String()+"/push/door-1")...)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for i := range 15 {
		u, err := r.Next(ctx)
		if err != nil {
			t.Fatal(i, err, out.String())
		}
		if i == 0 && !u.Key || u.Seq != uint64(i) || u.Lost != 0 || u.Params.Width != 320 || u.Params.Height != 180 {
			t.Fatalf("unit %d: %+v", i, u)
		}
	}
}
