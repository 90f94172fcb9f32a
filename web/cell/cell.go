// Package cell is what the guardian of a neighbour cell sees on a phone: which
// cameras of the cell's households chose it as an audience, through which of
// them they may look at this moment, and why not through the others. The look
// itself is a live view like any other: masked, blurred, marked, logged, told
// to the owner, and over when the incident is.
package cell

import (
	"context"
	"net/http"
	"slices"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/front"
	"shouwang/web/look"
)

// Gate foresees what a request would be answered.
type Gate interface {
	Decide(req policy.Request) policy.Decision
}

// Deps are what the room needs from its neighbours.
type Deps struct{ Gate Gate }

type room struct {
	*front.Front
	Deps
	looks *look.Looks
}

// Routes returns what registers the room's operation.
func Routes(deps Deps) func(*front.Front, *look.Looks) {
	return func(f *front.Front, l *look.Looks) {
		r := &room{f, deps, l}
		front.Route(f, front.Op{
			ID: "myCells", Method: http.MethodGet, Path: "/api/my/cells", Tag: "cell",
			Summary: "The neighbour cells one is the guardian of, and through which of their cameras one may look now",
		}, front.Residents, r.list)
	}
}

// CellView is one cell.
type CellView struct {
	ID         string       `json:"id"`
	Name       string       `json:"name"`
	Households int          `json:"households"`
	Cameras    []CellCamera `json:"cameras" doc:"Those whose owners chose the cell as an audience"`
}

// CellCamera is one camera of a cell, as its guardian may know it.
type CellCamera struct {
	ID      shouwang.CameraID `json:"id"`
	Name    string            `json:"name"`
	Place   string            `json:"place,omitempty"`
	MayLook bool              `json:"may_look" doc:"Whether a live view would be answered with a picture now"`
	// Incident is what opens it; a look names it.
	Incident string          `json:"incident,omitempty"`
	Type     string          `json:"incident_type,omitempty"`
	Until    time.Time       `json:"until,omitzero" doc:"When the incident ends by itself"`
	Reasons  []policy.Reason `json:"reasons,omitempty" doc:"Why not"`
	Text     string          `json:"text,omitempty" doc:"Why not, in words"`
}

type cellsOutput struct {
	Body struct {
		Cells []CellView `json:"cells"`
	}
}

func (r *room) list(_ context.Context, c *front.Caller, _ *struct{}) (*cellsOutput, error) {
	out := &cellsOutput{}
	out.Body.Cells = []CellView{}
	for _, u := range c.World.Cells() {
		if u.Guardian != c.Who.ID {
			continue
		}
		v := CellView{ID: u.ID, Name: named(c, u.ID, u.Name, u.NameEn), Households: len(u.Households), Cameras: []CellCamera{}}
		for _, cam := range c.World.Cameras() {
			if of, guards := c.World.Guards(c.Who, cam); guards && of.ID == u.ID {
				v.Cameras = append(v.Cameras, r.camera(c, cam))
			}
		}
		out.Body.Cells = append(out.Body.Cells, v)
	}
	return out, nil
}

// camera says whether the guardian may look now: under the first incident that
// opens it, else why not.
func (r *room) camera(c *front.Caller, cam *policy.Camera) CellCamera {
	v := CellCamera{ID: cam.CameraID(), Name: named(c, string(cam.CameraID()), cam.Name, cam.NameEn), Place: r.place(c, cam.Place)}
	d := r.foresee(c, cam, "")
	for _, i := range c.World.Incidents() {
		if r.Now().Before(i.From) || !r.Now().Before(i.To) {
			continue
		}
		under := r.foresee(c, cam, i.ID)
		if under.Allowed() {
			v.MayLook, v.Incident, v.Type, v.Until = true, i.ID, i.Type, i.To
			return v
		}
		if !slices.Contains(under.Reasons, policy.ReasonIncidentFar) && !slices.Contains(under.Reasons, policy.ReasonNoGround) {
			d = under // it would count, and something else is in the way
		}
	}
	v.Reasons, v.Text = d.Reasons, r.words(c, &d)
	return v
}

// words are for somebody who asks, not for the owner, whom the policy's words
// for residents are meant for.
func (r *room) words(c *front.Caller, d *policy.Decision) string {
	if len(d.Reasons) > 0 {
		if text := policy.TextForOfficer(d.Reasons[0], c.Lang); text != string(d.Reasons[0]) {
			return text
		}
	}
	return r.TextFor(c, d)
}

func (r *room) foresee(c *front.Caller, cam *policy.Camera, incident string) policy.Decision {
	d := r.Gate.Decide(c.Request(policy.ViewLive, cam, front.Why{Incident: incident}, r.Now()))
	if d.Allowed() {
		if _, refused := r.looks.Carry(&d, c, cam); refused != "" {
			d.Decision, d.Reasons = "deny", []policy.Reason{refused}
		}
	}
	return d
}

func (r *room) place(c *front.Caller, id shouwang.PlaceID) string {
	p, ok := c.World.Places()[id]
	if !ok {
		return ""
	}
	return named(c, string(id), p.Name, p.NameEn)
}

func named(c *front.Caller, id, zh, en string) string {
	if c.Lang == "en" && en != "" {
		return en
	}
	if zh != "" {
		return zh
	}
	return id
}
