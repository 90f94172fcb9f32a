package web

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"shouwang"
	"shouwang/web/watch"
)

var madeOnce struct {
	sync.Once
	units []*shouwang.AccessUnit
	file  []byte
	err   error
}

// picture is four seconds of 320x180 at 10 fps, key frame every second, made by
// ffmpeg: the access units and the MP4 they came from.
func picture(t *testing.T) ([]*shouwang.AccessUnit, []byte) {
	t.Helper()
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		ciOrSkip(t, "ffmpeg is not installed, so there are no real pictures to send")
	}
	madeOnce.Do(func() { madeOnce.units, madeOnce.file, madeOnce.err = makePicture() })
	if madeOnce.err != nil {
		t.Fatal(madeOnce.err)
	}
	return madeOnce.units, madeOnce.file
}

func makePicture() ([]*shouwang.AccessUnit, []byte, error) {
	dir, err := os.MkdirTemp("", "shouwang-web")
	if err != nil {
		return nil, nil, err
	}
	defer os.RemoveAll(dir)
	path, raw := filepath.Join(dir, "a.mp4"), filepath.Join(dir, "a.h264")
	out, err := exec.Command("ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=10", "-t", "4",
		"-c:v", "libx264", "-preset", "ultrafast", "-profile:v", "baseline", "-g", "10", "-bf", "0", "-pix_fmt", "yuv420p", path).CombinedOutput()
	if err == nil {
		out, err = exec.Command("ffmpeg", "-v", "error", "-i", path, "-c:v", "copy", "-bsf:v", "h264_mp4toannexb,h264_metadata=aud=insert", raw).CombinedOutput()
	}
	if err != nil {
		return nil, nil, errors.New(string(out))
	}
	file, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, err
	}
	stream, err := os.ReadFile(raw)
	if err != nil {
		return nil, nil, err
	}
	return unitsOf(stream), file, nil
}

// unitsOf cuts an Annex B stream at its access unit delimiters.
func unitsOf(stream []byte) (units []*shouwang.AccessUnit) {
	params := &shouwang.Params{Codec: shouwang.CodecH264, Width: 320, Height: 180}
	for nal := range bytes.SplitSeq(stream, []byte{0, 0, 1}) {
		nal = bytes.TrimRight(nal, "\x00")
		if len(nal) == 0 {
			continue
		}
		switch nal[0] & 31 {
		case 9:
			at := shouwang.MediaTime(len(units) * shouwang.MediaRate / 10)
			units = append(units, &shouwang.AccessUnit{
				Camera: "door", Stream: shouwang.StreamMain, Seq: uint64(len(units)), PTS: at, DTS: at, Params: params,
				Wall: shouwang.WallStamp{At: wednesday.Add(at.Duration())},
			})
		case 7:
			params.SPS = nal
		case 8:
			params.PPS = nal
		default:
			au := units[len(units)-1]
			au.Key = au.Key || nal[0]&31 == 5
			au.Data = append(binary.BigEndian.AppendUint32(au.Data, uint32(len(nal))), nal...)
		}
	}
	return units
}

// fakeHubs plays the picture in a loop at five times its pace, for ever.
type fakeHubs struct {
	mu    sync.Mutex
	units []*shouwang.AccessUnit
	open  int
	total int
}

func (h *fakeHubs) Live(_ context.Context, camera shouwang.CameraID, _ shouwang.StreamKind) (watch.Units, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.units) == 0 {
		return nil, shouwang.Errorf(shouwang.CodeUnreachable, "camera %s sends nothing now", camera)
	}
	h.open++
	h.total++
	return &loop{hubs: h, units: h.units}, nil
}

func (h *fakeHubs) counts() (open, total int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.open, h.total
}

type loop struct {
	hubs  *fakeHubs
	units []*shouwang.AccessUnit
	n     int
}

func (l *loop) Next(ctx context.Context) (*shouwang.AccessUnit, error) {
	select {
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-time.After(20 * time.Millisecond):
	}
	round, i := l.n/len(l.units), l.n%len(l.units)
	au := *l.units[i]
	shift := shouwang.MediaTime(round * 4 * shouwang.MediaRate)
	au.PTS, au.DTS, au.Seq, au.Received = au.PTS+shift, au.DTS+shift, uint64(l.n), time.Now()
	l.n++
	return &au, nil
}

func (l *loop) Close() {
	l.hubs.mu.Lock()
	defer l.hubs.mu.Unlock()
	l.hubs.open--
}

// fakeRenderer passes pictures through and remembers what was asked of it.
type fakeRenderer struct {
	mu     sync.Mutex
	asked  []watch.Options
	broken error // every rendering fails with it after the first picture
}

func (r *fakeRenderer) Render(_ context.Context, o watch.Options) (watch.Rendering, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked = append(r.asked, o)
	return &fakeRendering{out: make(chan *shouwang.AccessUnit, 64), done: make(chan struct{}), broken: r.broken}, nil
}

func (r *fakeRenderer) Share(ctx context.Context, o watch.Options) (watch.Group, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked = append(r.asked, o)
	return &fakeGroup{broken: r.broken}, nil
}

// fakeGroup passes pictures through to every mark.
type fakeGroup struct {
	broken error
	mu     sync.Mutex
	marks  []*fakeRendering
}

func (g *fakeGroup) Mark(string) (watch.Marked, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	m := &fakeRendering{out: make(chan *shouwang.AccessUnit, 64), done: make(chan struct{}), broken: g.broken}
	g.marks = append(g.marks, m)
	return m, nil
}

func (g *fakeGroup) list() []*fakeRendering {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]*fakeRendering{}, g.marks...)
}

func (g *fakeGroup) Push(au *shouwang.AccessUnit) (err error) {
	for _, m := range g.list() {
		if m.Push(au) != nil {
			err = g.broken // nil: one viewer has gone
		}
	}
	return err
}

func (g *fakeGroup) Err() error { return g.broken }
func (g *fakeGroup) Close() {
	for _, m := range g.list() {
		m.Close()
	}
}

func (r *fakeRenderer) options() []watch.Options {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]watch.Options{}, r.asked...)
}

type fakeRendering struct {
	out    chan *shouwang.AccessUnit
	done   chan struct{}
	broken error
	shut   sync.Once
	mu     sync.Mutex
	closed bool
}

func (r *fakeRendering) Push(au *shouwang.AccessUnit) error {
	return r.PushWait(context.Background(), au)
}

func (r *fakeRendering) PushWait(ctx context.Context, au *shouwang.AccessUnit) error {
	if r.broken != nil {
		r.Close()
		return r.broken
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return context.Canceled
	}
	select {
	case r.out <- au:
		return nil
	case <-r.done:
		return context.Canceled
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (r *fakeRendering) Finish()                          { r.end() }
func (r *fakeRendering) Out() <-chan *shouwang.AccessUnit { return r.out }
func (r *fakeRendering) Err() error                       { return r.broken }
func (r *fakeRendering) Refresh()                         {}

func (r *fakeRendering) Close() {
	r.shut.Do(func() { close(r.done) })
	r.end()
}

func (r *fakeRendering) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.closed {
		r.closed = true
		close(r.out)
	}
}
