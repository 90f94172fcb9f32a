package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"shouwang"
	"shouwang/analyze"
	"shouwang/analyze/cliptest"
	"shouwang/analyze/pool"
	"shouwang/analyze/wire"
)

// The test binary runs itself as the analyzer: it is the same program.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && (os.Args[1] == "--socket=3" || os.Args[1] == "--try-model") { // started by a pool
		main()
		return
	}
	if os.Getenv("ANALYZER_TEST_CHILD") != "" {
		os.Args = append(os.Args[:1], strings.Fields(os.Getenv("ANALYZER_TEST_CHILD"))...)
		main()
		return
	}
	os.Exit(m.Run())
}

func child(t *testing.T, args string) (out, errs string, err error) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "ANALYZER_TEST_CHILD="+args)
	var o, e bytes.Buffer
	cmd.Stdout, cmd.Stderr = &o, &e
	err = cmd.Run()
	return o.String(), e.String(), err
}

func TestSelftestFindsNoWayOut(t *testing.T) {
	out, errs, err := child(t, "--selftest")
	if strings.Contains(errs, "does not start unlocked") && os.Getenv("SHOUWANG_CI") != "1" {
		t.Skip("this kernel has no landlock or no seccomp:", errs)
	}
	if err != nil || strings.Count(out, "operation not permitted") < 15 {
		t.Fatalf("%v\n%s%s", err, out, errs)
	}
	if _, errs, err := child(t, "--selftest --no-sandbox"); err == nil || !strings.Contains(errs, "the sandbox leaks") {
		t.Errorf("the selftest finds nothing even without a sandbox: %v %s", err, errs)
	}
}

func TestByItselfItSaysWhatItIs(t *testing.T) {
	if _, errs, err := child(t, "x"); err == nil || !strings.Contains(errs, "started by shouwang") || strings.Count(errs, "\n") != 1 {
		t.Errorf("%v %q", err, errs)
	}
}

// TestEveryDetectorWorksLockedIn runs each detector in a real process: OpenCV
// has threads and habits of its own.
func TestEveryDetectorWorksLockedIn(t *testing.T) {
	units := cliptest.Make(t, cliptest.Spec{Source: cliptest.Scene(640, 360, 10, 4), Codec: shouwang.CodecH264, FPS: 10, Args: []string{"-g", "10"}})
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	p, err := pool.New(ctx, pool.Config{Binary: os.Args[0], Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	for _, model := range []string{"scene", "mog2"} {
		var moving atomic.Int32
		s, err := p.Open("door-1", pool.Options{Model: model}, func(o analyze.Observation) {
			if len(o.Regions) > 0 {
				moving.Add(1)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range units {
			if err := s.PushWait(ctx, u, analyze.ModeChain); err != nil {
				t.Fatal(model, err)
			}
		}
		if err := s.Drain(ctx); err != nil {
			t.Fatal(model, err)
		}
		s.Close()
		if moving.Load() < 10 {
			t.Errorf("%s saw the moving box in %d of %d pictures", model, moving.Load(), len(units))
		}
	}
}

func TestDetectorsByName(t *testing.T) {
	for _, name := range []string{"", "scene", "mog2"} {
		d, err := newDetector(name, nil)
		if err != nil {
			t.Fatal(name, err)
		}
		luma := bytes.Repeat([]byte{90, 110, 130, 150}, 80*180)
		if r := d.Observe(luma, 320, 320, 180, 0, true); r.Mean < 80 || r.Mean > 160 {
			t.Errorf("%q: mean %v", name, r.Mean)
		}
		d.(interface{ Close() }).Close()
	}
	if _, err := newDetector("yolo", nil); shouwang.CodeOf(err) != shouwang.CodeBadConfig {
		t.Error(err)
	}
	if _, err := newDetector("", []byte("{")); shouwang.CodeOf(err) != shouwang.CodeBadConfig {
		t.Error(err)
	}
	r, err := newRenderer(wire.RenderSpec{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
}

// TestThingsAreNamedLockedIn asks, of real processes in their sandbox, what
// walks through a labelled clip. It is skipped where the clip and the model
// are not beside this checkout.
func TestThingsAreNamedLockedIn(t *testing.T) {
	const model, clip = "../../../shared/models/yolox_nano.onnx", "../../../shared/videos/intel_one-by-one-person-detection.mp4"
	for _, f := range []string{model, clip} {
		if _, err := os.Stat(f); err != nil {
			t.Skip("skipped: labelled clips and a model are not beside this checkout:", err)
		}
	}
	units := cliptest.Make(t, cliptest.Spec{Source: clip, File: true, Codec: shouwang.CodecH264, FPS: 10, Args: []string{"-ss", "6", "-t", "6", "-g", "10"}})
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	p, err := pool.New(ctx, pool.Config{Binary: os.Args[0], Workers: 1, Model: model, ModelNeeded: true})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	var people, asked atomic.Int32
	s, err := p.Open("room", pool.Options{Found: func(f pool.Found) {
		asked.Add(1)
		if f.Label == "person" && f.Score > 0.5 {
			people.Add(1)
		}
	}}, func(analyze.Observation) {})
	if err != nil {
		t.Fatal(err)
	}
	for i, u := range units {
		if err := s.PushWait(ctx, u, analyze.ModeChain); err != nil {
			t.Fatal(err)
		}
		if i%10 == 9 { // a whole picture once a second: somebody is in it
			if err := s.Drain(ctx); err != nil {
				t.Fatal(err)
			}
			s.Ask(uint32(i), shouwang.Box{0.3, 0, 0.6, 1})
		}
	}
	if err := s.Drain(ctx); err != nil {
		t.Fatal(err)
	}
	p.Close()
	t.Logf("%s: a person in %d of %d questions", p.Classifier(), people.Load(), asked.Load())
	if people.Load() < 2 {
		t.Errorf("a person in %d of %d questions", people.Load(), asked.Load())
	}
}

// TestABadModelCostsNothingButNames: the service goes on without, and the
// command line, which was asked for names, says why not.
func TestABadModelCostsNothingButNames(t *testing.T) {
	bad := t.TempDir() + "/bad.onnx"
	// It begins like a network and is none: OpenCV ends its process over it.
	if err := os.WriteFile(bad, append([]byte{8, 7}, bytes.Repeat([]byte("nonsense"), 100)...), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	_, err := pool.New(ctx, pool.Config{Binary: os.Args[0], Workers: 1, Model: bad, ModelNeeded: true})
	if shouwang.CodeOf(err) != shouwang.CodeBadConfig || !strings.Contains(err.Error(), "cannot be used") {
		t.Fatal(err)
	}
	p, err := pool.New(ctx, pool.Config{Binary: os.Args[0], Workers: 1, Model: bad})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if p.Classifier() != "" {
		t.Errorf("%q names things", p.Classifier())
	}
}
