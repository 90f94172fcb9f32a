package e2e

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"shouwang/cmd/internal/demo"
	"shouwang/cmd/internal/scene"
	"shouwang/ingest/camsim"
)

// busy is a street with something going on most of the time, so that a test
// need not wait long for an event, and quiet enough for one to end.
func busy(seed uint64) scene.Scene {
	s := scene.Street(seed)
	s.Lasts = 24 * time.Second
	s.Visits[0].Start, s.Visits[1].Start = 4*time.Second, 13*time.Second
	s.Visits[1].Lasts = 6 * time.Second
	s.Visits = s.Visits[:2]
	return s
}

// film returns an encoded scene, key frames a second apart. It is painted once
// and kept below .cache.
func film(t testing.TB, s scene.Scene) string {
	t.Helper()
	tool(t, "ffmpeg")
	sum := sha256.Sum256(fmt.Appendf(nil, "%+v v1", s))
	path := filepath.Join(root(t), ".cache", "e2e", hex.EncodeToString(sum[:8])+".mp4")
	if _, err := os.Stat(path); err == nil {
		return path
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	half := filepath.Join(t.TempDir(), "half.mp4")
	if err := s.Encode(t.Context(), half, "h264", time.Second); err != nil {
		t.Fatal(err)
	}
	if err := copyFile(half, path+".half"); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".half", path); err != nil {
		t.Fatal(err)
	}
	return path
}

// reel loads a film for the simulator.
func reel(t testing.TB, s scene.Scene) *camsim.Clip {
	t.Helper()
	c, err := camsim.Load(t.Context(), film(t, s), 0)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// cameras starts a simulator that plays what is given by path.
func cameras(t testing.TB, list map[string]camsim.Camera) *camsim.Sim {
	t.Helper()
	sim, err := camsim.New(camsim.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sim.Close)
	for path, c := range list {
		if err := sim.Serve(path, c); err != nil {
			t.Fatal(err)
		}
	}
	return sim
}

// publish has ffmpeg push a film to the service, as an edge agent does, until
// the test ends.
func publish(t testing.TB, s *service, h *house, camera, file string) {
	t.Helper()
	token := h.tokens[camera]
	if token == "" {
		t.Fatalf("the import printed no publish token for %s", camera)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	var wg sync.WaitGroup
	wg.Go(func() {
		demo.Publish(ctx, slog.New(slog.DiscardHandler), file, fmt.Sprintf("rtsp://camera:%s@%s/push/%s", token, s.push, camera))
	})
	t.Cleanup(func() { stop(); wg.Wait() })
}
