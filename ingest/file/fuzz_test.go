package file

import (
	"bytes"
	"testing"

	"shouwang/ingest/assemble"
)

// FuzzFragments: what a broken tool pipes to us ends in an error, not in a
// panic or in memory without bound.
func FuzzFragments(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x10ftypisom\x00\x00\x00\x00\x00\x00\x00\x4cmoof" +
		"\x00\x00\x00\x44traf\x00\x00\x00\x10tfhd\x00\x02\x00\x00\x00\x00\x00\x01" +
		"\x00\x00\x00\x14tfdt\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" +
		"\x00\x00\x00\x18trun\x00\x00\x02\x01\x00\x00\x00\x01\x00\x00\x00\x54\x00\x00\x00\x04" +
		"\x00\x00\x00\x0cmdatabcd"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := newFragments(bytes.NewReader(b))
		for range 1000 {
			s, err := r.next()
			if err != nil {
				return
			}
			if len(s.data) > assemble.MaxUnitBytes {
				t.Fatalf("%d bytes", len(s.data))
			}
		}
	})
}

func TestFragmentIsRead(t *testing.T) {
	r := newFragments(bytes.NewReader([]byte("\x00\x00\x00\x4cmoof" +
		"\x00\x00\x00\x44traf\x00\x00\x00\x10tfhd\x00\x02\x00\x00\x00\x00\x00\x01" +
		"\x00\x00\x00\x14tfdt\x01\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00" +
		"\x00\x00\x00\x18trun\x00\x00\x02\x01\x00\x00\x00\x01\x00\x00\x00\x54\x00\x00\x00\x04" +
		"\x00\x00\x00\x0cmdatabcd")))
	s, err := r.next()
	if err != nil || s.pts != 65536 || string(s.data) != "abcd" {
		t.Errorf("%+v %v", s, err)
	}
}
