package pool

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"shouwang"
	"shouwang/analyze"
	"shouwang/analyze/cliptest"
	"shouwang/analyze/decode/nal"
	"shouwang/analyze/wire"
	loop "shouwang/analyze/worker"
)

// No stream is known that kills libavcodec, so here the test binary plays an
// analyzer whose detector does what a taken-over decoder might do.

// hostileAnalyzer runs when the pool starts this binary.
func hostileAnalyzer() {
	conn := os.NewFile(3, "shouwang")
	err := loop.Run(conn, loop.Config{
		NewDetector: func(model string, _ []byte) (loop.Detector, error) { return &hostile{what: model, conn: conn}, nil },
		Limits:      nal.DefaultLimits, Sandbox: "off",
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

type hostile struct {
	what string
	conn *os.File
	n    int
	keep [][]byte

	burnt atomic.Int64
}

// Observe behaves until the sixth picture.
func (h *hostile) Observe([]byte, int, int, int, shouwang.MediaTime, bool) loop.Result {
	if h.n++; h.n > 5 && (h.what != "burn" || h.n == 6) {
		switch h.what {
		case "crash":
			fmt.Fprintln(os.Stderr, "SIGSEGV in the decoder")
			os.Exit(3)
		case "hang":
			for {
				h.n++
			}
		case "grow":
			for {
				b := make([]byte, 16<<20)
				for i := 0; i < len(b); i += 4096 {
					b[i] = 1
				}
				h.keep = append(h.keep, b)
				time.Sleep(5 * time.Millisecond) // not a wait for anything: it grows no faster than it is looked at
			}
		case "burn": // all that the machine has, besides the work
			for range 2 * runtime.NumCPU() {
				go func() {
					for {
						h.burnt.Add(1)
					}
				}()
			}
		case "lie":
			h.conn.Write(bytes.Repeat([]byte{0xff}, 64))
		case "forge": // an answer to a unit of somebody else
			msg := wire.AppendObs(wire.Begin(nil, wire.KindObs), &wire.Obs{Handle: 1, Seq: 999, Flags: wire.FlagAck | wire.FlagDecoded})
			wire.End(msg, 0)
			h.conn.Write(msg)
		}
	}
	return loop.Result{Mean: 100, Regions: []analyze.Region{{Box: shouwang.Box{0, 0, 1, 1}}}}
}

// TestPoisonIsFoundAmongOthers: two good cameras and a bad one share a
// process; whatever the bad one does to it, the good ones go on and the bad
// one is shut out, and named.
func TestPoisonIsFoundAmongOthers(t *testing.T) {
	for _, what := range []string{"crash", "hang", "grow", "lie", "forge"} {
		t.Run(what, func(t *testing.T) {
			named := make(chan shouwang.CameraID, 8)
			watchdog := 2 * time.Second
			if what == "hang" {
				watchdog = 300 * time.Millisecond
			}
			p, err := New(testContext(t), Config{
				Binary: os.Args[0], Workers: 1, Watchdog: watchdog, Memory: 400 << 20,
				OnQuarantine: func(cam shouwang.CameraID, _ string) { named <- cam },
			})
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			units, ctx := again(street(t), 100), testContext(t)
			good := [2]*seen{{}, {}}
			done := make(chan struct{})
			var wg sync.WaitGroup
			push := func(s *Session) {
				for i := 0; ; i++ {
					select {
					case <-done:
						return
					default:
					}
					if err := s.PushWait(ctx, units[i%len(units)], analyze.ModeChain); err != nil && !errors.Is(err, ErrDropped) {
						if shouwang.CodeOf(err) != shouwang.CodePoison {
							t.Error(err)
						}
						return
					}
				}
			}
			for i, g := range good {
				s := open(t, p, shouwang.CameraID(fmt.Sprintf("good-%d", i)), g.sink)
				wg.Go(func() { push(s) })
			}
			bad, err := p.Open("bad", Options{Model: what}, func(analyze.Observation) {})
			if err != nil {
				t.Fatal(err)
			}
			wg.Go(func() { push(bad) })
			select {
			case cam := <-named:
				if cam != "bad" {
					t.Errorf("%s was shut out", cam)
				}
			case <-ctx.Done():
				t.Fatalf("nobody was shut out: %+v", p.Stats())
			}
			before := [2]int{len(good[0].list()), len(good[1].list())}
			until(t, "the good cameras go on", func() bool {
				return len(good[0].list()) > before[0]+50 && len(good[1].list()) > before[1]+50
			})
			close(done)
			wg.Wait()
			if err := bad.Push(units[0], analyze.ModeChain); shouwang.CodeOf(err) != shouwang.CodePoison {
				t.Error(err)
			}
			if _, err := p.Open("bad", Options{}, nil); shouwang.CodeOf(err) != shouwang.CodePoison {
				t.Error(err)
			}
			st := p.Stats()
			if len(st.Quarantined) != 1 || len(named) != 0 || st.Deaths < 2 || st.Deaths > 4 {
				t.Errorf("%+v, %d more named", st, len(named))
			}
			if what == "hang" && st.Stuck == 0 || what == "grow" && st.Overgrown == 0 {
				t.Errorf("it was not noticed why: %+v", st)
			}
			p.Release("bad")
			if err := bad.Push(units[0], analyze.ModeChain); err != nil {
				t.Error("released and still shut out:", err)
			}
		})
	}
}

// TestSpoiledStreamsHarmNobody pushes real streams with random damage through
// the real analyzer, sandbox and all.
func TestSpoiledStreamsHarmNobody(t *testing.T) {
	p, ctx := start(t, Config{Workers: 1}), testContext(t)
	h265 := cliptest.Make(t, cliptest.Spec{Source: cliptest.Scene(320, 180, 10, 3), Codec: shouwang.CodecH265, FPS: 10, Args: []string{"-g", "10"}})
	good := &seen{}
	healthy := open(t, p, "good", good.sink)
	rng := rand.New(rand.NewPCG(3, 4))
	for i, units := range [][]*shouwang.AccessUnit{street(t), h265} {
		s := open(t, p, shouwang.CameraID(fmt.Sprintf("spoiled-%d", i)), func(analyze.Observation) {})
		for round, u := range again(units, 4) {
			mode := analyze.ModeChain
			if u.Key && round%20 == 0 {
				mode = analyze.ModeKey
			}
			err := s.PushWait(ctx, spoil(rng, u, round), mode)
			if err != nil && !errors.Is(err, ErrDropped) && shouwang.CodeOf(err) != shouwang.CodePoison && shouwang.CodeOf(err) != shouwang.CodeBadStream {
				t.Fatal(err)
			}
			if err := healthy.PushWait(ctx, street(t)[round%10], analyze.ModeChain); err != nil && !errors.Is(err, ErrDropped) {
				t.Fatal(err)
			}
		}
		if err := s.Drain(ctx); err != nil && shouwang.CodeOf(err) == shouwang.CodeInternal {
			t.Fatal(err)
		}
		if st := s.Stats(); st.Damaged == 0 {
			t.Errorf("stream %d was not spoiled: %+v", i, st)
		}
	}
	if err := healthy.Drain(ctx); err != nil {
		t.Fatal(err)
	}
	for _, cam := range p.Stats().Quarantined {
		if cam == "good" {
			t.Error("the healthy camera was shut out")
		}
	}
	if len(good.list()) < 100 {
		t.Errorf("the healthy camera had %d observations", len(good.list()))
	}
	t.Logf("%+v", p.Stats())
}

// spoil returns a copy of the unit with something wrong in it.
func spoil(rng *rand.Rand, u *shouwang.AccessUnit, round int) *shouwang.AccessUnit {
	out := *u
	out.Data = bytes.Clone(u.Data)
	switch round % 4 {
	case 0: // good, so that there is something to refer to
	case 1: // bytes
		for range 1 + rng.IntN(30) {
			out.Data[rng.IntN(len(out.Data))] = byte(rng.Uint32())
		}
	case 2: // cut
		out.Data = out.Data[:1+rng.IntN(len(out.Data))]
	case 3: // parameter sets
		params := *u.Params
		params.SPS, params.PPS = bytes.Clone(params.SPS), bytes.Clone(params.PPS)
		params.SPS[rng.IntN(len(params.SPS))] ^= 1 << rng.IntN(8)
		params.PPS[rng.IntN(len(params.PPS))] ^= 1 << rng.IntN(8)
		out.Params, out.Key = &params, true
	}
	return &out
}

// TestAbsurdSizesAreRefusedBeforeDecoding: the stream gets an error of its
// own, the process lives, and better parameter sets are taken.
func TestAbsurdSizesAreRefusedBeforeDecoding(t *testing.T) {
	p, got, ctx := start(t, Config{Workers: 1}), &seen{}, testContext(t)
	s, units := open(t, p, "door-1", got.sink), street(t)
	bad := *units[0]
	bad.Params = &shouwang.Params{Codec: shouwang.CodecH264, SPS: []byte{0x67, 0x42, 0xc0, 0x1e, 0xff}, PPS: units[0].Params.PPS}
	if err := s.PushWait(ctx, &bad, analyze.ModeChain); err != nil {
		t.Fatal(err)
	}
	until(t, "the stream is refused", func() bool {
		return shouwang.CodeOf(s.Push(&bad, analyze.ModeChain)) == shouwang.CodeBadStream
	})
	if err := s.PushWait(ctx, units[0], analyze.ModeChain); err != nil {
		t.Fatal("good parameter sets are refused, too:", err)
	}
	if err := s.Drain(ctx); err != nil {
		t.Fatal(err)
	}
	if all := got.list(); !all[len(all)-1].Decoded || p.Stats().Deaths != 0 {
		t.Errorf("%+v", all[len(all)-1])
	}
}

// orphanage runs in a process of its own: it starts a pool, says who its
// child is and waits to be killed.
func orphanage() {
	p, err := New(context.Background(), Config{Binary: os.Getenv("POOL_TEST_ORPHAN"), Workers: 1})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(p.Stats().Workers[0].PID)
	select {}
}

func TestAnalyzerEndsWithItsParent(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "POOL_TEST_ORPHAN="+analyzer)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, 32)
	n, _ := out.Read(line)
	pid, err := strconv.Atoi(strings.TrimSpace(string(line[:n])))
	if err != nil {
		t.Fatalf("%q: %v", line[:n], err)
	}
	if err := syscall.Kill(pid, 0); err != nil {
		t.Fatal("the analyzer does not run:", err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	until(t, "the analyzer ends", func() bool {
		stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		return err != nil || bytes.Contains(stat, []byte(") Z ")) // nobody may reap it in a container
	})
}

func TestEnvironmentIsKept(t *testing.T) {
	t.Setenv("SHOUWANG_S3_SECRET", "hunter2")
	p := start(t, Config{Workers: 1})
	env, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", p.Stats().Workers[0].PID))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(env, []byte("hunter2")) || len(env) == 0 {
		t.Errorf("the analyzer's environment: %q", env)
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.Stats().Workers[0].PID))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"NoNewPrivs:\t1", "Seccomp:\t2"} {
		if !bytes.Contains(status, []byte(want)) {
			t.Errorf("the analyzer runs without %s", want)
		}
	}
}

