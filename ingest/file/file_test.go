package file_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"go.uber.org/goleak"

	"shouwang"
	"shouwang/ingest/file"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func need(t *testing.T, tool string) {
	t.Helper()
	if _, err := exec.LookPath(tool); err == nil {
		return
	}
	if os.Getenv("SHOUWANG_CI") == "1" {
		t.Fatalf("%s is not installed", tool)
	}
	t.Skipf("%s is not installed: nothing was tested here", tool)
}

// clip encodes three seconds of a generated scene.
func clip(t *testing.T, name string, codec ...string) string {
	t.Helper()
	need(t, "ffmpeg")
	need(t, "ffprobe")
	path := filepath.Join(t.TempDir(), name)
	args := []string{"-nostdin", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=10", "-t", "3"}
	out, err := exec.Command("ffmpeg", append(append(args, codec...), path)...).CombinedOutput()
	if err != nil {
		t.Fatalf("make clip: %v %s", err, out)
	}
	return path
}

func all(t *testing.T, path string, o file.Options) ([]*shouwang.AccessUnit, file.Info) {
	t.Helper()
	if o.CacheDir == "" {
		o.CacheDir = t.TempDir()
	}
	r, err := file.Open(context.Background(), path, o)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var out []*shouwang.AccessUnit
	for {
		u, err := r.Next(context.Background())
		if errors.Is(err, io.EOF) {
			return out, r.Info()
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, u)
	}
}

// packets asks ffprobe for the presentation times of a file's packets, in
// seconds: an opinion about the truth that is not ours.
func packets(t *testing.T, path string) []float64 {
	t.Helper()
	out, err := exec.Command("ffprobe", "-v", "error", "-select_streams", "v:0",
		"-show_entries", "packet=pts_time", "-of", "json", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Packets []struct {
			PTS string `json:"pts_time"`
		}
	}
	if err := json.Unmarshal(out, &doc); err != nil {
		t.Fatal(err)
	}
	var pts []float64
	for _, p := range doc.Packets {
		f, _ := strconv.ParseFloat(p.PTS, 64)
		pts = append(pts, f)
	}
	return pts
}

func checkTimes(t *testing.T, units []*shouwang.AccessUnit, want []float64) {
	t.Helper()
	if len(units) != len(want) {
		t.Fatalf("%d units, ffprobe sees %d packets", len(units), len(want))
	}
	for i, u := range units {
		got := u.PTS.Duration().Seconds()
		if d := got - (want[i] - want[0]); d > 0.0005 || d < -0.0005 {
			t.Errorf("unit %d at %.4f s, ffprobe says %.4f", i, got, want[i]-want[0])
		}
		if u.DTS > u.PTS || i > 0 && u.DTS <= units[i-1].DTS {
			t.Errorf("unit %d: dts %d after %d, pts %d", i, u.DTS, units[max(0, i-1)].DTS, u.PTS)
		}
		if u.Seq != uint64(i) || u.Params == nil || !u.Wall.At.Equal(file.DefaultStart.Add(u.PTS.Duration())) {
			t.Errorf("unit %d: %+v", i, u)
		}
	}
}

func TestPassesThroughWithBFrames(t *testing.T) {
	for _, codec := range []string{"libx264", "libx265"} {
		t.Run(codec, func(t *testing.T) {
			path := clip(t, "a.mp4", "-c:v", codec, "-preset", "ultrafast", "-bf", "2", "-g", "10", "-x265-params", "log-level=none:bframes=2")
			units, info := all(t, path, file.Options{})
			if info.Converted || info.Width != 320 || units[0].Params.Width != 320 || !units[0].Key {
				t.Fatalf("%+v %+v", info, units[0])
			}
			checkTimes(t, units, packets(t, path))
			reordered := false
			for i := 1; i < len(units); i++ {
				reordered = reordered || units[i].PTS < units[i-1].PTS
			}
			if !reordered {
				t.Fatal("the clip has no B-frames: the test shows nothing")
			}
		})
	}
}

func TestConvertsOnce(t *testing.T) {
	path := clip(t, "a.avi", "-c:v", "mpeg4", "-q:v", "3")
	o := file.Options{CacheDir: t.TempDir()}
	calls := 0
	o.Progress = func(float64) { calls++ }
	units, info := all(t, path, o)
	if !info.Converted || info.Codec != shouwang.CodecH264 || len(units) != 30 || calls == 0 {
		t.Fatalf("%+v, %d units, %d progress calls", info, len(units), calls)
	}
	if !units[20].Key {
		t.Error("no key frame after two seconds")
	}
	calls = 0
	if again, _ := all(t, path, o); len(again) != 30 || calls != 0 {
		t.Errorf("%d units, converted again: %v", len(again), calls != 0)
	}
}

func TestRealtimePaces(t *testing.T) {
	path := clip(t, "a.mp4", "-c:v", "libx264", "-bf", "0", "-t", "0.5")
	begin := time.Now()
	units, _ := all(t, path, file.Options{Realtime: true})
	if d := time.Since(begin); d < 400*time.Millisecond || len(units) != 5 {
		t.Errorf("%d units of half a second in %s", len(units), d)
	}
}

func TestBadInput(t *testing.T) {
	dir := t.TempDir()
	garbage := filepath.Join(dir, "garbage.mp4")
	if err := os.WriteFile(garbage, []byte("this is no video at all"), 0o600); err != nil {
		t.Fatal(err)
	}
	need(t, "ffprobe")
	for path, want := range map[string]shouwang.Code{
		filepath.Join(dir, "absent.mp4"): shouwang.CodeNotFound,
		dir:                              shouwang.CodeNotFound,
		garbage:                          shouwang.CodeBadStream,
		clip(t, "sound.wav", "-f", "lavfi", "-i", "sine", "-map", "1:a", "-t", "1"): shouwang.CodeNoVideo,
	} {
		_, err := file.Open(context.Background(), path, file.Options{})
		if shouwang.CodeOf(err) != want {
			t.Errorf("%s: %v, want %s", filepath.Base(path), err, want)
		}
	}
	_, err := file.Open(context.Background(), garbage, file.Options{FFprobe: "no-such-ffprobe"})
	if shouwang.CodeOf(err) != shouwang.CodeBadUsage {
		t.Errorf("without ffprobe: %v", err)
	}
}
