package watch

import (
	"context"
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

// shared is one mark of a group and its viewers. Locks: Feeds.mu before
// shared.mu.
type shared struct {
	group  *group
	mark   string
	ctx    context.Context // ends with the last viewer
	cancel context.CancelFunc

	mu       sync.Mutex
	subs     map[*viewer]struct{}
	gop      []*shouwang.AccessUnit // rendered, from the last key frame
	gopBytes int
	ended    bool
	err      error  // why it ended
	out      Marked // nil before it runs
}

func newShared(g *group, mark string) *shared {
	ctx, cancel := context.WithCancel(context.Background())
	return &shared{group: g, mark: mark, ctx: ctx, cancel: cancel, subs: map[*viewer]struct{}{}}
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

// run hands marked pictures on until the last viewer leaves or the group ends.
func (s *shared) run() {
	err := s.carry()
	s.cancel()
	s.mu.Lock()
	s.ended, s.err = true, err
	for v := range s.subs {
		close(v.queue)
	}
	s.subs, s.gop = nil, nil
	s.mu.Unlock()
	s.group.feeds.forget(s)
}

func (s *shared) carry() error {
	g := s.group
	select {
	case <-g.begun:
	case <-s.ctx.Done():
		return s.ctx.Err()
	}
	if g.rendering == nil {
		<-g.done
		return g.err
	}
	out, err := g.rendering.Mark(s.mark)
	if err != nil {
		return notRendered(err)
	}
	defer context.AfterFunc(s.ctx, out.Close)()
	s.mu.Lock()
	s.out = out
	s.mu.Unlock()
	for au := range out.Out() {
		s.broadcast(au)
	}
	if s.ctx.Err() != nil {
		return s.ctx.Err()
	}
	g.cancel() // its rendering has ended, whether it has noticed or not
	<-g.done
	return g.err
}

// refresh asks for a key frame; every viewer of the mark is given it.
func (s *shared) refresh() {
	s.mu.Lock()
	out := s.out
	s.mu.Unlock()
	if out != nil {
		out.Refresh()
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
		v.from.group.feeds.dropped.Add(1)
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

// Refresh implements Refresher.
func (v *viewer) Refresh() { v.from.refresh() }

// Close implements Units.
func (v *viewer) Close() { v.from.leave(v) }
