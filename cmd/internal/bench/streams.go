// Package bench measures what a camera costs on this machine: CPU to receive
// and to look at, memory, and the time from a picture to its event. Everything
// is measured in one run, so that ratios hold where the machine does not.
package bench

import (
	"cmp"
	"context"
	"fmt"
	"image/color"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"shouwang"
	"shouwang/cmd/internal/scene"
	"shouwang/ingest/camsim"
)

// Stream is one kind of camera.
type Stream struct {
	Name               string
	Width, Height, FPS int
	Codec              string // h264 or h265
	Kbit               int    // constant bit rate
	Profile            string // of H.264; main when empty
	Walkers            int    // that cross in the minute; one when 0
	extra              bool   // no goal names it
}

// Streams are the cameras that are measured: A, B, C, D and E of the goals, and
// two more in H.265.
func Streams() []Stream {
	return []Stream{
		{Name: "A 360p10 H.264 512k", Width: 640, Height: 360, FPS: 10, Codec: "h264", Kbit: 512},
		{Name: "B 360p5 Baseline 192k", Width: 640, Height: 360, FPS: 5, Codec: "h264", Kbit: 192, Profile: "baseline"},
		{Name: "C 720p15 H.264 1.5M", Width: 1280, Height: 720, FPS: 15, Codec: "h264", Kbit: 1500},
		{Name: "D 1080p25 H.264 4M", Width: 1920, Height: 1080, FPS: 25, Codec: "h264", Kbit: 4000},
		{Name: "E 360p10 H.265 384k", Width: 640, Height: 360, FPS: 10, Codec: "h265", Kbit: 384},
		{Name: "720p15 H.265 1.2M", Width: 1280, Height: 720, FPS: 15, Codec: "h265", Kbit: 1200, extra: true},
		{Name: "1080p25 H.265 2.7M", Width: 1920, Height: 1080, FPS: 25, Codec: "h265", Kbit: 2700, extra: true},
	}
}

// street is a minute in which a walker crosses for six seconds: 10 % of the
// time is busy, as at a house door.
func (s Stream) street() scene.Scene {
	return scene.Scene{
		Width: s.Width, Height: s.Height, FPS: s.FPS, Lasts: time.Minute, Seed: 5,
		Visits: s.visits(),
	}
}

// visits are the walkers, evenly spread, the first at 27 s.
func (s Stream) visits() []scene.Visit {
	n := max(1, s.Walkers)
	out := make([]scene.Visit, n)
	for i := range out {
		start := (27*time.Second + time.Duration(i)*time.Minute/time.Duration(n)) % (54 * time.Second)
		out[i] = scene.Visit{Kind: "walker", Start: start, Lasts: 6 * time.Second, Lane: .66, Paint: color.RGBA{180, 60, 50, 255}}
	}
	return out
}

// clip paints and encodes the stream once and loads it into memory.
func (s Stream) clip(ctx context.Context, cache string, say func(string)) (*camsim.Clip, string, error) {
	path := filepath.Join(cache, fmt.Sprintf("bench-%dx%d-%d-%s%s-%d-%d.mp4", s.Width, s.Height, s.FPS, s.Codec, s.Profile, s.Kbit, max(1, s.Walkers)))
	if _, err := os.Stat(path); err != nil {
		say("making a minute of " + s.Name)
		if err := os.MkdirAll(cache, 0o755); err != nil {
			return nil, "", err
		}
		if err := s.encode(ctx, path); err != nil {
			return nil, "", err
		}
	}
	clip, err := camsim.Load(ctx, path, 2*time.Minute)
	return clip, path, err
}

// encode makes a constant-rate stream with a key frame every two seconds and
// no B-frames, Main profile with CABAC, as cameras send by default.
func (s Stream) encode(ctx context.Context, path string) error {
	half := path + ".half.mp4"
	defer os.Remove(half)
	raw := path + ".raw.mp4"
	defer os.Remove(raw)
	if err := s.street().Encode(ctx, raw, "h264", 2*time.Second); err != nil {
		return err
	}
	args := []string{"-v", "error", "-y", "-i", raw, "-an", "-g", fmt.Sprint(2 * s.FPS), "-bf", "0"}
	rate := fmt.Sprintf("%dk", s.Kbit)
	if s.Codec == "h265" {
		args = append(args, "-c:v", "libx265", "-preset", "ultrafast", "-b:v", rate, "-tag:v", "hvc1", "-x265-params",
			fmt.Sprintf("log-level=error:bframes=0:vbv-maxrate=%d:vbv-bufsize=%d:keyint=%d:min-keyint=%d:scenecut=0", s.Kbit, s.Kbit, 2*s.FPS, 2*s.FPS))
	} else {
		args = append(args, "-c:v", "libx264", "-preset", "veryfast", "-profile:v", cmp.Or(s.Profile, "main"), "-sc_threshold", "0",
			"-b:v", rate, "-minrate", rate, "-maxrate", rate, "-bufsize", rate, "-x264-params", "nal-hrd=cbr")
	}
	if out, err := exec.CommandContext(ctx, "ffmpeg", append(args, half)...).CombinedOutput(); err != nil {
		return fmt.Errorf("encode %s: %w: %s", s.Name, err, out)
	}
	return os.Rename(half, path)
}

// looped plays a clip for a number of units, over and over with media time
// that goes on. What making access units of packets costs is receiving's: here
// their bytes are shared by all rounds.
type looped struct {
	clip *camsim.Clip
	data [][]byte // of the clip's pictures
	at   time.Time
	n, m int
}

// loop returns the clip to be played from now on, so often.
func loop(clip *camsim.Clip, loops int) *looped {
	l := &looped{clip: clip, at: time.Now(), m: loops * len(clip.Frames)}
	for n := range clip.Frames {
		l.data = append(l.data, clip.Unit("bench", shouwang.StreamMain, l.at, n).Data)
	}
	return l
}

// Next returns the next unit, io.EOF after the last.
func (l *looped) Next(ctx context.Context) (*shouwang.AccessUnit, error) {
	if l.n >= l.m {
		return nil, io.EOF
	}
	f := l.clip.At(l.n)
	at := l.at.Add(f.PTS.Duration())
	u := &shouwang.AccessUnit{
		Camera: "bench", Stream: shouwang.StreamMain, Epoch: 1, Seq: uint64(l.n), PTS: f.PTS, DTS: f.DTS,
		Wall: shouwang.WallStamp{At: at}, Received: at, Key: f.Key, Params: l.clip.Params, Data: l.data[l.n%len(l.data)],
	}
	l.n++
	return u, ctx.Err()
}
