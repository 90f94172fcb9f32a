// Package viewcopy makes whole films out of recordings that had to be masked,
// pixelated or marked, in memory: never on a disk.
package viewcopy

import (
	"context"
	"errors"
	"io"

	"shouwang"
	"shouwang/web/fragment"
	"shouwang/web/watch"
)

// Render sends a run through a renderer and returns the MP4, at most limit
// bytes. Where people or plates are hidden the renderer is first taught the scene
// from the run itself (see taught). Any failure on the way is a failure of the whole: half a copy is shown
// to nobody.
func Render(ctx context.Context, r watch.Renderer, units watch.Units, o watch.Options, limit int) ([]byte, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	shows := func(*shouwang.AccessUnit) bool { return true }
	if (o.BlurPeople || o.BlurPlates) && len(o.Clear) == 0 {
		run, err := teach(ctx, units)
		if err != nil {
			return nil, err
		}
		// A key picture where the camera had one: so the first one shown is one.
		units, shows, o.Keys, o.Taught = run, run.shows, true, run.whole()
	}
	rendering, err := r.Render(ctx, o)
	if err != nil {
		return nil, err
	}
	defer rendering.Close()
	pushed := make(chan error, 1)
	go func() {
		err := pushAll(ctx, rendering, units)
		if err != nil {
			rendering.Close()
		} else {
			rendering.Finish()
		}
		pushed <- err
	}()
	whole := fragment.NewWhole(limit)
	var failed error
	for au := range rendering.Out() {
		if failed == nil && shows(au) {
			if failed = whole.Add(au); failed != nil {
				cancel(failed)
				rendering.Close()
			}
		}
	}
	err = <-pushed
	if failed = errors.Join(failed, err, rendering.Err()); failed != nil {
		return nil, failed
	}
	return whole.File()
}

func pushAll(ctx context.Context, rendering watch.Rendering, units watch.Units) error {
	for {
		au, err := units.Next(ctx)
		var over *shouwang.Overrun
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.As(err, &over):
			continue
		case err != nil:
			return err
		}
		if err := rendering.PushWait(ctx, au); err != nil {
			return err
		}
	}
}
