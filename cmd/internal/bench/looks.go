package bench

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"runtime/pprof"
	"strings"
	"time"

	"shouwang/analyze/cascade"
	"shouwang/analyze/pool"
	"shouwang/cmd/internal/pipeline"
	"shouwang/cmd/internal/service"
	"shouwang/ingest/camsim"
)

// Looks is for working on looking: it measures the cascade alone, over and over,
// and prints of each way the least that a second of video cost, which on a busy
// machine tells more than a mean. profile is a file for a CPU profile of this
// process over all of it, "" for none.
func Looks(ctx context.Context, o Options, rounds int, profile string) error {
	p, err := pool.New(ctx, pool.Config{Workers: 1, Binary: o.Binary})
	if err != nil {
		return err
	}
	defer p.Close()
	debug.SetGCPercent(service.GCPercent)
	if profile != "" {
		f, err := os.Create(profile)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	for _, s := range Streams() {
		if !strings.Contains(s.Name, o.Only) || s.extra && !o.All {
			continue
		}
		clip, _, err := s.clip(ctx, o.Cache, o.Say)
		if err != nil {
			return err
		}
		for _, w := range ways {
			if w.policy == cascade.Full || w.model != "" {
				continue
			}
			if err := o.least(ctx, p, clip, s, w, rounds); err != nil {
				return err
			}
		}
	}
	return nil
}

// least prints the cheapest of several rounds of a way.
func (o Options) least(ctx context.Context, p *pool.Pool, clip *camsim.Clip, s Stream, w way, rounds int) error {
	var best pipeline.Result
	for range rounds {
		r, err := w.run(ctx, p, clip)
		if err != nil {
			return err
		}
		if best.CPU == 0 || r.CPU < best.CPU {
			best = r
		}
	}
	each := func(d time.Duration) float64 { return ms(d) / best.Video.Seconds() }
	rest := best.CPU - best.Decode - best.Pixels - best.Tracks
	_, err := fmt.Fprintf(o.Out, "%-24s %-9s %7.3f ms/s: decoding %.3f, pixels %.3f, tracks %.3f, the rest %.3f; %d of %d pictures decoded, %d events\n",
		s.Name, w.name, each(best.CPU), each(best.Decode), each(best.Pixels), each(best.Tracks), each(rest),
		best.Session.Decoded, best.Cascade.Units, len(best.Events))
	return err
}
