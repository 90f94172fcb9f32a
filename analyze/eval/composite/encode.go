package composite

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"shouwang"
)

// Encoding is how a camera would send a film.
type Encoding struct {
	Name  string
	Codec shouwang.Codec
	GOP   time.Duration
	args  []string
}

func h264(name string, gop time.Duration, more ...string) Encoding {
	args := append([]string{"-c:v", "libx264", "-preset", "superfast", "-bf", "0", "-sc_threshold", "0"}, more...)
	return Encoding{name, shouwang.CodecH264, gop, append(args, "-bsf:v", "h264_metadata=aud=insert", "-f", "h264")}
}

func h265(name string, gop time.Duration, more ...string) Encoding {
	args := append([]string{"-c:v", "libx265", "-preset", "ultrafast"}, more...)
	return Encoding{name, shouwang.CodecH265, gop, append(args, "-f", "hevc")}
}

func cbr(rate string) []string {
	return []string{"-b:v", rate, "-minrate", rate, "-maxrate", rate, "-bufsize", rate, "-x264-params", "nal-hrd=cbr"}
}

const second = time.Second

// Encodings are those that every run measures; all adds the rest.
func Encodings(all bool) []Encoding {
	x265 := "log-level=none:aud=1:pools=1:bframes=0:scenecut=0:"
	list := []Encoding{
		h264("Main CBR 512k, GOP 2 s", 2*second, append(cbr("512k"), "-profile:v", "main")...),
		h264("Baseline CBR 512k, GOP 2 s", 2*second, append(cbr("512k"), "-profile:v", "baseline")...),
		h264("Main CBR 256k, GOP 1 s", second, append(cbr("256k"), "-profile:v", "main")...),
		h264("Main crf 26, GOP 2 s", 2*second, "-crf", "26", "-profile:v", "main"),
		h264("Main CBR 512k, GOP 10 s", 10*second, append(cbr("512k"), "-profile:v", "main")...),
		h265("H.265 VBR 384k, GOP 2 s", 2*second, "-x265-params", x265+"bitrate=384:vbv-maxrate=576:vbv-bufsize=768"),
	}
	if all {
		list = append(list,
			h264("Main VBR 512k, GOP 2 s", 2*second, "-b:v", "512k", "-maxrate", "1M", "-bufsize", "2M", "-profile:v", "main"),
			h264("Main CBR 512k, GOP 4 s", 4*second, append(cbr("512k"), "-profile:v", "main")...),
			h264("Main CBR 512k, GOP 1 s", second, append(cbr("512k"), "-profile:v", "main")...),
			h265("H.265 crf 28, GOP 4 s", 4*second, "-x265-params", x265+"crf=28"),
			h265("H.265 CBR 256k, GOP 1 s", second, "-x265-params", x265+"bitrate=256:vbv-maxrate=256:vbv-bufsize=256"))
	}
	return list
}

// version is part of every file's name: raise it when the painting changes.
const version = 1

// file is where an encoding of the film is kept.
func (f *Film) file(dir string, e Encoding) string {
	sum := sha256.New()
	fmt.Fprintln(sum, version, f.Name, f.Noise, f.Gain, f.Weather, f.Lasts, f.Seed, e.Name, e.args)
	sum.Write(f.Back.Y)
	for _, v := range f.Visits {
		fmt.Fprintln(sum, v.Mover.Name, v.From, v.Lasts, v.Pause, v.Tall, v.Left, v.Right, v.Foot, v.Leftwards, len(v.frames))
	}
	return filepath.Join(dir, strings.ReplaceAll(f.Name, " ", "-")+"-"+hex.EncodeToString(sum.Sum(nil))[:12]+".bin")
}

// Encode makes those of the film's encodings that dir does not hold yet, in
// one painting, and returns their files in the order of list: raw streams with
// access unit delimiters. It needs ffmpeg.
func (f *Film) Encode(ctx context.Context, dir string, list []Encoding) ([]string, error) {
	j := job{filter: "null", rate: FPS, input: []string{
		"-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", fmt.Sprintf("%dx%d", Width, Height), "-r", fmt.Sprint(FPS), "-i", "pipe:0",
	}}
	for _, e := range list {
		j.files = append(j.files, f.file(dir, e))
	}
	return j.files, j.run(ctx, list, func(cmd *exec.Cmd) error {
		in, err := cmd.StdinPipe()
		if err != nil {
			return err
		}
		if err := cmd.Start(); err != nil {
			return err
		}
		paintErr := f.Paint(in)
		_ = in.Close()
		if err := cmd.Wait(); err != nil {
			return err
		}
		return paintErr
	})
}
