package assemble

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"testing"
	"time"

	"shouwang"
)

// Parameter sets of a 640x360 High stream by x264 and of a Main one by x265.
var (
	sps264 = unhex("67640016acd940a02ff97011000003000100000300140f162d96")
	pps264 = unhex("68ebe3cb22c0")
	vps265 = unhex("40010c01ffff01600000030090000003000003003f959809")
	sps265 = unhex("42010101600000030090000003000003003fa00502016965959a4932bc05a02000000300200000030141")
	pps265 = unhex("4401c172b46240")
)

func unhex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

// rig gathers what an assembler emits.
type rig struct {
	*Assembler
	pics []Picture
	seq  uint16
}

func newRig(codec shouwang.Codec) *rig {
	r := &rig{seq: 65530} // wraps soon
	r.Assembler = New(codec, nil, nil, nil, func(p Picture) {
		p.Data = bytes.Clone(p.Data)
		r.pics = append(r.pics, p)
	})
	return r
}

func (r *rig) send(ts uint32, marker bool, payload ...byte) {
	r.Push(r.seq, ts, marker, payload)
	r.seq++
}

func (r *rig) sets(ts uint32) {
	r.send(ts, false, sps264...)
	r.send(ts, false, pps264...)
}

// nals cuts a unit's data at its lengths.
func nals(t *testing.T, data []byte) [][]byte {
	t.Helper()
	var out [][]byte
	for len(data) > 0 {
		n := binary.BigEndian.Uint32(data)
		out = append(out, data[4:4+n])
		data = data[4+n:]
	}
	return out
}

