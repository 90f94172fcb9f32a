package worker

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"shouwang"
	"shouwang/analyze"
	"shouwang/analyze/cliptest"
	"shouwang/analyze/decode"
	"shouwang/analyze/decode/nal"
	"shouwang/analyze/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// spy notes what a detector is shown.
type spy struct {
	times []shouwang.MediaTime
	keys  []bool
	sizes [][2]int
}

func (s *spy) Observe(luma []byte, stride, width, height int, pts shouwang.MediaTime, key bool) Result {
	s.times, s.keys, s.sizes = append(s.times, pts), append(s.keys, key), append(s.sizes, [2]int{width, height})
	if len(luma) < stride*(height-1)+width {
		panic("the luma plane is too short")
	}
	return Result{Mean: 300, Dev: -1, Changed: 2, Regions: []analyze.Region{{Box: shouwang.Box{.5, .5, 2, -1}, Score: .5}}}
}

// blot is a renderer that fails when told to.
type blot struct {
	err    error
	closed *bool
}

func (b blot) Render(_ *decode.Picture, pts shouwang.MediaTime, _ int64, emit func(*Coded)) error {
	emit(&Coded{Key: true, PTS: pts, Width: 640, Height: 360, SPS: []byte{0x67}, PPS: []byte{0x68}, Data: []byte("coded")})
	return b.err
}

func (b blot) Mark(uint32, string) error { return b.err }
func (b blot) Unmark(uint32)             {}
func (b blot) Refresh(uint32)            {}
func (b blot) Hide([]shouwang.Box)       {}
func (b blot) Flush(func(*Coded)) error  { return b.err }
func (b blot) Close()                    { *b.closed = true }

// desk is the other end of a running worker.
type desk struct {
	t      *testing.T
	conn   net.Conn
	r      *wire.Reader
	det    *spy
	render error
	closed bool
	ended  chan error
}

func sit(t *testing.T) *desk {
	ours, theirs := net.Pipe()
	d := &desk{t: t, conn: ours, r: wire.NewReader(ours), det: &spy{}, ended: make(chan error, 1)}
	go func() {
		d.ended <- Run(theirs, Config{
			NewDetector: func(model string, _ []byte) (Detector, error) {
				if model == "no such" {
					return nil, shouwang.Errorf(shouwang.CodeBadConfig, "there is no such detector")
				}
				return d.det, nil
			},
			NewRenderer: func(wire.RenderSpec, Scene) (Renderer, error) { return blot{d.render, &d.closed}, nil },
			Limits:      nal.DefaultLimits, Sandbox: "test",
		})
		theirs.Close()
	}()
	t.Cleanup(func() {
		ours.Close()
		select {
		case <-d.ended:
		case <-time.After(10 * time.Second):
			t.Error("the worker did not end with its connection")
		}
	})
	var h wire.Hello
	d.json(wire.KindHello, &h)
	if h.Version != wire.Version || h.Sandbox != "test" || !strings.HasPrefix(h.Codec, "libavcodec 59") {
		t.Fatalf("%+v", h)
	}
	return d
}

func (d *desk) say(msg []byte) {
	d.t.Helper()
	if _, err := d.conn.Write(msg); err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) sayJSON(kind wire.Kind, v any) {
	d.t.Helper()
	msg, err := wire.AppendJSON(nil, kind, v)
	if err != nil {
		d.t.Fatal(err)
	}
	d.say(msg)
}

func (d *desk) hear(want wire.Kind) []byte {
	d.t.Helper()
	kind, body, err := d.r.Next()
	if err != nil || kind != want {
		d.t.Fatalf("heard %d (%v), not %d: %s", kind, err, want, body)
	}
	return body
}

func (d *desk) json(kind wire.Kind, v any) {
	d.t.Helper()
	if err := wire.ParseJSON(d.hear(kind), v); err != nil {
		d.t.Fatal(err)
	}
}

