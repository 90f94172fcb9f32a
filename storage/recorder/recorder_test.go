package recorder_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"shouwang"
	"shouwang/policy"
	"shouwang/policy/gate"
	"shouwang/policy/policytest"
	"shouwang/storage/archive"
	"shouwang/storage/recorder"
	"shouwang/storage/spool"
)

func TestMain(m *testing.M) {
	if os.Getenv("SHOUWANG_RECORD_UNTIL_KILLED") != "" {
		recordUntilKilled()
		return
	}
	goleak.VerifyTestMain(m)
}

const camera = shouwang.CameraID("door-17")

var start = time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)

// rig is an archive and a recorder on a clock of their own.
type rig struct {
	*archive.Archive
	rec    *recorder.Recorder
	mu     sync.Mutex
	now    time.Time
	mode   policy.Recording
	denied func(time.Time) bool
	free   int64        // bytes, when full is nil
	full   func() int64 // free bytes, asked each time
	dir    string
	spool  string // where the spool is, if not in dir
}

func (r *rig) clock() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now
}

func (r *rig) set(t time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = t
}

func (r *rig) permit(camera shouwang.CameraID, at time.Time) gate.Grant {
	if r.denied != nil && r.denied(at) {
		return gate.Grant{}
	}
	slot := at.Truncate(250 * time.Millisecond)
	return policytest.Allow(camera, policy.Record, shouwang.Span{From: slot, To: slot.Add(250 * time.Millisecond)}, r.mode)
}

func newRig(t testing.TB, mode policy.RecordMode) *rig {
	t.Helper()
	return newRigAt(t, mode, "")
}

// newRigAt puts the spool into the folder.
func newRigAt(t testing.TB, mode policy.RecordMode, spool string) *rig {
	t.Helper()
	r := &rig{now: start, free: 1 << 40, dir: t.TempDir(), spool: spool}
	r.mode = policy.Recording{Mode: mode, Stream: shouwang.StreamMain, Retention: 7 * 24 * time.Hour}
	r.open(t)
	t.Cleanup(func() { _ = r.Close() })
	return r
}

