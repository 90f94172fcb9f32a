package mp4

import (
	"bytes"
	"context"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4"

	"shouwang"
	"shouwang/storage"
)

var wall = time.Date(2026, 11, 20, 10, 0, 0, 123456789, time.UTC)

// A baseline SPS and PPS of 640x360 as x264 writes them.
var params = &shouwang.Params{
	Codec: shouwang.CodecH264, Width: 640, Height: 360,
	SPS: []byte{0x67, 0x42, 0xc0, 0x1e, 0xd9, 0x00, 0xa0, 0x2f, 0xf9, 0x70, 0x11, 0x00, 0x00, 0x03, 0x00, 0x01, 0x00, 0x00, 0x03, 0x00, 0x14, 0x0f, 0x16, 0x2e, 0x48},
	PPS: []byte{0x68, 0xcb, 0x83, 0xcb, 0x20},
}

// shelf holds segments' plain text in memory.
type shelf map[storage.SegmentID][]byte

func (s shelf) Open(_ context.Context, seg *storage.Segment) (io.ReaderAt, error) {
	return bytes.NewReader(s[seg.ID]), nil
}

// segment writes a segment of n pictures, ten a second, as the recorder does.
func (s shelf) segment(t testing.TB, id string, from time.Time, media shouwang.MediaTime, n int, p *shouwang.Params) storage.Segment {
	t.Helper()
	meta := &Meta{
		ID: storage.SegmentID(id), Camera: "cam", Stream: shouwang.StreamMain, From: from, Epoch: 1, Media: media, Grant: "g", Mode: "rolling",
		Retention: time.Hour, Codec: p.Codec, SPS: p.SPS, PPS: p.PPS, Width: p.Width, Height: p.Height,
	}
	begin, err := Init(p, meta)
	if err != nil {
		t.Fatal(err)
	}
	out := bytes.NewBuffer(begin)
	for i := 0; i < n; i += 10 {
		var pieces []Piece
		for k := i; k < min(i+10, n); k++ {
			at := shouwang.MediaTime(k * 9000)
			data := append([]byte{0, 0, 0, 8}, []byte(id[:1]+"-"+strings.Repeat(string(rune('a'+k%26)), 6))...)
			pieces = append(pieces, Piece{Data: data, DTS: at, PTS: at + 9000, Duration: 9000, Key: k%20 == 0})
		}
		if _, err := WriteFragment(out, uint32(i), from, pieces); err != nil {
			t.Fatal(err)
		}
	}
	s[meta.ID] = out.Bytes()
	got, samples, err := Scan(bytes.NewReader(out.Bytes()), int64(out.Len()))
	if err != nil || len(samples) != n {
		t.Fatalf("scan: %d samples, %v", len(samples), err)
	}
	got.From = got.From.In(time.UTC)
	if !reflect.DeepEqual(&got, meta) {
		t.Fatalf("scan read\n%+v\nof\n%+v", got, *meta)
	}
	row := got.Segment(samples)
	row.State = storage.SegmentStored
	return row
}

func TestForeignParserReadsFragments(t *testing.T) {
	s := shelf{}
	row := s.segment(t, "a", wall, 500, 35, params)
	raw := s["a"]
	var begin fmp4.Init
	if err := begin.Unmarshal(bytes.NewReader(raw[:bytes.Index(raw, []byte("moof"))-4])); err != nil {
		t.Fatal(err)
	}
	if len(begin.Tracks) != 1 || begin.Tracks[0].TimeScale != shouwang.MediaRate {
		t.Fatalf("%+v", begin.Tracks)
	}
	var parts fmp4.Parts
	if err := parts.Unmarshal(raw); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, part := range parts {
		for _, sample := range part.Tracks[0].Samples {
			ours := row.Samples[n]
			if !bytes.Equal(sample.Payload, raw[ours.Offset:ours.Offset+int64(ours.Size)]) || sample.IsNonSyncSample == ours.Key || sample.PTSOffset != 9000 {
				t.Fatalf("sample %d: %+v, %+v", n, sample, ours)
			}
			n++
		}
	}
	if n != 35 || !row.To.Equal(wall.Add(3500*time.Millisecond)) {
		t.Fatalf("%d samples to %s", n, row.To)
	}
	if !row.Expires.Equal(row.To.Add(time.Hour)) {
		t.Fatalf("expires %s", row.Expires)
	}
}