// ask sends one unit and returns the records of its answer.
func (d *desk) ask(u wire.Unit) (records []wire.Obs) {
	d.t.Helper()
	d.say(append(wire.AppendUnitHead(nil, &u), u.Data...))
	for {
		for body := d.hear(wire.KindObs); len(body) > 0; {
			var o wire.Obs
			var err error
			if body, err = wire.NextObs(body, &o); err != nil {
				d.t.Fatal(err)
			}
			records = append(records, o)
		}
		if last := records[len(records)-1]; last.Flags&wire.FlagAck != 0 {
			if last.Seq != u.Seq || last.Handle != u.Handle {
				d.t.Fatalf("unit %d of %d was answered as %+v", u.Seq, u.Handle, last)
			}
			return records
		}
	}
}

func unitOf(handle uint32, au *shouwang.AccessUnit, flags uint8) wire.Unit {
	if au.Key {
		flags |= wire.FlagKey
	}
	return wire.Unit{Handle: handle, Flags: flags, Seq: au.Seq + 1, PTS: int64(au.PTS), Wall: int64(au.PTS) * 100 / 9, Data: bytes.Clone(au.Data)}
}

func street(t *testing.T, args ...string) []*shouwang.AccessUnit {
	return cliptest.Make(t, cliptest.Spec{Source: cliptest.Scene(640, 360, 10, 2), Codec: shouwang.CodecH264, FPS: 10, Args: append([]string{"-g", "10"}, args...)})
}

func (d *desk) open(handle uint32, p *shouwang.Params) {
	d.t.Helper()
	d.sayJSON(wire.KindOpen, wire.Open{Handle: handle, Params: wire.ParamsOf(p)})
}

func decoded(records []wire.Obs) (n int) {
	for _, o := range records {
		if o.Flags&wire.FlagDecoded != 0 {
			n++
		}
	}
	return n
}

func TestChainIsObserved(t *testing.T) {
	d, units := sit(t), street(t)
	d.open(1, units[0].Params)
	if got := d.ask(unitOf(1, units[1], wire.FlagChain)); decoded(got) != 0 {
		t.Error("a chain began without a key frame")
	}
	for _, u := range units {
		got := d.ask(unitOf(1, u, wire.FlagChain))
		if decoded(got) != 1 || got[0].DecodeMicros == 0 {
			t.Fatalf("unit %d: %+v", u.Seq, got)
		}
		o := got[0]
		if o.Mean != 255 || o.Dev != 0 || o.Changed != 1 || len(o.Regions) != 1 || o.Regions[0].W != 1 || o.Regions[0].H != 0 {
			t.Fatalf("the detector's values were not brought into bounds: %+v", o)
		}
	}
	if len(d.det.times) != len(units) || d.det.sizes[0] != [2]int{640, 360} || !d.det.keys[0] || d.det.keys[1] {
		t.Errorf("the detector saw %d pictures, first %v", len(d.det.times), d.det.sizes[0])
	}
}

func TestPicturesHeldBackForReorderingComeWithTheirOwnNumber(t *testing.T) {
	d := sit(t)
	units := cliptest.Make(t, cliptest.Spec{Source: cliptest.Scene(320, 180, 10, 3), Codec: shouwang.CodecH264, FPS: 10, Args: []string{"-g", "10", "-bf", "2"}})
	d.open(1, units[0].Params)
	seen := map[uint64]int{}
	for _, u := range units {
		for _, o := range d.ask(unitOf(1, u, wire.FlagChain)) {
			if o.Flags&wire.FlagDecoded != 0 {
				seen[o.Seq]++
			}
		}
	}
	if len(seen) < len(units)/2 {
		t.Errorf("%d pictures of %d", len(seen), len(units))
	}
	for seq, n := range seen {
		if n != 1 {
			t.Errorf("picture %d was reported %d times", seq, n)
		}
	}
}

