package wire

import (
	"bytes"
	"errors"
	"reflect"
	"testing"
)

func TestMaskTravels(t *testing.T) {
	m := Mask{Handle: 7, Seq: 1 << 40, Cols: 160, Rows: 90, Runs: []int{0, 3, 5000, 200, 9197}}
	kind, body, err := NewReader(bytes.NewReader(AppendMask(nil, &m))).Next()
	var got Mask
	if err != nil || kind != KindMask || ParseMask(body, &got) != nil || !reflect.DeepEqual(got, m) {
		t.Fatalf("%v %v %+v", kind, err, got)
	}
}

func TestMasksThatCannotBeAreRefused(t *testing.T) {
	for name, m := range map[string]Mask{
		"too few cells":  {Cols: 4, Rows: 2, Runs: []int{3, 4}},
		"too many cells": {Cols: 4, Rows: 2, Runs: []int{3, 6}},
		"too wide":       {Cols: 5000, Rows: 1, Runs: []int{5000}},
		"no number":      {Cols: 4, Rows: 2, Runs: []int{-1, 9}},
	} {
		_, body, err := NewReader(bytes.NewReader(AppendMask(nil, &m))).Next()
		if err != nil {
			t.Fatal(err)
		}
		if err := ParseMask(body, new(Mask)); !errors.Is(err, ErrField) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := ParseMask([]byte{1, 2, 3}, new(Mask)); !errors.Is(err, ErrShort) {
		t.Error(err)
	}
}

func FuzzMask(f *testing.F) {
	f.Add(AppendMask(nil, &Mask{Cols: 160, Rows: 90, Runs: []int{14400}})[headerSize:])
	f.Fuzz(func(t *testing.T, body []byte) {
		var m Mask
		if ParseMask(body, &m) != nil {
			return
		}
		var again Mask
		if err := ParseMask(AppendMask(nil, &m)[headerSize:], &again); err != nil || !reflect.DeepEqual(m, again) {
			t.Errorf("%+v became %+v, %v", m, again, err)
		}
	})
}
