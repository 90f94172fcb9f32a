package pool

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"shouwang"
	"shouwang/analyze"
	"shouwang/analyze/cliptest"
)

var analyzer string // the binary, built once from this tree

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "--socket=3" {
		hostileAnalyzer()
		return
	}
	if os.Getenv("POOL_TEST_ORPHAN") != "" {
		orphanage()
	}
	dir, err := os.MkdirTemp("", "analyzer")
	if err != nil {
		panic(err)
	}
	analyzer = filepath.Join(dir, "shouwang-analyzer")
	if err := noteSources(); err != nil {
		panic(err)
	}
	if out, err := exec.Command("go", "build", "-tags", "noopencv", "-o", analyzer, "shouwang/cmd/shouwang-analyzer").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build shouwang-analyzer: %v\n%s", err, out)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(dir)
	if code == 0 {
		if err := goleak.Find(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// noteSources looks at every source of the analyzer, so that the go tool runs
// these tests again when one changed: what a subprocess reads it cannot know.
func noteSources() error {
	for _, dir := range []string{"..", "../../cmd/shouwang-analyzer"} {
		err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
			if err == nil {
				_, err = os.Stat(path)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func start(t testing.TB, c Config) *Pool {
	t.Helper()
	c.Binary = analyzer
	if c.Logger == nil {
		c.Logger = slog.New(slog.NewTextHandler(testWriter{t}, nil))
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	p, err := New(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

type testWriter struct{ t testing.TB }

func (w testWriter) Write(p []byte) (int, error) {
	w.t.Log(strings.TrimSpace(string(p)))
	return len(p), nil
}

// seen collects observations.
type seen struct {
	mu  sync.Mutex
	all []analyze.Observation
}

func (s *seen) sink(o analyze.Observation) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, o)
}

func (s *seen) list() []analyze.Observation {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]analyze.Observation(nil), s.all...)
}

// until waits for a condition on the real processes.
func until(t testing.TB, what string, cond func() bool) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !cond() {
		select {
		case <-deadline:
			t.Fatal("waited in vain:", what)
		case <-tick.C:
		}
	}
}

func testContext(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

var streetOnce = sync.OnceValue(func() func(testing.TB) []*shouwang.AccessUnit {
	var units []*shouwang.AccessUnit
	return func(t testing.TB) []*shouwang.AccessUnit {
		if units == nil {
			units = cliptest.Make(t, cliptest.Spec{Source: cliptest.Scene(640, 360, 10, 6), Codec: shouwang.CodecH264, FPS: 10, Args: []string{"-g", "10"}})
		}
		return units
	}
})

func street(t testing.TB) []*shouwang.AccessUnit { return streetOnce()(t) }

// again returns the units n times over, as one stream.
func again(units []*shouwang.AccessUnit, n int) (out []*shouwang.AccessUnit) {
	step := units[1].PTS - units[0].PTS
	for i := range n * len(units) {
		u := *units[i%len(units)]
		u.Seq, u.PTS = uint64(i), step*shouwang.MediaTime(i)
		out = append(out, &u)
	}
	return out
}

func open(t testing.TB, p *Pool, cam shouwang.CameraID, sink func(analyze.Observation)) *Session {
	t.Helper()
	s, err := p.Open(cam, Options{}, sink)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func TestEveryUnitIsObservedInOrder(t *testing.T) {
	p, got, ctx := start(t, Config{Workers: 1}), &seen{}, testContext(t)
	s, units := open(t, p, "door-1", got.sink), street(t)
	for _, u := range units {
		if err := s.PushWait(ctx, u, analyze.ModeChain); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Drain(ctx); err != nil {
		t.Fatal(err)
	}
	all, moving := got.list(), 0
	if len(all) != len(units) {
		t.Fatalf("%d observations of %d units", len(all), len(units))
	}
	for i, o := range all {
		if o.Seq != uint64(i) || o.PTS != units[i].PTS || o.Key != units[i].Key || !o.Decoded || o.Damaged || o.DecodeMicros == 0 || o.Mean < 20 {
			t.Fatalf("observation %d: %+v", i, o)
		}
		if len(o.Regions) > 0 {
			moving++
		}
	}
	if moving < len(units)/3 {
		t.Errorf("the moving box was seen in %d of %d pictures", moving, len(units))
	}
	if st := s.Stats(); st.Pushed != 60 || st.Answered != 60 || st.Decoded != 60 || st.Dropped != 0 || st.Degraded {
		t.Errorf("%+v", st)
	}
}

func TestKeyFramesAloneAndCatchUp(t *testing.T) {
	p, got, ctx := start(t, Config{Workers: 1}), &seen{}, testContext(t)
	s, units := open(t, p, "door-1", got.sink), street(t)
	push := func(u *shouwang.AccessUnit, m analyze.Mode) {
		t.Helper()
		if err := s.PushWait(ctx, u, m); err != nil {
			t.Fatal(err)
		}
	}
	push(units[0], analyze.ModeKey)
	push(units[10], analyze.ModeKey)
	for _, u := range units[10:15] { // woken: the chain begins where the key frame was
		push(u, analyze.ModeChain)
	}
	if err := s.Push(units[15], analyze.ModeKey); shouwang.CodeOf(err) != shouwang.CodeInternal {
		t.Error("a picture that refers to others was taken as a key frame:", err)
	}
	if err := s.Drain(ctx); err != nil {
		t.Fatal(err)
	}
	var decoded []uint64
	for _, o := range got.list() {
		if o.Decoded {
			decoded = append(decoded, o.Seq)
		}
	}
	if want := "[0 10 11 12 13 14]"; fmt.Sprint(decoded) != want {
		t.Errorf("observed %v, want %v", decoded, want)
	}
}

func TestPushNeverBlocksAndGoesOnAtAKeyFrame(t *testing.T) {
	p, got, ctx := start(t, Config{Workers: 1, Queue: 8}), &seen{}, testContext(t)
	s, units := open(t, p, "door-1", got.sink), again(street(t), 5)
	dropped := 0
	for _, u := range units {
		if err := s.Push(u, analyze.ModeChain); errors.Is(err, ErrDropped) {
			dropped++
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Drain(ctx); err != nil {
		t.Fatal(err)
	}
	if dropped == 0 || !s.Stats().Degraded || s.Stats().Dropped != uint64(dropped) {
		t.Fatalf("dropped %d, %+v", dropped, s.Stats())
	}
	last := int64(-1)
	for _, o := range got.list() {
		if int64(o.Seq) != last+1 && !o.Key {
			t.Fatalf("after unit %d came unit %d, which is no key frame", last, o.Seq)
		}
		if o.Damaged {
			t.Fatalf("unit %d was decoded without what it refers to", o.Seq)
		}
		last = int64(o.Seq)
	}
}

func TestPushAllocatesNothing(t *testing.T) {
	p, ctx := start(t, Config{Workers: 1}), testContext(t)
	s, units := open(t, p, "door-1", func(analyze.Observation) {}), again(street(t), 1)
	i := 0
	push := func() {
		if err := s.PushWait(ctx, units[i%len(units)], analyze.ModeChain); err != nil {
			t.Fatal(err)
		}
		i++
	}
	for range 200 { // the buffers of sender and receiver grow to their size
		push()
	}
	if n := testing.AllocsPerRun(300, push); n != 0 {
		t.Errorf("%v allocations an access unit, sending and receiving included", n)
	}
}

func TestKilledProcessIsReplacedAndOthersGoOn(t *testing.T) {
	p, ctx := start(t, Config{Workers: 2}), testContext(t)
	units := again(street(t), 60)
	type cam struct {
		*Session
		*seen
	}
	var cams []cam
	for i := range 4 {
		got := &seen{}
		cams = append(cams, cam{open(t, p, shouwang.CameraID(fmt.Sprintf("door-%d", i)), got.sink), got})
	}
	var wg sync.WaitGroup
	done := make(chan struct{})
	for _, c := range cams {
		wg.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-done:
					return
				default:
				}
				if err := c.PushWait(ctx, units[i%len(units)], analyze.ModeChain); err != nil && !errors.Is(err, ErrDropped) {
					t.Error(err)
					return
				}
			}
		})
	}
	until(t, "all cameras are observed", func() bool {
		for _, c := range cams {
			if len(c.list()) < 20 {
				return false
			}
		}
		return true
	})
	victim := p.Stats().Workers[0].PID
	before := make([]int, len(cams))
	for i, c := range cams {
		before[i] = len(c.list())
	}
	if err := syscall.Kill(victim, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	until(t, "all cameras are observed again", func() bool {
		for i, c := range cams {
			if len(c.list()) < before[i]+100 {
				return false
			}
		}
		return true
	})
	until(t, "the process is replaced", func() bool {
		pid := p.Stats().Workers[0].PID
		return pid != 0 && pid != victim
	})
	close(done)
	wg.Wait()
	if st := p.Stats(); st.Deaths != 1 || len(st.Quarantined) != 0 {
		t.Errorf("%+v", st)
	}
	if err := syscall.Kill(victim, 0); err != syscall.ESRCH {
		t.Error("the killed process was not reaped:", err)
	}
}

func TestMissingAndBrokenBinaryAreSaid(t *testing.T) {
	text := filepath.Join(t.TempDir(), "analyzer")
	if err := os.WriteFile(text, []byte("#!/bin/sh\necho this kernel has no seccomp >&2\nexit 1\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for path, say := range map[string]string{"/nonexistent/analyzer": "make build", os.TempDir(): "not an executable", text: "this kernel has no seccomp"} {
		_, err := New(testContext(t), Config{Binary: path, Workers: 1})
		if shouwang.CodeOf(err) != shouwang.CodeNoAnalyzer || !strings.Contains(err.Error(), say) {
			t.Errorf("%s: %v", path, err)
		}
	}
	for _, c := range []Config{{Workers: -1}, {Memory: 1}, {Queue: 1 << 20}} {
		if _, err := New(testContext(t), c); shouwang.CodeOf(err) != shouwang.CodeBadConfig {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

func TestClosedSaysSo(t *testing.T) {
	p := start(t, Config{Workers: 1})
	s := open(t, p, "door-1", func(analyze.Observation) {})
	s.Close()
	s.Close()
	if err := s.Push(street(t)[0], analyze.ModeChain); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	p.Close()
	p.Close()
	if _, err := p.Open("door-2", Options{}, nil); shouwang.CodeOf(err) != shouwang.CodeInternal || p.Stats().Sessions != 0 {
		t.Error(err)
	}
}
