package file

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"shouwang"
)

// about is what ffprobe tells of a file's first video stream.
type about struct {
	Info
	pixels string
}

// direct reports whether the stream can be taken as it is: our codecs, and
// 8-bit 4:2:0, which every decoder and browser of the house knows.
func (a *about) direct() bool {
	return a.Codec != shouwang.CodecUnknown && (a.pixels == "yuv420p" || a.pixels == "yuvj420p")
}

// local names a file so that ffmpeg takes it for nothing else (an option, a
// protocol, a pattern).
func local(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	return "file:" + path
}

func missing(tool string, err error) error {
	if errors.Is(err, exec.ErrNotFound) {
		return shouwang.Errorf(shouwang.CodeBadUsage, "%s is not installed: install the package ffmpeg", tool)
	}
	return nil
}

// onlyFiles keeps ffmpeg from following a playlist to anywhere else.
var onlyFiles = []string{"-protocol_whitelist", "file,pipe,crypto,data"}

func examine(ctx context.Context, path string, opts Options) (about, error) {
	args := append([]string{"-v", "error"}, onlyFiles...)
	args = append(args, "-select_streams", "v:0", "-show_entries",
		"stream=codec_name,pix_fmt,width,height,duration:format=duration", "-of", "json", local(path))
	out, err := exec.CommandContext(ctx, opts.FFprobe, args...).Output()
	if tool := missing(opts.FFprobe, err); tool != nil {
		return about{}, tool
	}
	var doc struct {
		Streams []struct {
			Codec    string `json:"codec_name"`
			Pixels   string `json:"pix_fmt"`
			Width    int    `json:"width"`
			Height   int    `json:"height"`
			Duration string `json:"duration"`
		} `json:"streams"`
		Format struct {
			Duration string `json:"duration"`
		} `json:"format"`
	}
	if err != nil || json.Unmarshal(out, &doc) != nil {
		if ctx.Err() != nil {
			return about{}, ctx.Err()
		}
		return about{}, shouwang.Errorf(shouwang.CodeBadStream, "%s is no video file that ffmpeg can read", path)
	}
	if len(doc.Streams) == 0 {
		return about{}, shouwang.Errorf(shouwang.CodeNoVideo, "%s holds no video", path)
	}
	s := doc.Streams[0]
	a := about{pixels: s.Pixels, Info: Info{Width: s.Width, Height: s.Height}}
	a.Duration = max(seconds(s.Duration), seconds(doc.Format.Duration))
	switch s.Codec {
	case "h264":
		a.Codec = shouwang.CodecH264
	case "hevc":
		a.Codec = shouwang.CodecH265
	}
	return a, nil
}

func seconds(s string) time.Duration {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || f < 0 || f > 1e8 {
		return 0
	}
	return time.Duration(f * float64(time.Second))
}

// encoding is the recipe of a conversion; its text is part of the cache's key.
const encoding = "libx264 veryfast crf 18 gop 2s bf 0 yuv420p v1"

// convert encodes a file to H.264 and returns the name of the result, which
// is kept under the hash of the content.
func convert(ctx context.Context, path string, a about, opts Options) (string, error) {
	dir := opts.CacheDir
	if dir == "" {
		base, err := os.UserCacheDir()
		if err != nil {
			base = os.TempDir()
		}
		dir = filepath.Join(base, "shouwang", "video")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", shouwang.Errorf(shouwang.CodeDataUnreadable, "make cache folder %s: %w", dir, err)
	}
	sum, err := hashFile(path)
	if err != nil {
		return "", shouwang.Errorf(shouwang.CodeNotFound, "read %s: %w", path, err)
	}
	out := filepath.Join(dir, sum+".mp4")
	if _, err := os.Stat(out); err == nil {
		return out, nil
	}
	tmp, err := os.CreateTemp(dir, "converting-*.mp4")
	if err != nil {
		return "", shouwang.Errorf(shouwang.CodeDataUnreadable, "write to cache folder %s: %w", dir, err)
	}
	_ = tmp.Close()
	defer func() { _ = os.Remove(tmp.Name()) }()
	if err := encode(ctx, path, tmp.Name(), a, opts); err != nil {
		return "", err
	}
	return out, os.Rename(tmp.Name(), out)
}

func hashFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	h := sha256.New()
	_, _ = io.WriteString(h, encoding+"\n")
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)[:16]), nil
}

