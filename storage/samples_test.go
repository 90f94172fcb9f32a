package storage_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"shouwang"
	"shouwang/storage"
)

func TestSampleIndexRoundTrip(t *testing.T) {
	in := []storage.Sample{
		{Offset: 1000, Size: 5000, DTS: 0, PTS: 6000, Duration: 3000, Key: true},
		{Offset: 6000, Size: 1, DTS: 3000, PTS: 3000, Duration: 3001},
		{Offset: 6200, Size: 900000, DTS: 6001, PTS: 6001, Duration: 90000},
	}
	blob := storage.EncodeSamples(in)
	out, err := storage.DecodeSamples(blob)
	if err != nil || !reflect.DeepEqual(in, out) {
		t.Fatalf("%v\n%v\n%v", err, in, out)
	}
	if empty, err := storage.DecodeSamples(storage.EncodeSamples(nil)); err != nil || len(empty) != 0 {
		t.Fatal(err)
	}
	for i := range blob {
		if _, err := storage.DecodeSamples(blob[:i]); err == nil {
			t.Errorf("cut at %d was accepted", i)
		}
	}
	if _, err := storage.DecodeSamples(append(blob, 0)); err == nil {
		t.Error("a longer blob was accepted")
	}
}

func FuzzDecodeSamples(f *testing.F) {
	f.Add(storage.EncodeSamples([]storage.Sample{{Offset: 3, Size: 9, Duration: 4, Key: true}}))
	f.Add([]byte{1, 255, 255, 255, 255, 15})
	f.Fuzz(func(t *testing.T, blob []byte) {
		samples, err := storage.DecodeSamples(blob)
		if err != nil {
			return
		}
		again, err := storage.DecodeSamples(storage.EncodeSamples(samples))
		if err != nil || len(again) != len(samples) {
			t.Fatalf("%d samples became %d: %v", len(samples), len(again), err)
		}
	})
}

func TestNames(t *testing.T) {
	at := time.Date(2026, 11, 20, 23, 59, 59, 999e6, time.FixedZone("", 8*3600))
	id := storage.NewSegmentID(at)
	if !id.Valid() || !strings.HasPrefix(string(id), "20261120t155959999-") || id == storage.NewSegmentID(at) {
		t.Fatalf("id %s", id)
	}
	if later := storage.NewSegmentID(at.Add(time.Millisecond)); later <= id {
		t.Fatalf("%s does not sort after %s", later, id)
	}
	name := storage.ObjectName("door-17", id)
	if !storage.ValidName(name) || name != "segments/door-17/20261120/"+string(id)+".sws" {
		t.Fatalf("name %s", name)
	}
	for _, bad := range []storage.SegmentID{"", "../../../../etc/passwd-000000", id + "x"} {
		if bad.Valid() {
			t.Errorf("%q is taken for an id", bad)
		}
	}
}

func TestWallOfSample(t *testing.T) {
	s := storage.Segment{Samples: []storage.Sample{{PTS: 9000}, {PTS: 18000}}}
	s.Span = shouwang.Span{From: time.Unix(100, 0)}
	if got := s.WallOf(s.Samples[1]); got.Sub(s.From) != 100*time.Millisecond {
		t.Fatal(got)
	}
}
