package nal

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"testing"

	"shouwang"
)

func lengths(units ...string) (out []byte) {
	for _, u := range units {
		out = append(binary.BigEndian.AppendUint32(out, uint32(len(u))), u...)
	}
	return out
}

func TestToAnnexBAndBack(t *testing.T) {
	data := lengths("\x65first", "\x41second")
	if err := ToAnnexB(data); err != nil {
		t.Fatal(err)
	}
	if want := []byte("\x00\x00\x00\x01\x65first\x00\x00\x00\x01\x41second"); !bytes.Equal(data, want) {
		t.Fatalf("%q", data)
	}
	var got []string
	Split(append(data, 0, 0, 1, 0x68), func(u []byte) { got = append(got, string(u)) })
	if len(got) != 3 || got[0] != "\x65first" || got[1] != "\x41second" || got[2] != "\x68" {
		t.Fatalf("%q", got)
	}
}

func TestToAnnexBRefusesBrokenLengths(t *testing.T) {
	for name, in := range map[string][]byte{
		"empty": nil, "cut prefix": {0, 0, 0}, "zero unit": {0, 0, 0, 0}, "too long": {0, 0, 0, 9, 1}, "huge": {0xff, 0xff, 0xff, 0xff, 1},
		"many": bytes.Repeat([]byte{0, 0, 0, 1, 9}, maxUnits+1),
	} {
		was := bytes.Clone(in)
		if err := ToAnnexB(in); !errors.Is(err, ErrBroken) || !bytes.Equal(was, in) {
			t.Errorf("%s: %v, %x", name, err, in)
		}
	}
}

func TestParamsGetStartCodes(t *testing.T) {
	if got := AppendParams(nil, nil, []byte{0x67}, []byte{0x68}); !bytes.Equal(got, []byte{0, 0, 0, 1, 0x67, 0, 0, 0, 1, 0x68}) {
		t.Fatalf("%x", got)
	}
}

// sps640 is what x264 writes for a 640x360 Baseline stream.
var sps640, _ = hex.DecodeString("6742c01ed900a02ff970110000030001000003003c8f162e48")

// bomb64k announces 65536x65536 pixels: profile 66, level 3.0, then ue values.
func bomb() []byte {
	w := bits{}
	for _, b := range []byte{0x67, 66, 0, 30} {
		w.put(uint(b), 8)
	}
	for _, v := range []uint{0, 0, 2, 1} { // id, log2 frame num, poc type 2, references
		w.ue(v)
	}
	w.put(0, 1)
	w.ue(4095) // macroblocks wide - 1
	w.ue(4095)
	w.put(0b110, 3) // frames only, direct 8x8, no cropping
	w.put(0, 1)     // no VUI
	w.put(1, 1)
	return w.bytes()
}

type bits []byte // one bit a byte

func (w *bits) put(v uint, n int) {
	for i := n - 1; i >= 0; i-- {
		*w = append(*w, byte(v>>i&1))
	}
}

func (w *bits) ue(v uint) {
	n := 0
	for (v+1)>>n > 1 {
		n++
	}
	w.put(0, n)
	w.put(v+1, n+1)
}

func (w *bits) bytes() []byte {
	out := make([]byte, (len(*w)+7)/8)
	for i, b := range *w {
		out[i/8] |= b << (7 - i%8)
	}
	return out
}

func TestAbsurdSizesAreRefused(t *testing.T) {
	if err := DefaultLimits.Check(shouwang.CodecH264, sps640); err != nil {
		t.Fatal("a plain camera is refused:", err)
	}
	if w, h, _ := Size(shouwang.CodecH264, bomb()); w != 65536 || h != 65536 {
		t.Fatalf("the bomb is no bomb: %dx%d", w, h)
	}
	for name, sps := range map[string][]byte{"bomb": bomb(), "empty": {}, "noise": {0x67, 0xff, 0xff, 0xff, 0xff}} {
		if err := DefaultLimits.Check(shouwang.CodecH264, sps); shouwang.CodeOf(err) != shouwang.CodeBadStream {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := DefaultLimits.Check(shouwang.CodecUnknown, sps640); shouwang.CodeOf(err) != shouwang.CodeBadCodec {
		t.Error(err)
	}
	if err := (Limits{Side: 8192, Pixels: 100_000}).Check(shouwang.CodecH264, sps640); err == nil {
		t.Error("the pixel bound is not looked at")
	}
}

func FuzzToAnnexB(f *testing.F) {
	f.Add(lengths("\x65abc", "\x41"))
	f.Add([]byte{0, 0, 0, 9})
	f.Fuzz(func(t *testing.T, in []byte) {
		size := len(in)
		if ToAnnexB(in) != nil {
			return
		}
		total := 0
		Split(in, func(u []byte) { total += len(u) })
		if total > size {
			t.Fatal("units grew")
		}
	})
}

func FuzzParams(f *testing.F) {
	f.Add(uint8(1), sps640)
	f.Add(uint8(1), bomb())
	f.Add(uint8(2), []byte{0x42, 1, 1})
	f.Fuzz(func(t *testing.T, codec uint8, sps []byte) {
		_ = DefaultLimits.Check(shouwang.Codec(codec), sps)
	})
}
