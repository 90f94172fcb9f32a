package main

import (
	"context"
	"fmt"
	"time"

	"shouwang"
	"shouwang/cmd/internal/service"
	"shouwang/storage/desk"
	"shouwang/storage/registry"
)

type buttonCmd struct {
	Add    buttonAddCmd    `cmd:"" help:"Register a call button, or change one; prints the token of a new one."`
	List   buttonListCmd   `cmd:"" help:"List the call buttons: who they belong to, battery, when last heard."`
	Remove buttonRemoveCmd `cmd:"" help:"Forget a call button; its calls stay on record."`
}

type buttonAddCmd struct {
	dataFlags
	ID        string `arg:"" help:"Button id: lower-case letters, digits, dots and hyphens."`
	Household string `required:"" help:"Whose it is, in words for the dispatcher."`
	Phone     string `help:"Number to call back."`
	Place     string `required:"" help:"Place it hangs at."`
	At        string `name:"position" required:"" help:"Latitude,longitude in degrees."`
	Heartbeat string `default:"0s" help:"How often it says that it lives, as 12h; 0s when never."`
	NewToken  bool   `help:"Make a new token; the old one opens nothing any more."`
}

// Run registers the button and prints its token, which is kept nowhere.
func (c buttonAddCmd) Run(ctx context.Context, a app) error {
	b := shouwang.Button{ID: shouwang.ButtonID(c.ID), Household: c.Household, Phone: c.Phone, Place: shouwang.PlaceID(c.Place)}
	if _, err := fmt.Sscanf(c.At, "%f,%f", &b.Position.Lat, &b.Position.Lon); err != nil {
		return usage("--position %q: write latitude,longitude, as 25.7021,103.8312", c.At)
	}
	beat, err := time.ParseDuration(c.Heartbeat)
	if err != nil {
		return usage("--heartbeat %q: write a length of time, as 12h", c.Heartbeat)
	}
	b.HeartbeatS = int(beat.Seconds())
	err = c.withRegistry(ctx, a, func(r *registry.Registry) error {
		world, err := r.World(ctx)
		if err != nil {
			return err
		}
		if _, ok := world.Places()[b.Place]; !ok {
			return usage("--place %q: there is no such place", c.Place)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.withDesk(ctx, func(d *desk.DB) error {
		token, err := d.PutButton(ctx, b, c.NewToken)
		if err != nil {
			return err
		}
		fmt.Fprintf(a.out, "call button %s is registered for %s\n", b.ID, b.Household)
		if token != "" {
			fmt.Fprintf(a.out, "token of call button %s: %s\n", b.ID, token)
		}
		return nil
	})
}

type buttonListCmd struct {
	dataFlags
	JSON bool `name:"json" help:"JSON Lines."`
}

// Run lists the buttons.
func (c buttonListCmd) Run(ctx context.Context, a app) error {
	return c.withDesk(ctx, func(d *desk.DB) error {
		list, err := d.Buttons(ctx)
		for _, b := range list {
			if c.JSON {
				err = jsonLine(a.out, b)
			} else {
				_, err = fmt.Fprintf(a.out, "%-16s %-16s %-14s battery %-4s last heard %s\n", b.ID, b.Household, b.Place, battery(b.Battery), heard(b.Heard))
			}
			if err != nil {
				return err
			}
		}
		return err
	})
}

func battery(percent int) string {
	if percent < 0 {
		return "?"
	}
	return fmt.Sprintf("%d%%", percent)
}

func heard(at time.Time) string {
	if at.IsZero() {
		return "never"
	}
	return at.Local().Format(time.DateTime)
}

type buttonRemoveCmd struct {
	dataFlags
	ID string `arg:"" help:"Button id."`
}

// Run forgets the button.
func (c buttonRemoveCmd) Run(ctx context.Context) error {
	return c.withDesk(ctx, func(d *desk.DB) error { return d.RemoveButton(ctx, shouwang.ButtonID(c.ID)) })
}

// withDesk opens the dispatchers' papers beside a service that may be running.
func (f dataFlags) withDesk(ctx context.Context, do func(*desk.DB) error) error {
	cfg, err := f.config()
	if err != nil {
		return err
	}
	d, err := service.OpenDesk(ctx, cfg)
	if err != nil {
		return err
	}
	defer d.Close()
	return do(d)
}
