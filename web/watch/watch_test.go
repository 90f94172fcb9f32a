package watch

import (
	"context"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"shouwang"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// baseline is the SPS of a real 320x180 Constrained Baseline stream, withB that
// of a Main stream with two reordered pictures, which says so (both by x264).
var (
	baseline = unhex("6742c00bda05067e7c0440000003004000000503c50aa8")
	withB    = unhex("674d400ceca0a0cfcf8088000003000800000300a078a14cb0")
)

func unhex(s string) []byte {
	out, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return out
}

func unit(n int, codec shouwang.Codec, sps []byte) *shouwang.AccessUnit {
	at := shouwang.MediaTime(n * 9000)
	return &shouwang.AccessUnit{
		Seq: uint64(n), PTS: at, DTS: at, Key: n%10 == 0, Data: []byte{0, 0, 0, 1, 0x65}, Received: time.Now(),
		Params: &shouwang.Params{Codec: codec, SPS: sps, PPS: []byte{0x68, 0xce}},
	}
}

// source yields units for ever, or until it is told to fail.
type source struct {
	mu     sync.Mutex
	codec  shouwang.Codec
	sps    []byte
	pace   time.Duration
	fail   error
	open   int
	opened int
}

func (s *source) Live(context.Context, shouwang.CameraID, shouwang.StreamKind) (Units, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open++
	s.opened++
	return &run{s: s}, nil
}

func (s *source) counts() (int, int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open, s.opened
}

type run struct {
	s *source
	n int
}

func (r *run) Next(ctx context.Context) (*shouwang.AccessUnit, error) {
	select {
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-time.After(r.s.pace):
	}
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	if r.s.fail != nil {
		return nil, r.s.fail
	}
	r.n++
	if r.n == 5 {
		return nil, &shouwang.Overrun{Units: 3}
	}
	return unit(r.n-1, r.s.codec, r.s.sps), nil
}

func (r *run) Close() {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	r.s.open--
}

// passing is a renderer that passes on, and counts.
type passing struct {
	mu     sync.Mutex
	asked  int
	marked []string
	shared *copies
	fail   error
}

func (p *passing) Render(ctx context.Context, _ Options) (Rendering, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked++
	if p.fail != nil {
		return nil, p.fail
	}
	ctx, cancel := context.WithCancel(ctx)
	r := &pass{in: make(chan *shouwang.AccessUnit), out: make(chan *shouwang.AccessUnit), ctx: ctx, cancel: cancel}
	go r.run()
	return r, nil
}

// Share is Render for many: each mark is given everything.
func (p *passing) Share(ctx context.Context, _ Options) (Group, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked++
	if p.fail != nil {
		return nil, p.fail
	}
	ctx, cancel := context.WithCancel(ctx)
	p.shared = &copies{p: p, ctx: ctx, cancel: cancel}
	return p.shared, nil
}

// group returns the marks of the last Share.
func (p *passing) group() []*pass {
	p.mu.Lock()
	c := p.shared
	p.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.marks)
}

type copies struct {
	p      *passing
	ctx    context.Context
	cancel context.CancelFunc
	mu     sync.Mutex
	marks  []*pass
}

func (c *copies) Push(au *shouwang.AccessUnit) error {
	c.mu.Lock()
	marks := slices.Clone(c.marks)
	c.mu.Unlock()
	for _, m := range marks {
		_ = m.Push(au) // its viewer may have gone
	}
	return c.ctx.Err()
}

func (c *copies) Mark(text string) (Marked, error) {
	c.p.mu.Lock()
	c.p.marked = append(c.p.marked, text)
	c.p.mu.Unlock()
	ctx, cancel := context.WithCancel(c.ctx)
	m := &pass{in: make(chan *shouwang.AccessUnit), out: make(chan *shouwang.AccessUnit), ctx: ctx, cancel: cancel}
	go m.run()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.marks = append(c.marks, m)
	return m, nil
}

func (c *copies) Err() error { return nil }
func (c *copies) Close()     { c.cancel() }

type pass struct {
	in, out chan *shouwang.AccessUnit
	fresh   atomic.Int32 // how often a key frame was asked for
	ctx     context.Context
	cancel  context.CancelFunc
}

func (r *pass) run() {
	defer close(r.out)
	for {
		select {
		case <-r.ctx.Done():
			return
		case au := <-r.in:
			select {
			case r.out <- au:
			case <-r.ctx.Done():
				return
			}
		}
	}
}

