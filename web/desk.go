package web

import (
	"context"
	"fmt"
	"net/http"
	"slices"
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
}

// CaseView is a case as a page shows it.
type CaseView struct {
	ID      string    `json:"id"`
	Type    string    `json:"type"`
	Title   string    `json:"title,omitempty"`
	Open    bool      `json:"open"`
	Members []string  `json:"members"`
	Opened  time.Time `json:"opened"`
	Closed  time.Time `json:"closed,omitzero"`
}

type incidentsOutput struct {
	Body struct {
		Incidents []IncidentView `json:"incidents"`
	}
}

type incidentOutput struct{ Body IncidentView }

type openIncidentInput struct {
	Body struct {
		Type     string             `json:"type" minLength:"1" maxLength:"32" pattern:"^[a-z_]+$"`
		Camera   shouwang.CameraID  `json:"camera,omitempty" maxLength:"64"`
		Position *shouwang.Position `json:"position,omitempty"`
		Text     string             `json:"text,omitempty" maxLength:"500"`
		Minutes  int                `json:"minutes" minimum:"1" maximum:"240"`
	}
}

type idInput struct {
	ID string `path:"id" maxLength:"64"`
}

type casesOutput struct {
	Body struct {
		Cases []CaseView `json:"cases"`
	}
}

type caseOutput struct{ Body CaseView }

type openCaseInput struct {
	Body struct {
		Type  string `json:"type" minLength:"1" maxLength:"32"`
		Title string `json:"title" minLength:"1" maxLength:"200"`
	}
}

func (s *Server) deskRoutes() {
	front.Route(s.Front, front.Op{ID: "listIncidents", Method: http.MethodGet, Path: "/api/incidents", Tag: "desk", Summary: "Incidents of the last day, open ones first"}, front.SignedIn, s.listIncidents)
	front.Route(s.Front, front.Op{ID: "openIncident", Method: http.MethodPost, Path: "/api/incidents", Tag: "desk", Summary: "Open an incident at a camera or a position"}, front.Officers, s.openIncident)
	front.Route(s.Front, front.Op{ID: "closeIncident", Method: http.MethodPost, Path: "/api/incidents/{id}/close", Tag: "desk", Summary: "Close an incident before its time"}, front.Officers, s.closeIncident)
	front.Route(s.Front, front.Op{ID: "listCases", Method: http.MethodGet, Path: "/api/cases", Tag: "desk", Summary: "The cases one is a member of"}, front.Officers, s.listCases)
	front.Route(s.Front, front.Op{ID: "openCase", Method: http.MethodPost, Path: "/api/cases", Tag: "desk", Summary: "Open a case; who opens it is its first member"}, front.Officers, s.openCase)
	front.Route(s.Front, front.Op{ID: "closeCase", Method: http.MethodPost, Path: "/api/cases/{id}/close", Tag: "desk", Summary: "Close a case of one's own"}, front.Officers, s.closeCase)
}

func (s *Server) incidentView(i *policy.Incident) IncidentView {
	now := s.Now()
	return IncidentView{
		ID: i.ID, Type: i.Type, Title: i.Title, Position: shouwang.Position(i.Position), From: i.From, To: i.To,
		Open: !now.Before(i.From) && now.Before(i.To),
	}
}

// openIncidents returns the incidents that are open now, newest first.
func (s *Server) openIncidents(w *policy.World) []*policy.Incident {
	now := s.Now()
	var out []*policy.Incident
	for _, i := range w.Incidents() {
		if !now.Before(i.From) && now.Before(i.To) {
			out = append(out, i)
		}
	}
	slices.SortFunc(out, func(a, b *policy.Incident) int { return b.From.Compare(a.From) })
	return out
}

func (s *Server) listIncidents(_ context.Context, c *front.Caller, _ *struct{}) (*incidentsOutput, error) {
	out := &incidentsOutput{}
	out.Body.Incidents = []IncidentView{}
	if c.Who.Type != policy.TypeOfficer && c.Who.Type != policy.TypeKiosk {
		return out, nil
	}
	since := s.Now().Add(-24 * time.Hour)
	for _, i := range c.World.Incidents() {
		if i.To.After(since) {
			out.Body.Incidents = append(out.Body.Incidents, s.incidentView(i))
		}
	}
	slices.SortFunc(out.Body.Incidents, func(a, b IncidentView) int { return b.To.Compare(a.To) })
	return out, nil
}

