package composite

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"shouwang/analyze/eval"
)

// Real is a labelled clip, encoded as cameras would send it.
type Real struct {
	eval.Clip
	// Native keeps the clip's size and rate; else it becomes Width x Height at
	// FPS.
	Native bool
}

// Near is an encoding that changes nothing that can be seen.
var Near = []Encoding{h264("as it is", 2*second, "-crf", "14")}

// Title names the clip in tables.
func (r Real) Title() string { return r.Name }

// Truth is the clip's labels.
func (r Real) Truth(path string) eval.Clip {
	c := r.Clip
	c.Path = path
	return c
}

// Encode is like Film.Encode.
func (r Real) Encode(ctx context.Context, dir string, list []Encoding) ([]string, error) {
	filter, rate := fmt.Sprintf("scale=%d:%d:flags=area,fps=%d", Width, Height, FPS), float64(FPS)
	if r.Native {
		filter, rate = "null", r.FPS
	}
	job := job{input: []string{"-nostdin", "-i", r.Path, "-map", "0:v:0"}, filter: filter, rate: rate}
	for _, e := range list {
		sum := sha256.New()
		fmt.Fprintln(sum, version, r.Name, r.Native, e.Name, e.args)
		if info, err := os.Stat(r.Path); err == nil {
			fmt.Fprintln(sum, info.Size())
		}
		job.files = append(job.files, filepath.Join(dir, r.Name+"-"+hex.EncodeToString(sum.Sum(nil))[:12]+".bin"))
	}
	return job.files, job.run(ctx, list, nil)
}

// job is one run of ffmpeg that makes several encodings of one input.
type job struct {
	input  []string
	filter string
	rate   float64
	files  []string
}

// run makes the files that are not there yet; paint, unless it is nil, writes
// ffmpeg's standard input. The error carries ffmpeg's last words.
func (j *job) run(ctx context.Context, list []Encoding, paint func(*exec.Cmd) error) error {
	args := append([]string{"-v", "error", "-y"}, j.input...)
	var made []string
	for i, e := range list {
		if _, err := os.Stat(j.files[i]); err == nil {
			continue
		}
		made = append(made, j.files[i])
		gop := fmt.Sprint(max(1, int(e.GOP.Seconds()*j.rate)))
		args = append(args, "-an", "-vf", j.filter, "-pix_fmt", "yuv420p", "-threads", "1", "-g", gop, "-keyint_min", gop)
		args = append(append(args, e.args...), j.files[i]+".half")
	}
	if len(made) == 0 {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(made[0]), 0o755); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "ffmpeg", args...)
	var words bytes.Buffer
	cmd.Stderr = &words
	if paint == nil {
		paint = (*exec.Cmd).Run
	}
	if err := paint(cmd); err != nil {
		return fmt.Errorf("encode %s: %w: %s", filepath.Base(made[0]), err, bytes.TrimSpace(words.Bytes()[max(0, words.Len()-300):]))
	}
	for _, path := range made {
		if err := os.Rename(path+".half", path); err != nil {
			return err
		}
	}
	return nil
}

// Size is a clip's width and height in pixels, as ffprobe tells it.
func Size(ctx context.Context, path string) (w, h int, err error) {
	out, err := exec.CommandContext(ctx, "ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", "stream=width,height", "-of", "csv=p=0:s=x", path).Output()
	if err != nil {
		return 0, 0, fmt.Errorf("probe %s: %w", path, err)
	}
	if _, err := fmt.Sscanf(strings.TrimSpace(string(out)), "%dx%d", &w, &h); err != nil {
		return 0, 0, fmt.Errorf("probe %s: %w", path, err)
	}
	return w, h, nil
}