func TestScanOfACutSegmentGivesWholeFragments(t *testing.T) {
	s := shelf{}
	s.segment(t, "a", wall, 0, 30, params)
	raw := s["a"]
	counts := map[int]bool{}
	for cut := bytes.Index(raw, []byte("moof")) - 40; cut <= len(raw); cut++ {
		_, samples, err := Scan(bytes.NewReader(raw[:cut]), int64(cut))
		if err != nil && len(samples) > 0 {
			t.Fatal(err)
		}
		counts[len(samples)] = true
	}
	if len(counts) != 4 || !counts[0] || !counts[10] || !counts[20] || !counts[30] {
		t.Fatalf("numbers of samples: %v", counts)
	}
}

func TestAssembledFile(t *testing.T) {
	s := shelf{}
	a := s.segment(t, "a", wall, 0, 40, params)
	b := s.segment(t, "b", wall.Add(4*time.Second), 360000, 40, params)
	other := *params
	other.PPS = []byte{0x68, 0xcb, 0x83, 0xcb, 0x21}
	c := s.segment(t, "c", wall.Add(20*time.Second), 0, 20, &other) // after a gap, with new parameters
	c.Epoch = 2
	span := shouwang.Span{From: wall.Add(2500 * time.Millisecond), To: wall.Add(time.Minute)}
	f, err := Assemble(t.Context(), span, []storage.Segment{c, a, b}, s)
	if err != nil {
		t.Fatal(err)
	}
	if f.Len() != 20+40+20 || !f.Span().From.Equal(wall.Add(2*time.Second)) || len(f.Params()) != 2 {
		t.Fatalf("%d pictures from %s, %d parameter sets", f.Len(), f.Span().From, len(f.Params()))
	}
	whole, err := io.ReadAll(f)
	if err != nil || int64(len(whole)) != f.Size() {
		t.Fatalf("%d of %d bytes, %v", len(whole), f.Size(), err)
	}
	if err := iotest.TestReader(io.NewSectionReader(f, 0, f.Size()), whole); err != nil {
		t.Fatal(err)
	}
	// Every picture lies where the tables say, and at its wall time.
	data := whole[len(f.header):]
	for i, u := range collect(t, f) {
		if !bytes.Equal(u.Data, data[:len(u.Data)]) {
			t.Fatalf("picture %d is not in its place", i)
		}
		data = data[len(u.Data):]
		if off := u.PTS.Duration() - u.Wall.At.Sub(f.Span().From); off > time.Millisecond || off < -time.Millisecond {
			t.Fatalf("picture %d is %s off the wall", i, off)
		}
	}
	if held := f.plan.items[59].Duration; held != 9000+12*90000 {
		t.Fatalf("the picture before the gap lasts %d ticks", held)
	}
	if n := bytes.Count(whole, []byte("avcC")); n != 2 {
		t.Fatalf("%d sample entries", n)
	}
}

func collect(t *testing.T, f *File) (out []*shouwang.AccessUnit) {
	t.Helper()
	for u, err := range f.Units() {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, u)
	}
	return out
}

