// Package cliptest makes real coded video for tests, with ffmpeg.
package cliptest

import (
	"bytes"
	"encoding/binary"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"shouwang"
	"shouwang/analyze/decode/nal"
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
	units := Split(out, s.Codec, s.FPS)
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

// Split cuts an Annex B stream with access unit delimiters into units.
func Split(stream []byte, codec shouwang.Codec, fps int) []*shouwang.AccessUnit {
	b := builder{codec: codec, step: shouwang.MediaRate / shouwang.MediaTime(max(fps, 1)), params: &shouwang.Params{Codec: codec}}
	nal.Split(stream, b.unit)
	b.flush()
	return b.out
}

type builder struct {
	codec  shouwang.Codec
	step   shouwang.MediaTime
	params *shouwang.Params
	data   []byte
	key    bool
	out    []*shouwang.AccessUnit
}

func (b *builder) unit(u []byte) {
	if b.codec == shouwang.CodecH265 {
		b.h265(u)
		return
	}
	switch u[0] & 31 {
	case 9:
		b.flush()
	case 7:
		b.set(func(p *shouwang.Params) { p.SPS = bytes.Clone(u) })
	case 8:
		b.set(func(p *shouwang.Params) { p.PPS = bytes.Clone(u) })
	case 1, 5:
		b.key = b.key || u[0]&31 == 5
		b.add(u)
	}
}

func (b *builder) h265(u []byte) {
	switch kind := u[0] >> 1 & 63; {
	case kind == 35:
		b.flush()
	case kind == 32:
		b.set(func(p *shouwang.Params) { p.VPS = bytes.Clone(u) })
	case kind == 33:
		b.set(func(p *shouwang.Params) { p.SPS = bytes.Clone(u) })
	case kind == 34:
		b.set(func(p *shouwang.Params) { p.PPS = bytes.Clone(u) })
	case kind < 32:
		b.key = b.key || kind >= 16 && kind <= 21
		b.add(u)
	}
}

// set makes new Params, as they are immutable, unless nothing changes.
func (b *builder) set(change func(*shouwang.Params)) {
	next := *b.params
	change(&next)
	if !next.Equal(b.params) {
		next.Width, next.Height, _ = nal.Size(b.codec, next.SPS)
		b.params = &next
	}
}

func (b *builder) add(u []byte) {
	b.data = append(binary.BigEndian.AppendUint32(b.data, uint32(len(u))), u...)
}

func (b *builder) flush() {
	if len(b.data) == 0 {
		return
	}
	n := len(b.out)
	b.out = append(b.out, &shouwang.AccessUnit{
		Camera: "test", Seq: uint64(n), PTS: b.step * shouwang.MediaTime(n), DTS: b.step * shouwang.MediaTime(n),
		Key: b.key, Params: b.params, Data: b.data,
	})
	b.data, b.key = nil, false
}
