package decode

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"shouwang"
	"shouwang/analyze/cliptest"
	"shouwang/analyze/decode/nal"
)

func annexB(t testing.TB, u *shouwang.AccessUnit) (params, unit []byte) {
	t.Helper()
	unit = bytes.Clone(u.Data)
	if err := nal.ToAnnexB(unit); err != nil {
		t.Fatal(err)
	}
	return nal.AppendParams(nil, u.Params.VPS, u.Params.SPS, u.Params.PPS), unit
}

func street(t testing.TB, codec shouwang.Codec) []*shouwang.AccessUnit {
	return cliptest.Make(t, cliptest.Spec{Source: cliptest.Scene(640, 360, 10, 3), Codec: codec, FPS: 10, Args: []string{"-g", "10"}})
}

func open(t testing.TB, o Options) *Decoder {
	t.Helper()
	d, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return d
}

func TestEveryPictureOfAChainComesOut(t *testing.T) {
	for _, codec := range []shouwang.Codec{shouwang.CodecH264, shouwang.CodecH265} {
		t.Run(codec.String(), func(t *testing.T) {
			units, d, got := street(t, codec), open(t, Options{Codec: codec}), 0
			for i, u := range units {
				params, unit := annexB(t, u)
				p, cost := d.Decode(params, unit, int64(i))
				if cost.Errors > 0 || cost.CPU <= 0 {
					t.Fatalf("unit %d: %+v", i, cost)
				}
				for ; p != nil; p = d.Next() {
					checkPicture(t, p, got)
					got++
				}
			}
			d.Drain()
			for p := d.Next(); p != nil; p = d.Next() {
				checkPicture(t, p, got)
				got++
			}
			if got != len(units) {
				t.Fatalf("%d pictures of %d units", got, len(units))
			}
		})
	}
}

func checkPicture(t *testing.T, p *Picture, tag int) {
	t.Helper()
	if p.Width != 640 || p.Height != 360 || p.Damaged || p.Tag != int64(tag) || len(p.U) == 0 || p.ChromaW != 1 || p.ChromaH != 1 {
		t.Fatalf("picture %d: %dx%d damaged %v tag %d chroma %d", tag, p.Width, p.Height, p.Damaged, p.Tag, len(p.U))
	}
}

// TestSharedDecoderIsExact: one decoder serving two cameras' key frames in
// turn gives the same pixels as one decoder each.
func TestSharedDecoderIsExact(t *testing.T) {
	one := cliptest.Make(t, cliptest.Spec{Source: cliptest.Scene(640, 360, 10, 2), FPS: 10, Codec: shouwang.CodecH264, Args: []string{"-g", "5"}})
	two := cliptest.Make(t, cliptest.Spec{Source: cliptest.Scene(320, 240, 10, 2), FPS: 10, Codec: shouwang.CodecH264, Args: []string{"-g", "5", "-profile:v", "baseline"}})
	shared, keys := open(t, Options{Codec: shouwang.CodecH264}), 0
	for i := range one {
		for _, u := range []*shouwang.AccessUnit{one[i], two[i]} {
			if !u.Key {
				continue
			}
			keys++
			params, unit := annexB(t, u)
			got, cost := shared.DecodeAlone(params, unit, 1)
			if got == nil || cost.Errors != 0 {
				t.Fatalf("key frame %d: %v %+v", i, got, cost)
			}
			private := open(t, Options{Codec: shouwang.CodecH264})
			want, _ := private.DecodeAlone(params, unit, 1)
			if !bytes.Equal(got.Y, want.Y) || !bytes.Equal(got.U, want.U) {
				t.Fatal("the shared decoder shows another picture")
			}
		}
	}
	if keys < 8 {
		t.Fatalf("only %d key frames were compared", keys)
	}
}

func TestTooManyPixelsAreNotAllocated(t *testing.T) {
	u := street(t, shouwang.CodecH264)[0]
	params, unit := annexB(t, u)
	d := open(t, Options{Codec: shouwang.CodecH264, MaxPixels: 100_000})
	if p, cost := d.DecodeAlone(params, unit, 0); p != nil || cost.Errors == 0 {
		t.Fatalf("decoded past the limit: %v %+v", p, cost)
	}
}

func TestDeepPicturesBecomeEightBits(t *testing.T) {
	u := cliptest.Make(t, cliptest.Spec{Source: "color=c=0x808080:s=320x180:d=1:r=1", FPS: 1, Codec: shouwang.CodecH265, Args: []string{"-pix_fmt", "yuv420p10le"}})[0]
	params, unit := annexB(t, u)
	p, cost := open(t, Options{Codec: shouwang.CodecH265}).DecodeAlone(params, unit, 0)
	if p == nil || cost.Errors > 0 {
		t.Fatalf("no picture: %+v", cost)
	}
	if mid := p.Y[90*p.StrideY+160]; mid < 120 || mid > 132 {
		t.Fatalf("grey became %d", mid)
	}
}

// TestGarbageIsCountedNotFatal pushes spoiled and random units; the decoder
// must survive and go on with the next good key frame.
func TestGarbageIsCountedNotFatal(t *testing.T) {
	for _, codec := range []shouwang.Codec{shouwang.CodecH264, shouwang.CodecH265} {
		units, d := street(t, codec), open(t, Options{Codec: codec})
		rng, complaints := rand.New(rand.NewPCG(1, 2)), 0
		for round := range 200 {
			params, unit := annexB(t, units[round%len(units)])
			for range 1 + rng.IntN(20) {
				unit[4+rng.IntN(len(unit)-4)] = byte(rng.Uint32())
			}
			p, cost := d.Decode(params, unit, 0)
			complaints += cost.Errors
			for ; p != nil; p = d.Next() {
				if p.Damaged {
					complaints++
				}
			}
		}
		if complaints == 0 {
			t.Errorf("%v: 200 spoiled units and no complaint", codec)
		}
		params, unit := annexB(t, units[0])
		if p, cost := d.DecodeAlone(params, unit, 0); p == nil || cost.Errors != 0 {
			t.Errorf("%v: did not recover: %+v", codec, cost)
		}
	}
}

func TestUnknownCodecIsRefused(t *testing.T) {
	if _, err := New(Options{}); shouwang.CodeOf(err) != shouwang.CodeBadCodec {
		t.Fatal(err)
	}
	d := open(t, Options{Codec: shouwang.CodecH264})
	if p, cost := d.Decode(nil, nil, 0); p != nil || cost.Errors != 1 {
		t.Fatal("an empty unit means end of stream to libavcodec and must not reach it")
	}
}

func BenchmarkDecode360p(b *testing.B) {
	units, d := street(b, shouwang.CodecH264), open(b, Options{Codec: shouwang.CodecH264})
	type pair struct{ params, unit []byte }
	var all []pair
	for _, u := range units {
		params, unit := annexB(b, u)
		all = append(all, pair{params, unit})
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		d.Decode(all[i%len(all)].params, all[i%len(all)].unit, 0)
	}
}
