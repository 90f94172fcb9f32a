package pool

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"shouwang"
	"shouwang/analyze"
	"shouwang/analyze/cliptest"
)

// hostileTime is how long hostile streams are pushed: HOSTILE_TIME, as
// `make fuzz` sets it, or a short while.
func hostileTime(t *testing.T) time.Duration {
	if v := os.Getenv("HOSTILE_TIME"); v != "" {
		d, err := time.ParseDuration(v)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	return 2 * time.Second
}

// TestHostileCorpus runs hostile streams through the real analyzer, sandbox and
// all, one camera of sixteen units after the other, beside a healthy camera in
// the same process. Whatever they do, the healthy one is looked at, and nobody
// but a hostile one is shut out. A death is a finding about libavcodec, not a
// failure: the process is there to die in our place. It is logged with its seed.
func TestHostileCorpus(t *testing.T) {
	p, ctx := start(t, Config{Workers: 1, Memory: 1 << 30}), t.Context()
	h265 := cliptest.Make(t, cliptest.Spec{Source: cliptest.Scene(320, 180, 10, 2), Codec: shouwang.CodecH265, FPS: 10, Args: []string{"-g", "10"}})
	var good atomic.Int64
	healthy := open(t, p, "good", func(analyze.Observation) { good.Add(1) })
	done := make(chan struct{})
	var wg sync.WaitGroup
	live := again(street(t), 1000)
	wg.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-done:
				return
			default:
			}
			if err := healthy.PushWait(ctx, live[i%len(live)], analyze.ModeChain); err != nil && !errors.Is(err, ErrDropped) {
				t.Error("the healthy camera:", err)
				return
			}
		}
	})
	began, cameras, deaths := time.Now(), 0, uint64(0)
	for ; time.Since(began) < hostileTime(t); cameras++ {
		seed := uint64(cameras)
		if os.Getenv("HOSTILE_TIME") != "" {
			seed += uint64(began.UnixNano())
		}
		from := street(t)
		if cameras%3 == 2 {
			from = h265
		}
		attackers(t, p, seed, from, cameras)
		if st := p.Stats(); st.Deaths > deaths {
			deaths = st.Deaths
			t.Logf("seed %d: an analyzer died: %+v", seed, st)
		}
	}
	before := good.Load()
	until(t, "the healthy camera is looked at", func() bool { return good.Load() > before+10 })
	close(done)
	wg.Wait()
	st := p.Stats()
	for _, cam := range st.Quarantined {
		if cam == "good" {
			t.Error("the healthy camera was shut out")
		}
	}
	t.Logf("%d hostile cameras, %d units answered, %d of the healthy camera observed, %d deaths (%d stuck, %d overgrown), quarantined %v",
		cameras, st.Answered, good.Load(), st.Deaths, st.Stuck, st.Overgrown, st.Quarantined)
}

// attackers plays one hostile camera to its end.
func attackers(t *testing.T, p *Pool, seed uint64, from []*shouwang.AccessUnit, n int) {
	ctx := t.Context()
	h := cliptest.NewHostile(seed, from)
	s, err := p.Open(shouwang.CameraID(fmt.Sprintf("bad-%d", n)), Options{}, func(analyze.Observation) {})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for range 16 {
		u, _ := h.Of()
		mode := analyze.ModeChain
		if u.Key && u.Seq%4 == 0 {
			mode = analyze.ModeKey
		}
		err := s.PushWait(ctx, u, mode)
		switch shouwang.CodeOf(err) {
		case shouwang.CodePoison:
			return
		case shouwang.CodeBadStream, shouwang.CodeBadCodec:
			continue
		}
		if err != nil && !errors.Is(err, ErrDropped) {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
	if err := s.Drain(ctx); err != nil && shouwang.CodeOf(err) == shouwang.CodeInternal {
		t.Fatalf("seed %d: %v", seed, err)
	}
}
