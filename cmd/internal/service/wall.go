package service

import (
	"context"

	"shouwang"
	"shouwang/policy"
	"shouwang/storage/catalog"
	papers "shouwang/storage/desk"
	"shouwang/storage/ledger"
	"shouwang/web/front"
	"shouwang/web/look"
	"shouwang/web/wall"
)

// wallRoom joins the dispatchers' desk to its neighbours.
func (s *Service) wallRoom() func(*front.Front, *look.Looks) {
	n := s.node
	return wall.Room(wall.Deps{
		Gate: n.gate, Incidents: desk{n.registry, n.refresh}, Records: s.papers, Log: wallLog{s.ledger},
		Events: wallEvents{n.archive.Catalog}, Marks: s.papers, Layouts: s.papers, Calls: s.papers,
		Buttons: wallButtons{s.papers, s.hearButton}, Changed: s.tellDesk,
	})
}

// wallLog reads the access log for the record of an incident.
type wallLog struct{ ledger *ledger.Ledger }

// LooksAt returns the entries about a camera.
func (l wallLog) LooksAt(ctx context.Context, camera string, span shouwang.Span) ([]policy.Entry, error) {
	found, err := l.ledger.Looks(ctx, camera, span)
	out := make([]policy.Entry, len(found))
	for i := range found {
		out[i] = found[i].Entry
	}
	return out, err
}

// wallEvents finds events in the catalog.
type wallEvents struct{ catalog *catalog.DB }

// EventCamera returns the camera before which an event happened.
func (e wallEvents) EventCamera(ctx context.Context, id shouwang.EventID) (shouwang.CameraID, error) {
	found, err := e.catalog.Event(ctx, id)
	return found.Camera, err
}

// wallButtons tells the walls what it hears.
type wallButtons struct {
	*papers.DB
	hear func(ctx context.Context, signal shouwang.Signal) error
}

// Hear keeps a signal and tells the walls.
func (b wallButtons) Hear(ctx context.Context, signal shouwang.Signal) error {
	return b.hear(ctx, signal)
}