func (s *Server) openIncident(ctx context.Context, c *front.Caller, in *openIncidentInput) (*incidentOutput, error) {
	if err := c.Works(policy.RoleDispatcher, policy.RoleSupervisor, policy.RoleGridWorker); err != nil {
		return nil, err
	}
	position := in.Body.Position
	if in.Body.Camera != "" {
		cam, err := c.Camera(in.Body.Camera)
		if err != nil {
			return nil, err
		}
		at := shouwang.Position(cam.Position)
		position = &at
	}
	if position == nil || position.Lat < -90 || position.Lat > 90 || position.Lon < -180 || position.Lon > 180 {
		return nil, shouwang.Errorf(shouwang.CodeBadUsage, "say where the incident is: a camera or a position in degrees")
	}
	now := s.Now()
	i := &policy.Incident{
		ID: front.NewID("inc"), Type: in.Body.Type, Title: in.Body.Text, Position: policy.Position(*position),
		From: now, To: now.Add(min(time.Duration(in.Body.Minutes)*time.Minute, maxIncident)),
	}
	if err := s.deps.Desk.PutIncident(ctx, c.Who.ID, i); err != nil {
		return nil, fmt.Errorf("open incident: %w", err)
	}
	return &incidentOutput{Body: s.incidentView(i)}, nil
}

func (s *Server) closeIncident(ctx context.Context, c *front.Caller, in *idInput) (*incidentOutput, error) {
	if err := c.Works(policy.RoleDispatcher, policy.RoleSupervisor, policy.RoleGridWorker); err != nil {
		return nil, err
	}
	old, ok := c.World.Incident(in.ID)
	if !ok {
		return nil, shouwang.Errorf(shouwang.CodeNotFound, "no incident %q", in.ID)
	}
	closed := *old
	closed.To = minTime(old.To, s.Now())
	if err := s.deps.Desk.PutIncident(ctx, c.Who.ID, &closed); err != nil {
		return nil, fmt.Errorf("close incident: %w", err)
	}
	return &incidentOutput{Body: s.incidentView(&closed)}, nil
}

func minTime(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func caseView(cs *policy.Case) CaseView {
	return CaseView{ID: cs.ID, Type: cs.Type, Title: cs.Title, Open: cs.Open, Members: append([]string{}, cs.Members...), Opened: cs.Opened, Closed: cs.Closed}
}

func (s *Server) listCases(_ context.Context, c *front.Caller, _ *struct{}) (*casesOutput, error) {
	out := &casesOutput{}
	out.Body.Cases = []CaseView{}
	for _, cs := range c.World.Cases() {
		if slices.Contains(cs.Members, c.Who.ID) {
			out.Body.Cases = append(out.Body.Cases, caseView(cs))
		}
	}
	slices.SortFunc(out.Body.Cases, func(a, b CaseView) int { return b.Opened.Compare(a.Opened) })
	return out, nil
}

func (s *Server) openCase(ctx context.Context, c *front.Caller, in *openCaseInput) (*caseOutput, error) {
	if err := c.Works(policy.RoleDispatcher, policy.RoleInvestigator, policy.RoleSupervisor); err != nil {
		return nil, err
	}
	now := s.Now()
	cs := &policy.Case{
		ID: front.NewID("case-" + now.In(c.World.Zone()).Format("2006")), Open: true, Type: in.Body.Type,
		Title: in.Body.Title, Members: []string{c.Who.ID}, Opened: now,
	}
	if err := s.deps.Desk.PutCase(ctx, c.Who.ID, cs); err != nil {
		return nil, fmt.Errorf("open case: %w", err)
	}
	return &caseOutput{Body: caseView(cs)}, nil
}

func (s *Server) closeCase(ctx context.Context, c *front.Caller, in *idInput) (*caseOutput, error) {
	old, ok := c.World.Case(in.ID)
	if !ok || !slices.Contains(old.Members, c.Who.ID) {
		return nil, shouwang.Errorf(shouwang.CodeNotFound, "no case %q of yours", in.ID)
	}
	closed := *old
	closed.Open, closed.Closed = false, s.Now()
	if err := s.deps.Desk.PutCase(ctx, c.Who.ID, &closed); err != nil {
		return nil, fmt.Errorf("close case: %w", err)
	}
	return &caseOutput{Body: caseView(&closed)}, nil
}
