package eval_test

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"testing"

	"shouwang"
	"shouwang/analyze/eval/lab"
	"shouwang/analyze/scene"
)

// decode runs ffmpeg over a video and reduces every picture. With
// SHOUWANG_CELLS set to a folder the cells are kept there, since decoding
// costs far more than all that is measured here.
func decode(t testing.TB, path string) *lab.Film {
	t.Helper()
	cache := os.Getenv("SHOUWANG_CELLS")
	kept := filepath.Join(cache, filepath.Base(path)+".cells")
	if cache != "" {
		if f, err := lab.Kept(kept); err == nil {
			return f
		}
	}
	w, h, times, keys, sizes := probe(t, path)
	cell := scene.CellSize(w, h, 160*90)
	f := &lab.Film{Cols: w / cell, Rows: h / cell}
	cmd := exec.Command("ffmpeg", "-v", "error", "-threads", "1", "-i", path, "-map", "0:v:0", "-fps_mode", "passthrough", "-vf", "format=yuv420p|yuvj420p|yuv422p|yuvj422p|yuv444p|gray,extractplanes=y", // the bits as decoded, not stretched to full range
		"-pix_fmt", "gray", "-f", "rawvideo", "-")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReaderSize(out, w*h)
	luma := make([]byte, w*h)
	for i := 0; i < len(times); i++ {
		if _, err := io.ReadFull(in, luma); err != nil {
			break
		}
		f.Pictures = append(f.Pictures, lab.Picture{PTS: times[i], Key: keys[i], Size: sizes[i], Cells: scene.Reduce(luma, w, w, h, cell)})
	}
	_, _ = io.Copy(io.Discard, in)
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if cache != "" {
		if err := f.Keep(kept); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

func probe(t testing.TB, path string) (w, h int, times []shouwang.MediaTime, keys []bool, sizes []int) {
	t.Helper()
	out, err := exec.Command("ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries",
		"stream=width,height:packet=pts_time,size,flags", "-of", "compact=p=1", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		at, key, size := -1.0, false, 0
		for _, kv := range strings.Split(strings.TrimSpace(line), "|") {
			k, v, _ := strings.Cut(kv, "=")
			switch k {
			case "width":
				w, _ = strconv.Atoi(v)
			case "height":
				h, _ = strconv.Atoi(v)
			case "flags":
				key = strings.HasPrefix(v, "K")
			case "size":
				size, _ = strconv.Atoi(v)
			case "pts_time":
				at, _ = strconv.ParseFloat(v, 64)
			}
		}
		if strings.HasPrefix(line, "packet") {
			if at < 0 && len(times) > 0 {
				at = float64(times[len(times)-1])/shouwang.MediaRate + 0.04
			}
			times, keys = append(times, shouwang.MediaTime(max(at, 0)*shouwang.MediaRate)), append(keys, key)
			sizes = append(sizes, size)
		}
	}
	sort.Sort(byTime{times, keys, sizes}) // packets come in decoding order
	first := times[0]
	for i := range times {
		times[i] -= first
	}
	return w, h, times, keys, sizes
}

type byTime struct {
	times []shouwang.MediaTime
	keys  []bool
	sizes []int
}

func (b byTime) Len() int           { return len(b.times) }
func (b byTime) Less(i, j int) bool { return b.times[i] < b.times[j] }
func (b byTime) Swap(i, j int) {
	b.times[i], b.times[j] = b.times[j], b.times[i]
	b.keys[i], b.keys[j] = b.keys[j], b.keys[i]
	b.sizes[i], b.sizes[j] = b.sizes[j], b.sizes[i]
}
