package scene

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestStreetHoldsWhatItSays(t *testing.T) {
	s := Street(1)
	s.Width, s.Height, s.FPS = 160, 90, 2
	var frames bytes.Buffer
	if err := s.paintAll(&frames); err != nil {
		t.Fatal(err)
	}
	size := s.Width * s.Height * 4
	if frames.Len() != size*80 {
		t.Fatalf("painted %d bytes, want 80 frames of %d", frames.Len(), size)
	}
	moved := func(i int) (n int) { // pixels that differ strongly from the first picture
		a, b := frames.Bytes()[:size], frames.Bytes()[i*size:(i+1)*size]
		for p := 0; p < size; p += 4 {
			if d := int(a[p]) - int(b[p]); d > 25 || d < -25 {
				n++
			}
		}
		return n
	}
	for second, busy := range map[int]bool{2: false, 7: true, 12: false, 19: true, 27: false, 32: true, 38: false} {
		if got := moved(second * 2); (got > 60) != busy {
			t.Errorf("at %d s %d pixels moved; busy should be %v", second, got, busy)
		}
	}
}

func TestEncodeMakesAPlayableFile(t *testing.T) {
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		if os.Getenv("SHOUWANG_CI") != "" {
			t.Fatal("ffmpeg is missing: the set-up should have installed it")
		}
		t.Skip("ffmpeg is not installed: run make test, which installs it")
	}
	s := Street(2)
	s.Lasts = 2 * time.Second
	for _, codec := range []string{"h264", "h265"} {
		path := filepath.Join(t.TempDir(), codec+".mp4")
		if err := s.Encode(context.Background(), path, codec, time.Second); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command("ffprobe", "-v", "error", "-count_frames", "-show_entries", "stream=codec_name,nb_read_frames", "-of", "csv=p=0", path).Output()
		want := map[string]string{"h264": "h264,20", "h265": "hevc,20"}[codec]
		if err != nil || strings.TrimSpace(string(out)) != want {
			t.Errorf("%s: ffprobe says %q, %v; want %q", codec, out, err, want)
		}
	}
	if err := s.Encode(context.Background(), "x", "vp9", time.Second); err == nil {
		t.Error("vp9 was encoded")
	}
}
