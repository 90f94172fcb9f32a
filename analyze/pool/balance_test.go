package pool

import (
	"sync"
	"testing"
	"time"

	"shouwang"
	"shouwang/analyze"
)

// skewed makes a pool without processes: the first worker has streams of the
// rates given, the second has none.
func skewed(now *time.Time, rates ...float64) (p *Pool, hot, cold *worker) {
	p = &Pool{cfg: Config{Now: func() time.Time { return *now }}.withDefaults(), streams: map[uint32]*stream{}}
	hot, cold = &worker{p: p, index: 0}, &worker{p: p, index: 1}
	for _, w := range []*worker{hot, cold} {
		w.cond = sync.NewCond(&p.mu)
	}
	p.workers = []*worker{hot, cold}
	for _, r := range rates {
		p.handle++
		s := &stream{p: p, handle: p.handle, home: hot, cost: 2000}
		p.streams[s.handle] = s
		s.stats.CPUMicros = uint64(r * 5) // over the five seconds to come
		hot.busy += uint64(r * 5)
	}
	return p, hot, cold
}

func moving(p *Pool) (n int, rate float64) {
	for _, s := range p.streams {
		if s.moveTo != nil {
			n++
			rate += s.rate
		}
	}
	return n, rate
}

// TestSkewIsHalved: all the load lies on one worker; about half of it is asked
// to move, in few moves, and not again before a minute is over.
func TestSkewIsHalved(t *testing.T) {
	now := time.Unix(1000, 0)
	rates := []float64{300_000, 100_000}
	for range 250 {
		rates = append(rates, 2000)
	}
	p, hot, _ := skewed(&now, rates...)
	p.balance(5 * time.Second)
	n, moved := moving(p)
	t.Logf("worker busy %.2f: %d cameras that take %.0f ms/s are to move", hot.util, n, moved/1000)
	if moved < 400_000 || moved > 450_000 || n > 40 {
		t.Errorf("%d cameras of %.0f µs/s are to move, want half of 900000 in few moves", n, moved)
	}
	for _, s := range p.streams {
		s.moveTo = nil
	}
	p.move(hot, p.workers[1], 450_000)
	if _, again := moving(p); again > 451_000 {
		t.Errorf("%.0f", again)
	}
	for _, s := range p.streams {
		if s.moveTo != nil && s.rate >= 100_000 {
			t.Error("a camera is moved twice within a minute")
		}
	}
}

// TestWhatWaitsTells: on a machine that gives no process a whole core, cameras
// are moved away from where work waits.
func TestWhatWaitsTells(t *testing.T) {
	now := time.Unix(1000, 0)
	var rates []float64
	for range 150 {
		rates = append(rates, 2000) // 0.3 of a core
	}
	p, hot, cold := skewed(&now, rates...)
	cold.busy = 5 * 150_000
	p.balance(5 * time.Second)
	if n, _ := moving(p); n != 0 {
		t.Errorf("%d moves although nothing waits", n)
	}
	for _, s := range p.streams {
		s.queue = make([]job, 4)
		s.n = 3
		s.queue[0] = job{mode: analyze.ModeKey, at: now}
		hot.wake(s)
	}
	for _, s := range p.streams {
		s.stats.CPUMicros += 10_000
		hot.busy += 10_000
	}
	cold.busy += 5 * 150_000
	p.balance(5 * time.Second)
	if n, _ := moving(p); n == 0 || n > 75 {
		t.Errorf("%d moves while 0.9 s of work wait", n)
	}
}

// TestServedInTurns: in one round a camera with dear pictures gets fewer of them
// looked at, and every camera gets some.
func TestServedInTurns(t *testing.T) {
	now := time.Unix(1000, 0)
	p, w, _ := skewed(&now, 0, 0, 0)
	cost := map[uint32]int64{1: 500, 2: 2000, 3: 16_000}
	served := map[uint32]int{}
	for h, s := range p.streams {
		s.cost, s.queue, s.n = cost[h], []job{{at: now}}, 1
		w.wake(s)
	}
	for range 4000 {
		s := w.pick()
		if s == nil {
			t.Fatal("nobody's turn")
		}
		s.deficit -= s.cost
		served[s.handle]++
	}
	for h, n := range served {
		t.Logf("camera of %d µs a unit: %d units, %d ms", cost[h], n, int64(n)*cost[h]/1000)
	}
	a, b, c := int64(served[1])*cost[1], int64(served[2])*cost[2], int64(served[3])*cost[3]
	if len(served) != 3 || max(a, b, c) > 2*min(a, b, c) {
		t.Errorf("times %d, %d, %d µs are not about equal", a, b, c)
	}
}

// TestDebtsDoNotStarve: among five hundred cameras that wait, one whose first
// picture took a tenth of a second is not shut out until fifty rounds are over.
func TestDebtsDoNotStarve(t *testing.T) {
	now := time.Unix(1000, 0)
	p, w, _ := skewed(&now, make([]float64, 500)...)
	for _, s := range p.streams {
		s.queue, s.n = []job{{at: now}}, 1
		w.wake(s)
	}
	dear := p.streams[7]
	dear.deficit = -debt
	now = now.Add(staleAfter + time.Second)
	for n := 1; ; n++ {
		s := w.pick()
		if s == dear {
			t.Logf("served as number %d", n)
			return
		}
		if n > 2*500*2 {
			t.Fatal("not served in two rounds")
		}
		s.deficit -= s.cost
	}
}

// TestThePresentCounts: when what waits is too old, a key frame takes its place.
func TestThePresentCounts(t *testing.T) {
	now := time.Unix(1000, 0)
	p, _, _ := skewed(&now, 0)
	s := p.streams[1]
	s.queue, s.room, s.cost = make([]job, 16), make(chan struct{}, 1), 500
	push := func(key bool, mode analyze.Mode) error {
		return s.push(&shouwang.AccessUnit{Key: key, Data: []byte{1}}, mode)
	}
	for i := range 5 {
		if err := push(i == 0, analyze.ModeChain); err != nil {
			t.Fatal(err)
		}
	}
	now = now.Add(staleAfter + time.Second)
	if err := push(false, analyze.ModeChain); err == nil {
		t.Error("a picture is added to what is too old")
	}
	if err := push(true, analyze.ModeChain); err != nil || s.n != 1 {
		t.Errorf("after the key frame %d wait, %v", s.n, err)
	}
	if st := s.snapshot(); st.Dropped != 6 || st.WaitingLen != 1 || st.Waiting != 1 {
		t.Errorf("%+v", st)
	}
}
