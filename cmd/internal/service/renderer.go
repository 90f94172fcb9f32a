package service

import (
	"context"
	"errors"

	"shouwang"
	"shouwang/analyze/pool"
	"shouwang/web/watch"
)

// Bounds of a viewing copy: a tile or a player, not a cinema. A picture of
// twice the width costs four times the CPU to decode, veil and encode again.
const (
	viewWidth = 1280
	viewGOP   = 50
)

// renderer lets web's viewers use the analyzers to mask, pixelate and mark.
type renderer struct{ pool *pool.Pool }

// Render starts one rendering under the options given.
func (r renderer) Render(ctx context.Context, o watch.Options) (watch.Rendering, error) {
	run, err := r.pool.Render(ctx, asked(o))
	if err != nil {
		return nil, err
	}
	return rendering{run, ctx}, nil
}

// Share starts one rendering for any number of marks.
func (r renderer) Share(ctx context.Context, o watch.Options) (watch.Group, error) {
	run, err := r.pool.Share(ctx, asked(o))
	if err != nil {
		return nil, err
	}
	return group{run}, nil
}

func asked(o watch.Options) pool.RenderOptions {
	width := viewWidth
	if o.Width > 0 {
		width = min(o.Width, viewWidth)
	}
	return pool.RenderOptions{
		Camera: o.Camera, Masks: o.Masks, BlurPeople: o.BlurPeople, BlurPlates: o.BlurPlates, Clear: o.Clear,
		Watermark: o.Watermark, MaxWidth: width, GOP: viewGOP, Keys: o.Keys, Taught: o.Taught,
	}
}

// group is the pool's.
type group struct{ *pool.Render }

// Push hands a unit on. One that found no room is dropped with what follows, up
// to a key frame: the picture stands for a while, and its tile says so. It is no
// end of the view.
func (g group) Push(au *shouwang.AccessUnit) error { return behind(g.Render.Push(au)) }

func behind(err error) error {
	if errors.Is(err, pool.ErrDropped) {
		return nil
	}
	return err
}

// Mark adds an output.
func (g group) Mark(text string) (watch.Marked, error) {
	out, err := g.Render.Mark(text)
	if err != nil {
		return nil, err
	}
	return out, nil
}

// rendering is the pool's, with the ctx it was started with for its end.
type rendering struct {
	*pool.Render
	ctx context.Context //nolint:containedctx // Finish must end when the rendering does
}

// Push is as a group's.
func (r rendering) Push(au *shouwang.AccessUnit) error { return behind(r.Render.Push(au)) }

// Finish has what is still inside come out; it does not wait for it.
func (r rendering) Finish() {
	go func() {
		if r.Render.Finish(r.ctx) != nil {
			r.Close()
		}
	}()
}
