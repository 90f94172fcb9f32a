package main

import (
	"context"
	"io"
	"os"

	"shouwang/policy"
	"shouwang/policy/gate"
	"shouwang/storage/registry"
)

type decideCmd struct {
	dataFlags
	World string `help:"World to decide over, a JSON file; the register in the data folder when absent." type:"path"`
}

// Run answers requests from standard input on standard output, line by line.
func (c decideCmd) Run(ctx context.Context, a app) error {
	if c.World == "" {
		return c.withRegistry(ctx, a, func(r *registry.Registry) error {
			world, err := r.World(ctx)
			if err != nil {
				return err
			}
			return gate.DecideStream(ctx, a.in, a.out, world)
		})
	}
	var in io.ReadCloser
	in, err := os.Open(c.World)
	if err != nil {
		return usage("world %s cannot be read: %w", c.World, err)
	}
	defer in.Close()
	world, err := policy.LoadWorld(in)
	if err != nil {
		return err
	}
	return gate.DecideStream(ctx, a.in, a.out, world)
}
