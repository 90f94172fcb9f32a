package ingest

import (
	"cmp"
	"context"
	"log/slog"
	"net"
	"slices"
	"sync"
	"time"

	"shouwang"
	"shouwang/ingest/guard"
	"shouwang/ingest/rtsp"
)

// Manager owns the sessions of every camera of this node. Its methods may be
// called from any goroutine.
//
// Lock order: Manager.mu before link.mu before Hub.mu.
type Manager struct {
	cfg     Config
	deps    Deps
	guard   *guard.Guard
	servers []*rtsp.Server
	ctx     context.Context
	cancel  context.CancelFunc
	wg      sync.WaitGroup

	mu      sync.Mutex
	cameras map[shouwang.CameraID]*camera
	closed  bool
}

type camera struct {
	camera shouwang.Camera
	links  []*link
}

// New makes a manager and starts listening for publishers where configured.
// Errors: CodeBadConfig, CodePortInUse. Close it when done.
func New(cfg Config, deps Deps) (*Manager, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	deps.fill()
	m := &Manager{
		cfg: cfg, deps: deps, guard: cfg.guard(deps.Resolver),
		cameras: map[shouwang.CameraID]*camera{},
	}
	m.ctx, m.cancel = context.WithCancel(context.Background())
	if err := m.listen(); err != nil {
		m.Close()
		return nil, err
	}
	m.wg.Go(m.monitor)
	return m, nil
}

func (d *Deps) fill() {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	if d.Clock == nil {
		d.Clock = time.Now
	}
	if d.OnStatus == nil {
		d.OnStatus = func(shouwang.StreamStatus) {}
	}
	if d.Allowed == nil {
		d.Allowed = func(shouwang.CameraID) error { return nil }
	}
	if d.PushAuth == nil {
		d.PushAuth = func(shouwang.CameraID, string) error {
			return shouwang.Errorf(shouwang.CodeDenied, "nobody may publish here")
		}
	}
	if d.Pull == nil {
		d.Pull = rtsp.Pull
	}
}

func (m *Manager) listen() error {
	base := rtsp.ServerConfig{
		Log: m.deps.Log, Now: m.deps.Clock, Auth: m.deps.PushAuth,
		Secret: m.deps.PushSecret, Open: m.openPublication,
	}
	for _, at := range []struct {
		addr   string
		secure bool
	}{{m.cfg.Push, false}, {m.cfg.PushTLS, true}} {
		if at.addr == "" {
			continue
		}
		c := base
		c.Addr = at.addr
		if at.secure {
			if m.deps.PushTLS == nil {
				return shouwang.Errorf(shouwang.CodeBadConfig, "ingest.push_tls needs a certificate: configure web.tls first")
			}
			c.TLS = m.deps.PushTLS
		}
		s, err := rtsp.Listen(c)
		if err != nil {
			return err
		}
		m.servers = append(m.servers, s)
	}
	return nil
}

// PushAddr returns the address that publishers connect to, nil if there is none.
func (m *Manager) PushAddr() net.Addr {
	if len(m.servers) == 0 {
		return nil
	}
	return m.servers[0].Addr()
}

// Start takes a camera into service, or adopts its new description: streams
// whose source did not change go on undisturbed. Errors: CodeBadUsage for an
// invalid id or a camera without streams, or a closed manager. What is wrong
// with a camera's address shows in its status.
func (m *Manager) Start(cam shouwang.Camera) error {
	if !cam.ID.Valid() || len(cam.Sources) == 0 {
		return shouwang.Errorf(shouwang.CodeBadUsage, "camera %q needs a valid id and at least one stream", cam.ID)
	}
	m.mu.Lock()
	if m.closed {
		m.mu.Unlock()
		return shouwang.Errorf(shouwang.CodeBadUsage, "ingest is shut down")
	}
	var old []*link
	if c := m.cameras[cam.ID]; c != nil {
		old = c.links
	}
	next := &camera{camera: cam}
	for _, src := range cam.Sources {
		i := slices.IndexFunc(old, func(l *link) bool { return l.source == src })
		if i >= 0 {
			next.links = append(next.links, old[i])
			old = slices.Delete(slices.Clone(old), i, i+1)
			continue
		}
		l := newLink(m, cam.ID, src)
		next.links = append(next.links, l)
		m.wg.Go(l.run)
	}
	m.cameras[cam.ID] = next
	m.mu.Unlock()
	for _, l := range old {
		l.stop()
	}
	return nil
}

