// Package scene paints a village street in which known things happen at known
// times: the picture for tests, the demo and the documentation where no real
// clip is at hand or no recognisable person may be shown.
package scene

import (
	"context"
	"fmt"
	"image"
	"image/color"
	"io"
	"math/rand/v2"
	"os/exec"
	"time"
)

// Visit is one thing that crosses the street.
type Visit struct {
	Kind  string // "car" or "walker"
	Start time.Duration
	Lasts time.Duration
	// Lane is the y of its feet as a share of the height.
	Lane float64
	// Leftwards says that it comes from the right.
	Leftwards bool
	Paint     color.RGBA
}

// Scene is a street with what happens in it. The zero Seed is a scene too.
type Scene struct {
	Width, Height, FPS int
	Lasts              time.Duration
	Seed               uint64
	Night              bool
	Visits             []Visit
}

// Street returns a 40 s scene, 640x360 at 10 fps, with a car (5-9 s), a walker
// (14-24 s) and a car from the other side (30-34 s), and quiet in between.
// Seeds differ in colours, noise and the houses' places, not in the times.
func Street(seed uint64) Scene {
	rng := rand.New(rand.NewPCG(seed, 17))
	paint := func() color.RGBA {
		return color.RGBA{uint8(40 + rng.IntN(200)), uint8(40 + rng.IntN(120)), uint8(40 + rng.IntN(200)), 255}
	}
	return Scene{
		Width: 640, Height: 360, FPS: 10, Lasts: 40 * time.Second, Seed: seed,
		Visits: []Visit{
			{Kind: "car", Start: 5 * time.Second, Lasts: 4 * time.Second, Lane: .80, Paint: paint()},
			{Kind: "walker", Start: 14 * time.Second, Lasts: 10 * time.Second, Lane: .66, Paint: paint()},
			{Kind: "car", Start: 30 * time.Second, Lasts: 4 * time.Second, Lane: .92, Leftwards: true, Paint: paint()},
		},
	}
}

// Encode paints the scene and has ffmpeg encode it to an MP4 file: codec is
// "h264" or "h265", gop is the distance of key frames. Errors carry ffmpeg's
// last words.
func (s Scene) Encode(ctx context.Context, path, codec string, gop time.Duration) error {
	encoder := map[string][]string{
		"h264": {"-c:v", "libx264", "-preset", "veryfast", "-tune", "zerolatency", "-profile:v", "main"},
		"h265": {"-c:v", "libx265", "-preset", "ultrafast", "-tune", "zerolatency", "-x265-params", "log-level=error", "-tag:v", "hvc1"},
	}[codec]
	if encoder == nil {
		return fmt.Errorf("encode scene: codec %q is neither h264 nor h265", codec)
	}
	args := []string{
		"-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgba",
		"-s", fmt.Sprintf("%dx%d", s.Width, s.Height), "-r", fmt.Sprint(s.FPS), "-i", "-", "-an",
	}
	args = append(args, encoder...)
	args = append(args, "-pix_fmt", "yuv420p", "-b:v", "600k", "-maxrate", "600k", "-bufsize", "600k",
		"-g", fmt.Sprint(int(gop.Seconds()*float64(s.FPS))), "-bf", "0", "-movflags", "+faststart", path)
	cmd := exec.CommandContext(ctx, "ffmpeg", args...)
	in, err := cmd.StdinPipe()
	if err != nil {
		return fmt.Errorf("encode scene: %w", err)
	}
	var words tail
	cmd.Stderr = &words
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("encode scene: start ffmpeg: %w", err)
	}
	paintErr := s.paintAll(in)
	_ = in.Close()
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("encode scene: ffmpeg: %w: %s", err, words)
	}
	return paintErr
}

func (s Scene) paintAll(w io.Writer) error {
	still := s.still()
	frame := image.NewRGBA(still.Rect)
	noise := rand.New(rand.NewPCG(s.Seed, 99))
	for i := range int(s.Lasts.Seconds() * float64(s.FPS)) {
		copy(frame.Pix, still.Pix)
		at := time.Duration(i) * time.Second / time.Duration(s.FPS)
		for _, v := range s.Visits {
			v.paint(frame, at)
		}
		s.finish(frame, noise)
		if _, err := w.Write(frame.Pix); err != nil {
			return fmt.Errorf("paint scene: %w", err)
		}
	}
	return nil
}

// finish adds sensor noise, and darkness at night.
func (s Scene) finish(frame *image.RGBA, noise *rand.Rand) {
	bits := noise.Uint64()
	for p := 0; p < len(frame.Pix); p += 4 {
		bits = bits*6364136223846793005 + 1442695040888963407
		grain := int(bits>>60) - 8
		for c := range 3 {
			v := int(frame.Pix[p+c])
			if s.Night {
				v = v * 2 / 5
			}
			frame.Pix[p+c] = uint8(min(255, max(0, v+grain/2)))
		}
	}
}

// tail keeps the last part of what a program says.
type tail struct{ text []byte }

func (t *tail) Write(p []byte) (int, error) {
	t.text = append(t.text, p...)
	if over := len(t.text) - 400; over > 0 {
		t.text = t.text[over:]
	}
	return len(p), nil
}

func (t tail) String() string { return string(t.text) }
