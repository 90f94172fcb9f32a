package service

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"shouwang"
	"shouwang/analyze/pool"
	"shouwang/analyze/view"
	"shouwang/ingest"
	"shouwang/policy/gate"
	"shouwang/storage/archive"
	"shouwang/storage/recorder"
	"shouwang/storage/registry"
)

// node takes cameras in, looks at them and records them.
type node struct {
	cfg      Config
	log      *slog.Logger
	clock    func() time.Time
	gate     *gate.Gate
	registry *registry.Registry
	archive  *archive.Archive
	recorder *recorder.Recorder
	bus      closingBus
	pool     *pool.Pool // nil when there is no analyzer
	manager  *ingest.Manager
	demand   *demand
	looks    lookTotals
	steps    steps
	barred   *quarantine
	seen     func(shouwang.CameraID, view.Grid) // takes grids of pictures, must not block

	life      context.Context // of all cameras' work
	telling   *telling
	changes   chan shouwang.CameraID
	changeAll atomic.Bool
	statuses  *statuses

	mu      sync.Mutex // guards what follows
	cameras map[shouwang.CameraID]shouwang.Camera
	works   map[shouwang.CameraID]*work
}

// known returns the cameras that are taken care of.
func (n *node) known() []shouwang.CameraID {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Sorted(maps.Keys(n.cameras))
}

// Camera returns what the register says of a camera, addresses included.
func (n *node) Camera(id shouwang.CameraID) (shouwang.Camera, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	c, ok := n.cameras[id]
	return c, ok
}

// adopt brings the cameras taken care of in line with the register: new ones
// begin, changed ones begin anew, those gone end.
func (n *node) adopt(ctx context.Context) error {
	listed, err := n.registry.Cameras(ctx)
	if err != nil {
		return err
	}
	wanted := make(map[shouwang.CameraID]shouwang.Camera, len(listed))
	for _, c := range listed {
		if len(c.Sources) > 0 {
			wanted[c.ID] = c.Camera
		}
	}
	for _, id := range n.known() {
		old, _ := n.Camera(id)
		if next, ok := wanted[id]; !ok || !slices.Equal(old.Sources, next.Sources) {
			n.drop(id)
		}
	}
	for id, c := range wanted {
		n.take(id, c)
	}
	return nil
}

// take begins the work on a camera, or notes its new description.
func (n *node) take(id shouwang.CameraID, c shouwang.Camera) {
	n.mu.Lock()
	_, known := n.cameras[id]
	n.cameras[id] = c
	n.mu.Unlock()
	if known {
		return
	}
	if err := n.manager.Start(c); err != nil {
		n.log.Error("camera cannot be taken in", "camera", id, "error", err)
		return
	}
	w := n.startWork(c)
	n.mu.Lock()
	n.works[id] = w
	n.mu.Unlock()
}

func (n *node) drop(id shouwang.CameraID) {
	n.mu.Lock()
	w := n.works[id]
	delete(n.works, id)
	delete(n.cameras, id)
	n.mu.Unlock()
	if w != nil {
		w.stop()
	}
	n.manager.Stop(id)
}

// dropAll ends all work: open segments are closed.
func (n *node) dropAll() {
	var wg sync.WaitGroup
	for _, id := range n.known() {
		wg.Go(func() { n.drop(id) })
	}
	wg.Wait()
}

// refresh puts the register's present world in force.
func (n *node) refresh(ctx context.Context) error {
	world, err := n.registry.World(ctx)
	if err != nil {
		return err
	}
	if world != n.gate.World() {
		n.gate.Swap(world)
	}
	return nil
}

// watchRegistry follows the register, whoever changes it.
func (n *node) watchRegistry(ctx context.Context, more ...func(context.Context) error) {
	changed := n.registry.Watch(ctx)
	for {
		select {
		case <-ctx.Done():
			return
		case _, ok := <-changed:
			if !ok {
				return
			}
		}
		for _, step := range append([]func(context.Context) error{n.refresh, n.adopt}, more...) {
			if err := step(ctx); err != nil && ctx.Err() == nil {
				n.log.Error("a change of the register could not be followed", "error", err)
			}
		}
	}
}

// link tells the recorder what is known of a stream's connection.
func (n *node) link(camera shouwang.CameraID, kind shouwang.StreamKind) shouwang.LinkState {
	for _, s := range n.manager.Status() {
		if s.Camera == camera && s.Stream == kind {
			return s.State
		}
	}
	return shouwang.LinkIdle
}
