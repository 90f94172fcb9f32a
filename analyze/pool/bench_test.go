package pool

import (
	"testing"

	"shouwang"
	"shouwang/analyze"
	"shouwang/analyze/cliptest"
)

// benchmarks of one stream through queue, socket, decoder and detector. The
// figure that counts is CPU: of the analyzer per unit, as it reports it, and
// of its whole process.
func benchmarkMode(b *testing.B, mode analyze.Mode) {
	units := cliptest.Make(b, cliptest.Spec{Source: cliptest.Scene(640, 360, 10, 10), Codec: shouwang.CodecH264, FPS: 10, Args: []string{"-g", "20", "-b:v", "512k", "-maxrate", "512k", "-bufsize", "512k"}})
	p, ctx := start(b, Config{Workers: 1}), testContext(b)
	s := open(b, p, "door-1", func(analyze.Observation) {})
	units = again(units, 40) // time goes on, or nothing would be observed
	before := p.Stats().Workers[0].CPU
	b.ReportAllocs()
	n := 0
	for i := 0; b.Loop(); i++ {
		u := units[i%len(units)]
		if mode == analyze.ModeKey && !u.Key {
			continue
		}
		n++
		if err := s.PushWait(ctx, u, mode); err != nil {
			b.Fatal(err)
		}
	}
	if err := s.Drain(ctx); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(s.Stats().CPUMicros)/float64(n), "cpu-µs/unit")
	w := p.Stats().Workers[0]
	b.ReportMetric(float64((w.CPU-before).Microseconds())/float64(n), "process-µs/unit")
	b.ReportMetric(float64(w.RSS)/1e6, "rss-MB")
}

func BenchmarkChain360p(b *testing.B) { benchmarkMode(b, analyze.ModeChain) }
func BenchmarkKeys360p(b *testing.B)  { benchmarkMode(b, analyze.ModeKey) }
