package wire

import (
	"bytes"
	"errors"
	"math"
	"testing"
)

func TestAskAndFoundTravel(t *testing.T) {
	a := Ask{Handle: 7, Ticket: 9, X: 0.25, Y: 0.5, W: 0.125, H: 0.0625}
	kind, body, err := NewReader(bytes.NewReader(AppendAsk(nil, &a))).Next()
	var got Ask
	if err != nil || kind != KindAsk || ParseAsk(body, &got) != nil || got != a {
		t.Fatalf("%v %v %+v", kind, err, got)
	}
	list := []Found{{Handle: 7, Ticket: 9, Class: 2, Score: 0.75, X: -0.5, Y: 0.5, W: 1.5, H: 0.25, Micros: 9000}, {Handle: 8}}
	msg := Begin(nil, KindFound)
	for i := range list {
		msg = AppendFound(msg, &list[i])
	}
	End(msg, 0)
	if _, body, err = NewReader(bytes.NewReader(msg)).Next(); err != nil {
		t.Fatal(err)
	}
	for _, want := range list {
		var f Found
		if body, err = NextFound(body, &f); err != nil || f != want {
			t.Fatalf("%+v, %v", f, err)
		}
	}
	if len(body) != 0 {
		t.Error("something is left")
	}
}

func TestFoundThatCannotBeIsRefused(t *testing.T) {
	for name, f := range map[string]Found{"no number": {X: float32(math.NaN())}, "infinite": {Score: float32(math.Inf(1))}, "far away": {Y: 5}} {
		if _, err := NextFound(AppendFound(nil, &f), new(Found)); !errors.Is(err, ErrField) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := NextFound(make([]byte, foundSize-1), new(Found)); !errors.Is(err, ErrShort) {
		t.Error(err)
	}
	if err := ParseAsk(make([]byte, askSize+1), new(Ask)); !errors.Is(err, ErrShort) {
		t.Error(err)
	}
}
