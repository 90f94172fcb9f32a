package assemble

import (
	"encoding/binary"
	"testing"
	"time"

	"shouwang"
)

// codecOf picks a codec by a fuzzed byte.
func codecOf(b byte) shouwang.Codec {
	if b&1 == 0 {
		return shouwang.CodecH264
	}
	return shouwang.CodecH265
}

func FuzzParams(f *testing.F) {
	f.Add(byte(0), []byte(nil), sps264, pps264)
	f.Add(byte(1), vps265, sps265, pps265)
	f.Fuzz(func(t *testing.T, c byte, vps, sps, pps []byte) {
		p, reorder, err := ParseParams(codecOf(c), vps, sps, pps)
		if err != nil {
			return
		}
		if p.Width < 16 || p.Width > MaxSide || p.Height < 16 || p.Height > MaxSide || reorder < 0 || reorder > maxReorder {
			t.Errorf("%dx%d reorder %d passes", p.Width, p.Height, reorder)
		}
	})
}

func FuzzAnnexB(f *testing.F) {
	f.Add([]byte{0, 0, 0, 1, 0x67, 1, 2, 0, 0, 1, 0x68, 3})
	f.Fuzz(func(t *testing.T, b []byte) {
		total := 0
		splitAnnexB(b, func(nal []byte) {
			total += len(nal)
			if len(nal) == 0 || nal[len(nal)-1] == 0 {
				t.Errorf("NAL unit %x", nal)
			}
		})
		if total > len(b) {
			t.Errorf("%d bytes of %d", total, len(b))
		}
	})
}

// FuzzAssembler feeds packets cut out of the input: two bytes of sequence step
// and flags, one of time, one of length, then the payload.
func FuzzAssembler(f *testing.F) {
	f.Add(byte(0), []byte{0, 0, 5, 0x65, 0x88, 1, 2, 3, 1, 0, 3, 0x41, 0x9a, 1})
	f.Add(byte(0), []byte{0, 0, 4, 0x7c, 0x85, 0x88, 1, 1, 0, 3, 0x7c, 0x45, 1})
	f.Add(byte(1), []byte{0, 0, 5, 98, 1, 0x93, 0x80, 1, 1, 0, 4, 98, 1, 0x53, 2})
	f.Fuzz(func(t *testing.T, c byte, b []byte) {
		codec := codecOf(c)
		var line Timeline
		lastDTS, first := shouwang.MediaTime(0), true
		at := time.Unix(0, 0)
		vps, sps, pps := []byte(nil), sps264, pps264
		if codec == shouwang.CodecH265 {
			vps, sps, pps = vps265, sps265, pps265
		}
		a := New(codec, vps, sps, pps, func(p Picture) {
			checkPicture(t, codec, p)
			at = at.Add(40 * time.Millisecond)
			pts, dts, _ := line.Next(p.RTP, at, p.Reorder)
			if dts > pts || !first && dts <= lastDTS {
				t.Errorf("dts %d after %d, pts %d", dts, lastDTS, pts)
			}
			lastDTS, first = dts, false
		})
		seq, ts := uint16(0), uint32(0)
		for len(b) >= 3 {
			seq += 1 + uint16(b[0]>>6)
			ts += uint32(b[1]) << 8
			n := min(int(b[2]), len(b)-3)
			a.Push(seq, ts, b[0]&1 != 0, b[3:3+n])
			b = b[3+n:]
		}
		a.Flush()
		if cap(a.buf) > 2*MaxUnitBytes {
			t.Errorf("holds %d bytes", cap(a.buf))
		}
	})
}

// checkPicture checks what every reader relies on: lengths that add up, at least
// one slice, no parameter set in force or delimiter in the data.
func checkPicture(t *testing.T, codec shouwang.Codec, p Picture) {
	slices := 0
	for b := p.Data; len(b) > 0; {
		if len(b) < 5 {
			t.Fatalf("%d bytes left over", len(b))
		}
		n := binary.BigEndian.Uint32(b)
		if n == 0 || uint64(n) > uint64(len(b)-4) {
			t.Fatalf("length %d of %d", n, len(b)-4)
		}
		switch classify(codec, b[4:]) {
		case classSlice, classKey:
			slices++
		case classDrop:
			t.Errorf("a delimiter stays in the data")
		}
		b = b[4+n:]
	}
	if slices == 0 || p.Params == nil {
		t.Errorf("%d slices, params %v", slices, p.Params)
	}
}
