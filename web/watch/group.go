package watch

import (
	"context"
	"errors"

	"shouwang"
)

// group is one camera under one set of duties: what is rendered once, and the
// marks under which it is encoded. It ends with its last mark.
type group struct {
	feeds  *Feeds
	key    string
	spec   Spec
	ctx    context.Context
	cancel context.CancelFunc
	marks  map[string]*shared // guarded by Feeds.mu

	begun     chan struct{} // closed when rendering is there, or never will be
	rendering Group         // read after begun; nil when it never was
	done      chan struct{} // closed at the end
	err       error         // why it ended; read after done
}

func newGroup(f *Feeds, key string, spec Spec) *group {
	ctx, cancel := context.WithCancel(context.Background())
	return &group{
		feeds: f, key: key, spec: spec, ctx: ctx, cancel: cancel, marks: map[string]*shared{},
		begun: make(chan struct{}), done: make(chan struct{}),
	}
}

// run renders until the last mark goes, the camera ends or the renderer fails.
// Whatever the end, no unrendered picture goes out.
func (g *group) run() {
	g.err = g.render()
	g.cancel() // nobody joins what has ended
	close(g.done)
	if g.err != nil && !errors.Is(g.err, context.Canceled) {
		g.feeds.log.Warn("rendering ended", "camera", g.spec.Camera, "code", shouwang.CodeOf(g.err), "error", g.err, "cause", errors.Unwrap(g.err))
	}
}

func (g *group) render() error {
	units, err := g.begin()
	close(g.begun)
	if err != nil {
		return err
	}
	defer units.Close()
	err = g.push(units)
	failed := g.rendering.Err()
	g.rendering.Close()
	if failed != nil {
		return notRendered(failed)
	}
	return err
}

// begin opens the camera and the rendering.
func (g *group) begin() (Units, error) {
	units, err := g.feeds.hubs.Live(g.ctx, g.spec.Camera, g.spec.Stream)
	if err != nil {
		return nil, err
	}
	options := g.spec.Options
	options.Camera = g.spec.Camera
	rendering, err := g.feeds.renderer.Share(g.ctx, options)
	if err != nil {
		units.Close()
		return nil, notRendered(err)
	}
	g.rendering = rendering
	return units, nil
}

// push feeds the camera's pictures to the rendering until either ends.
func (g *group) push(units Units) error {
	for {
		au, err := units.Next(g.ctx)
		var over *shouwang.Overrun
		switch {
		case err != nil && asOverrun(err, &over):
			continue
		case err != nil:
			return err
		}
		if err := g.rendering.Push(au); err != nil {
			return err
		}
	}
}

// notRendered keeps the cause for the log and tells the viewer what to do.
func notRendered(err error) error {
	if shouwang.CodeOf(err) != shouwang.CodeInternal {
		return err
	}
	return &shouwang.Error{Code: shouwang.CodeOverloaded, Err: err, Message: "the picture could not be rendered as it must be shown, so nothing is shown; try again"}
}
