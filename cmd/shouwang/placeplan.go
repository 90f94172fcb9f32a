package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"shouwang"
	"shouwang/policy"
	"shouwang/storage/registry"
)

type placePlanCmd struct {
	dataFlags
	File          string `arg:"" help:"Township file, - for standard input; only its places are read."`
	RemoveMissing bool   `help:"Places that the file leaves out go."`
	Apply         bool   `help:"Do it, unless something is in the way. Whoever has the machine needs no second person; the pages ask for one where somebody reaches more."`
	JSON          bool   `name:"json" help:"One JSON object instead of lines."`
}

// Run says what the file's places would change, as the page does, and does it
// when told to. It fails when something is in the way.
func (c placePlanCmd) Run(ctx context.Context, a app) error {
	raw, err := c.read(a)
	if err != nil {
		return err
	}
	return c.withRegistry(ctx, a, func(r *registry.Registry) error {
		edit, plan, err := c.plan(ctx, r, raw)
		if err != nil {
			return err
		}
		if c.JSON {
			if err := json.NewEncoder(a.out).Encode(plan); err != nil {
				return err
			}
		} else {
			printPlan(a.out, plan)
		}
		switch {
		case len(plan.Changes) == 0 && len(plan.Refused) == 1: // nothing would change
			return nil
		case len(plan.Refused) > 0:
			return shouwang.Errorf(shouwang.CodeConflict, "%s cannot be taken: see what is in the way above", c.File)
		case !c.Apply:
			return nil
		}
		act := fmt.Sprintf("place plan --apply %s: %d places changed, %d people reach more", c.File, len(plan.Changes), gainers(plan))
		return r.ChangePlaces(atMachine(ctx, act), edit, func(*policy.World) error { return nil })
	})
}

func (c placePlanCmd) read(a app) ([]byte, error) {
	if c.File == "-" {
		return io.ReadAll(a.in)
	}
	raw, err := os.ReadFile(c.File)
	if err != nil {
		return nil, usage("township file %s cannot be read: %w", c.File, err)
	}
	return raw, nil
}

func (c placePlanCmd) plan(ctx context.Context, r *registry.Registry, raw []byte) (policy.PlacesEdit, *policy.PlacesPlan, error) {
	places, _, err := registry.ReadPlaces(bytes.NewReader(raw))
	if err != nil {
		return policy.PlacesEdit{}, nil, err
	}
	world, err := r.World(ctx)
	if err != nil {
		return policy.PlacesEdit{}, nil, err
	}
	edit := world.EditTo(places, c.RemoveMissing)
	return edit, world.PlanPlaces(edit), nil
}

// gainers counts the people who would reach more.
func gainers(p *policy.PlacesPlan) int {
	who := map[string]bool{}
	for _, g := range p.Gains {
		who[g.Who] = true
	}
	return len(who)
}

func printPlan(out io.Writer, p *policy.PlacesPlan) {
	if len(p.Changes) == 0 && len(p.Refused) == 1 {
		fmt.Fprintln(out, "nothing would change")
		return
	}
	for _, c := range p.Changes {
		from := ""
		if c.Before != nil {
			from = fmt.Sprintf(", was %s %q in %q", c.Before.Kind, c.Before.Name, c.Before.Parent)
		}
		fmt.Fprintf(out, "%s %s: %s %q in %q%s\n", c.What, c.Place.ID, c.Place.Kind, c.Place.Name, c.Place.Parent, from)
	}
	for _, c := range p.Cameras {
		fmt.Fprintf(out, "concerns %s at %s: %d consents in force, for %d of them the area agreed to is another\n", c.ID, c.Place, c.Consents, c.Bounds)
	}
	for _, g := range p.Gains {
		fmt.Fprintf(out, "gives %s more: %s, %d cameras\n", g.Who, g.What, g.Cameras)
	}
	for _, r := range p.Refused {
		fmt.Fprintln(out, "in the way:", strings.Join(strings.Fields(fmt.Sprint(r.Code, " ", r.Place, " ", r.Who, " ", r.Name)), " "))
	}
}
