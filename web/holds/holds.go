// Package holds is where two people keep named recordings for a case beyond
// withdrawal and retention, until a day, or let them go before it. A hold shows
// nobody a picture. It lapses by itself, stands in the access log, and the
// camera's owner sees it and why.
package holds

import (
	"context"
	"net/http"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/policy/gate"
	"shouwang/web/front"
	"shouwang/web/look"
)

// Gate judges a hold, and uses up the approval it rests on.
type Gate interface {
	Look(req policy.Request) (policy.Decision, gate.Grant)
}

// Store keeps holds: the keys of the segments named are wrapped again before
// Place returns. Errors: CodeNotFound where nothing readable is recorded in the
// span.
type Store interface {
	Place(ctx context.Context, h policy.Hold, decision string) (segments int, err error)
	Release(ctx context.Context, h policy.Hold, decision string) error
	KeyState(ctx context.Context, camera shouwang.CameraID, span shouwang.Span) (policy.KeyState, error)
}

// Deps are what the room needs from its neighbours; all are needed.
type Deps struct {
	Gate  Gate
	Store Store
}

// maxDays is the longest a hold lasts; a case that needs more asks again.
const maxDays = 180

type room struct {
	*front.Front
	Deps
	looks *look.Looks // keeps the access log
}

// Routes returns what registers the room's operations.
func Routes(deps Deps) func(*front.Front, *look.Looks) {
	return func(f *front.Front, l *look.Looks) { (&room{f, deps, l}).routes() }
}

func (r *room) routes() {
	op := func(id, method, path, summary string) front.Op {
		return front.Op{ID: id, Method: method, Path: path, Tag: "holds", Summary: summary}
	}
	front.Route(r.Front, op("listHolds", http.MethodGet, "/api/holds", "Holds of one's cases; all of the area for approvers and oversight"), front.Officers, r.list)
	front.Route(r.Front, op("placeHold", http.MethodPost, "/api/holds", "Keep a stretch for a case; takes an approval and a fresh second factor"), front.Officers, r.place)
	front.Route(r.Front, op("releaseHold", http.MethodPost, "/api/holds/{id}/release", "Let a hold go before its day; takes an approval and a fresh second factor"), front.Officers, r.release)
	front.Route(r.Front, op("myHolds", http.MethodGet, "/api/my/cameras/{id}/holds", "What is kept of one's camera, for whom and until when"), front.Residents, r.mine)
}

// HoldView is a hold as a page shows it.
type HoldView struct {
	ID         string            `json:"id"`
	Camera     shouwang.CameraID `json:"camera"`
	CameraName string            `json:"camera_name"`
	Case       string            `json:"case,omitempty" doc:"Not told to owners"`
	CaseType   string            `json:"case_type"`
	CaseTitle  string            `json:"case_title,omitempty" doc:"Not told to owners"`
	Reason     string            `json:"reason,omitempty" doc:"Not told to owners"`
	From       time.Time         `json:"from"`
	To         time.Time         `json:"to"`
	PlacedBy   string            `json:"placed_by"`
	ApprovedBy string            `json:"approved_by"`
	Placed     time.Time         `json:"placed"`
	Until      time.Time         `json:"until"`
	Released   time.Time         `json:"released,omitzero"`
	Active     bool              `json:"active"`
	Segments   int               `json:"segments,omitempty" doc:"How many recordings it keeps; told when it is placed"`
}

type holdOutput struct{ Body HoldView }

type holdsOutput struct {
	Body struct {
		Holds []HoldView `json:"holds"`
	}
}

func (r *room) view(c *front.Caller, h *policy.Hold, owner bool) HoldView {
	v := HoldView{
		ID: h.ID, From: h.From, To: h.To, PlacedBy: name(c, h.PlacedBy, owner), ApprovedBy: name(c, h.ApprovedBy, owner),
		Placed: h.Placed, Until: h.Until, Released: h.Released, Active: h.Active(r.Now()),
	}
	if cam, ok := c.World.Camera(h.Camera); ok {
		v.Camera, v.CameraName = cam.CameraID(), cam.Name
		if c.Lang == "en" && cam.NameEn != "" {
			v.CameraName = cam.NameEn
		}
	}
	if cs, ok := c.World.Case(h.Case); ok {
		v.CaseType = cs.Type
		if !owner {
			v.CaseTitle = cs.Title
		}
	}
	if !owner {
		v.Case, v.Reason = h.Case, h.Reason
	}
	return v
}

// name is a person's name; owners read the name and the unit.
func name(c *front.Caller, id string, owner bool) string {
	p, ok := c.World.Principal(id)
	if !ok {
		return id
	}
	out := p.Name
	if c.Lang == "en" && p.NameEn != "" || out == "" {
		out = p.NameEn
	}
	if out == "" {
		out = id
	}
	if u, ok := c.World.Unit(p.Unit); ok && owner && u.Name != "" {
		out += " (" + u.Name + ")"
	}
	return out
}