// TestAnOperatorsSignalBlamesNobody: an analyzer that is stopped from outside,
// twice and more, in the pool or in the probe, shuts no camera out.
func TestAnOperatorsSignalBlamesNobody(t *testing.T) {
	p, ctx := start(t, Config{Workers: 1}), testContext(t)
	units, got := again(street(t), 60), &seen{}
	s := open(t, p, "door", got.sink)
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-done:
				return
			default:
			}
			if err := s.PushWait(ctx, units[i%len(units)], analyze.ModeChain); err != nil && !errors.Is(err, ErrDropped) {
				t.Error(err)
				return
			}
		}
	})
	busy := func() int { // the process that has the camera
		for _, w := range p.Stats().Workers {
			if w.Streams > 0 {
				return w.PID
			}
		}
		return 0
	}
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL, syscall.SIGKILL} {
		before := len(got.list())
		until(t, "the camera is observed", func() bool { return len(got.list()) > before+20 && busy() != 0 })
		deaths := p.Stats().Deaths
		if err := syscall.Kill(busy(), sig); err != nil {
			t.Fatal(err)
		}
		until(t, "the death is noticed", func() bool { return p.Stats().Deaths > deaths })
	}
	before := len(got.list())
	until(t, "the camera is observed again", func() bool { return len(got.list()) > before+20 })
	close(done)
	wg.Wait()
	if st := p.Stats(); len(st.Quarantined) != 0 || st.Signalled != 3 {
		t.Errorf("%+v", st)
	}
}
