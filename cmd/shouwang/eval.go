package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"shouwang/analyze/cascade"
	"shouwang/analyze/eval"
	"shouwang/analyze/pool"
	"shouwang/cmd/internal/pipeline"
	"shouwang/ingest/file"
)

type evalCmd struct {
	Videos string `help:"Folder with clips and events.json (default: $VIDEOS)." type:"path"`
	Policy string `default:"auto,full" help:"Policies to compare: auto, full, track, presence."`
	Only   string `help:"Clips and films whose name contains this."`
	Full   bool   `help:"Every encoding (also EVAL=full); the default takes about ten minutes on two cores."`
	Binary string `help:"Path of shouwang-analyzer." type:"path"`
}

// Run looks at every labelled clip under each policy with the pipeline that
// serves cameras, then has composites with exact truth, masks and boxes
// measured beside other engines' rules.
func (c evalCmd) Run(ctx context.Context, a app) error {
	clips, err := c.clips()
	if err != nil {
		return err
	}
	if len(clips) == 0 {
		fmt.Fprintln(a.out, "eval: no labelled clips here (set VIDEOS to a folder with clips and events.json): the pipeline over them is skipped")
	} else if err := c.pipeline(ctx, a, clips); err != nil {
		return err
	}
	return c.lab(ctx, a)
}

// lab runs the measurements that need decoded pictures in one process; they
// stand in a binary of their own, for this one links no decoder.
func (c evalCmd) lab(ctx context.Context, a app) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	path := filepath.Join(filepath.Dir(self), "shouwang-eval")
	if _, err := os.Stat(path); err != nil {
		_, err := fmt.Fprintln(a.out, "eval: "+path+" is not there (make eval builds it): composites, baselines and masks are skipped")
		return err
	}
	args := []string{"-videos", c.dir(), "-only", c.Only}
	if c.Full {
		args = append(args, "-full")
	}
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Stdout, cmd.Stderr = a.out, a.err
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("measure composites: %w", err)
	}
	return nil
}

// pipeline looks at the clips with the very pipeline that serves cameras.
func (c evalCmd) pipeline(ctx context.Context, a app, clips []eval.Clip) error {
	p, err := pool.New(ctx, pool.Config{Binary: c.Binary, Logger: quietLog(a.err)})
	if err != nil {
		return err
	}
	defer p.Close()
	for _, name := range strings.Split(c.Policy, ",") {
		if err := c.policy(ctx, a, p, clips, name); err != nil {
			return err
		}
	}
	return nil
}

func (c evalCmd) dir() string {
	if c.Videos == "" {
		return os.Getenv("VIDEOS")
	}
	return c.Videos
}

func (c evalCmd) clips() ([]eval.Clip, error) {
	if c.dir() == "" {
		return nil, nil
	}
	all, err := eval.Load(c.dir())
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	var out []eval.Clip
	for _, clip := range all {
		if strings.Contains(clip.Name, c.Only) && (len(clip.Events) > 0 || len(clip.Quiet) > 0) {
			out = append(out, clip)
		}
	}
	return out, err
}

func (c evalCmd) policy(ctx context.Context, a app, p *pool.Pool, clips []eval.Clip, name string) error {
	cfg := pipeline.Config{Cascade: cascade.Config{Policy: policyOf(name)}}
	var scores []eval.Score
	bar := newProgress(a.err, "looking")
	for i, clip := range clips {
		bar.show(float64(i) / float64(len(clips)))
		found, err := c.look(ctx, p, clip, cfg)
		if err != nil {
			return fmt.Errorf("look at %s: %w", clip.Name, err)
		}
		scores = append(scores, eval.Compare(clip, found))
	}
	bar.clear()
	total := eval.Total(scores)
	fmt.Fprintf(a.out, "\npolicy %s: %d of %d labelled events found (recall %.3f), %d false events in %.2f h of labelled quiet (%.1f an hour)\n\n",
		name, total.Hit, total.Labels, total.Recall(), len(total.False), total.Quiet.Hours(), total.FalsePerHour())
	if err := eval.Print(a.out, scores); err != nil {
		return err
	}
	for _, s := range scores {
		for _, m := range s.Missed {
			fmt.Fprintf(a.out, "missed: %s %.1f-%.1f s %s %s\n", s.Clip, m.From.Seconds(), m.To.Seconds(), m.Class, m.Note)
		}
		for _, f := range s.False {
			fmt.Fprintf(a.out, "false:  %s %.1f-%.1f s score %.2f\n", s.Clip, f.From.Seconds(), f.To.Seconds(), f.Score)
		}
	}
	return nil
}

func (c evalCmd) look(ctx context.Context, p *pool.Pool, clip eval.Clip, cfg pipeline.Config) ([]eval.Found, error) {
	r, err := file.Open(ctx, clip.Path, file.Options{CacheDir: filepath.Join(".cache", "video")})
	if err != nil {
		return nil, err
	}
	defer r.Close()
	start := &firstUnit{Units: r}
	result, err := pipeline.Run(ctx, p, start, cfg, nil)
	if err != nil {
		return nil, err
	}
	var found []eval.Found
	for _, e := range result.Events {
		found = append(found, eval.Found{From: e.Start.Sub(start.wall), To: e.End.Sub(start.wall), Score: e.Score, Kind: string(e.Kind)})
	}
	return found, nil
}
