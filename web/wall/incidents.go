package wall

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/front"
)

// maxIncident is the longest an incident stays open; it closes by itself.
const maxIncident = 4 * time.Hour

// IncidentView is an incident as a page shows it.
type IncidentView struct {
	ID       string            `json:"id"`
	Type     string            `json:"type"`
	Title    string            `json:"title,omitempty"`
	Position shouwang.Position `json:"position"`
	From     time.Time         `json:"from"`
	To       time.Time         `json:"to"`
	Open     bool              `json:"open"`
	RadiusM  float64           `json:"radius_m" doc:"How far around it an owner agreed that it may open a camera; 0 where none did"`
}

// IncidentReport is the record of an incident: who opened it for what, what
// each nearby camera answered then and answers now, and who looked.
type IncidentReport struct {
	IncidentView
	Cause    shouwang.IncidentCause `json:"cause,omitempty" enum:"report,event,call"`
	Ref      string                 `json:"ref,omitempty"`
	OpenedBy *person                `json:"opened_by,omitempty"`
	ClosedBy *person                `json:"closed_by,omitempty" doc:"Missing when it closed by itself"`
	Nearby   []NearbyCamera         `json:"nearby"`
	Looks    []IncidentLook         `json:"looks"`
}

// IncidentLook is one live view that the incident opened.
type IncidentLook struct {
	Camera     shouwang.CameraID `json:"camera"`
	CameraName string            `json:"camera_name"`
	By         *person           `json:"by"`
	From       time.Time         `json:"from"`
	To         time.Time         `json:"to,omitzero"`
}

type incidentsOutput struct {
	Body struct {
		Incidents []IncidentView `json:"incidents"`
	}
}

type incidentOutput struct{ Body IncidentView }

type incidentReportOutput struct{ Body IncidentReport }

type openIncidentInput struct {
	Body struct {
		Type     string                 `json:"type" minLength:"1" maxLength:"32" pattern:"^[a-z_]+$"`
		Camera   shouwang.CameraID      `json:"camera,omitempty" maxLength:"64"`
		Position *shouwang.Position     `json:"position,omitempty"`
		Text     string                 `json:"text,omitempty" maxLength:"500"`
		Minutes  int                    `json:"minutes" minimum:"1" maximum:"240"`
		Cause    shouwang.IncidentCause `json:"cause,omitempty" enum:"report,event,call" doc:"What it is opened for; report when nothing is said"`
		Ref      string                 `json:"ref,omitempty" maxLength:"128" doc:"The event or call"`
	}
}

type idInput struct {
	ID string `path:"id" maxLength:"64"`
}

func (r *room) incidentRoutes() {
	front.Route(r.Front, front.Op{ID: "listIncidents", Method: http.MethodGet, Path: "/api/incidents", Tag: "desk", Summary: "Incidents of the last day, open ones first"}, front.SignedIn, r.listIncidents)
	front.Route(r.Front, front.Op{ID: "openIncident", Method: http.MethodPost, Path: "/api/incidents", Tag: "desk", Summary: "Open an incident at a camera, a position or where a call came from"}, front.Officers, r.openIncident)
	front.Route(r.Front, front.Op{ID: "getIncident", Method: http.MethodGet, Path: "/api/incidents/{id}", Tag: "desk", Summary: "An incident's record: who opened it, which cameras are near and why each is or is not shown, who looked"}, front.Officers, r.getIncident)
	front.Route(r.Front, front.Op{ID: "closeIncident", Method: http.MethodPost, Path: "/api/incidents/{id}/close", Tag: "desk", Summary: "Close an incident before its time"}, front.Officers, r.closeIncident)
}

func (r *room) view(c *front.Caller, i *policy.Incident) IncidentView {
	now := r.Now()
	return IncidentView{
		ID: i.ID, Type: i.Type, Title: i.Title, Position: shouwang.Position(i.Position), From: i.From, To: i.To,
		Open: !now.Before(i.From) && now.Before(i.To), RadiusM: reach(c, i),
	}
}

// reach is the widest circle, in metres, in which an owner agreed that an
// incident of this kind opens a camera; each camera has its own within it.
func reach(c *front.Caller, i *policy.Incident) float64 {
	radius := 0.0
	for _, cam := range c.World.Cameras() {
		if !c.Knows(cam) {
			continue
		}
		for _, consent := range c.World.CurrentConsents(cam.ID) {
			if t := consent.Incident; t != nil && consent.State.Live() && slices.Contains(t.Types, i.Type) {
				radius = max(radius, t.RadiusM)
			}
		}
	}
	return radius
}

