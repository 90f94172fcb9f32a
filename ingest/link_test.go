package ingest_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"shouwang"
	"shouwang/ingest"
	"shouwang/ingest/camsim"
)

// TestReorderedOverUDP: packets that overtake each other or come twice cost
// nothing.
func TestReorderedOverUDP(t *testing.T) {
	t.Parallel()
	sim := newSim(t, camsim.Options{UDP: true})
	serve(t, sim, "a", camsim.Camera{Faults: camsim.Faults{RefuseTCP: true, SwapEvery: 5, DuplicateEvery: 7}})
	r := newRig(t, quick(), ingest.Deps{})
	reader := r.pull(t, sim.URL("a")).Subscribe(ingest.ReaderConfig{})
	defer reader.Close()
	units := take(t, reader, 40)
	whole(t, units)
	if s := r.Status()[0]; s.Lost != 0 || s.Transport != "udp" {
		t.Errorf("%+v", s)
	}
}

// TestSilentCameraIsSaid: a camera that agrees to TCP and sends nothing
// is asked for UDP next.
func TestSilentCameraIsSaid(t *testing.T) {
	t.Parallel()
	cfg := quick()
	cfg.StallAfter = 200 * time.Millisecond
	sim := newSim(t, camsim.Options{UDP: true})
	serve(t, sim, "a", camsim.Camera{Faults: camsim.Faults{Mute: true}})
	r := newRig(t, cfg, ingest.Deps{})
	r.pull(t, sim.URL("a"))
	s := r.until(t, "stall", func(s shouwang.StreamStatus) bool { return s.Code == shouwang.CodeStalled })
	if !strings.Contains(s.Detail, "sends nothing") {
		t.Errorf("%q", s.Detail)
	}
	r.until(t, "a try over UDP", func(s shouwang.StreamStatus) bool {
		return s.State == shouwang.LinkBackoff && s.Transport == "udp"
	})
}

// TestCameraClockIsMeasured: reports of a camera that is seven minutes slow give
// its offset, and pictures the right time all the same.
func TestCameraClockIsMeasured(t *testing.T) {
	t.Parallel()
	const latency = 300 * time.Millisecond
	sim := newSim(t, camsim.Options{})
	serve(t, sim, "a", camsim.Camera{ClockOffset: -7 * time.Minute, ReportEvery: 200 * time.Millisecond, Latency: latency})
	r := newRig(t, quick(), ingest.Deps{})
	reader := r.pull(t, sim.URL("a")).Subscribe(ingest.ReaderConfig{})
	defer reader.Close()
	units := take(t, reader, 60)
	for i := 1; i < len(units); i++ {
		if !units[i].Wall.At.After(units[i-1].Wall.At) {
			t.Errorf("unit %d goes back in time", i)
		}
	}
	s := r.Status()[0]
	if (s.Offset+7*time.Minute).Abs() > s.Uncertainty || s.Uncertainty > 3*time.Second { // a busy machine adds jitter, honestly stated
		t.Errorf("offset %s ± %s", s.Offset, s.Uncertainty)
	}
	last := units[len(units)-1]
	if last.Wall.Source != shouwang.StampSenderReport {
		t.Fatalf("%+v", last.Wall)
	}
	if err := last.Received.Sub(last.Wall.At) - latency; err.Abs() > last.Wall.Uncertainty {
		t.Errorf("taken %s before arrival, truth is %s ± %s", last.Received.Sub(last.Wall.At), latency, last.Wall.Uncertainty)
	}
}

// TestPinnedCertificate: a camera that signs for itself is refused with its
// fingerprint, taken with it, and refused when another answers.
func TestPinnedCertificate(t *testing.T) {
	t.Parallel()
	cert := testCert(t)
	sim := newSim(t, camsim.Options{TLS: cert})
	serve(t, sim, "a", camsim.Camera{})
	sum := sha256.Sum256(cert.Certificates[0].Certificate[0])
	pin := "#sha256=" + hex.EncodeToString(sum[:])
	r := newRig(t, quick(), ingest.Deps{})
	r.pull(t, sim.URL("a"))
	s := r.until(t, "refusal", func(s shouwang.StreamStatus) bool { return s.Code != "" })
	if !strings.Contains(s.Detail, pin) {
		t.Errorf("%q does not say what to append", s.Detail)
	}
	pinned := newRig(t, quick(), ingest.Deps{})
	reader := pinned.pull(t, sim.URL("a")+pin).Subscribe(ingest.ReaderConfig{})
	defer reader.Close()
	whole(t, take(t, reader, 5))
	other := newRig(t, quick(), ingest.Deps{})
	other.pull(t, sim.URL("a")+fmt.Sprintf("#sha256=%064d", 7))
	s = other.until(t, "refusal", func(s shouwang.StreamStatus) bool { return s.Code != "" })
	if !strings.Contains(s.Detail, "not the pinned one") {
		t.Errorf("%q", s.Detail)
	}
}

// TestRelayedFromFFmpeg: the simulator serves on what ffmpeg publishes to it.
func TestRelayedFromFFmpeg(t *testing.T) {
	t.Parallel()
	sim := newSim(t, camsim.Options{Publishing: true})
	ffmpeg(t, append(scene(t), "-f", "rtsp", "-rtsp_transport", "tcp", sim.URL("street"))...)
	r := newRig(t, quick(), ingest.Deps{})
	hub := r.pull(t, sim.URL("street"))
	reader := hub.Subscribe(ingest.ReaderConfig{})
	defer reader.Close()
	r.until(t, "a state", func(s shouwang.StreamStatus) bool {
		if s.State == shouwang.LinkRefused {
			r.Retry("cam") // ffmpeg was not there yet
		}
		return s.State == shouwang.LinkLive
	})
	take(t, reader, 10)
}