func (r *rig) open(t testing.TB) {
	t.Helper()
	a, err := archive.Open(t.Context(), archive.Config{
		Dir: r.dir, Clock: r.clock, Mono: func() time.Duration { return r.clock().Sub(start) },
		SpoolDir: r.spool, Spool: spool.Options{NoSync: true, Space: func(string) (int64, error) {
			if r.full != nil {
				return r.full(), nil
			}
			return r.free, nil
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	r.Archive, r.rec = a, a.Recorder(archive.RecorderDeps{Permit: r.permit})
}

// tape is a source of prepared units that moves the rig's clock along.
type tape struct {
	rig   *rig
	units []*shouwang.AccessUnit
	at    int
	// before, when set, is called before each unit is handed out.
	before func(i int, u *shouwang.AccessUnit) error
}

var errEnd = errors.New("end of tape")

func (s *tape) Next(context.Context) (*shouwang.AccessUnit, error) {
	if s.at == len(s.units) {
		return nil, errEnd
	}
	u := s.units[s.at]
	if u.Wall.At.After(s.rig.clock()) {
		s.rig.set(u.Wall.At)
	}
	if s.before != nil {
		if err := s.before(s.at, u); err != nil {
			return nil, err
		}
	}
	s.at++
	return u, nil
}

func (r *rig) play(t testing.TB, units []*shouwang.AccessUnit, before func(int, *shouwang.AccessUnit) error) *tape {
	t.Helper()
	src := &tape{rig: r, units: units, before: before}
	r.set(units[0].Wall.At)
	history := func(from time.Time) []*shouwang.AccessUnit {
		key := 0
		for i, u := range units[:src.at] {
			if u.Key && !u.Wall.At.After(from) {
				key = i
			}
		}
		return units[key:src.at]
	}
	if err := r.rec.Session(camera, shouwang.StreamMain).Run(t.Context(), src, history); !errors.Is(err, errEnd) {
		t.Fatal(err)
	}
	return src
}

func (r *rig) segments(t testing.TB) (total time.Duration, n int) {
	t.Helper()
	list, err := r.Catalog.Segments(t.Context(), camera, "", shouwang.Span{})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range list {
		total += s.Duration()
	}
	return total, len(list)
}

func (r *rig) gaps(t testing.TB) []shouwang.Gap {
	t.Helper()
	gaps, err := r.Catalog.Gaps(t.Context(), camera, "", shouwang.Span{})
	if err != nil {
		t.Fatal(err)
	}
	return gaps
}

func (r *rig) clean(t testing.TB) {
	t.Helper()
	found, err := r.Keeper.Check(t.Context(), true)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		t.Error(f)
	}
}

// tinyDisk mounts a file system of one megabyte, which takes a machine where
// the test may mount; elsewhere it is skipped.
func tinyDisk(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=1m"); err != nil {
		t.Skipf("may not mount a small file system here: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, 0) })
	return dir
}

// needTool skips, or under SHOUWANG_CI=1 fails, when a program is missing.
func needTool(t testing.TB, name string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		if os.Getenv("SHOUWANG_CI") == "1" {
			t.Fatalf("%s is not installed", name)
		}
		t.Skipf("%s is not installed", name)
	}
}

var encoded sync.Map

// encode makes real video with ffmpeg: size, rate and seconds of a moving test
// picture, GOP 2 s, as access units from the wall time given.
func encode(t testing.TB, codec, size string, rate, seconds int, extra ...string) []*shouwang.AccessUnit {
	t.Helper()
	needTool(t, "ffmpeg")
	key := fmt.Sprint(codec, size, rate, seconds, extra)
	raw, ok := encoded.Load(key)
	if !ok {
		name := filepath.Join(t.TempDir(), "v."+strings.TrimPrefix(codec, "lib"))
		args := []string{
			"-v", "error", "-f", "lavfi", "-i", fmt.Sprintf("testsrc2=size=%s:rate=%d:duration=%d", size, rate, seconds),
			"-pix_fmt", "yuv420p", "-c:v", codec, "-preset", "ultrafast", "-g", fmt.Sprint(2 * rate), "-bf", "0", "-threads", "1",
		}
		args = append(args, extra...)
		if codec == "libx264" {
			args = append(args, "-x264-params", "keyint="+fmt.Sprint(2*rate)+":scenecut=0:aud=1", "-f", "h264", name)
		} else {
			args = append(args, "-x265-params", "log-level=none:scenecut=0:aud=1:keyint="+fmt.Sprint(2*rate)+":bframes=0", "-f", "hevc", name)
		}
		if out, err := exec.Command("ffmpeg", args...).CombinedOutput(); err != nil {
			t.Fatalf("ffmpeg: %v\n%s", err, out)
		}
		raw, _ = os.ReadFile(name)
		encoded.Store(key, raw)
	}
	return split(t, raw.([]byte), codec == "libx265", rate)
}

// split cuts an Annex B stream with access unit delimiters into units.
func split(t testing.TB, raw []byte, h265 bool, rate int) []*shouwang.AccessUnit {
	t.Helper()
	var units []*shouwang.AccessUnit
	params := &shouwang.Params{Codec: shouwang.CodecH264, Width: 320, Height: 180}
	if h265 {
		params.Codec = shouwang.CodecH265
	}
	var u *shouwang.AccessUnit
	for _, nal := range bytes.Split(bytes.ReplaceAll(raw, []byte{0, 0, 0, 1}, []byte{0, 0, 1}), []byte{0, 0, 1}) {
		if len(nal) < 2 {
			continue
		}
		kind, aud, set, key := nal[0]&31, byte(9), map[byte]*[]byte{7: &params.SPS, 8: &params.PPS}, nal[0]&31 == 5
		if h265 {
			kind, aud, set = nal[0]>>1&63, 35, map[byte]*[]byte{32: &params.VPS, 33: &params.SPS, 34: &params.PPS}
			key = kind >= 16 && kind <= 21
		}
		if kind == aud {
			u = &shouwang.AccessUnit{Camera: camera, Stream: shouwang.StreamMain, Seq: uint64(len(units)), Params: params}
			u.DTS = shouwang.MediaTime(len(units) * shouwang.MediaRate / rate)
			u.PTS = u.DTS
			u.Wall.At = start.Add(u.PTS.Duration())
			u.Wall.Uncertainty = 20 * time.Millisecond
			units = append(units, u)
			continue
		}
		if dst := set[kind]; dst != nil {
			*dst = nal
			continue
		}
		u.Key = u.Key || key
		u.Data = append(binary.BigEndian.AppendUint32(u.Data, uint32(len(nal))), nal...)
	}
	if len(units) == 0 || !units[0].Key {
		t.Fatal("no units were cut from the stream")
	}
	return units
}

// fake makes units that look like a stream to everything but a decoder.
func fake(from time.Time, seconds, rate int) []*shouwang.AccessUnit {
	params := &shouwang.Params{Codec: shouwang.CodecH264, SPS: []byte{0x67, 66, 0, 30, 1}, PPS: []byte{0x68, 1, 2}, Width: 640, Height: 360}
	var units []*shouwang.AccessUnit
	for i := range seconds * rate {
		u := &shouwang.AccessUnit{Camera: camera, Stream: shouwang.StreamMain, Seq: uint64(i), Params: params, Key: i%(2*rate) == 0}
		u.DTS = shouwang.MediaTime(i * shouwang.MediaRate / rate)
		u.PTS = u.DTS
		u.Wall.At = from.Add(u.PTS.Duration())
		u.Data = append([]byte{0, 0, 0, 40}, bytes.Repeat([]byte{byte(i)}, 40)...)
		units = append(units, u)
	}
	return units
}

// probe decodes a file and returns how many pictures came out and how long it
// says it is.
func probe(t testing.TB, file io.Reader) (frames int, seconds float64) {
	t.Helper()
	needTool(t, "ffprobe")
	name := filepath.Join(t.TempDir(), "clip.mp4")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(f, file); err != nil {
		t.Fatal(err)
	}
	_ = f.Close()
	out, err := exec.Command("ffprobe", "-v", "error", "-count_frames", "-show_entries", "stream=nb_read_frames:format=duration", "-of", "csv=p=0", name).CombinedOutput()
	if err != nil {
		t.Fatalf("ffprobe: %v\n%s", err, out)
	}
	if _, err := fmt.Sscanf(string(out), "%d\n%f", &frames, &seconds); err != nil {
		t.Fatalf("ffprobe said %q", out)
	}
	return frames, seconds
}

func TestRollingRecordingPlays(t *testing.T) {
	for codec, size := range map[string]string{"libx264": "320x180", "libx265": "160x90"} {
		t.Run(codec, func(t *testing.T) {
			r := newRig(t, policy.RecordRolling)
			units := encode(t, codec, size, 5, 70)
			r.play(t, units, nil)
			if total, n := r.segments(t); n != 2 || total < 69*time.Second || total > 71*time.Second {
				t.Fatalf("%d segments of %s", n, total)
			}
			if gaps := r.gaps(t); len(gaps) != 0 {
				t.Fatalf("gaps: %v", gaps)
			}
			file, err := r.Assemble(t.Context(), camera, "", shouwang.Span{From: start, To: start.Add(70 * time.Second)}, "d-1")
			if err != nil {
				t.Fatal(err)
			}
			if frames, seconds := probe(t, file); frames != 350 || seconds < 69.9 || seconds > 70.1 {
				t.Fatalf("%d pictures, %f s", frames, seconds)
			}
			// From the middle of a GOP: begins at its key picture.
			file, err = r.Assemble(t.Context(), camera, "", shouwang.Span{From: start.Add(57 * time.Second), To: start.Add(63 * time.Second)}, "d-1")
			if err != nil {
				t.Fatal(err)
			}
			if got := file.Span().From.Sub(start); got != 56*time.Second {
				t.Fatalf("begins at %s", got)
			}
			if frames, seconds := probe(t, file); frames != 35 || seconds < 6.9 || seconds > 7.1 {
				t.Fatalf("%d pictures, %f s", frames, seconds)
			}
			if n, err := r.Uploader.Drain(t.Context()); n != 2 || err != nil {
				t.Fatalf("moved %d, %v", n, err)
			}
			i := 0
			file, _ = r.Assemble(t.Context(), camera, "", shouwang.Span{From: start, To: start.Add(time.Hour)}, "d-1")
			for u, err := range file.Units() {
				if err != nil || !bytes.Equal(u.Data, units[i].Data) || !u.Wall.At.Equal(units[i].Wall.At) || u.PTS != units[i].PTS || u.Key != units[i].Key {
					t.Fatalf("unit %d: %v %v %v %v", i, err, u.Wall.At, u.PTS, units[i].PTS)
				}
				i++
			}
			if i != len(units) {
				t.Fatalf("%d of %d units came back", i, len(units))
			}
			r.clean(t)
		})
	}
}

// shortIdle makes a second recorder over the rig's archive that takes a stream
// for idle soon.
func (r *rig) shortIdle(testing.TB) *recorder.Recorder {
	return recorder.New(recorder.Config{Idle: 20 * time.Millisecond}, recorder.Deps{
		Clock: r.clock, Permit: r.permit, Spool: r.Keeper.Spool, Keys: r.Keys, Index: r.Catalog, Past: r.Catalog,
	})
}
