package worker

import (
	"errors"
	"net"
	"testing"

	"shouwang"
	"shouwang/analyze/decode"
	"shouwang/analyze/decode/nal"
	"shouwang/analyze/wire"
)

// oracle is a classifier that takes everything for a vehicle, or fails.
type oracle struct {
	cuts   []wire.Found
	runs   []int
	fail   bool
	looks  int
	hidden []shouwang.Box
}

func (o *oracle) Name() string { return "oracle" }
func (o *oracle) Waiting() int { return len(o.cuts) }

func (o *oracle) Cut(p *decode.Picture, handle, ticket uint32, r shouwang.Box) {
	if p.Width != 640 {
		panic("not the picture")
	}
	o.cuts = append(o.cuts, wire.Found{Handle: handle, Ticket: ticket, Class: 2, Score: 1, X: float32(r[0]), Y: float32(r[1]), W: float32(r[2]), H: float32(r[3])})
}

func (o *oracle) Things(_ *decode.Picture, each func(uint8, shouwang.Box)) error {
	o.looks++
	if o.fail {
		return errors.New("no network")
	}
	each(wire.ClassPerson, shouwang.Box{.1, .1, .1, .3})
	each(wire.ClassVehicle, shouwang.Box{.5, .5, .3, .2})
	return nil
}

func (o *oracle) Run(answer func(*wire.Found)) error {
	o.runs = append(o.runs, len(o.cuts))
	list := o.cuts
	o.cuts = nil
	if o.fail {
		return errors.New("no network")
	}
	for i := range list {
		answer(&list[i])
	}
	return nil
}

// named sits down before a worker with a classifier.
func named(t *testing.T, o *oracle) (net.Conn, *wire.Reader) {
	ours, theirs := net.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- Run(theirs, Config{
			NewDetector: func(string, []byte) (Detector, error) { return &spy{}, nil }, Limits: nal.DefaultLimits, Classifier: o,
			NewRenderer: func(wire.RenderSpec, Scene) (Renderer, error) { return hiding{o}, nil },
		})
		theirs.Close()
	}()
	t.Cleanup(func() { ours.Close(); <-ended })
	r := wire.NewReader(ours)
	kind, body, err := r.Next()
	var h wire.Hello
	if err != nil || kind != wire.KindHello || wire.ParseJSON(body, &h) != nil || h.Classifier != "oracle" {
		t.Fatalf("%v %v %+v", kind, err, h)
	}
	return ours, r
}

// hiding is a renderer that notes what it is told to hide.
type hiding struct{ o *oracle }

func (h hiding) Mark(uint32, string) error { return nil }
func (h hiding) Unmark(uint32)             {}
func (h hiding) Refresh(uint32)            {}
func (h hiding) Hide(list []shouwang.Box)  { h.o.hidden = append(h.o.hidden, list...) }
func (h hiding) Flush(func(*Coded)) error  { return nil }
func (h hiding) Close()                    {}
func (h hiding) Render(*decode.Picture, shouwang.MediaTime, int64, func(*Coded)) error {
	return nil
}

// TestRenderersAreToldWhoOnlyStands: in the first picture and every five
// seconds, of the kinds that are owed; and nothing is shown when the network
// fails.
func TestRenderersAreToldWhoOnlyStands(t *testing.T) {
	o := &oracle{}
	conn, r := named(t, o)
	units := street(t)
	say := func(msg []byte) {
		t.Helper()
		if _, err := conn.Write(msg); err != nil {
			t.Fatal(err)
		}
	}
	open, _ := wire.AppendJSON(nil, wire.KindRender, wire.Render{Handle: 1, Params: wire.ParamsOf(units[0].Params), Spec: wire.RenderSpec{Veil: true, People: true}})
	say(open)
	render := func(i int, seconds float64) wire.Kind {
		t.Helper()
		u := unitOf(1, units[i], wire.FlagChain)
		u.PTS = int64(seconds * shouwang.MediaRate)
		say(append(wire.AppendUnitHead(nil, &u), u.Data...))
		kind, _, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		return kind
	}
	for i, seconds := range []float64{0, 2, 4.9, 5, 9.9, 10.1} {
		if kind := render(i, seconds); kind != wire.KindPicture {
			t.Fatalf("unit %d: kind %d", i, kind)
		}
	}
	if o.looks != 3 || len(o.hidden) != 3 || o.hidden[0][0] != .1 {
		t.Errorf("%d looks, hidden %v", o.looks, o.hidden)
	}
	o.fail = true
	if kind := render(6, 20); kind != wire.KindFault {
		t.Errorf("the network failed and the answer is %d", kind)
	}
}

// TestWhatIsAskedIsCutFromTheNextPicture: the answer comes after the picture's
// observation, once, and only for cameras that are there.
func TestWhatIsAskedIsCutFromTheNextPicture(t *testing.T) {
	o := &oracle{}
	conn, r := named(t, o)
	units := street(t)
	open, _ := wire.AppendJSON(nil, wire.KindOpen, wire.Open{Handle: 1, Params: wire.ParamsOf(units[0].Params)})
	write := func(msg []byte) {
		t.Helper()
		if _, err := conn.Write(msg); err != nil {
			t.Fatal(err)
		}
	}
	next := func(want wire.Kind) []byte {
		t.Helper()
		kind, body, err := r.Next()
		if err != nil || kind != want {
			t.Fatalf("kind %d, want %d: %v", kind, want, err)
		}
		return append([]byte(nil), body...)
	}
	unit := func(i int) []byte {
		u := unitOf(1, units[i], wire.FlagChain)
		return append(wire.AppendUnitHead(nil, &u), u.Data...)
	}
	write(open)
	ask := func(handle, ticket uint32) []byte {
		return wire.AppendAsk(nil, &wire.Ask{Handle: handle, Ticket: ticket, X: .1, Y: .1, W: .2, H: .2})
	}
	write(ask(1, 5))
	write(ask(2, 6)) // nobody
	write(unit(0))
	next(wire.KindObs)
	body := next(wire.KindFound)
	var f wire.Found
	if rest, err := wire.NextFound(body, &f); err != nil || len(rest) != 0 || f.Ticket != 5 || f.Handle != 1 || f.Class != 2 {
		t.Fatalf("%+v %v", f, err)
	}
	write(unit(1))
	next(wire.KindObs)
	o.fail = true
	write(ask(1, 7))
	write(unit(2))
	next(wire.KindObs)
	next(wire.KindLog)
	if body := next(wire.KindFound); len(body) != 0 {
		t.Errorf("a network that fails answered: %x", body)
	}
	write(unit(3)) // and it goes on
	next(wire.KindObs)
	if len(o.runs) != 2 {
		t.Errorf("runs of %v things", o.runs)
	}
}
