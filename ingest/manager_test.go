package ingest_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"shouwang"
	"shouwang/ingest"
)

// TestMain lets more tests wait side by side than there are cores: they spend
// their time on the cameras' clocks, not on the processor.
func TestMain(m *testing.M) {
	if name := os.Getenv(simEnv); name != "" {
		simMain(name)
		return
	}
	flag.Parse()
	if err := flag.Set("test.parallel", "16"); err != nil {
		panic(err)
	}
	dir, err := os.MkdirTemp("", "shouwang-ingest-test-")
	if err != nil {
		panic(err)
	}
	sceneDir = dir
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		_ = os.RemoveAll(dir)
		os.Exit(code)
	}))
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
func ffmpeg(t *testing.T, args ...string) { ffmpegProcess(t, args...) }

func ffmpegProcess(t *testing.T, args ...string) *os.Process {
	t.Helper()
	need(t, "ffmpeg")
	cmd := exec.Command("ffmpeg", append([]string{"-nostdin", "-loglevel", "error"}, args...)...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { _ = cmd.Wait(); close(done) }()
	t.Cleanup(func() { _ = cmd.Process.Kill(); <-done })
	return cmd.Process
}

// stopProcess freezes a process as a lost network would.
func stopProcess(t *testing.T, p *os.Process) {
	t.Helper()
	if err := p.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
}

// scene is a generated moving picture, 320x180 at 10 a second, in H.264, that
// ffmpeg plays over and over at its pace; encoded once for all tests.
func scene(t *testing.T) []string {
	t.Helper()
	need(t, "ffmpeg")
	path, err := encodeScene()
	if err != nil {
		t.Fatal(err)
	}
	return []string{"-re", "-stream_loop", "-1", "-i", path, "-map", "0:v", "-c", "copy"}
}

var encodeScene = sync.OnceValues(func() (string, error) {
	path := filepath.Join(sceneDir, "scene.mp4")
	out, err := exec.Command("ffmpeg", "-nostdin", "-loglevel", "error", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=10",
		"-t", "10", "-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "10", path).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("make scene: %w: %s", err, out)
	}
	return path, nil
})

var sceneDir string

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
	ffmpeg(t, append(scene(t), "-f", "rtsp", "rtsp://edge:s3cret@"+m.PushAddr().String()+"/push/door-1")...)
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for i := range 15 {
		u, err := r.Next(ctx)
		if err != nil {
			t.Fatal(i, err)
		}
		if i == 0 && !u.Key || u.Seq != uint64(i) || u.Lost != 0 || u.Params.Width != 320 || u.Params.Height != 180 {
			t.Fatalf("unit %d: %+v", i, u)
		}
	}
}
