// Package demo makes a township to look at: clips, cameras that play them over
// real RTSP, people who may sign in, and consents.
package demo

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"shouwang"
	"shouwang/cmd/internal/scene"
)

// ClipSpec says what one demo camera shows: the first of Files that is found
// among the videos, else the street painted from Seed.
type ClipSpec struct {
	Files []string
	Codec string // "h264" or "h265"
	Size  string // "640x360"
	FPS   int
	Seed  uint64
	Night bool
}

// MakeClips returns one encoded file a spec, in order: an MP4 with a key frame
// every two seconds and no B-frames, as a camera's sub-stream would be. Files
// are made once and kept in cache. say is told what takes time.
func MakeClips(ctx context.Context, videos, cache string, specs []ClipSpec, say func(string)) ([]string, error) {
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		return nil, shouwang.Errorf(shouwang.CodeBadConfig, "ffmpeg is not installed: run make demo, which installs it")
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return nil, fmt.Errorf("make clips: %w", err)
	}
	out := make([]string, len(specs))
	for i, spec := range specs {
		path, err := spec.make(ctx, videos, cache, say)
		if err != nil {
			return nil, err
		}
		out[i] = path
	}
	return out, nil
}

func (c ClipSpec) make(ctx context.Context, videos, cache string, say func(string)) (string, error) {
	source := c.find(videos)
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %+v v3", source, c))
	path := filepath.Join(cache, hex.EncodeToString(sum[:8])+".mp4")
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	half := path + ".half.mp4"
	defer os.Remove(half)
	if source == "" {
		say(fmt.Sprintf("painting a street (seed %d, %s)", c.Seed, c.Codec))
		street := scene.Street(c.Seed)
		street.Night = c.Night
		if err := street.Encode(ctx, half, c.Codec, 2*time.Second); err != nil {
			return "", err
		}
		return path, os.Rename(half, path)
	}
	say(fmt.Sprintf("encoding %s (%s, %s, %d fps)", filepath.Base(source), c.Codec, c.Size, c.FPS))
	if err := c.encode(ctx, source, half); err != nil {
		return "", err
	}
	return path, os.Rename(half, path)
}

// find returns the first of the spec's files that is among the videos, or "".
func (c ClipSpec) find(videos string) string {
	for _, name := range c.Files {
		path := filepath.Join(videos, name)
		if _, err := os.Stat(path); err == nil && videos != "" {
			return path
		}
	}
	return ""
}

func (c ClipSpec) encode(ctx context.Context, from, to string) error {
	w, h, _ := strings.Cut(c.Size, "x")
	filter := fmt.Sprintf("fps=%d,scale=%s:%s:force_original_aspect_ratio=decrease:force_divisible_by=2,pad=%s:%s:-1:-1,format=yuv420p", c.FPS, w, h, w, h)
	args := []string{"-v", "error", "-y", "-t", "80", "-i", from, "-an", "-vf", filter, "-g", fmt.Sprint(2 * c.FPS), "-bf", "0"}
	if c.Codec == "h265" {
		args = append(args, "-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error:bframes=0", "-crf", "28", "-tag:v", "hvc1")
	} else {
		args = append(args, "-c:v", "libx264", "-preset", "veryfast", "-profile:v", "main", "-crf", "24", "-maxrate", "900k", "-bufsize", "900k")
	}
	if out, err := exec.CommandContext(ctx, "ffmpeg", append(args, to)...).CombinedOutput(); err != nil {
		return fmt.Errorf("encode %s: %w: %s", from, err, out)
	}
	return nil
}
