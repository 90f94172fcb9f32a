package bench

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"shouwang"
	"shouwang/ingest"
	"shouwang/ingest/camsim"
)

// Play is the other process of receiving's measurement: it serves count
// cameras that play the file, writes their address to out and returns when in
// ends. Cameras in the measured process would be measured too.
func Play(ctx context.Context, path string, count int, in io.Reader, out io.Writer) error {
	clip, err := camsim.Load(ctx, path, 2*time.Minute)
	if err != nil {
		return err
	}
	sim, err := camsim.New(camsim.Options{})
	if err != nil {
		return err
	}
	defer sim.Close()
	for i := range count {
		own := clip.From(phase(clip, i))
		if err := sim.Serve(string(cameraID(i)), camsim.Camera{Clips: []*camsim.Clip{own}}); err != nil {
			return err
		}
	}
	if _, err := fmt.Fprintln(out, sim.Addr()); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, in)
	return err
}

// startCameras starts the other process and returns its address, its number
// and what ends it.
func startCameras(ctx context.Context, self, path string, count int) (address string, pid int, stop func(), err error) {
	child := exec.CommandContext(ctx, self, "bench", "play", path, "--count", fmt.Sprint(count))
	child.Stderr = os.Stderr
	in, err := child.StdinPipe()
	if err != nil {
		return "", 0, nil, err
	}
	out, err := child.StdoutPipe()
	if err != nil {
		return "", 0, nil, err
	}
	if err := child.Start(); err != nil {
		return "", 0, nil, fmt.Errorf("start cameras: %w", err)
	}
	stop = func() { _ = in.Close(); _ = child.Wait() }
	address, err = bufio.NewReader(out).ReadString('\n')
	if err != nil {
		stop()
		return "", 0, nil, fmt.Errorf("start cameras: %w", err)
	}
	return strings.TrimSpace(address), child.Process.Pid, stop, nil
}

// reception is what receiving came to.
type reception struct {
	perSecond time.Duration // CPU a camera and second
	memory    int64         // bytes a camera, history of 12 s included
	allocated float64       // allocations a picture
}

// receive pulls count cameras over RTSP on loopback and measures rounds
// stretches: the median of them.
func receive(ctx context.Context, self, path string, count int, stretch time.Duration) (r reception, err error) {
	address, _, stop, err := startCameras(ctx, self, path, count)
	if err != nil {
		return r, err
	}
	defer stop()
	return pull(ctx, address, count, stretch)
}

func pull(ctx context.Context, address string, count int, stretch time.Duration) (r reception, err error) {
	cfg := ingest.DefaultConfig()
	cfg.Push, cfg.Allow = "", []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	debug.FreeOSMemory() // what the stream before left
	empty := resident()
	m, err := ingest.New(cfg, ingest.Deps{})
	if err != nil {
		return r, err
	}
	defer m.Close()
	for i := range count {
		id := cameraID(i)
		src := shouwang.Source{Kind: shouwang.StreamMain, URL: fmt.Sprintf("rtsp://%s/%s", address, id)}
		if err := m.Start(shouwang.Camera{ID: id, Sources: []shouwang.Source{src}}); err != nil {
			return r, err
		}
	}
	// The history has to be full before memory means anything.
	if err := wait(ctx, cfg.HistoryFor+3*time.Second); err != nil {
		return r, err
	}
	units, mallocs := unitsOf(m), allocations()
	used := make([]time.Duration, rounds)
	for i := range used {
		before := self()
		if err := wait(ctx, stretch); err != nil {
			return r, err
		}
		used[i] = self() - before
	}
	live := unitsOf(m) - units
	if live == 0 {
		return r, fmt.Errorf("receive: nothing arrived from %d cameras", count)
	}
	r.allocated = float64(allocations()-mallocs) / float64(live)
	r.perSecond = time.Duration(float64(median(used)) / float64(count) / stretch.Seconds())
	r.memory = max(0, resident()-empty) / int64(count)
	return r, nil
}

// allocations returns how many this process has made.
func allocations() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Mallocs
}

func unitsOf(m *ingest.Manager) (n uint64) {
	for _, s := range m.Status() {
		n += s.Units
	}
	return n
}

func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// self returns the CPU time this process has used.
func self() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// resident returns this process's resident memory in bytes.
func resident() int64 {
	raw, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	var size, pages int64
	if _, err := fmt.Sscan(string(raw), &size, &pages); err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}
