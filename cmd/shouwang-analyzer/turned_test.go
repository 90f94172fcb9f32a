package main

import (
	"context"
	"os"
	"sync"
	"testing"
	"time"

	"shouwang"
	"shouwang/analyze"
	"shouwang/analyze/cliptest"
	"shouwang/analyze/pool"
	"shouwang/analyze/view"
)

// watching collects the grids of a camera's pictures with when each was taken.
type watching struct {
	mu    sync.Mutex
	grids []view.Grid
	at    []time.Duration
	now   time.Duration // of the picture being looked at
}

// look has a real process in its sandbox decode the pictures one by one.
func (w *watching) look(t *testing.T, units []*shouwang.AccessUnit) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	p, err := pool.New(ctx, pool.Config{Binary: os.Args[0], Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	s, err := p.Open("door-1", pool.Options{View: func(g view.Grid) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.grids, w.at = append(w.grids, g), append(w.at, w.now)
	}}, func(analyze.Observation) {})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for i, u := range units {
		w.mu.Lock()
		w.now = time.Duration(i) * time.Second
		w.mu.Unlock()
		if err := s.PushWait(ctx, u, analyze.ModeKey); err != nil {
			t.Fatal(err)
		}
		if err := s.Drain(ctx); err != nil {
			t.Fatal(err)
		}
	}
}

// TestATurnedCameraIsNoticedInItsStream encodes one stream of a camera that is
// turned after eighty seconds, and follows it from the decoder to the verdict
// that closes a camera: none before it was turned, one within two minutes after.
func TestATurnedCameraIsNoticedInItsStream(t *testing.T) {
	const turned = 80 * time.Second
	const noise = ",noise=alls=10:allf=t"
	units := cliptest.Make(t, cliptest.Spec{
		Source: "testsrc=s=640x360:r=1:d=80" + noise + "[a];smptehdbars=s=640x360:r=1:d=130" + noise + "[b];[a][b]concat=n=2:v=1:a=0",
		Codec:  shouwang.CodecH264, FPS: 1, Args: []string{"-g", "1"},
	})
	w := &watching{}
	w.look(t, units)
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.grids) < 30 {
		t.Fatalf("%d pictures and %d grids", len(units), len(w.grids))
	}
	began := time.Date(2026, 11, 18, 9, 0, 0, 0, time.UTC)
	watcher := view.Watch(view.Median(w.grids[:4]), view.DefaultPatience)
	for i, g := range w.grids {
		result, drifted := watcher.See(g, began.Add(w.at[i]))
		if !drifted {
			continue
		}
		if w.at[i] < turned || w.at[i] > turned+2*time.Minute || result.Verdict == view.Same {
			t.Fatalf("drifted after %s, turned after %s: %+v", w.at[i], turned, result)
		}
		if since := result.Since.Sub(began); since < turned-view.Window-5*time.Second || since > turned+30*time.Second {
			t.Errorf("drifted since %s, turned after %s", since, turned)
		}
		return
	}
	t.Fatalf("turned and not noticed: %+v", watcher.State())
}