func TestANewSessionKeepsTheBackground(t *testing.T) {
	d, units := sit(t), street(t)
	d.open(1, units[0].Params)
	for epoch := range uint32(3) {
		for _, u := range units[:12] {
			w := unitOf(1, u, wire.FlagChain)
			w.Epoch, w.Seq = epoch, w.Seq+uint64(epoch)*100
			w.Wall += int64(epoch) * 60_000_000
			if got := d.ask(w); decoded(got) != 1 {
				t.Fatalf("epoch %d unit %d: %+v", epoch, u.Seq, got)
			}
		}
	}
	for i := 1; i < len(d.det.times); i++ {
		if d.det.times[i] <= d.det.times[i-1] {
			t.Fatalf("the detector's time ran backwards at %d: %v", i, d.det.times[i-1:i+1])
		}
	}
	if gap := (d.det.times[12] - d.det.times[11]).Duration(); gap < 58*time.Second || gap > 61*time.Second {
		t.Errorf("a minute between two sessions became %v", gap)
	}
}

func TestCatchUpIsNotSeenTwice(t *testing.T) {
	d, units := sit(t), street(t)
	d.open(1, units[0].Params)
	d.ask(unitOf(1, units[0], 0))
	for i, u := range units[:5] {
		w := unitOf(1, u, wire.FlagChain)
		w.Seq += 100
		if got := decoded(d.ask(w)); got != b2i(i > 0) {
			t.Errorf("unit %d: %d pictures", i, got)
		}
	}
	if len(d.det.times) != 5 {
		t.Errorf("the detector saw %v", d.det.times)
	}
}