func (r *pass) Push(au *shouwang.AccessUnit) error { return r.PushWait(r.ctx, au) }
func (r *pass) PushWait(ctx context.Context, au *shouwang.AccessUnit) error {
	select {
	case r.in <- au:
		return nil
	case <-r.ctx.Done():
		return context.Canceled
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
func (r *pass) Finish()                          { r.cancel() }
func (r *pass) Out() <-chan *shouwang.AccessUnit { return r.out }
func (r *pass) Err() error                       { return nil }
func (r *pass) Close()                           { r.cancel() }
func (r *pass) Refresh()                         { r.fresh.Add(1) }

func log() *slog.Logger { return slog.New(slog.DiscardHandler) }

func read(t *testing.T, u Units, n int) []*shouwang.AccessUnit {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	var out []*shouwang.AccessUnit
	for len(out) < n {
		au, err := u.Next(ctx)
		var over *shouwang.Overrun
		if errors.As(err, &over) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, au)
	}
	return out
}

func TestPlainPicturesPassAsTheyAre(t *testing.T) {
	src, renderer := &source{codec: shouwang.CodecH264, sps: baseline}, &passing{}
	f := NewFeeds(src, renderer, log())
	units, err := f.Open(context.Background(), Spec{Camera: "door"})
	if err != nil {
		t.Fatal(err)
	}
	got := read(t, units, 8)
	units.Close()
	if !got[0].Key || got[0].Seq != 0 || renderer.asked != 0 {
		t.Errorf("first %+v, %d renderings", got[0], renderer.asked)
	}
	if open, _ := src.counts(); open != 0 {
		t.Error("the camera is still held")
	}
}

func TestWhatBrowsersDoNotPlayIsRendered(t *testing.T) {
	for name, src := range map[string]*source{
		"h265":          {codec: shouwang.CodecH265, sps: baseline},
		"no parameters": {codec: shouwang.CodecH264},
	} {
		renderer := &passing{}
		f := NewFeeds(src, renderer, log())
		units, err := f.Open(context.Background(), Spec{Camera: "door"})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		read(t, units, 3)
		units.Close()
		f.Wait()
		if renderer.asked != 1 {
			t.Errorf("%s: %d renderings", name, renderer.asked)
		}
		if _, err := NewFeeds(src, nil, log()).Open(context.Background(), Spec{Camera: "door"}); shouwang.CodeOf(err) != shouwang.CodeOverloaded {
			t.Errorf("%s without a renderer: %v", name, err)
		}
	}
}

func TestOneRenderingServesEqualViewers(t *testing.T) {
	src, renderer := &source{codec: shouwang.CodecH264, sps: baseline, pace: time.Millisecond}, &passing{}
	f := NewFeeds(src, renderer, log())
	spec := Spec{Camera: "door", Options: Options{BlurPeople: true}}
	first, _ := f.Open(context.Background(), spec)
	read(t, first, 13)
	second, _ := f.Open(context.Background(), spec)
	if got := read(t, second, 1); !got[0].Key {
		t.Error("who joins does not begin at a key frame")
	}
	other := spec
	other.Options.Watermark = "officer:x"
	third, _ := f.Open(context.Background(), other)
	read(t, third, 1)
	if running, marks, viewers := f.Renderings(); renderer.asked != 2 || running != 2 || marks != 2 || viewers != 3 {
		t.Errorf("%d renderings asked, %d run, %d marks, %d viewers", renderer.asked, running, marks, viewers)
	}
	first.Close()
	read(t, second, 3)
	second.Close()
	third.Close()
	f.Wait()
	if open, opened := src.counts(); open != 0 || opened != 2 {
		t.Errorf("%d streams open of %d", open, opened)
	}
	if running, _, _ := f.Renderings(); running != 0 {
		t.Error("a rendering outlives its viewers")
	}
}

func TestMarksShareOneRenderingAndOutliveEachOther(t *testing.T) {
	src, renderer := &source{codec: shouwang.CodecH264, sps: baseline, pace: time.Millisecond}, &passing{}
	f := NewFeeds(src, renderer, log())
	spec := func(mark string) Spec {
		return Spec{Camera: "door", Options: Options{BlurPeople: true, Watermark: mark}}
	}
	chen, _ := f.Open(context.Background(), spec("chen"))
	read(t, chen, 3)
	wang, _ := f.Open(context.Background(), spec("wang"))
	again, _ := f.Open(context.Background(), spec("wang"))
	for _, u := range []Units{wang, again} {
		if got := read(t, u, 1); !got[0].Key {
			t.Error("who joins does not begin at a key frame")
		}
	}
	if running, marks, viewers := f.Renderings(); running != 1 || marks != 2 || viewers != 3 || !slices.Equal(renderer.marked, []string{"chen", "wang"}) {
		t.Errorf("%d renderings, %d marks %v, %d viewers", running, marks, renderer.marked, viewers)
	}
	Refresh(again) // who lost a picture asks for a key frame of their own mark
	group := renderer.group()
	if chens, wangs := group[0].fresh.Load(), group[1].fresh.Load(); chens != 0 || wangs != 1 {
		t.Errorf("a key frame was asked for %d and %d times", chens, wangs)
	}
	chen.Close() // who began it leaves first
	read(t, wang, 20)
	wang.Close()
	read(t, again, 20)
	again.Close()
	f.Wait()
	if open, opened := src.counts(); open != 0 || opened != 1 {
		t.Errorf("%d streams open of %d", open, opened)
	}
}

func TestRenderingsEndIsEveryViewersEnd(t *testing.T) {
	src, renderer := &source{codec: shouwang.CodecH264, sps: baseline, pace: time.Millisecond}, &passing{}
	f := NewFeeds(src, renderer, log())
	spec := Spec{Camera: "door", Options: Options{BlurPeople: true}}
	a, _ := f.Open(context.Background(), spec)
	b, _ := f.Open(context.Background(), spec)
	read(t, a, 2)
	src.mu.Lock()
	src.fail = io.EOF
	src.mu.Unlock()
	for _, u := range []Units{a, b} {
		var err error
		for err == nil {
			_, err = u.Next(context.Background())
		}
		if !errors.Is(err, io.EOF) {
			t.Errorf("ended with %v", err)
		}
		u.Close()
	}
	f.Wait()
}

func TestFailureToRenderShowsNothing(t *testing.T) {
	src := &source{codec: shouwang.CodecH264, sps: baseline}
	f := NewFeeds(src, &passing{fail: errors.New("secret cause")}, log())
	units, err := f.Open(context.Background(), Spec{Camera: "door", Options: Options{BlurPeople: true}})
	if err != nil {
		t.Fatal(err)
	}
	defer units.Close()
	if au, err := units.Next(context.Background()); au != nil || shouwang.CodeOf(err) != shouwang.CodeOverloaded || err.Error() == "secret cause" {
		t.Errorf("%v, %v", au, err)
	}
	f.Wait()
}

func TestSlowViewerSkipsToAKeyFrame(t *testing.T) {
	f := NewFeeds(&source{}, nil, log())
	s := newShared(newGroup(f, "k", Spec{}), "")
	v := s.subscribe()
	n := 0
	for ; n < cap(v.queue)+15; n++ {
		s.broadcast(unit(n, shouwang.CodecH264, baseline))
	}
	for range cap(v.queue) {
		<-v.queue
	}
	for ; n < cap(v.queue)+45; n++ {
		s.broadcast(unit(n, shouwang.CodecH264, baseline))
	}
	if first := <-v.queue; !first.Key || f.Dropped() == 0 {
		t.Errorf("went on at %d (key %v), %d skips counted", first.Seq, first.Key, f.Dropped())
	}
	s.cancel()
}

func TestRetimerSqueezesHistoryAndJoinsSessions(t *testing.T) {
	now := time.Now()
	var r Retimer
	last := shouwang.MediaTime(-1)
	step := func(n int, epoch uint32, received time.Time) shouwang.MediaTime {
		au := unit(n, shouwang.CodecH264, baseline)
		au.Epoch, au.Received = epoch, received
		dts, pts := r.Next(au, now)
		if dts <= last || pts < dts {
			t.Fatalf("unit %d of epoch %d: dts %d after %d, pts %d", n, epoch, dts, last, pts)
		}
		gap := dts - last
		last = dts
		return gap
	}
	for n := range 20 { // two seconds of history
		step(n, 1, now.Add(-time.Duration(20-n)*100*time.Millisecond-time.Second))
	}
	if last > shouwang.MediaRate/10 {
		t.Errorf("two seconds of history take %s", last.Duration())
	}
	step(20, 1, now)
	if gap := step(21, 1, now); gap != 9000 {
		t.Errorf("live pictures are %d ticks apart, want 9000", gap)
	}
	if gap := step(0, 2, now); gap != joinStep {
		t.Errorf("a new session begins after %d ticks", gap)
	}
	if gap := step(5000, 2, now); gap != joinStep {
		t.Errorf("a jump of 500 s takes %d ticks", gap)
	}
}

func TestReorderedStreamsAreNotPlayedAsTheyAre(t *testing.T) {
	au := unit(0, shouwang.CodecH264, baseline)
	if !Playable(au) {
		t.Error("a baseline stream is refused")
	}
	au.Params.SPS = []byte{0x67, 1}
	if Playable(au) {
		t.Error("a broken SPS passes")
	}
	if Playable(unit(0, shouwang.CodecH264, withB)) {
		t.Error("a stream that reorders passes")
	}
}