func encode(ctx context.Context, path, out string, a about, opts Options) error {
	args := append([]string{"-nostdin", "-v", "error", "-y"}, onlyFiles...)
	args = append(args, "-i", local(path), "-map", "0:v:0", "-an", "-fps_mode", "vfr",
		"-vf", "scale=trunc(iw/2)*2:trunc(ih/2)*2,format=yuv420p",
		"-c:v", "libx264", "-preset", "veryfast", "-crf", "18", "-bf", "0",
		"-force_key_frames", "expr:gte(t,n_forced*2)", "-sc_threshold", "0", "-g", "100000",
		"-progress", "pipe:1", local(out))
	cmd := exec.CommandContext(ctx, opts.FFmpeg, args...)
	var stderr tail
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		if tool := missing(opts.FFmpeg, err); tool != nil {
			return tool
		}
		return shouwang.Errorf(shouwang.CodeInternal, "start ffmpeg: %w", err)
	}
	follow(stdout, a.Duration, opts.Progress)
	if err := cmd.Wait(); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return shouwang.Errorf(shouwang.CodeBadStream, "ffmpeg cannot convert %s: %s", path, stderr.line())
	}
	return nil
}

// follow reads ffmpeg's progress report to its end.
func follow(r io.Reader, whole time.Duration, tell func(float64)) {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		text, ok := strings.CutPrefix(lines.Text(), "out_time_us=")
		us, err := strconv.ParseInt(text, 10, 64)
		if ok && err == nil && tell != nil && whole > 0 {
			tell(min(1, max(0, float64(us)*1e3/float64(whole))))
		}
	}
	_, _ = io.Copy(io.Discard, r)
}

// remux is an ffmpeg that pipes a file's video to us as it is.
type remux struct {
	cmd    *exec.Cmd
	out    io.ReadCloser
	stderr tail
	once   sync.Once
	err    error
	killed bool
}

func startRemux(path string, codec shouwang.Codec, opts Options) (*remux, error) {
	filter := "h264_mp4toannexb"
	if codec == shouwang.CodecH265 {
		filter = "hevc_mp4toannexb"
	}
	args := append([]string{"-nostdin", "-v", "error", "-fflags", "+genpts"}, onlyFiles...)
	args = append(args, "-i", local(path), "-map", "0:v:0", "-an", "-c", "copy",
		// The filter puts the parameter sets before each key frame.
		"-bsf:v", filter, "-video_track_timescale", "90000",
		"-movflags", "frag_keyframe+empty_moov+default_base_moof+negative_cts_offsets",
		"-frag_duration", "1000000", "-f", "mp4", "pipe:1")
	m := &remux{cmd: exec.Command(opts.FFmpeg, args...)}
	m.cmd.Stderr = &m.stderr
	var err error
	if m.out, err = m.cmd.StdoutPipe(); err != nil {
		return nil, err
	}
	if err := m.cmd.Start(); err != nil {
		if tool := missing(opts.FFmpeg, err); tool != nil {
			return nil, tool
		}
		return nil, shouwang.Errorf(shouwang.CodeInternal, "start ffmpeg: %w", err)
	}
	return m, nil
}

// Read implements io.Reader over the tool's output.
func (m *remux) Read(p []byte) (int, error) { return m.out.Read(p) }

// finish waits for the tool and returns its complaint, if it failed.
func (m *remux) finish() error {
	m.once.Do(func() {
		if err := m.cmd.Wait(); err != nil && !m.killed {
			m.err = shouwang.Errorf(shouwang.CodeBadStream, "ffmpeg cannot read the video: %s", m.stderr.line())
		}
	})
	return m.err
}

func (m *remux) stop() {
	m.once.Do(func() {
		m.killed = true
		_ = m.cmd.Process.Kill()
		_ = m.cmd.Wait()
	})
}

// tail keeps the end of what a tool complains about.
type tail struct{ b []byte }

// Write implements io.Writer.
func (t *tail) Write(p []byte) (int, error) {
	t.b = append(t.b, p...)
	if len(t.b) > 2048 {
		t.b = append(t.b[:0], t.b[len(t.b)-2048:]...)
	}
	return len(p), nil
}

func (t *tail) line() string {
	s := bytes.TrimSpace(t.b)
	if i := bytes.LastIndexByte(s, '\n'); i >= 0 {
		s = s[i+1:]
	}
	if len(s) == 0 {
		return "no reason given"
	}
	return string(s)
}
