package demo

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"shouwang"
	"shouwang/cmd/internal/service"
	"shouwang/storage/registry"
)

func importInto(t *testing.T, text []byte) (*registry.Registry, registry.Report) {
	t.Helper()
	cfg := service.Defaults()
	cfg.Data = t.TempDir()
	reg, err := service.OpenRegistry(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { reg.Close() })
	// The real hash takes a tenth of a second a person.
	report, err := reg.Import(t.Context(), bytes.NewReader(text), func(p string) (string, error) { return "hash:" + p, nil })
	if err != nil {
		t.Fatal(err)
	}
	return reg, report
}

func TestDemoTownshipImportsAndIsCurrent(t *testing.T) {
	sources := map[shouwang.CameraID]Source{}
	for _, c := range Cameras() {
		if sources[c.ID] = (Source{}); !c.Push {
			sources[c.ID] = Source{URL: "rtsp://127.0.0.1:1/" + string(c.ID)}
		}
	}
	town, err := Township(time.Now(), sources)
	if err != nil {
		t.Fatal(err)
	}
	reg, report := importInto(t, town)
	if report.Cameras != len(Cameras()) || len(report.Passwords) < 8 {
		t.Errorf("imported %d cameras and %d people", report.Cameras, len(report.Passwords))
	}
	world, err := reg.World(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"camera:door-17", "camera:gate-21"} {
		c, ok := world.Consent(id, "public_safety")
		if !ok || !c.State.Live() || time.Now().Before(c.NotBefore) || time.Now().After(c.NotAfter) {
			t.Errorf("%s has no consent that holds today", id)
		}
	}
}

func TestTownshipWithoutASourceIsRefused(t *testing.T) {
	if _, err := Township(time.Now(), nil); err == nil || !strings.Contains(err.Error(), "has no source") {
		t.Errorf("got %v", err)
	}
}

// The example that the README names must import as it is.
func TestExampleTownshipImports(t *testing.T) {
	raw, err := os.ReadFile("../../../deploy/township.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if _, report := importInto(t, raw); report.Cameras != 1 || report.Consents != 1 {
		t.Errorf("imported %+v", report)
	}
}

func TestClearRemovesOnlyADemo(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	if err := clear(dir); err != nil {
		t.Errorf("a folder that is not there: %v", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	precious := filepath.Join(dir, "registry.db")
	if err := os.WriteFile(precious, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := clear(dir); shouwang.CodeOf(err) != shouwang.CodeBadUsage {
		t.Errorf("somebody's data: %v", err)
	}
	if _, err := os.Stat(precious); err != nil {
		t.Fatal("somebody's data is gone")
	}
	if err := os.WriteFile(filepath.Join(dir, marker), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := clear(dir); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Error("a demo's data is still there")
	}
}

func TestMakeClipsPaintsWhereNoClipIsAndKeepsIt(t *testing.T) {
	cache := t.TempDir()
	spec := []ClipSpec{{Files: []string{"no-such-clip.mp4"}, Codec: "h264", Size: "640x360", FPS: 10, Seed: 3}}
	said := 0
	for range 2 {
		files, err := MakeClips(context.Background(), t.TempDir(), cache, spec, func(string) { said++ })
		if shouwang.CodeOf(err) == shouwang.CodeBadConfig && os.Getenv("SHOUWANG_CI") == "" {
			t.Skip("ffmpeg is not installed: run make test, which installs it")
		}
		if err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(files[0]); err != nil || info.Size() < 10_000 {
			t.Errorf("clip %v %v", info, err)
		}
	}
	if said != 1 {
		t.Errorf("the clip was made %d times", said)
	}
}