func (r *room) listIncidents(_ context.Context, c *front.Caller, _ *struct{}) (*incidentsOutput, error) {
	out := &incidentsOutput{}
	out.Body.Incidents = []IncidentView{}
	if atDesk(c) != nil {
		return out, nil
	}
	since := r.Now().Add(-24 * time.Hour)
	for _, i := range c.World.Incidents() {
		if i.To.After(since) {
			out.Body.Incidents = append(out.Body.Incidents, r.view(c, i))
		}
	}
	slices.SortFunc(out.Body.Incidents, func(a, b IncidentView) int { return b.To.Compare(a.To) })
	return out, nil
}

func (r *room) openIncident(ctx context.Context, c *front.Caller, in *openIncidentInput) (*incidentOutput, error) {
	if err := c.Works(policy.RoleDispatcher, policy.RoleSupervisor, policy.RoleGridWorker); err != nil {
		return nil, err
	}
	position, err := r.where(ctx, c, in)
	if err != nil {
		return nil, err
	}
	now := r.Now()
	i := &policy.Incident{
		ID: front.NewID("inc"), Type: in.Body.Type, Title: in.Body.Text, Position: policy.Position(position),
		From: now, To: now.Add(min(time.Duration(in.Body.Minutes)*time.Minute, maxIncident)),
	}
	record := shouwang.IncidentRecord{ID: i.ID, OpenedBy: c.Who.ID, Opened: now, Cause: in.Body.Cause, Ref: in.Body.Ref}
	if record.Cause == "" {
		record.Cause = shouwang.CauseReport
	}
	// The record comes first: an incident without one would open cameras that
	// nobody can account for. A record without its incident opens nothing.
	if err := r.deps.Records.PutIncident(ctx, record); err != nil {
		return nil, fmt.Errorf("record incident: %w", err)
	}
	if err := r.deps.Incidents.PutIncident(ctx, c.Who.ID, i); err != nil {
		return nil, fmt.Errorf("open incident: %w", err)
	}
	r.opened(ctx, c, i, &record)
	return &incidentOutput{Body: r.view(c, i)}, nil
}

// opened notes what followed from the opening. The incident stands by now:
// what cannot be noted is logged and takes nothing back.
func (r *room) opened(ctx context.Context, c *front.Caller, i *policy.Incident, record *shouwang.IncidentRecord) {
	now := *c
	now.World = r.World()
	for _, n := range r.nearby(&now, i) {
		reasons := make([]string, len(n.Reasons))
		for k, reason := range n.Reasons {
			reasons[k] = string(reason)
		}
		record.Nearby = append(record.Nearby, shouwang.IncidentCamera{Camera: n.Camera, Distance: n.Distance, Shown: n.Shown, Reasons: reasons})
	}
	err := r.deps.Records.PutIncident(ctx, *record)
	if err == nil && record.Cause == shouwang.CauseCall {
		_, err = r.deps.Calls.JoinCall(ctx, record.Ref, i.ID)
	}
	if err == nil && record.Cause == shouwang.CauseEvent {
		err = r.joinEvent(ctx, c, shouwang.EventID(record.Ref), i.ID)
	}
	if err != nil {
		r.Log.Error("note what an incident was opened for", "incident", i.ID, "error", err)
	}
	r.deps.Changed(ctx, shouwang.DeskChange{Kind: shouwang.DeskIncident, ID: i.ID})
}

func (r *room) joinEvent(ctx context.Context, c *front.Caller, event shouwang.EventID, incident string) error {
	camera, err := r.deps.Events.EventCamera(ctx, event)
	if err != nil {
		return err
	}
	_, err = r.deps.Marks.SetMark(ctx, event, camera, c.Who.ID, func(m *shouwang.Mark) { m.Incident = incident })
	return err
}

// where says where the incident is: at a camera that the caller may know of, at
// a position, or where the call came from.
func (r *room) where(ctx context.Context, c *front.Caller, in *openIncidentInput) (shouwang.Position, error) {
	position := in.Body.Position
	if in.Body.Camera != "" {
		cam, err := c.Camera(in.Body.Camera)
		if err != nil {
			return shouwang.Position{}, err
		}
		at := shouwang.Position(cam.Position)
		position = &at
	}
	if in.Body.Cause == shouwang.CauseCall {
		_, button, err := r.call(ctx, c, in.Body.Ref)
		if err != nil {
			return shouwang.Position{}, err
		}
		position = &button.Position
	}
	if in.Body.Cause == shouwang.CauseEvent {
		if camera, err := r.deps.Events.EventCamera(ctx, shouwang.EventID(in.Body.Ref)); err != nil || !r.maySearch(c, camera) {
			return shouwang.Position{}, shouwang.Errorf(shouwang.CodeNotFound, "no event %q that you may know of", in.Body.Ref)
		}
	}
	if position == nil || !position.Valid() {
		return shouwang.Position{}, shouwang.Errorf(shouwang.CodeBadUsage, "say where the incident is: a camera or a position in degrees")
	}
	return *position, nil
}

