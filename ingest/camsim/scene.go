package camsim

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"shouwang"
)

// Scene describes a generated clip: a moving test picture with a clock, in
// which nobody can be recognised. Zero fields have defaults: H.264, 640x360 at
// 10 a second for 4 s, a key frame each second, no B-frames, quality instead
// of a bit rate.
type Scene struct {
	Codec         shouwang.Codec
	Width, Height int
	FPS           int
	Duration      time.Duration
	GOP           int // pictures
	BFrames       int
	Bitrate       string // "512k" for constant bit rate
	Profile       string // "baseline", "main"
}

func (s *Scene) fill() {
	if s.Codec == shouwang.CodecUnknown {
		s.Codec = shouwang.CodecH264
	}
	if s.Width == 0 {
		s.Width, s.Height = 640, 360
	}
	if s.FPS == 0 {
		s.FPS = 10
	}
	if s.Duration == 0 {
		s.Duration = 4 * time.Second
	}
	if s.GOP == 0 {
		s.GOP = s.FPS
	}
}

// Generate makes a scene's clip with ffmpeg.
func Generate(ctx context.Context, s Scene) (*Clip, error) {
	s.fill()
	dir, err := os.MkdirTemp("", "shouwang-scene-")
	if err != nil {
		return nil, fmt.Errorf("make folder for scene: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "scene.mp4")
	if out, err := exec.CommandContext(ctx, "ffmpeg", s.args(path)...).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("make scene: %w: %s", err, strings.TrimSpace(string(out)))
	}
	return Load(ctx, path, 0)
}

func (s *Scene) args(path string) []string {
	args := []string{
		"-nostdin", "-v", "error", "-f", "lavfi",
		"-i", fmt.Sprintf("testsrc2=size=%dx%d:rate=%d", s.Width, s.Height, s.FPS),
		"-t", strconv.FormatFloat(s.Duration.Seconds(), 'f', 3, 64), "-pix_fmt", "yuv420p",
	}
	bf, gop := strconv.Itoa(s.BFrames), strconv.Itoa(s.GOP)
	if s.Codec == shouwang.CodecH265 {
		args = append(args, "-c:v", "libx265", "-preset", "ultrafast",
			"-x265-params", "log-level=none:scenecut=0:keyint="+gop+":bframes="+bf)
	} else {
		args = append(args, "-c:v", "libx264", "-preset", "veryfast", "-sc_threshold", "0", "-g", gop, "-bf", bf)
		if s.Profile != "" {
			args = append(args, "-profile:v", s.Profile)
		}
	}
	if s.Bitrate != "" {
		args = append(args, "-b:v", s.Bitrate, "-minrate", s.Bitrate, "-maxrate", s.Bitrate, "-bufsize", s.Bitrate)
	}
	return append(args, path)
}
