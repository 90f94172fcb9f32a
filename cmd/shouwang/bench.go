package main

import (
	"context"
	"fmt"
	"os"

	"shouwang/cmd/internal/bench"
)

type benchCmd struct {
	Only   string `help:"Streams whose name contains this."`
	Binary string `help:"Path of shouwang-analyzer." type:"path"`
	Play   string `hidden:"" type:"path"`
	Count  int    `hidden:"" default:"1"`
}

// Run measures this machine, or plays cameras for the process that measures.
func (c benchCmd) Run(ctx context.Context, a app) error {
	if c.Play != "" {
		return bench.Play(ctx, c.Play, c.Count, a.in, a.out)
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	say := func(line string) { fmt.Fprintln(a.err, "bench:", line) }
	return bench.Run(ctx, bench.Options{Self: self, Binary: c.Binary, Cache: bench.Cache(), Only: c.Only, Out: a.out, Say: say})
}