// Stop takes a camera out of service and waits until its sessions are over and
// its hubs closed. An unknown camera is no error.
func (m *Manager) Stop(id shouwang.CameraID) {
	m.mu.Lock()
	c := m.cameras[id]
	delete(m.cameras, id)
	m.mu.Unlock()
	if c == nil {
		return
	}
	for _, l := range c.links {
		l.stop()
	}
}

// Refresh asks again whether the camera may be used, and acts on the answer at
// once: a session that may not be is closed and its history forgotten.
func (m *Manager) Refresh(id shouwang.CameraID) {
	for _, l := range m.linksOf(id) {
		l.refresh()
	}
}

// Retry connects now, whatever the back-off; for a person who just mended
// something.
func (m *Manager) Retry(id shouwang.CameraID) {
	for _, l := range m.linksOf(id) {
		l.kick()
	}
}

// Hub returns the hub of a camera's stream, or of its main stream when it has
// no stream of that kind.
func (m *Manager) Hub(id shouwang.CameraID, kind shouwang.StreamKind) (*Hub, bool) {
	var main *Hub
	for _, l := range m.linksOf(id) {
		if l.source.Kind == kind {
			return l.hub, true
		}
		if l.source.Kind == shouwang.StreamMain {
			main = l.hub
		}
	}
	return main, main != nil
}

// Status returns a snapshot of every stream, ordered by camera and stream.
func (m *Manager) Status() []shouwang.StreamStatus {
	var out []shouwang.StreamStatus
	for _, l := range m.links() {
		out = append(out, l.snapshot())
	}
	slices.SortFunc(out, func(a, b shouwang.StreamStatus) int {
		return cmp.Or(cmp.Compare(a.Camera, b.Camera), cmp.Compare(a.Stream, b.Stream))
	})
	return out
}

// Close ends every session and waits for all goroutines.
func (m *Manager) Close() {
	m.mu.Lock()
	m.closed = true
	m.mu.Unlock()
	m.cancel()
	for _, s := range m.servers {
		s.Close()
	}
	m.wg.Wait()
}

func (m *Manager) linksOf(id shouwang.CameraID) []*link {
	m.mu.Lock()
	defer m.mu.Unlock()
	if c := m.cameras[id]; c != nil {
		return c.links
	}
	return nil
}

func (m *Manager) links() []*link {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []*link
	for _, c := range m.cameras {
		out = append(out, c.links...)
	}
	return out
}

// askEvery is the longest that a withdrawn permission can go unnoticed when
// nobody calls Refresh.
const askEvery = 15 * time.Second

// monitor looks after what sessions cannot see themselves: silence, and
// permission that ran out.
func (m *Manager) monitor() {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	asked := m.deps.Clock()
	for {
		select {
		case <-m.ctx.Done():
			return
		case <-tick.C:
		}
		now := m.deps.Clock()
		ask := now.Sub(asked) >= askEvery || now.Before(asked)
		if ask {
			asked = now
		}
		for _, l := range m.links() {
			l.checkStall(now)
			if ask {
				l.refresh()
			}
		}
	}
}

// openPublication decides about a camera that wants to publish.
func (m *Manager) openPublication(p rtsp.Publication) (rtsp.Sink, error) {
	for _, l := range m.linksOf(p.Camera) {
		if l.source.Push && l.source.Kind == p.Stream {
			return l.accept(p)
		}
	}
	return rtsp.Sink{}, shouwang.Errorf(shouwang.CodeNotFound, "no such stream is expected from this camera")
}
