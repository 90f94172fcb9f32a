package service

import (
	"context"

	"shouwang"
	"shouwang/web"
	"shouwang/web/cameras"
)

// deps joins web to its neighbours.
func (s *Service) deps() web.Deps {
	n := s.node
	idx := s.index()
	return web.Deps{
		World: n.gate.World, Gate: n.gate, Audit: s.ledger, Accounts: s.auth, Cameras: webCameras{n},
		Hubs: n.demand, Renderer: renderer{n.pool}, Media: s.media, Bus: n.bus, Events: idx, Clips: idx,
		Footage:  footage{archive: n.archive, recorder: n.recorder},
		Desk:     desk{n.registry, n.refresh},
		Consents: s.consents(),
		Ready:    s.ready, Rooms: append(s.rooms(), s.paperRooms()...), Sealed: looks{s.ledger}.sealed, LogTakes: s.ledger.Try,
	}
}

// consents keeps the consent records for web.
func (s *Service) consents() consents {
	n := s.node
	return consents{registry: n.registry, catalog: n.archive.Catalog, eraser: s.eraser, notary: s.notary, refresh: n.refresh}
}

// webCameras tells web what is known of cameras.
type webCameras struct{ node *node }

// Camera returns a camera without its addresses.
func (c webCameras) Camera(id shouwang.CameraID) (shouwang.Camera, bool) {
	cam, ok := c.node.Camera(id)
	cam.Sources = nil
	return cam, ok
}

// Status returns the state of every stream.
func (c webCameras) Status() []shouwang.StreamStatus { return c.node.manager.Status() }

// Analysis returns how a camera is looked at.
func (c webCameras) Analysis(id shouwang.CameraID) cameras.Analysis {
	c.node.mu.Lock()
	w := c.node.works[id]
	c.node.mu.Unlock()
	if w == nil {
		return cameras.Analysis{Policy: "off"}
	}
	st := w.sight.snapshot()
	if !st.Allowed {
		return cameras.Analysis{Policy: "off", Reason: st.Reason}
	}
	return cameras.Analysis{Policy: st.Policy, Reason: st.Reason, Degraded: st.Degraded}
}

// ready says why the service cannot work now, or nil.
func (s *Service) ready(ctx context.Context) error {
	if _, err := s.node.registry.World(ctx); err != nil {
		return err
	}
	_, err := s.ledger.Stats(ctx)
	return err
}
