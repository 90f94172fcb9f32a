// Command shouwang-eval measures accuracy on composites with exact truth, in
// one process so that every engine sees the same decoded pictures. It is run
// by `shouwang eval`; like shouwang-analyzer it links libavcodec and OpenCV.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"

	"shouwang/analyze/eval"
	"shouwang/analyze/eval/composite"
	"shouwang/analyze/eval/lab"
)

const composites = "composites with exact truth"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out, errs io.Writer) error {
	flags := flag.NewFlagSet("shouwang-eval", flag.ContinueOnError)
	flags.SetOutput(errs)
	videos := flags.String("videos", os.Getenv("VIDEOS"), "folder with clips and events.json")
	cache := flags.String("cache", ".cache/eval", "folder for what is made once")
	all := flags.Bool("full", os.Getenv("EVAL") == "full", "every encoding (EVAL=full)")
	only := flags.String("only", "", "films whose name contains this")
	encodings := flags.String("encodings", "", "encodings whose name contains this")
	plain := flags.Bool("no-baselines", false, "ours alone")
	kept := flags.String("kept", "", "folder that keeps decoded pictures, with -no-baselines: 47 MB for each film and encoding, and a fifth of the time from the second run on")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *kept != "" {
		if err := os.MkdirAll(*kept, 0o755); err != nil {
			return err
		}
	}
	say := func(s string) { fmt.Fprintln(errs, "eval: "+s) }
	clips, err := eval.Load(*videos)
	if err != nil {
		say("no labelled clips here: movers and backgrounds are drawn, not cut from film")
	}
	stocks, err := composite.Stocks(ctx, *cache, clips, say)
	if err != nil {
		return err
	}
	o := lab.Options{Cache: *cache, Kept: *kept, Workers: runtime.NumCPU(), Baselines: !*plain, Say: say}
	for _, e := range composite.Encodings(*all) {
		if strings.Contains(e.Name, *encodings) {
			o.Encodings = append(o.Encodings, e)
		}
	}
	var late error // of what plays at its own pace; the rest is measured nevertheless
	var films, real []lab.Source
	for _, f := range composite.Films(stocks) {
		films = append(films, f)
	}
	for _, c := range clips {
		if len(c.Events)+len(c.Quiet) > 0 {
			real = append(real, composite.Real{Clip: c})
		}
	}
	for _, part := range []struct {
		title string
		films []lab.Source
	}{{"composites with exact truth", films}, {"labelled clips", real}} {
		o.Films = slices.DeleteFunc(part.films, func(f lab.Source) bool { return !strings.Contains(f.Title(), *only) })
		if len(o.Films) == 0 {
			continue
		}
		runs, err := lab.Measure(ctx, o)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "\n# %s\n", part.title)
		lab.Report(out, runs)
		if o.Baselines && part.title == composites {
			late = lab.ReportMotion(ctx, out, o, runs)
		}
	}
	return errors.Join(late, lab.Places(ctx, out, *cache, clips, *only))
}
