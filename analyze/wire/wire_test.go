package wire

import (
	"bytes"
	"errors"
	"io"
	"math"
	"reflect"
	"testing"
	"testing/iotest"

	"shouwang"
)

func unitMessage(u *Unit) []byte { return append(AppendUnitHead(nil, u), u.Data...) }

func TestUnitSurvivesTheTrip(t *testing.T) {
	want := Unit{Handle: 7, Flags: FlagKey | FlagChain, Epoch: 3, Seq: 1 << 40, PTS: -5, Wall: 1795399703000000, Data: []byte("nal")}
	r := NewReader(iotest.OneByteReader(bytes.NewReader(append(unitMessage(&want), unitMessage(&want)...))))
	for range 2 {
		kind, body, err := r.Next()
		if err != nil || kind != KindUnit {
			t.Fatal(kind, err)
		}
		var got Unit
		if err := ParseUnit(body, &got); err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("got %+v, %v", got, err)
		}
	}
	if _, _, err := r.Next(); !errors.Is(err, io.EOF) {
		t.Fatal("no clean end:", err)
	}
}

func TestObservationsSurviveTheTrip(t *testing.T) {
	want := []Obs{
		{Handle: 1, Flags: FlagAck, Seq: 9},
		{
			Handle: 2, Flags: FlagAck | FlagDecoded, Light: 1, Seq: 10, DecodeMicros: 700, PixelMicros: 7, Mean: 120, Dev: 40, Changed: .1, Sharp: 3,
			Regions: []Region{{.1, .2, .3, .4, .5, .6, .7, 1, .8, 9, 2}, {W: 1, H: 1}},
		},
	}
	msg := Begin(nil, KindObs)
	for i := range want {
		msg = AppendObs(msg, &want[i])
	}
	End(msg, 0)
	_, body, err := NewReader(bytes.NewReader(msg)).Next()
	if err != nil {
		t.Fatal(err)
	}
	for i := range want {
		var got Obs
		if body, err = NextObs(body, &got); err != nil || !reflect.DeepEqual(got, want[i]) {
			t.Fatalf("got %+v, %v", got, err)
		}
	}
	if len(body) != 0 {
		t.Fatal("bytes left over")
	}
}

