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
// bytes. Any failure on the way is a failure of the whole: half a copy is shown
// to nobody.
func Render(ctx context.Context, r watch.Renderer, units watch.Units, o watch.Options, limit int) ([]byte, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
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
		if failed == nil {
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
