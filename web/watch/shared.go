package watch

import (
	"context"
	"errors"
	"io"
	"sync"

	"shouwang"
)

const (
	// queueUnits is what a viewer may lag behind before it skips to a key
	// frame: about four seconds at 25 pictures a second.
	queueUnits = 100
	// maxGOPUnits and maxGOPBytes bound what is kept for a viewer who joins.
	maxGOPUnits = 250
	maxGOPBytes = 8 << 20
)

// shared is one rendering and its viewers. Locks: Feeds.mu before shared.mu.
type shared struct {
	feeds  *Feeds
	key    string
	spec   Spec
	ctx    context.Context
	cancel context.CancelFunc

	mu       sync.Mutex
	subs     map[*viewer]struct{}
	gop      []*shouwang.AccessUnit // rendered, from the last key frame
	gopBytes int
	ended    bool
	err      error // why it ended
}

func newShared(f *Feeds, key string, spec Spec) *shared {
	ctx, cancel := context.WithCancel(context.Background())
	return &shared{feeds: f, key: key, spec: spec, ctx: ctx, cancel: cancel, subs: map[*viewer]struct{}{}}
}

func (s *shared) over() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ended || s.ctx.Err() != nil
}

func (s *shared) viewers() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.subs)
}

// run renders until the last viewer leaves, the camera ends or the renderer
// fails. Whatever the end, no unrendered picture goes out.
func (s *shared) run() {
	err := s.render()
	s.cancel()
	s.mu.Lock()
	s.ended, s.err = true, err
	for v := range s.subs {
		close(v.queue)
	}
	s.subs, s.gop = nil, nil
	s.mu.Unlock()
	s.feeds.forget(s)
	if err != nil && !errors.Is(err, context.Canceled) {
		s.feeds.log.Warn("rendering ended", "camera", s.spec.Camera, "code", shouwang.CodeOf(err), "error", err, "cause", errors.Unwrap(err))
	}
}

func (s *shared) render() error {
	units, err := s.feeds.hubs.Live(s.ctx, s.spec.Camera, s.spec.Stream)
	if err != nil {
		return err
	}
	defer units.Close()
	options := s.spec.Options
	options.Camera = s.spec.Camera
	rendering, err := s.feeds.renderer.Render(s.ctx, options)
	if err != nil {
		return notRendered(err)
	}
	pushed := make(chan error, 1)
	go func() { pushed <- s.push(units, rendering) }()
	for au := range rendering.Out() {
		s.broadcast(au)
	}
	// Out ended: the push side follows, by its own error or by our cancel.
	failed := rendering.Err()
	s.cancel()
	pushError := <-pushed
	rendering.Close()
	if failed != nil {
		return notRendered(failed)
	}
	return pushError
}

// notRendered keeps the cause for the log and tells the viewer what to do.
func notRendered(err error) error {
	if shouwang.CodeOf(err) != shouwang.CodeInternal {
		return err
	}
	return &shouwang.Error{Code: shouwang.CodeOverloaded, Err: err, Message: "the picture could not be rendered as it must be shown, so nothing is shown; try again"}
}

// push feeds the camera's pictures to the rendering until either ends.
func (s *shared) push(units Units, rendering Rendering) error {
	defer rendering.Close() // ends Out, and with it render
	for {
		au, err := units.Next(s.ctx)
		var over *shouwang.Overrun
		switch {
		case err != nil && asOverrun(err, &over):
			continue
		case err != nil:
			return err
		}
		if err := rendering.Push(au); err != nil {
			return err
		}
	}
}

// broadcast keeps the picture for late joiners and hands it to each viewer; a
// viewer without room loses everything up to the next key frame.
func (s *shared) broadcast(au *shouwang.AccessUnit) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keep(au)
	for v := range s.subs {
		v.offer(au)
	}
}

func (s *shared) keep(au *shouwang.AccessUnit) {
	if au.Key {
		s.gop, s.gopBytes = nil, 0
	} else if len(s.gop) == 0 {
		return
	}
	s.gop = append(s.gop, au)
	s.gopBytes += au.Size()
	if len(s.gop) > maxGOPUnits || s.gopBytes > maxGOPBytes {
		s.gop, s.gopBytes = nil, 0
	}
}

func (s *shared) subscribe() *viewer {
	v := &viewer{from: s, queue: make(chan *shouwang.AccessUnit, queueUnits+maxGOPUnits), skipping: true}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		close(v.queue)
		return v
	}
	s.subs[v] = struct{}{}
	for _, au := range s.gop {
		v.offer(au)
	}
	return v
}

func (s *shared) leave(v *viewer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.subs, v)
	if len(s.subs) == 0 {
		s.cancel()
	}
}

// viewer is one reader of a shared rendering.
type viewer struct {
	from  *shared
	queue chan *shouwang.AccessUnit

	skipping bool // owned by from.mu
}

// offer is called with from.mu held.
func (v *viewer) offer(au *shouwang.AccessUnit) {
	if v.skipping && !au.Key {
		return
	}
	select {
	case v.queue <- au:
		v.skipping = false
	default:
		v.skipping = true
		v.from.feeds.dropped.Add(1)
	}
}

// Next implements Units.
func (v *viewer) Next(ctx context.Context) (*shouwang.AccessUnit, error) {
	select {
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case au, ok := <-v.queue:
		if ok {
			return au, nil
		}
	}
	v.from.mu.Lock()
	defer v.from.mu.Unlock()
	if v.from.err != nil {
		return nil, v.from.err
	}
	return nil, io.EOF
}

// Close implements Units.
func (v *viewer) Close() { v.from.leave(v) }
