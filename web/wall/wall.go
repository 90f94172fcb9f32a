// Package wall serves the dispatchers' desk: incidents and what they open,
// calls of SOS buttons, what is made of an event, and saved walls. It shows no
// picture; what a camera would answer it asks the gate.
package wall

import (
	"context"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/front"
	"shouwang/web/look"
)

// Gate answers without consequences.
type Gate interface {
	Decide(req policy.Request) policy.Decision
}

// Incidents keeps incidents where the gate looks at them.
type Incidents interface {
	PutIncident(ctx context.Context, by string, i *policy.Incident) error
}

// Records keeps who opened an incident, for what, and how it ended.
type Records interface {
	PutIncident(ctx context.Context, r shouwang.IncidentRecord) error
	Incident(ctx context.Context, id string) (shouwang.IncidentRecord, error)
}

// Log reads the access log: the looks at a camera, newest first.
type Log interface {
	LooksAt(ctx context.Context, camera string, span shouwang.Span) ([]policy.Entry, error)
}

// Events finds one event's camera, or CodeNotFound.
type Events interface {
	EventCamera(ctx context.Context, id shouwang.EventID) (shouwang.CameraID, error)
}

// Marks keeps what was made of an event.
type Marks interface {
	SetMark(ctx context.Context, event shouwang.EventID, camera shouwang.CameraID, by string, f func(*shouwang.Mark)) (shouwang.Mark, error)
	Marks(ctx context.Context, since time.Time) ([]shouwang.Mark, error)
}

// Layouts keeps saved walls.
type Layouts interface {
	Layouts(ctx context.Context) ([]shouwang.Layout, error)
	PutLayout(ctx context.Context, l shouwang.Layout) error
	RemoveLayout(ctx context.Context, id string) error
}

// Calls keeps the calls of SOS buttons.
type Calls interface {
	Calls(ctx context.Context, since time.Time) ([]shouwang.Call, error)
	Call(ctx context.Context, id string) (shouwang.Call, error)
	AnswerCall(ctx context.Context, id, by string) (shouwang.Call, error)
	JoinCall(ctx context.Context, id, incident string) (shouwang.Call, error)
	CloseCall(ctx context.Context, id, by, outcome, note string) (shouwang.Call, error)
}

// Buttons knows the SOS buttons. Hear returns when the signal is durable, and
// has told the walls.
type Buttons interface {
	Buttons(ctx context.Context) ([]shouwang.ButtonHealth, error)
	Admits(ctx context.Context, id shouwang.ButtonID, token string) error
	Hear(ctx context.Context, s shouwang.Signal) error
}

// Deps are the neighbours; all are needed.
type Deps struct {
	Gate      Gate
	Incidents Incidents
	Records   Records
	Log       Log
	Events    Events
	Marks     Marks
	Layouts   Layouts
	Calls     Calls
	Buttons   Buttons
	// Changed tells every wall that something on the desk changed.
	Changed func(ctx context.Context, change shouwang.DeskChange)
}

// room is the desk over its neighbours.
type room struct {
	*front.Front
	looks *look.Looks
	deps  Deps
	began time.Time // when the service began to listen
}

// Room returns what registers the desk's operations.
func Room(deps Deps) func(*front.Front, *look.Looks) {
	return func(f *front.Front, looks *look.Looks) {
		r := &room{Front: f, looks: looks, deps: deps, began: f.Now()}
		r.incidentRoutes()
		r.callRoutes()
		r.markRoutes()
		r.layoutRoutes()
	}
}

// atDesk reports, as an error, that the caller is neither an officer nor a wall.
func atDesk(c *front.Caller) error {
	if c.Who.Type == policy.TypeOfficer && !c.Who.Has(policy.RoleContractor) || c.Who.Type == policy.TypeKiosk {
		return nil
	}
	return shouwang.Errorf(shouwang.CodeDenied, "this is not for accounts of type %s", c.Who.Type)
}

// within reports whether a place lies in the caller's jurisdiction.
func within(c *front.Caller, place shouwang.PlaceID) bool {
	return c.Who.Jurisdiction != "" && c.World.Places().Within(place, c.Who.Jurisdiction)
}

// maySearch reports whether the caller may be told what happened before the
// camera: the gate's word for officers; a wall, where it may show it now.
func (r *room) maySearch(c *front.Caller, id shouwang.CameraID) bool {
	cam, err := c.Camera(id)
	if err != nil {
		return false
	}
	action := policy.Search
	if c.Who.Type == policy.TypeKiosk {
		action = policy.ViewLive
	}
	d := r.deps.Gate.Decide(c.Request(action, cam, front.Why{}, r.Now()))
	return d.Allowed()
}

// person is somebody's name, and the name alone where there is no such person.
type person struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

func personOf(c *front.Caller, id string) *person {
	if id == "" {
		return nil
	}
	p := &person{ID: id, Name: id}
	if who, ok := c.World.Principal(id); ok {
		p.Name = (&front.Caller{Who: who, Lang: c.Lang}).Name()
	}
	return p
}
