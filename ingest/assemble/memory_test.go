package assemble

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"shouwang"
)

// TestPicturesAreWhole puts pictures of two streams together, packet by packet
// in turns, some of them large and some given up half-way.
func TestPicturesAreWhole(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	type stream struct {
		s    scratch
		buf  []byte
		size int
		fill byte
	}
	streams := make([]stream, 2)
	for range 20_000 {
		s := &streams[r.IntN(2)]
		if s.size == 0 {
			s.buf, s.size, s.fill = s.s.begin(), 1+r.IntN(3000), byte(r.Uint32())
			if r.IntN(30) == 0 {
				s.size *= 600
			}
		}
		if r.IntN(40) == 0 { // given up
			s.s.done()
			s.size = 0
			continue
		}
		n := min(1+r.IntN(1400), s.size-len(s.buf))
		s.buf = append(s.s.extend(s.buf, n), bytes.Repeat([]byte{s.fill}, n)...)
		if len(s.buf) == s.size {
			if bytes.Count(s.buf, []byte{s.fill}) != s.size {
				t.Fatalf("a picture of %d bytes was written over", s.size)
			}
			s.s.done()
			s.size = 0
		}
	}
}

// TestAssemblingAllocatesNothing: packets as a camera of 512 kbit/s sends them,
// a key frame of 30 kB in every twenty pictures.
func TestAssemblingAllocatesNothing(t *testing.T) {
	n, got := 0, 0
	a := New(shouwang.CodecH264, nil, sps264, pps264, func(p Picture) { got += len(p.Data) })
	packet := make([]byte, 1400)
	seq := uint16(0)
	picture := func() {
		packets, kind := 4, byte(1)
		if n%20 == 0 {
			packets, kind = 22, 5
		}
		for i := range packets {
			packet[0], packet[1], packet[2] = 0x7c, kind, 0x88 // FU-A; a first slice
			if i == 0 {
				packet[1] |= 0x80
			}
			if i == packets-1 {
				packet[1] |= 0x40
			}
			a.Push(seq, uint32(n*9000), i == packets-1, packet)
			seq++
		}
		n++
	}
	for range 100 {
		picture()
	}
	before := got
	if allocs := testing.AllocsPerRun(1000, picture); allocs != 0 {
		t.Errorf("%.2f allocations a picture", allocs)
	}
	if per := float64(got-before) / 1001; per < 5000 || per > 8000 {
		t.Errorf("%.0f bytes a picture", per)
	}
}