// TestCatchUpShowsWhatLiesBetweenKeyFrames: two key frames were looked at, and
// the second wakes the camera: its chain begins at the first, and what lies
// between is shown though it is older; no picture is shown twice by chains.
func TestCatchUpShowsWhatLiesBetweenKeyFrames(t *testing.T) {
	d, units := sit(t), street(t) // key frames 0 and 10
	d.open(1, units[0].Params)
	if decoded(d.ask(unitOf(1, units[0], 0))) != 1 || decoded(d.ask(unitOf(1, units[10], 0))) != 1 {
		t.Fatal("the key frames were not looked at")
	}
	for i := range 14 {
		if got, want := decoded(d.ask(unitOf(1, units[i], wire.FlagChain))), b2i(i > 0); got != want {
			t.Errorf("unit %d of the catch-up was shown %d times, want %d", i, got, want)
		}
	}
	d.ask(unitOf(1, units[10], 0)) // asleep again; it lets the chain go
	for i := range 16 {
		if got, want := decoded(d.ask(unitOf(1, units[i], wire.FlagChain))), b2i(i > 13); got != want {
			t.Errorf("unit %d of a second catch-up was shown %d times, want %d", i, got, want)
		}
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func TestWhatCannotBeDecodedIsAnsweredAllTheSame(t *testing.T) {
	d, units := sit(t), street(t)
	d.sayJSON(wire.KindOpen, wire.Open{Handle: 1, Params: wire.Params{Codec: 1, SPS: []byte{0x67, 1}}})
	var f wire.Fault
	if d.json(wire.KindFault, &f); f.Handle != 1 || f.Code != shouwang.CodeBadStream {
		t.Fatalf("%+v", f)
	}
	if got := d.ask(unitOf(1, units[0], wire.FlagChain)); decoded(got) != 0 {
		t.Error("decoded without parameter sets")
	}
	d.open(1, units[0].Params)
	broken := unitOf(1, units[0], wire.FlagChain)
	broken.Data = broken.Data[:len(broken.Data)-3]
	if got := d.ask(broken); got[0].Flags&wire.FlagDamaged == 0 {
		t.Errorf("lengths that do not add up: %+v", got)
	}
	d.ask(unitOf(99, units[0], wire.FlagChain)) // nobody knows 99
	if got := d.ask(unitOf(1, units[0], wire.FlagChain)); decoded(got) != 1 {
		t.Errorf("did not recover: %+v", got)
	}
	d.say(wire.AppendHandle(nil, wire.KindClose, 1))
	if got := d.ask(unitOf(1, units[1], wire.FlagChain)); decoded(got) != 0 {
		t.Error("a closed camera is decoded")
	}
	d.sayJSON(wire.KindOpen, wire.Open{Handle: 2, Model: "no such", Params: wire.ParamsOf(units[0].Params)})
	if d.json(wire.KindFault, &f); f.Handle != 2 || f.Code != shouwang.CodeBadConfig {
		t.Errorf("%+v", f)
	}
	d.say(wire.AppendHeader(nil, wire.KindPing, 0))
	var st wire.Stats
	if d.json(wire.KindStats, &st); st.Units != 5 || st.Cameras != 0 || st.CPUMicros == 0 || st.Damaged != 1 {
		t.Errorf("%+v", st)
	}
}

func (d *desk) picture() wire.Picture {
	d.t.Helper()
	var p wire.Picture
	if err := wire.ParsePicture(d.hear(wire.KindPicture), &p); err != nil {
		d.t.Fatal(err)
	}
	return p
}

func TestRendererAnswersEachUnit(t *testing.T) {
	d, units := sit(t), street(t)
	d.sayJSON(wire.KindRender, wire.Render{Handle: 5, Params: wire.ParamsOf(units[0].Params)})
	u := unitOf(5, units[0], wire.FlagChain)
	d.say(append(wire.AppendUnitHead(nil, &u), u.Data...))
	if p := d.picture(); string(p.Data) != "coded" || p.Flags != wire.FlagKey || p.Seq != u.Seq || p.PTS != u.PTS || p.Width != 640 {
		t.Errorf("%+v", p)
	}
	if p := d.picture(); p.Flags != wire.FlagAck || len(p.Data) != 0 || p.Micros == 0 {
		t.Errorf("%+v", p)
	}
	d.say(wire.AppendHandle(nil, wire.KindFlush, 5))
	if p := d.picture(); p.Flags != wire.FlagAck|wire.FlagEnd {
		t.Errorf("%+v", p)
	}
}

func TestRendererThatFailsIsClosed(t *testing.T) {
	d, units := sit(t), street(t)
	d.render = errors.New("cannot draw")
	d.sayJSON(wire.KindRender, wire.Render{Handle: 5, Params: wire.ParamsOf(units[0].Params)})
	u := unitOf(5, units[0], wire.FlagChain)
	d.say(append(wire.AppendUnitHead(nil, &u), u.Data...))
	d.picture() // what the fake gave before it failed
	var f wire.Fault
	if d.json(wire.KindFault, &f); f.Handle != 5 || f.Text != "cannot draw" {
		t.Errorf("%+v", f)
	}
	if p := d.picture(); p.Flags != wire.FlagAck || len(p.Data) != 0 {
		t.Errorf("%+v", p)
	}
	if got := d.ask(unitOf(5, units[1], wire.FlagChain)); decoded(got) != 0 || !d.closed {
		t.Error("the renderer lives on")
	}
}

func TestNonsenseEndsTheWorker(t *testing.T) {
	for name, msg := range map[string][]byte{
		"version": {0, 0, 0, 0, 99, 1, 0, 0}, "short unit": append(wire.AppendHeader(nil, wire.KindUnit, 3), 1, 2, 3), "json": append(wire.AppendHeader(nil, wire.KindOpen, 1), '{'),
	} {
		t.Run(name, func(t *testing.T) {
			d := sit(t)
			d.say(msg)
			if err := <-d.ended; err == nil {
				t.Error("the worker took it")
			}
			d.ended <- nil // for the clean-up
			if _, _, err := d.r.Next(); !errors.Is(err, io.EOF) {
				t.Error(err)
			}
		})
	}
}