func TestObservationRefusesWhatCannotBe(t *testing.T) {
	for name, spoil := range map[string]func(*Obs){
		"nan":   func(o *Obs) { o.Mean = float32(math.NaN()) },
		"box":   func(o *Obs) { o.Regions = []Region{{X: 1.5}} },
		"grain": func(o *Obs) { o.Regions = []Region{{Grain: 65}} },
		"minus": func(o *Obs) { o.Changed = -1 },
		"light": func(o *Obs) { o.Light = 9 },
	} {
		o := Obs{Handle: 1}
		spoil(&o)
		if _, err := NextObs(AppendObs(nil, &o), &Obs{}); !errors.Is(err, ErrField) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPictureSurvivesTheTrip(t *testing.T) {
	want := Picture{Handle: 4, Flags: FlagKey | FlagAck, Width: 640, Height: 360, Seq: 8, PTS: 9000, Micros: 2800, SPS: []byte{0x67, 1}, PPS: []byte{0x68}, Data: []byte("coded")}
	kind, body, err := NewReader(bytes.NewReader(AppendPicture(nil, &want))).Next()
	if err != nil || kind != KindPicture {
		t.Fatal(kind, err)
	}
	var got Picture
	if err := ParsePicture(body, &got); err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("got %+v, %v", got, err)
	}
}

func TestReaderRefusesAStrangePeer(t *testing.T) {
	good := AppendHandle(nil, KindClose, 1)
	other := bytes.Clone(good)
	other[4]++
	large := bytes.Clone(good)
	large[3] = 0xff
	for name, c := range map[string]struct {
		in   []byte
		want error
	}{
		"version": {other, ErrVersion}, "size": {large, ErrTooLarge}, "cut": {good[:10], io.ErrUnexpectedEOF}, "empty": {nil, io.EOF},
	} {
		if _, _, err := NewReader(bytes.NewReader(c.in)).Next(); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestJSONIsBounded(t *testing.T) {
	msg, err := AppendJSON(nil, KindFault, Fault{Handle: 3, Code: shouwang.CodeBadStream, Text: "no"})
	if err != nil {
		t.Fatal(err)
	}
	var f Fault
	if err := ParseJSON(msg[headerSize:], &f); err != nil || f.Handle != 3 {
		t.Fatal(f, err)
	}
	if _, err := AppendJSON(nil, KindLog, Log{Text: string(make([]byte, MaxJSON))}); !errors.Is(err, ErrTooLarge) {
		t.Fatal(err)
	}
}

// repeat serves the same bytes for ever.
type repeat struct {
	b  []byte
	at int
}

func (r *repeat) Read(p []byte) (int, error) {
	n := copy(p, r.b[r.at:])
	r.at = (r.at + n) % len(r.b)
	return n, nil
}

func TestHotPathAllocatesNothing(t *testing.T) {
	u := Unit{Handle: 1, Data: make([]byte, 5000)}
	o := Obs{Handle: 1, Regions: make([]Region, 8)}
	unit, obs := unitMessage(&u), AppendObs(Begin(nil, KindObs), &o)
	End(obs, 0)
	units, answers := NewReader(&repeat{b: unit}), NewReader(&repeat{b: obs})
	out, got := make([]byte, 0, 8192), Obs{Regions: make([]Region, 0, MaxRegions)}
	if n := testing.AllocsPerRun(200, func() {
		out = AppendUnitHead(out[:0], &u)
		_, body, _ := units.Next()
		_ = ParseUnit(body, &u)
		out = AppendObs(Begin(out[:0], KindObs), &o)
		_, body, _ = answers.Next()
		_, _ = NextObs(body, &got)
	}); n != 0 {
		t.Fatalf("%v allocations a unit", n)
	}
}

// FuzzReader feeds any bytes through every parser of both directions.
func FuzzReader(f *testing.F) {
	f.Add(unitMessage(&Unit{Handle: 1, Data: []byte("x")}))
	f.Add(AppendPicture(nil, &Picture{SPS: []byte{1}, Data: []byte{2}}))
	obs := AppendObs(Begin(nil, KindObs), &Obs{Regions: make([]Region, 3)})
	End(obs, 0)
	f.Add(obs)
	f.Add(AppendAsk(nil, &Ask{Handle: 1}))
	found := AppendFound(Begin(nil, KindFound), &Found{Score: 1})
	End(found, 0)
	f.Add(found)
	open, _ := AppendJSON(nil, KindOpen, Open{Handle: 1, Params: Params{Codec: 1, SPS: []byte{0x67}}})
	f.Add(open)
	f.Fuzz(func(t *testing.T, in []byte) {
		r := NewReader(bytes.NewReader(in))
		for {
			kind, body, err := r.Next()
			if err != nil {
				return
			}
			parseAny(t, kind, body)
		}
	})
}

func parseAny(t *testing.T, kind Kind, body []byte) {
	switch kind {
	case KindUnit:
		var u Unit
		if ParseUnit(body, &u) == nil && !bytes.Equal(unitMessage(&u)[headerSize+8:], body[8:]) {
			t.Fatal("unit changed on the way")
		}
	case KindPicture:
		_ = ParsePicture(body, &Picture{})
	case KindObs:
		var o Obs
		for rest := body; len(rest) > 0; {
			var err error
			if rest, err = NextObs(rest, &o); err != nil {
				return
			}
		}
	case KindAsk:
		_ = ParseAsk(body, &Ask{})
	case KindFound:
		for rest, err := body, error(nil); len(rest) > 0 && err == nil; {
			rest, err = NextFound(rest, &Found{})
		}
	case KindOpen:
		var o Open
		if ParseJSON(body, &o) == nil {
			_ = o.Params.Check()
		}
	default:
		_, _ = ParseHandle(body)
	}
}
