package pool

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"shouwang/analyze"
)

// burning returns a pool with an analyzer whose threads spin, all of them.
func burning(t *testing.T, cfg Config) (*Pool, int) {
	t.Helper()
	cfg.Binary, cfg.Workers = os.Args[0], 1
	p, err := New(testContext(t), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	s, err := p.Open("burner", Options{Model: "burn"}, func(analyze.Observation) {})
	if err != nil {
		t.Fatal(err)
	}
	pid := p.Stats().Workers[0].PID
	for _, u := range street(t)[:8] {
		if err := s.PushWait(testContext(t), u, analyze.ModeChain); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Drain(testContext(t)); err != nil {
		t.Fatal(err)
	}
	return p, pid
}

// TestAnalyzersStandBack: while a stream has made an analyzer spin with more
// threads than there are cores, as many threads of this process get more of
// the machine than it does: so recording does.
func TestAnalyzersStandBack(t *testing.T) {
	p, pid := burning(t, Config{Cores: 1000})
	own, err := unix.Getpriority(unix.PRIO_PROCESS, 0)
	if err != nil {
		t.Fatal(err)
	}
	threads, err := filepath.Glob("/proc/" + strconv.Itoa(pid) + "/task/*/stat")
	if err != nil || len(threads) < 3 {
		t.Fatal(threads, err)
	}
	for _, file := range threads {
		if n := nice(t, file); n != min(19, 20-own+niceness) {
			t.Errorf("%s: niceness %d, ours is %d", file, n, 20-own)
		}
	}
	stop, spins := make(chan struct{}), atomic.Int64{}
	for range 4 {
		go func() {
			for {
				select {
				case <-stop:
					return
				default:
					spins.Add(1)
				}
			}
		}()
	}
	ours, theirs := spent(t), p.Stats().Workers[0].CPU
	until(t, "both have worked for a while", func() bool {
		return spent(t)-ours+p.Stats().Workers[0].CPU-theirs > 2*time.Second
	})
	close(stop)
	ours, theirs = spent(t)-ours, p.Stats().Workers[0].CPU-theirs
	t.Logf("while an analyzer spun, this process got %v and it %v", ours, theirs)
	if ours < theirs && 20-own+niceness <= 19 { // nicer than 19 is nobody
		t.Errorf("an analyzer that spins got %v, this process %v", theirs, ours)
	}
}

// TestGreedIsEnded: an analyzer that takes more CPU time than its limit goes,
// another comes, and no camera is blamed for what cannot be told.
func TestGreedIsEnded(t *testing.T) {
	p, pid := burning(t, Config{Cores: 0.02, Watchdog: time.Second})
	until(t, "the analyzer is ended and another works", func() bool {
		w := p.Stats().Workers[0]
		return p.Stats().Greedy > 0 && w.PID != 0 && w.PID != pid
	})
	if st := p.Stats(); st.Stuck != 0 || len(st.Quarantined) != 0 || st.Signalled != 0 {
		t.Errorf("%+v", st)
	}
}

// nice reads a thread's niceness.
func nice(t *testing.T, file string) int {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(raw), ") ")
	n, err := strconv.Atoi(strings.Fields(rest)[16])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// spent is the CPU time of this process.
func spent(t *testing.T) time.Duration {
	t.Helper()
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