func TestSpanOfNothing(t *testing.T) {
	s := shelf{}
	a := s.segment(t, "a", wall, 0, 40, params)
	erased := a
	erased.State = storage.SegmentErased
	for name, c := range map[string]struct {
		span shouwang.Span
		list []storage.Segment
	}{
		"no segments": {shouwang.Span{From: wall, To: wall.Add(time.Second)}, nil},
		"erased":      {shouwang.Span{From: wall, To: wall.Add(time.Second)}, []storage.Segment{erased}},
		"before":      {shouwang.Span{From: wall.Add(-time.Hour), To: wall.Add(-time.Second)}, []storage.Segment{a}},
	} {
		if _, err := Assemble(t.Context(), c.span, c.list, s); shouwang.CodeOf(err) != shouwang.CodeNotFound {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestShortSegmentIsNoticed(t *testing.T) {
	s := shelf{}
	a := s.segment(t, "a", wall, 0, 40, params)
	s["a"] = s["a"][:len(s["a"])-100]
	f, err := Assemble(t.Context(), shouwang.Span{From: wall, To: wall.Add(time.Minute)}, []storage.Segment{a}, s)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(f); shouwang.CodeOf(err) != shouwang.CodeTampered {
		t.Fatal(err)
	}
}

func TestMIME(t *testing.T) {
	if got := MIME(params); got != `video/mp4; codecs="avc1.42c01e"` {
		t.Error(got)
	}
	hevc := &shouwang.Params{Codec: shouwang.CodecH265, SPS: []byte{0x42, 0x01, 0x01, 0x01, 0x60, 0, 0, 3, 0, 0x90, 0, 0, 3, 0, 0, 3, 0, 0x3c, 0xa0, 0x0a}}
	if got := MIME(hevc); got != `video/mp4; codecs="hvc1.1.6.L60.B0"` {
		t.Error(got)
	}
	if got := MIME(nil); got != "video/mp4" {
		t.Error(got)
	}
}

func TestHostileParameterSets(t *testing.T) {
	for _, p := range []*shouwang.Params{
		nil,
		{},
		{Codec: shouwang.CodecH264},
		{Codec: shouwang.CodecH264, SPS: []byte{0x67, 1, 2}, PPS: []byte{0x68, 1}},
		{Codec: shouwang.CodecH264, SPS: make([]byte, 70000), PPS: []byte{0x68, 1}},
		{Codec: shouwang.CodecH265, VPS: []byte{1, 2}, SPS: []byte{0x42, 1, 0, 0, 3}, PPS: []byte{1, 2}},
		{Codec: 9, SPS: params.SPS, PPS: params.PPS},
	} {
		if _, err := Init(p, nil); shouwang.CodeOf(err) != shouwang.CodeBadStream && shouwang.CodeOf(err) != shouwang.CodeBadCodec {
			t.Errorf("%+v: %v", p, err)
		}
	}
}

func FuzzInit(f *testing.F) {
	f.Add(params.SPS, params.PPS, []byte{0x40, 1}, true)
	f.Add(params.SPS, params.PPS, []byte{0x40, 1}, false)
	f.Fuzz(func(t *testing.T, sps, pps, vps []byte, h265 bool) {
		p := &shouwang.Params{Codec: shouwang.CodecH264, SPS: sps, PPS: pps, VPS: vps}
		if h265 {
			p.Codec = shouwang.CodecH265
		}
		_ = MIME(p)
		begin, err := Init(p, nil)
		if err != nil {
			return
		}
		if n := eachBox(begin, func(string, []byte, int) bool { return true }); n != len(begin) {
			t.Fatalf("boxes end at %d of %d", n, len(begin))
		}
	})
}

func FuzzScan(f *testing.F) {
	s := shelf{}
	s.segment(f, "a", wall, 0, 12, params)
	f.Add(s["a"])
	f.Fuzz(func(t *testing.T, data []byte) {
		_, samples, _ := Scan(bytes.NewReader(data), int64(len(data)))
		for _, sample := range samples {
			if sample.Offset < 0 || sample.Size < 0 || sample.Offset+int64(sample.Size) > int64(len(data)) {
				t.Fatalf("sample %+v lies outside of %d bytes", sample, len(data))
			}
		}
	})
}

func TestNTP(t *testing.T) {
	if got := fromNTP(ntpTime(wall)); got.Sub(wall) > time.Microsecond || wall.Sub(got) > time.Microsecond {
		t.Fatal(got)
	}
	if sec := ntpTime(time.Unix(0, 0)) >> 32; sec != 2208988800 {
		t.Fatal(sec)
	}
}

func fromNTP(v uint64) time.Time {
	const offset = 2208988800
	nanos := (v&0xffffffff*uint64(time.Second) + 1<<31) >> 32
	return time.Unix(int64(v>>32)-offset, int64(nanos)).UTC()
}
