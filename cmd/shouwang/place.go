package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"shouwang/cmd/internal/service"
	"shouwang/storage/registry"
)

type placeCmd struct {
	Import placeImportCmd `cmd:"" help:"Read a township file (YAML or JSON): all of it or, on any mistake, nothing."`
	Plan   placePlanCmd   `cmd:"" help:"Say what a township file would change in the tree of places, and what is in the way; --apply does it."`
}

type placeImportCmd struct {
	dataFlags
	File string `arg:"" help:"Township file, - for standard input."`
}

// Run imports the file and prints what nobody can look up later: first
// passwords and publish tokens.
func (c placeImportCmd) Run(ctx context.Context, a app) error {
	in := io.NopCloser(a.in)
	if c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return usage("township file %s cannot be read: %w", c.File, err)
		}
		in = f
	}
	defer in.Close()
	return c.withRegistry(ctx, a, func(r *registry.Registry) error {
		report, err := r.Import(atMachine(ctx, "place import "+c.File), in, service.HashPassword(ctx))
		if err != nil {
			return err
		}
		fmt.Fprintf(a.out, "imported %d places, %d units, %d people, %d cameras, %d consents, %d cases, %d others\n",
			report.Places, report.Units, report.People, report.Cameras, report.Consents, report.Cases, report.Others)
		for _, p := range report.Passwords {
			fmt.Fprintf(a.out, "first password of %s (%s): %s\n", p.Login, p.Principal, p.Password)
		}
		for _, t := range report.Tokens {
			fmt.Fprintf(a.out, "publish token of camera %s: %s\n", t.Camera, t.Token)
		}
		return nil
	})
}