func TestParamsOfH264(t *testing.T) {
	p, reorder, err := ParseParams(shouwang.CodecH264, nil, sps264, pps264)
	if err != nil || p.Width != 640 || p.Height != 360 || reorder > 2 {
		t.Fatalf("%+v %d %v", p, reorder, err)
	}
	sps := append([]byte(nil), sps264...)
	p2, _, _ := ParseParams(shouwang.CodecH264, nil, sps, pps264)
	sps[5] ^= 0xff
	if !p.Equal(p2) {
		t.Error("params share memory with what they were made of")
	}
	for name, sets := range map[string][2][]byte{
		"nothing": {nil, nil}, "no pps": {sps264, nil}, "cut sps": {sps264[:3], pps264},
		"huge": {make([]byte, MaxParamBytes+1), pps264},
	} {
		if _, _, err := ParseParams(shouwang.CodecH264, nil, sets[0], sets[1]); shouwang.CodeOf(err) != shouwang.CodeBadStream {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestUnitOfSinglesAggregatesAndFragments(t *testing.T) {
	r := newRig(shouwang.CodecH264)
	r.send(1000, false, 9, 0xf0)                 // delimiter: dropped
	r.send(1000, false, stap(sps264, pps264)...) // both sets at once
	r.send(1000, false, 6, 5, 1, 0xaa, 0x80)     // SEI: kept
	r.send(1000, false, 0x7c, 0x85, 0x88, 1, 2)  // FU-A start of an IDR slice
	r.send(1000, false, 0x7c, 0x05, 3, 4)        // middle
	r.send(1000, true, 0x7c, 0x45, 5)            // end
	r.send(4000, true, 0x41, 0x9a, 7)            // one P slice
	if len(r.pics) != 2 {
		t.Fatalf("%d pictures", len(r.pics))
	}
	key := nals(t, r.pics[0].Data)
	if len(key) != 2 || key[0][0] != 6 || string(key[1]) != "\x65\x88\x01\x02\x03\x04\x05" {
		t.Errorf("key frame holds %x", key)
	}
	if !r.pics[0].Key || r.pics[0].Params.Width != 640 || r.pics[1].Key || r.pics[0].Lost || r.pics[1].Lost {
		t.Errorf("%+v", r.pics)
	}
	if r.pics[0].Params != r.pics[1].Params {
		t.Error("params were made anew without a change")
	}
}

func stap(units ...[]byte) []byte {
	out := []byte{24}
	for _, u := range units {
		out = binary.BigEndian.AppendUint16(out, uint16(len(u)))
		out = append(out, u...)
	}
	return out
}

func TestUnitOfH265(t *testing.T) {
	r := newRig(shouwang.CodecH265)
	r.send(0, false, vps265...)
	r.send(0, false, sps265...)
	r.send(0, false, pps265...)
	r.send(0, false, 98, 1, 0x93, 0x80, 1) // FU start of IDR_W_RADL (19)
	r.send(0, true, 98, 1, 0x53, 2)        // end
	r.send(9, true, append([]byte{96, 1}, stap([]byte{2, 1, 0xd0, 3}, []byte{2, 1, 0x10, 4})[1:]...)...)
	if len(r.pics) != 2 || !r.pics[0].Key || r.pics[1].Key {
		t.Fatalf("%+v", r.pics)
	}
	if p := r.pics[0].Params; p.Width != 640 || p.Height != 360 || len(p.VPS) != len(vps265) || r.pics[0].Reorder == 0 {
		t.Errorf("%+v", r.pics[0])
	}
	if got := nals(t, r.pics[0].Data); string(got[0]) != "\x26\x01\x80\x01\x02" {
		t.Errorf("%x", got)
	}
	if got := nals(t, r.pics[1].Data); len(got) != 2 {
		t.Errorf("%x", got)
	}
}

func TestLossDropsThePictureAndMarksTheNext(t *testing.T) {
	slice := func(r *rig, ts uint32) {
		r.send(ts, false, 0x7c, 0x81, 0x9a, 1)
		r.send(ts, false, 0x7c, 0x01, 2)
		r.send(ts, true, 0x7c, 0x41, 3)
	}
	for name, lose := range map[string]int{"head": 0, "middle": 1, "tail": 2} {
		r := newRig(shouwang.CodecH264)
		r.sets(0)
		r.send(0, true, 0x65, 0x88, 1)
		for ts := uint32(1); ts < 4; ts++ {
			if ts != 2 {
				slice(r, ts)
				continue
			}
			parts := [][]byte{{0x7c, 0x81, 0x9a, 1}, {0x7c, 0x01, 2}, {0x7c, 0x41, 3}}
			for i, p := range parts {
				if i == lose {
					r.seq++
					continue
				}
				r.send(ts, i == 2, p...)
			}
		}
		if len(r.pics) != 3 || r.pics[1].RTP != 1 || r.pics[2].RTP != 3 || r.pics[1].Lost || !r.pics[2].Lost {
			t.Errorf("%s: %+v", name, r.pics)
		}
		if c := r.Counts(); c.Damaged != 1 || c.Gaps != 1 {
			t.Errorf("%s: %+v", name, c)
		}
	}
}

func TestLossOfWholePictures(t *testing.T) {
	r := newRig(shouwang.CodecH264)
	r.sets(0)
	r.send(0, true, 0x65, 0x88, 1)
	r.seq += 3
	r.send(4, true, 0x41, 0x9a, 1)
	if len(r.pics) != 2 || !r.pics[1].Lost {
		t.Fatalf("%+v", r.pics)
	}
}

func TestMarkerOnEverySlice(t *testing.T) {
	r := newRig(shouwang.CodecH264)
	r.sets(0)
	for ts := range uint32(4) {
		r.send(ts, true, 0x65, 0x88, 1) // first slice
		r.send(ts, true, 0x65, 0x40, 2) // second slice of the same picture
	}
	r.Flush()
	last := r.pics[len(r.pics)-1]
	if got := nals(t, last.Data); len(got) != 2 || last.RTP != 3 {
		t.Errorf("the camera's habit was not learned: %x of %d", got, last.RTP)
	}
}

func TestSetsThatChangeMidStream(t *testing.T) {
	r := newRig(shouwang.CodecH264)
	r.sets(0)
	r.send(0, true, 0x65, 0x88, 1)
	pps := append([]byte(nil), pps264...)
	pps[len(pps)-1] ^= 0x40
	r.send(1, false, pps...)
	r.send(1, true, 0x65, 0x88, 1)
	r.send(2, false, 0x67, 0xff) // an SPS that cannot be read
	r.send(2, true, 0x65, 0x88, 1)
	r.sets(3)
	r.send(3, true, 0x65, 0x88, 1)
	if len(r.pics) != 3 || r.pics[0].Params.Equal(r.pics[1].Params) || !r.pics[2].Lost {
		t.Fatalf("%+v", r.pics)
	}
	if r.Counts().BadParams != 1 {
		t.Errorf("%+v", r.Counts())
	}
}

func TestSecondSetStaysInTheData(t *testing.T) {
	r := newRig(shouwang.CodecH264)
	r.sets(0)
	other := []byte{0x68, 0x5b, 0xe3} // another id
	r.send(0, false, other...)
	r.send(0, true, 0x65, 0x88, 1)
	if got := nals(t, r.pics[0].Data); len(got) != 2 || string(got[0]) != string(other) {
		t.Errorf("%x", got)
	}
}

func TestStartCodesInsidePackets(t *testing.T) {
	r := newRig(shouwang.CodecH264)
	all := append([]byte{0, 0, 0, 1}, sps264...)
	all = append(append(all, 0, 0, 0, 1), pps264...)
	all = append(all, 0, 0, 1, 0x65, 0x88, 9)
	r.send(0, true, all...)
	if len(r.pics) != 1 || string(nals(t, r.pics[0].Data)[0]) != "\x65\x88\x09" {
		t.Fatalf("%+v", r.pics)
	}
}

func TestSizesAreBounded(t *testing.T) {
	r := newRig(shouwang.CodecH264)
	r.sets(0)
	r.send(0, false, 0x7c, 0x85, 0x88)
	chunk := append([]byte{0x7c, 0x05}, make([]byte, 60000)...)
	for range 400 { // 24 MB
		r.send(0, false, chunk...)
	}
	r.send(0, true, 0x7c, 0x45, 1)
	for range 10000 {
		r.send(1, false, 0x41, 0x9a)
	}
	r.send(1, true, 0x41, 0x9a)
	if cap(r.buf) > 4*MaxUnitBytes || len(r.pics) != 0 || r.Counts().TooLarge != 2 {
		t.Errorf("%d bytes held, %d pictures, %+v", cap(r.buf), len(r.pics), r.Counts())
	}
}

func TestTimelineUnwraps(t *testing.T) {
	var l Timeline
	at := time.Unix(0, 0)
	ts := uint32(0xffffff00)
	for i := range 100000 {
		pts, dts, jumped := l.Next(ts, at, 0)
		if pts != shouwang.MediaTime(i)*9000 || dts != pts || jumped {
			t.Fatalf("picture %d: %d %d %v", i, pts, dts, jumped)
		}
		ts += 9000
		at = at.Add(100 * time.Millisecond)
	}
}

func TestTimelineOfReorderingStream(t *testing.T) {
	for name, depth := range map[string]int{"declared": 1, "silent about it": 0} {
		var l Timeline
		at := time.Unix(0, 0)
		order := []uint32{0, 3, 1, 2, 6, 4, 5, 9, 7, 8} // I P B B P B B P B B
		last := shouwang.MediaTime(-1 << 40)
		for i, n := range order {
			pts, dts, _ := l.Next(n*3000, at, depth)
			if dts <= last || dts > pts {
				t.Errorf("%s: picture %d: dts %d after %d, pts %d", name, i, dts, last, pts)
			}
			if depth > 0 && pts != shouwang.MediaTime(n)*3000 {
				t.Errorf("%s: picture %d moved to %d", name, i, pts)
			}
			last = dts
			at = at.Add(33 * time.Millisecond)
		}
	}
}

func TestTimelineBridgesJumps(t *testing.T) {
	var l Timeline
	at := time.Unix(0, 0)
	var last shouwang.MediaTime
	jumps := 0
	rnd := rand.New(rand.NewPCG(1, 1))
	ts := uint32(0)
	for i := range 500 {
		if i%100 == 99 {
			ts = rnd.Uint32()
		}
		pts, _, jumped := l.Next(ts, at, 0)
		if d := (pts - last).Duration(); i > 0 && (d < 50*time.Millisecond || d > 150*time.Millisecond) {
			t.Fatalf("picture %d comes %s after the one before", i, d)
		}
		if jumped {
			jumps++
		}
		last = pts
		ts += 9000
		at = at.Add(100 * time.Millisecond)
	}
	if jumps != 5 {
		t.Errorf("%d jumps seen of 5", jumps)
	}
}
