package probe_test

import (
	"context"
	"net/netip"
	"os"
	"os/exec"
	"testing"
	"time"

	"go.uber.org/goleak"

	"shouwang"
	"shouwang/ingest/camsim"
	"shouwang/ingest/guard"
	"shouwang/ingest/probe"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestProbeTellsTheTruth(t *testing.T) {
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		if os.Getenv("SHOUWANG_CI") == "1" {
			t.Fatal("ffmpeg is not installed")
		}
		t.Skip("ffmpeg is not installed: nothing was tested here")
	}
	clip, err := camsim.Generate(context.Background(), camsim.Scene{
		Width: 320, Height: 180, FPS: 15, GOP: 12, Codec: shouwang.CodecH265, Duration: 4 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	sim, err := camsim.New(camsim.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer sim.Close()
	err = sim.Serve("a", camsim.Camera{
		Clips: []*camsim.Clip{clip}, User: "u", Pass: "p",
		ClockOffset: -3 * time.Minute, ReportEvery: 500 * time.Millisecond, Latency: 100 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	g := &guard.Guard{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}
	r, err := probe.Probe(context.Background(), sim.URL("a"), g, probe.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Codec != shouwang.CodecH265 || r.Width != 320 || r.Height != 180 || r.Transport != "tcp" || r.BFrames || r.Lost != 0 {
		t.Errorf("%+v", r)
	}
	if r.FPS < 13 || r.FPS > 17 || r.GOP != 800*time.Millisecond || r.Bitrate < 10e3 {
		t.Errorf("%.1f pictures a second, GOP %s, %.0f bit/s", r.FPS, r.GOP, r.Bitrate)
	}
	if !r.ClockKnown || (r.Offset+3*time.Minute).Abs() > 200*time.Millisecond || r.Uncertainty > 500*time.Millisecond {
		t.Errorf("clock off by %s ± %s, known %v", r.Offset, r.Uncertainty, r.ClockKnown)
	}
	_, err = probe.Probe(context.Background(), "rtsp://u:wrong@"+sim.Addr()+"/a", g, probe.Options{})
	if shouwang.CodeOf(err) != shouwang.CodeWrongPassword {
		t.Errorf("%v", err)
	}
	_, err = probe.Probe(context.Background(), sim.URL("a"), nil, probe.Options{})
	if shouwang.CodeOf(err) != shouwang.CodeAddressForbidden {
		t.Errorf("loopback without permission: %v", err)
	}
}