func (r *room) getIncident(ctx context.Context, c *front.Caller, in *idInput) (*incidentReportOutput, error) {
	i, ok := c.World.Incident(in.ID)
	if err := atDesk(c); err != nil || !ok {
		return nil, shouwang.Errorf(shouwang.CodeNotFound, "no incident %q", in.ID)
	}
	v := IncidentReport{IncidentView: r.view(c, i), Looks: []IncidentLook{}}
	record, err := r.deps.Records.Incident(ctx, i.ID)
	if err != nil && shouwang.CodeOf(err) != shouwang.CodeNotFound { // one that was imported has none
		return nil, fmt.Errorf("read record: %w", err)
	}
	v.Cause, v.Ref, v.OpenedBy, v.ClosedBy = record.Cause, record.Ref, r.opener(ctx, c, record.OpenedBy), personOf(c, record.ClosedBy)
	if v.Open {
		v.Nearby = r.nearby(c, i)
	} else {
		v.Nearby = recalled(c, record.Nearby)
	}
	if v.Looks, err = r.looksUnder(ctx, c, i, v.Nearby); err != nil {
		return nil, err
	}
	return &incidentReportOutput{Body: v}, nil
}

// opener is who opened an incident: a person, or the household whose button did.
func (r *room) opener(ctx context.Context, c *front.Caller, by string) *person {
	id, pressed := strings.CutPrefix(by, shouwang.ByButton)
	if !pressed {
		return personOf(c, by)
	}
	byID, _, err := r.buttons(ctx, c)
	if b, ok := byID[shouwang.ButtonID(id)]; err == nil && ok {
		return &person{ID: by, Name: b.Household}
	}
	return &person{ID: by, Name: id}
}

// looksUnder finds the looks that the incident opened, oldest first.
func (r *room) looksUnder(ctx context.Context, c *front.Caller, i *policy.Incident, nearby []NearbyCamera) ([]IncidentLook, error) {
	out := []IncidentLook{}
	for _, n := range nearby {
		entries, err := r.deps.Log.LooksAt(ctx, policy.CameraResource(n.Camera), shouwang.Span{From: i.From, To: i.To.Add(time.Minute)})
		if err != nil {
			return nil, fmt.Errorf("read access log: %w", err)
		}
		ends := map[string]time.Time{}
		for _, e := range entries {
			if e.Kind == "look_end" {
				ends[e.DecisionID] = e.At
			}
		}
		for _, e := range entries {
			if e.Kind == "look" && e.Incident == i.ID {
				out = append(out, IncidentLook{Camera: n.Camera, CameraName: n.Name, By: personOf(c, e.Principal), From: e.At, To: ends[e.DecisionID]})
			}
		}
	}
	slices.SortFunc(out, func(a, b IncidentLook) int { return a.From.Compare(b.From) })
	return out, nil
}

func (r *room) closeIncident(ctx context.Context, c *front.Caller, in *idInput) (*incidentOutput, error) {
	if err := c.Works(policy.RoleDispatcher, policy.RoleSupervisor, policy.RoleGridWorker); err != nil {
		return nil, err
	}
	old, ok := c.World.Incident(in.ID)
	if !ok {
		return nil, shouwang.Errorf(shouwang.CodeNotFound, "no incident %q", in.ID)
	}
	now := r.Now()
	if !old.To.After(now) {
		return &incidentOutput{Body: r.view(c, old)}, nil
	}
	closed := *old
	closed.To = now
	if err := r.deps.Incidents.PutIncident(ctx, c.Who.ID, &closed); err != nil {
		return nil, fmt.Errorf("close incident: %w", err)
	}
	record, err := r.deps.Records.Incident(ctx, old.ID)
	if shouwang.CodeOf(err) == shouwang.CodeNotFound {
		record, err = shouwang.IncidentRecord{ID: old.ID, Opened: old.From}, nil
	}
	if err == nil {
		record.ClosedBy, record.Closed = c.Who.ID, now
		err = r.deps.Records.PutIncident(ctx, record)
	}
	if err != nil {
		r.Log.Error("note the end of an incident", "incident", old.ID, "error", err)
	}
	r.deps.Changed(ctx, shouwang.DeskChange{Kind: shouwang.DeskIncident, ID: old.ID})
	return &incidentOutput{Body: r.view(c, &closed)}, nil
}
