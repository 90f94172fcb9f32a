package decode_test

import (
	"testing"

	"shouwang"
	"shouwang/analyze/cliptest"
	"shouwang/analyze/decode"
	"shouwang/analyze/decode/nal"
)

// BenchmarkKeysOfTwoMakes decodes key frames of cameras with different
// parameter sets in turn: on one decoder, and on one for each set.
func BenchmarkKeysOfTwoMakes(b *testing.B) {
	type key struct{ params, data []byte }
	var keys []key
	for _, level := range []string{"30", "40"} {
		units := cliptest.Make(b, cliptest.Spec{
			Source: cliptest.Scene(640, 360, 10, 2), Codec: shouwang.CodecH264, FPS: 10, Args: []string{"-g", "20", "-level", level, "-b:v", "512k"},
		})
		data := append([]byte(nil), units[0].Data...)
		if err := nal.ToAnnexB(data); err != nil {
			b.Fatal(err)
		}
		keys = append(keys, key{nal.AppendParams(nil, units[0].Params.SPS, units[0].Params.PPS), data})
	}
	for _, c := range []struct {
		name     string
		decoders int
	}{{"one", 1}, {"each", 2}} {
		b.Run(c.name, func(b *testing.B) {
			var ds []*decode.Decoder
			for range c.decoders {
				d, err := decode.New(decode.Options{Codec: shouwang.CodecH264, SkipLoopFilter: true})
				if err != nil {
					b.Fatal(err)
				}
				defer d.Close()
				ds = append(ds, d)
			}
			var cpu int64
			n := 0
			for i := 0; b.Loop(); i++ {
				k := keys[i%2]
				p, cost := ds[i%len(ds)].DecodeAlone(k.params, k.data, int64(i))
				if p == nil {
					b.Fatal("no picture")
				}
				cpu += cost.CPU.Nanoseconds()
				n++
			}
			b.ReportMetric(float64(cpu)/1000/float64(n), "cpu-µs/key")
		})
	}
}
