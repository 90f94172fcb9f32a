package bench

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"text/tabwriter"
	"time"

	"shouwang/analyze/pool"
	"shouwang/cmd/internal/service"
)

// Options say how much is measured.
type Options struct {
	Self   string // path of this binary, to play cameras with
	Binary string // path of shouwang-analyzer, "" for beside Self
	Cache  string // folder for the streams
	Only   string // streams whose name contains this
	All    bool   // streams that have no goal too
	// Receive measures receiving alone.
	Receive bool
	Out     io.Writer
	Say     func(string) // told what takes time
}

// Run measures every stream, then the whole service, and prints a table of each
// kind and the goals, with the machine named.
func Run(ctx context.Context, o Options) error {
	p, err := pool.New(ctx, pool.Config{Workers: 1, Binary: o.Binary})
	if err != nil {
		return err
	}
	defer p.Close()
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(service.GCPercent) // as the service does
	}
	fmt.Fprintf(o.Out, "machine: %s, %d cores, %s\n", processor(), runtime.NumCPU(), runtime.Version())
	fmt.Fprintf(o.Out, "video: a painted street, one walker for 6 s of 60 s, GOP 2 s, no B-frames; cameras a core = 1000 / (ms of CPU a second of video); medians of %d rounds, in which the ways take turns\n", rounds)
	table := tabwriter.NewWriter(o.Out, 0, 4, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "\nstream\treceive ms/s\tlook\tlook ms/s\tevents\tagainst MOG2\tlook alone/core\twith receiving/core\t")
	measured := map[string]reached{}
	var failed []error // a line that cannot be measured does not take the others with it
	for _, s := range Streams() {
		if !strings.Contains(s.Name, o.Only) || s.extra && !o.All {
			continue
		}
		m, err := s.row(ctx, o, p, table)
		if err != nil {
			failed = append(failed, fmt.Errorf("measure %s: %w", s.Name, err))
			continue
		}
		measured[s.Name[:1]] = m
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if o.Receive {
		return errors.Join(failed...)
	}
	failed = append(failed, delays(ctx, o, p))
	whole, err := o.whole(ctx)
	failed = append(failed, err)
	printGoals(o.Out, measured, whole)
	return errors.Join(failed...)
}

// density is how many cameras of stream A are received at once.
const density = 300

// row measures one stream under every way of looking.
func (s Stream) row(ctx context.Context, o Options, p *pool.Pool, table io.Writer) (m reached, err error) {
	clip, path, err := s.clip(ctx, o.Cache, o.Say)
	if err != nil {
		return m, err
	}
	o.Say("receiving " + s.Name)
	// Many at once, as a service has them: one waking of the process then serves
	// several cameras.
	count := max(8, density*640*360*10/(s.Width*s.Height*s.FPS))
	in, err := receive(ctx, o.Self, path, count, 6*time.Second)
	if err != nil {
		return m, err
	}
	if o.Receive {
		fmt.Fprintf(table, "%s\t%.3f\t%.2f allocations a picture, %.2f MB a camera\t\t\t\t\t\t\n", s.Name, ms(in.perSecond), in.allocated, float64(in.memory)/1e6)
		return m, nil
	}
	looks, err := lookInTurn(ctx, o, p, clip, s)
	if err != nil {
		return m, err
	}
	costs := map[string]time.Duration{}
	for i, w := range ways {
		cost, events := looks[i].cost, looks[i].events
		costs[w.name] = cost
		name, receiving := "", ""
		if i == 0 {
			name, receiving = s.Name, fmt.Sprintf("%.2f", ms(in.perSecond))
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%.2f\t%d\t%.1fx\t%.0f\t%.0f\t\n", name, receiving, w.name, ms(cost), events,
			float64(costs[base])/float64(cost), 1000/ms(cost), 1000/ms(cost+in.perSecond))
	}
	if peer, ok := motion(ctx, path, s); ok {
		fmt.Fprintf(table, "\t\tDebian's motion, at the stream's pace\t%.2f\t\t%.1fx\t%.0f\t\t\n", ms(peer), float64(costs[base])/float64(peer), 1000/ms(peer))
	}
	fmt.Fprintf(table, "\t\tmemory a camera, received, 12 s of history\t%.2f MB\t\t\t\t\t\n", float64(in.memory)/1e6)
	return reached{
		presence: 1000 / ms(costs["presence"]+in.perSecond), track: 1000 / ms(costs["track"]+in.perSecond),
		allocations: in.allocated,
		presenceX:   float64(costs[base]) / float64(costs["presence"]), trackTimes: float64(costs[base]) / float64(costs["track"]),
	}, nil
}

// delays prints how long an event takes to be told.
func delays(ctx context.Context, o Options, p *pool.Pool) error {
	s := Streams()[0]
	if !strings.Contains(s.Name, o.Only) {
		return nil
	}
	clip, _, err := s.clip(ctx, o.Cache, o.Say)
	if err != nil {
		return err
	}
	fmt.Fprintf(o.Out, "\nfrom the first picture that shows a walker to the event, %s, %d times each:\n", s.Name, phases)
	for _, w := range ways {
		if w.model != "" {
			continue
		}
		o.Say("timing events, " + w.name)
		found, err := latency(ctx, p, clip, s, w)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			fmt.Fprintf(o.Out, "  %-10s none was told\n", w.name)
			continue
		}
		fmt.Fprintf(o.Out, "  %-10s median %.2f s, worst %.2f s, %d of %d told\n", w.name,
			found[len(found)/2].Seconds(), found[len(found)-1].Seconds(), len(found), phases)
	}
	return nil
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// processor names the machine.
func processor() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if name, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}

// Cache is where streams are kept.
func Cache() string { return filepath.Join(".cache", "bench") }
