package watch

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	"shouwang"
)

// Spec is what a viewer needs: which stream, and what must be done to it.
type Spec struct {
	Camera  shouwang.CameraID
	Stream  shouwang.StreamKind
	Options Options
}

// key tells which viewers can share one group: all that is owed must be the
// same but for the words of the mark.
func (s Spec) key() string {
	o := s.Options
	return fmt.Sprintf("%s|%s|%v|%t|%t|%t|%d|%t", s.Camera, s.Stream, o.Masks, o.BlurPeople, o.BlurPlates, o.Watermark != "", o.Width, o.Keys)
}

// Feeds opens runs of pictures for viewers and shares what can be shared.
type Feeds struct {
	hubs     Hubs
	renderer Renderer // nil when there is none
	log      *slog.Logger

	mu     sync.Mutex
	groups map[string]*group // by Spec.key
	wg     sync.WaitGroup

	dropped atomic.Uint64
}

// NewFeeds returns feeds over hubs. renderer may be nil: then only what needs
// no rendering can be seen, and everything else is refused.
func NewFeeds(hubs Hubs, renderer Renderer, log *slog.Logger) *Feeds {
	return &Feeds{hubs: hubs, renderer: renderer, log: log, groups: map[string]*group{}}
}

// CanRender reports whether there is a renderer to carry duties out with.
func (f *Feeds) CanRender() bool { return f != nil && f.renderer != nil }

// Renderings returns how many cameras are being decoded and drawn over now,
// how many marks are encoded, and how many viewers those serve.
func (f *Feeds) Renderings() (running, marks, viewers int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, g := range f.groups {
		marks += len(g.marks)
		for _, s := range g.marks {
			viewers += s.viewers()
		}
	}
	return len(f.groups), marks, viewers
}

// Dropped returns how often a viewer was too slow and skipped to a key frame.
func (f *Feeds) Dropped() uint64 { return f.dropped.Load() }

// Wait returns when every shared rendering has ended; they end with their last
// viewer.
func (f *Feeds) Wait() { f.wg.Wait() }

// Open returns the pictures for one viewer, H.264 without reordering: as the
// camera sent them when the spec asks for nothing and they are of that form,
// else rendered. Errors: CodeUnreachable when the camera sends nothing,
// CodeOverloaded when the renderer is missing or cannot take more.
func (f *Feeds) Open(ctx context.Context, spec Spec) (Units, error) {
	if spec.Options.Plain() {
		units, plays, err := f.direct(ctx, spec)
		if err != nil || plays {
			return units, err
		}
	}
	if f.renderer == nil {
		return nil, shouwang.Errorf(shouwang.CodeOverloaded,
			"no renderer runs here, so this picture cannot be shown as it must be: start shouwang-analyzer")
	}
	return f.join(spec), nil
}

// direct opens the camera's own pictures and looks at the first few: plays is
// false, and units closed, when a browser could not play them.
func (f *Feeds) direct(ctx context.Context, spec Spec) (units Units, plays bool, err error) {
	units, err = f.hubs.Live(ctx, spec.Camera, spec.Stream)
	if err != nil {
		return nil, false, fmt.Errorf("open stream of %s: %w", spec.Camera, err)
	}
	first, err := firstOf(ctx, units)
	if err != nil {
		units.Close()
		return nil, false, fmt.Errorf("read first picture of %s: %w", spec.Camera, err)
	}
	if !Playable(first) {
		units.Close()
		return nil, false, nil
	}
	return &resumed{first: first, Units: units}, true, nil
}

// firstOf returns the first key frame of a run.
func firstOf(ctx context.Context, units Units) (*shouwang.AccessUnit, error) {
	for {
		au, err := units.Next(ctx)
		var over *shouwang.Overrun
		if err != nil && !asOverrun(err, &over) {
			return nil, err
		}
		if err == nil && au.Key {
			return au, nil
		}
	}
}

// resumed gives back a unit that was read ahead.
type resumed struct {
	Units
	first *shouwang.AccessUnit
}

func (r *resumed) Next(ctx context.Context) (*shouwang.AccessUnit, error) {
	if au := r.first; au != nil {
		r.first = nil
		return au, nil
	}
	return r.Units.Next(ctx)
}

// join adds a viewer to what is rendered for the spec, starting it if need be.
func (f *Feeds) join(spec Spec) Units {
	key := spec.key()
	f.mu.Lock()
	defer f.mu.Unlock()
	g := f.groups[key]
	if g == nil || g.ctx.Err() != nil {
		g = newGroup(f, key, spec)
		f.groups[key] = g
		f.wg.Go(g.run)
	}
	s := g.marks[spec.Options.Watermark]
	if s == nil || s.over() {
		s = newShared(g, spec.Options.Watermark)
		g.marks[s.mark] = s
		f.wg.Go(s.run)
	}
	return s.subscribe()
}

// forget drops a mark that ended, unless a newer one took its place, and with
// the last mark ends the group.
func (f *Feeds) forget(s *shared) {
	f.mu.Lock()
	defer f.mu.Unlock()
	g := s.group
	if g.marks[s.mark] == s {
		delete(g.marks, s.mark)
	}
	if len(g.marks) > 0 {
		return
	}
	g.cancel()
	if f.groups[g.key] == g {
		delete(f.groups, g.key)
	}
}
