package wall

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/front"
)

// LayoutView is a saved wall as a page reads and writes it.
type LayoutView struct {
	ID     string     `json:"id"`
	Name   string     `json:"name"`
	Shared bool       `json:"shared" doc:"Everybody of the site has it, its screens too"`
	Mine   bool       `json:"mine"`
	Wall   LayoutBody `json:"wall"`
}

// LayoutBody is how a wall is arranged and how it behaves.
type LayoutBody struct {
	Name string `json:"name" minLength:"1" maxLength:"80"`
	// Tiles are cameras in their order; those that are missing follow by
	// themselves unless Only says that these are all.
	Tiles   []shouwang.CameraID `json:"tiles" maxItems:"500"`
	Only    bool                `json:"only"`
	PerPage int                 `json:"per_page" minimum:"1" maximum:"64"`
	RotateS int                 `json:"rotate_s" minimum:"0" maximum:"3600" doc:"Seconds a page stays; 0 does not rotate"`
	DwellS  int                 `json:"dwell_s" minimum:"3" maximum:"600" doc:"Seconds a lifted tile stays large"`
	Lift    int                 `json:"lift" minimum:"0" maximum:"4" doc:"How many tiles are lifted at most"`
	// Priority lists kinds of event, most urgent first; those not in it never lift.
	Priority []shouwang.EventKind `json:"priority" maxItems:"32"`
	Show     string               `json:"show" enum:"tiles,map,both"`
	Feed     bool                 `json:"feed"`
	Theme    string               `json:"theme" enum:"night,day,auto"`
	Sound    bool                 `json:"sound"`
}

type layoutsOutput struct {
	Body struct {
		Layouts []LayoutView `json:"layouts"`
	}
}

type layoutOutput struct{ Body LayoutView }

type putLayoutInput struct {
	ID   string `path:"id" minLength:"1" maxLength:"40" pattern:"^[a-z0-9][a-z0-9-]*$" doc:"Part of the screen's address: /wall/ID"`
	Body struct {
		Shared bool       `json:"shared"`
		Wall   LayoutBody `json:"wall"`
	}
}

type layoutIDInput struct {
	ID string `path:"id" maxLength:"40"`
}

func (r *room) layoutRoutes() {
	front.Route(r.Front, front.Op{ID: "listLayouts", Method: http.MethodGet, Path: "/api/wall/layouts", Tag: "desk", Summary: "Saved walls: one's own and those of the site"}, front.SignedIn, r.listLayouts)
	front.Route(r.Front, front.Op{ID: "putLayout", Method: http.MethodPut, Path: "/api/wall/layouts/{id}", Tag: "desk", Summary: "Save a wall under a name that is also a screen's address"}, front.Officers, r.putLayout)
	front.Route(r.Front, front.Op{ID: "removeLayout", Method: http.MethodDelete, Path: "/api/wall/layouts/{id}", Tag: "desk", Summary: "Forget a saved wall", Status: http.StatusNoContent}, front.Officers, r.removeLayout)
}

// site is where the caller sits: a kiosk says so, officers of a unit share.
func site(c *front.Caller) string {
	if c.Who.Type == policy.TypeKiosk {
		return c.Who.Site
	}
	for _, a := range c.Who.Audiences {
		return a
	}
	return c.Who.Unit
}

// mayHave reports whether the caller's screens may show the layout.
func mayHave(c *front.Caller, l *shouwang.Layout) bool {
	return l.Owner == c.Who.ID || l.Owner == "" && l.Site == site(c)
}

func (r *room) listLayouts(ctx context.Context, c *front.Caller, _ *struct{}) (*layoutsOutput, error) {
	if err := atDesk(c); err != nil {
		return nil, err
	}
	all, err := r.deps.Layouts.Layouts(ctx)
	if err != nil {
		return nil, fmt.Errorf("list layouts: %w", err)
	}
	out := &layoutsOutput{}
	out.Body.Layouts = []LayoutView{}
	for i := range all {
		if v, err := layoutView(c, &all[i]); err == nil && mayHave(c, &all[i]) {
			out.Body.Layouts = append(out.Body.Layouts, v)
		}
	}
	return out, nil
}

func layoutView(c *front.Caller, l *shouwang.Layout) (LayoutView, error) {
	v := LayoutView{ID: l.ID, Shared: l.Owner == "", Mine: l.Owner == c.Who.ID}
	if err := json.Unmarshal(l.Body, &v.Wall); err != nil {
		return v, fmt.Errorf("read layout %s: %w", l.ID, err)
	}
	v.Name = v.Wall.Name
	return v, nil
}

func (r *room) putLayout(ctx context.Context, c *front.Caller, in *putLayoutInput) (*layoutOutput, error) {
	if err := c.Works(policy.RoleDispatcher, policy.RoleSupervisor, policy.RoleGridWorker); err != nil {
		return nil, err
	}
	l := shouwang.Layout{ID: in.ID, Owner: c.Who.ID, Site: site(c), ChangedBy: c.Who.ID}
	if in.Body.Shared {
		l.Owner = ""
	}
	kept, err := r.layout(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if kept != nil && !mayHave(c, kept) {
		return nil, shouwang.Errorf(shouwang.CodeConflict, "layout %q is somebody else's; choose another name", in.ID)
	}
	if kept != nil && kept.Owner != l.Owner { // it becomes shared, or one's own again
		if err := r.deps.Layouts.RemoveLayout(ctx, in.ID); err != nil {
			return nil, err
		}
	}
	if l.Body, err = json.Marshal(in.Body.Wall); err != nil {
		return nil, fmt.Errorf("keep layout: %w", err)
	}
	if err := r.deps.Layouts.PutLayout(ctx, l); err != nil {
		return nil, err
	}
	r.deps.Changed(ctx, shouwang.DeskChange{Kind: shouwang.DeskLayout, ID: l.ID})
	v, err := layoutView(c, &l)
	return &layoutOutput{Body: v}, err
}

// layout returns the layout of the id, nil when there is none.
func (r *room) layout(ctx context.Context, id string) (*shouwang.Layout, error) {
	all, err := r.deps.Layouts.Layouts(ctx)
	if err != nil {
		return nil, fmt.Errorf("read layouts: %w", err)
	}
	for i := range all {
		if all[i].ID == id {
			return &all[i], nil
		}
	}
	return nil, nil
}

func (r *room) removeLayout(ctx context.Context, c *front.Caller, in *layoutIDInput) (*struct{}, error) {
	if err := c.Works(policy.RoleDispatcher, policy.RoleSupervisor, policy.RoleGridWorker); err != nil {
		return nil, err
	}
	kept, err := r.layout(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if kept == nil || !mayHave(c, kept) {
		return nil, shouwang.Errorf(shouwang.CodeNotFound, "no layout %q of yours", in.ID)
	}
	if err := r.deps.Layouts.RemoveLayout(ctx, in.ID); err != nil {
		return nil, err
	}
	r.deps.Changed(ctx, shouwang.DeskChange{Kind: shouwang.DeskLayout, ID: in.ID})
	return nil, nil
}
