package fragment

import (
	"bytes"
	"encoding/hex"
	"testing"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/pmp4"

	"shouwang"
)

var params = &shouwang.Params{Codec: shouwang.CodecH264, SPS: unhex("6742c00bda05067e7c0440000003004000000503c50aa8"), PPS: []byte{0x68, 0xcb, 0x83, 0xcb, 0x20}}

func unhex(s string) []byte {
	out, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return out
}

func unit(n int) *shouwang.AccessUnit {
	at := shouwang.MediaTime(n * 9000)
	slice := byte(0x41)
	if n%10 == 0 {
		slice = 0x65
	}
	return &shouwang.AccessUnit{PTS: at, DTS: at, Key: n%10 == 0, Params: params, Data: []byte{0, 0, 0, 2, slice, byte(n)}, Wall: shouwang.WallStamp{At: time.Unix(int64(n)/10, 0)}}
}

func TestLiveFragmentsCarryEveryPicture(t *testing.T) {
	var out bytes.Buffer
	l := NewLive(&out)
	if n, err := l.Write(unit(5), time.Now()); n != 0 || err != nil {
		t.Errorf("before the first key frame: %d bytes, %v", n, err)
	}
	total := 0
	for n := 10; n < 35; n++ {
		got, err := l.Write(unit(n), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		total += got
	}
	if total != out.Len() {
		t.Errorf("%d bytes told, %d written", total, out.Len())
	}
	var init fmp4.Init
	if err := init.Unmarshal(bytes.NewReader(out.Bytes())); err != nil {
		t.Fatal(err)
	}
	var parts fmp4.Parts
	if err := parts.Unmarshal(out.Bytes()[bytes.Index(out.Bytes(), []byte("moof"))-4:]); err != nil {
		t.Fatal(err)
	}
	if len(parts) != 25 {
		t.Fatalf("%d fragments", len(parts))
	}
	for i, part := range parts {
		track := part.Tracks[0]
		if want := uint64(i * 9000); track.BaseTime != want || track.Samples[0].IsNonSyncSample == (i%10 == 0) {
			t.Errorf("fragment %d: time %d want %d, key %v", i, track.BaseTime, want, !track.Samples[0].IsNonSyncSample)
		}
	}
}

func TestNewParametersMakeANewInitializationSegment(t *testing.T) {
	var out bytes.Buffer
	l := NewLive(&out)
	for n := range 20 {
		au := unit(n)
		if n >= 10 {
			other := *params
			other.PPS = []byte{0x68, 0xce, 0x3c, 0x80}
			au.Params = &other
		}
		if _, err := l.Write(au, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	if n := bytes.Count(out.Bytes(), []byte("moov")); n != 2 {
		t.Errorf("%d initialization segments", n)
	}
	au := unit(20)
	au.Params = &shouwang.Params{Codec: shouwang.CodecH265}
	if _, err := l.Write(au, time.Now()); shouwang.CodeOf(err) != shouwang.CodeBadCodec {
		t.Errorf("H.265: %v", err)
	}
}

func TestMime(t *testing.T) {
	if got, err := Mime(params); err != nil || got != `video/mp4; codecs="avc1.42c00b"` {
		t.Errorf("%s %v", got, err)
	}
	for _, p := range []*shouwang.Params{nil, {Codec: shouwang.CodecH265}, {Codec: shouwang.CodecH264, SPS: []byte{0x67}}} {
		if _, err := Mime(p); shouwang.CodeOf(err) != shouwang.CodeBadCodec {
			t.Errorf("%+v: %v", p, err)
		}
	}
}

func TestWholeKeepsTimesAndBridgesGaps(t *testing.T) {
	w := NewWhole(1 << 20)
	for n := range 20 {
		au := unit(n)
		if n >= 10 { // a new session, three seconds later
			au.Epoch, au.DTS, au.PTS = 1, au.DTS-90000, au.PTS-90000
			au.Wall.At = au.Wall.At.Add(3 * time.Second)
		}
		if err := w.Add(au); err != nil {
			t.Fatal(err)
		}
	}
	file, err := w.File()
	if err != nil {
		t.Fatal(err)
	}
	var pres pmp4.Presentation
	if err := pres.Unmarshal(bytes.NewReader(file)); err != nil {
		t.Fatal(err)
	}
	samples := pres.Tracks[0].Samples
	if len(samples) != 20 || samples[0].Duration != 9000 || samples[9].Duration != 4*90000 {
		t.Errorf("%d samples, first lasts %d, the one before the gap %d", len(samples), samples[0].Duration, samples[9].Duration)
	}
}

func TestWholeIsBounded(t *testing.T) {
	w := NewWhole(20)
	if _, err := w.File(); shouwang.CodeOf(err) != shouwang.CodeNotFound {
		t.Errorf("empty: %v", err)
	}
	var err error
	for n := 0; err == nil && n < 10; n++ {
		err = w.Add(unit(n))
	}
	if shouwang.CodeOf(err) != shouwang.CodeTooLarge {
		t.Errorf("too large: %v", err)
	}
	changed := unit(10)
	changed.Params = &shouwang.Params{Codec: shouwang.CodecH264, SPS: []byte{0x67, 1, 2, 3}, PPS: []byte{1}}
	w = NewWhole(1 << 20)
	_ = w.Add(unit(0))
	if err := w.Add(changed); shouwang.CodeOf(err) != shouwang.CodeBadStream {
		t.Errorf("changed parameters: %v", err)
	}
}
