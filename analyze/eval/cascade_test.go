package eval_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"shouwang/analyze/cascade"
	"shouwang/analyze/eval"
	"shouwang/analyze/eval/lab"
)

// encode makes the stream that a camera would send: H.264, a constant bit rate
// where rate is not "", key frames gop seconds apart.
func encode(t testing.TB, path, size, fps, rate, gop string, more ...string) string {
	t.Helper()
	dir := os.Getenv("SHOUWANG_CELLS")
	if dir == "" {
		dir = t.TempDir()
	}
	name := fmt.Sprintf("%s.%s.%s.%s.%s", filepath.Base(path), size, fps, rate, gop)
	for _, m := range more {
		name += "." + filepath.Base(m)
	}
	out := filepath.Join(dir, name+".mp4")
	if _, err := os.Stat(out); err == nil {
		return out
	}
	args := []string{
		"-v", "error", "-y", "-i", path, "-an", "-vf", "scale=" + size + ",fps=" + fps, "-c:v", "libx264", "-pix_fmt", "yuv420p",
		"-preset", "veryfast", "-threads", "1", "-bf", "0", "-sc_threshold", "0", "-force_key_frames", "expr:gte(t,n_forced*" + gop + ")", "-g", "9999",
	}
	if rate != "" {
		args = append(args, "-b:v", rate, "-maxrate", rate, "-minrate", rate, "-bufsize", rate, "-x264-params", "nal-hrd=cbr")
	}
	args = append(append(args, more...), "-f", "mp4", out+".part")
	if b, err := exec.Command("ffmpeg", args...).CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg: %v %s", err, b)
	}
	if err := os.Rename(out+".part", out); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestCascadeFindsWhatFullFinds pairs the cascade with full decoding on the
// same bytes, as a camera would send them: every label that full decoding
// finds, the cascade must find. With SHOUWANG_EVAL=1 it runs over all clips
// and several encodings.
func TestCascadeFindsWhatFullFinds(t *testing.T) {
	short := regexp.MustCompile(`bgslibrary|frigate.*2`)
	type encoding struct {
		rate, gop string
		more      []string
	}
	encodings := []encoding{{"512k", "2", nil}}
	all := os.Getenv("SHOUWANG_EVAL") == "1"
	if all {
		encodings = append(encodings, encoding{"256k", "1", nil}, encoding{"", "2", nil}, encoding{"512k", "2", []string{"-profile:v", "baseline"}},
			encoding{"512k", "4", nil}, encoding{"512k", "10", nil})
	}
	var p eval.Paired
	var units, decoded uint64
	for _, c := range labelled(t) {
		if !all && !short.MatchString(c.Name) {
			continue
		}
		for _, e := range encodings {
			film := decode(t, encode(t, c.Path, "640:360", "10", e.rate, e.gop, e.more...))
			full, cheap := lab.Replay{Film: film, Policy: cascade.Full}, lab.Replay{Film: film}
			full.Run()
			cheap.Run()
			p.Add(c, full.Found, cheap.Found)
			s := cheap.Status
			units, decoded = units+s.Units, decoded+s.Chained+s.Keys
		}
	}
	lo, hi := p.Bound()
	t.Logf("%d of %d events that full decoding finds are found (%.4f, 95%% bound %.4f-%.4f); false %d full, %d cascade in %.0f s; %d of %d pictures decoded; missed %v",
		p.Both, p.Full, p.Recall(), lo, hi, p.FalseFull, p.FalseCheap, p.Quiet.Seconds(), decoded, units, p.Missed)
	if p.Full == 0 || p.Both < p.Full && !all || p.Recall() < 0.97 {
		t.Errorf("the cascade misses %v", p.Missed)
	}
}
