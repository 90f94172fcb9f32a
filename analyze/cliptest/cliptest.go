// Package cliptest makes real coded video for tests, with ffmpeg.
package cliptest

import (
	"bytes"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"shouwang"
	"shouwang/analyze/decode/annexb"
)

// Spec describes a clip.
type Spec struct {
	// Source is a lavfi graph, or the path of a file when File is set.
	Source string
	File   bool
	Codec  shouwang.Codec
	FPS    int      // for the time stamps; also asked of a lavfi source
	Args   []string // further encoder arguments
}

// Make runs ffmpeg and returns the clip's access units. It skips the test
// when ffmpeg is missing, and fails it when SHOUWANG_CI=1.
func Make(t testing.TB, s Spec) []*shouwang.AccessUnit {
	t.Helper()
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		if os.Getenv("SHOUWANG_CI") == "1" {
			t.Fatal("ffmpeg is missing, and this is CI")
		}
		t.Skip("ffmpeg is not installed, so no coded video can be made")
	}
	args := []string{"-nostdin", "-v", "error"}
	if !s.File {
		args = append(args, "-f", "lavfi")
	}
	args = append(args, "-i", s.Source, "-an")
	if s.Codec == shouwang.CodecH265 {
		args = append(args, "-c:v", "libx265", "-x265-params", "log-level=none:aud=1:pools=1:bframes=0", "-pix_fmt", "yuv420p", "-f", "hevc")
	} else {
		args = append(args, "-c:v", "libx264", "-preset", "veryfast", "-bf", "0", "-pix_fmt", "yuv420p", "-bsf:v", "h264_metadata=aud=insert", "-f", "h264")
	}
	cmd := exec.Command("ffmpeg", append(append(args, s.Args...), "-")...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("run ffmpeg: %v\n%s", err, stderr.Bytes())
	}
	units := annexb.Units(out, s.Codec, float64(s.FPS))
	if len(units) == 0 {
		t.Fatal("ffmpeg made no access unit")
	}
	return units
}

// Scene returns the lavfi graph of a grey street with a bright box that
// crosses it, seconds long.
func Scene(width, height, fps, seconds int) string {
	size := strconv.Itoa(width) + "x" + strconv.Itoa(height)
	rate, long := strconv.Itoa(fps), strconv.Itoa(seconds)
	return "gradients=s=" + size + ":c0=0x404850:c1=0x909890:x0=0:y0=0:x1=" + strconv.Itoa(width) + ":y1=" + strconv.Itoa(height) +
		":speed=0.00001:r=" + rate + ":d=" + long + "[bg];color=white:s=" + strconv.Itoa(width/12) + "x" + strconv.Itoa(height/4) +
		":r=" + rate + ":d=" + long + "[fg];[bg][fg]overlay=x='W*(t/" + long + ")':y=H/2"
}
