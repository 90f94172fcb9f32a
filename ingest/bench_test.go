package ingest_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"shouwang"
	"shouwang/ingest"
	"shouwang/ingest/assemble"
	"shouwang/ingest/camsim"
)

// cpu returns the processor time of this process, user and system.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkReceive measures the processor time that one camera's second costs to
// receive: RTSP over TCP on loopback, from the socket to the hub's history. The
// camera is another process, so that sending is not counted.
func BenchmarkReceive(b *testing.B) {
	for _, name := range []string{"360p10-512k", "1080p25-4M"} {
		b.Run(name, func(b *testing.B) {
			addr := simProcess(b, name)
			for b.Loop() {
				const n = 20
				idle := streamCost(b, addr, 0)
				b.ReportMetric((streamCost(b, addr, n)-idle)/n, "ms/camera-second")
			}
		})
	}
}

var benchScenes = map[string]camsim.Scene{
	"360p10-512k": {FPS: 10, GOP: 20, Bitrate: "512k", Duration: 6 * time.Second, Profile: "main"},
	"1080p25-4M":  {Width: 1920, Height: 1080, FPS: 25, GOP: 50, Bitrate: "4M", Duration: 4 * time.Second, Profile: "main"},
}

const simEnv = "SHOUWANG_TEST_CAMERA"

// simMain is the life of the camera process: it serves until its input closes.
func simMain(name string) {
	clip, err := camsim.Generate(context.Background(), benchScenes[name])
	if err != nil {
		panic(err)
	}
	sim, err := camsim.New(camsim.Options{})
	if err != nil {
		panic(err)
	}
	if err := sim.Serve("a", camsim.Camera{Clips: []*camsim.Clip{clip}}); err != nil {
		panic(err)
	}
	fmt.Println(sim.Addr())
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// simProcess starts this test's binary as a camera and returns its address.
func simProcess(b *testing.B, name string) string {
	b.Helper()
	need(b, "ffmpeg")
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), simEnv+"="+name)
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = in.Close(); _ = cmd.Wait() })
	lines := bufio.NewScanner(out)
	if !lines.Scan() {
		b.Fatal("the camera process did not start")
	}
	return lines.Text()
}

// streamCost runs n streams for three seconds and returns milliseconds of
// processor time a second.
func streamCost(b *testing.B, addr string, n int) float64 {
	r := newRig(b, quick(), ingest.Deps{})
	defer r.Close()
	for i := range n {
		err := r.Start(shouwang.Camera{
			ID:      shouwang.CameraID("cam-" + strconv.Itoa(i)),
			Sources: []shouwang.Source{{Kind: shouwang.StreamMain, URL: "rtsp://" + addr + "/a"}},
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	settle(b, r, n)
	begun, used := time.Now(), cpu()
	wait(b, 3*time.Second)
	return float64(cpu()-used) / 1e6 / time.Since(begun).Seconds()
}

func settle(b *testing.B, r *rig, n int) {
	for deadline := time.Now().Add(20 * time.Second); ; {
		live := 0
		for _, s := range r.Status() {
			if s.State == shouwang.LinkLive {
				live++
			}
		}
		if live == n {
			return
		}
		if time.Now().After(deadline) {
			b.Fatalf("%d of %d streams are live", live, n)
		}
		wait(b, 50*time.Millisecond)
	}
}

func wait(b *testing.B, d time.Duration) {
	b.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	<-ctx.Done()
}

// BenchmarkAssemble measures our own part of receiving, packets to units,
// without sockets: milliseconds of one camera's second.
func BenchmarkAssemble(b *testing.B) {
	clip := sceneClip(b, benchScenes["360p10-512k"])
	packets, err := clip.Packets()
	if err != nil {
		b.Fatal(err)
	}
	a := assemble.New(clip.Params.Codec, nil, clip.Params.SPS, clip.Params.PPS, func(assemble.Picture) {})
	b.ReportAllocs()
	seconds := 0.0
	for b.Loop() {
		for _, p := range packets {
			a.Push(p.SequenceNumber, p.Timestamp, p.Marker, p.Payload)
		}
		seconds += clip.Duration.Duration().Seconds()
	}
	b.ReportMetric(float64(b.Elapsed())/1e6/seconds, "ms/camera-second")
}

// TestResourcesAreBounded reconnects to a camera that hangs up all the time and
// to one that sends garbage, and looks at what is left open.
func TestResourcesAreBounded(t *testing.T) {
	sim := newSim(t, camsim.Options{})
	serve(t, sim, "a", camsim.Camera{Faults: camsim.Faults{DisconnectEvery: 150 * time.Millisecond, GarbageEvery: 5, DropEvery: 7}})
	r := newRig(t, quick(), ingest.Deps{})
	r.pull(t, sim.URL("a"))
	r.until(t, "reconnects", func(s shouwang.StreamStatus) bool { return s.Reconnects >= 5 })
	before := openFiles(t)
	r.until(t, "more reconnects", func(s shouwang.StreamStatus) bool { return s.Reconnects >= 15 })
	if after := openFiles(t); after > before+8 {
		t.Errorf("%d files open, %d ten reconnects later", before, after)
	}
}

// openFiles counts sockets, which is what a leaking session leaves.
func openFiles(t *testing.T) int {
	t.Helper()
	dir, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skipf("no /proc here: %v", err)
	}
	n := 0
	for _, d := range dir {
		if target, err := os.Readlink("/proc/self/fd/" + d.Name()); err == nil && strings.HasPrefix(target, "socket:") {
			n++
		}
	}
	return n
}
