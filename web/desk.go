package web

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"shouwang"
	"shouwang/policy"
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
	route(s, op{id: "listIncidents", method: http.MethodGet, path: "/api/incidents", tag: "desk", summary: "Incidents of the last day, open ones first"}, signedIn, s.listIncidents)
	route(s, op{id: "openIncident", method: http.MethodPost, path: "/api/incidents", tag: "desk", summary: "Open an incident at a camera or a position"}, officers, s.openIncident)
	route(s, op{id: "closeIncident", method: http.MethodPost, path: "/api/incidents/{id}/close", tag: "desk", summary: "Close an incident before its time"}, officers, s.closeIncident)
	route(s, op{id: "listCases", method: http.MethodGet, path: "/api/cases", tag: "desk", summary: "The cases one is a member of"}, officers, s.listCases)
	route(s, op{id: "openCase", method: http.MethodPost, path: "/api/cases", tag: "desk", summary: "Open a case; who opens it is its first member"}, officers, s.openCase)
	route(s, op{id: "closeCase", method: http.MethodPost, path: "/api/cases/{id}/close", tag: "desk", summary: "Close a case of one's own"}, officers, s.closeCase)
}

// works reports, as an error, that the caller's role opens no incidents and no
// cases.
func (c *caller) works(roles ...policy.Role) error {
	if !slices.ContainsFunc(roles, c.who.Has) {
		return denial(&policy.Decision{Reasons: []policy.Reason{policy.ReasonRole}}, policy.TextForOfficer(policy.ReasonRole, c.lang))
	}
	if !c.who.OnDuty {
		return denial(&policy.Decision{Reasons: []policy.Reason{policy.ReasonOffDuty}}, policy.TextForOfficer(policy.ReasonOffDuty, c.lang))
	}
	return nil
}

func (s *Server) incidentView(i *policy.Incident) IncidentView {
	now := s.now()
	return IncidentView{
		ID: i.ID, Type: i.Type, Title: i.Title, Position: shouwang.Position(i.Position), From: i.From, To: i.To,
		Open: !now.Before(i.From) && now.Before(i.To),
	}
}

// openIncidents returns the incidents that are open now, newest first.
func (s *Server) openIncidents(w *policy.World) []*policy.Incident {
	now := s.now()
	var out []*policy.Incident
	for _, i := range w.Incidents() {
		if !now.Before(i.From) && now.Before(i.To) {
			out = append(out, i)
		}
	}
	slices.SortFunc(out, func(a, b *policy.Incident) int { return b.From.Compare(a.From) })
	return out
}

func (s *Server) listIncidents(_ context.Context, c *caller, _ *struct{}) (*incidentsOutput, error) {
	out := &incidentsOutput{}
	out.Body.Incidents = []IncidentView{}
	if c.who.Type != policy.TypeOfficer && c.who.Type != policy.TypeKiosk {
		return out, nil
	}
	since := s.now().Add(-24 * time.Hour)
	for _, i := range c.world.Incidents() {
		if i.To.After(since) {
			out.Body.Incidents = append(out.Body.Incidents, s.incidentView(i))
		}
	}
	slices.SortFunc(out.Body.Incidents, func(a, b IncidentView) int { return b.To.Compare(a.To) })
	return out, nil
}

func (s *Server) openIncident(ctx context.Context, c *caller, in *openIncidentInput) (*incidentOutput, error) {
	if err := c.works(policy.RoleDispatcher, policy.RoleSupervisor, policy.RoleGridWorker); err != nil {
		return nil, err
	}
	position := in.Body.Position
	if in.Body.Camera != "" {
		cam, err := c.camera(in.Body.Camera)
		if err != nil {
			return nil, err
		}
		at := shouwang.Position(cam.Position)
		position = &at
	}
	if position == nil || position.Lat < -90 || position.Lat > 90 || position.Lon < -180 || position.Lon > 180 {
		return nil, shouwang.Errorf(shouwang.CodeBadUsage, "say where the incident is: a camera or a position in degrees")
	}
	now := s.now()
	i := &policy.Incident{
		ID: newID("inc"), Type: in.Body.Type, Title: in.Body.Text, Position: policy.Position(*position),
		From: now, To: now.Add(min(time.Duration(in.Body.Minutes)*time.Minute, maxIncident)),
	}
	if err := s.deps.Desk.PutIncident(ctx, c.who.ID, i); err != nil {
		return nil, fmt.Errorf("open incident: %w", err)
	}
	return &incidentOutput{Body: s.incidentView(i)}, nil
}

func (s *Server) closeIncident(ctx context.Context, c *caller, in *idInput) (*incidentOutput, error) {
	if err := c.works(policy.RoleDispatcher, policy.RoleSupervisor, policy.RoleGridWorker); err != nil {
		return nil, err
	}
	old, ok := c.world.Incident(in.ID)
	if !ok {
		return nil, shouwang.Errorf(shouwang.CodeNotFound, "no incident %q", in.ID)
	}
	closed := *old
	closed.To = minTime(old.To, s.now())
	if err := s.deps.Desk.PutIncident(ctx, c.who.ID, &closed); err != nil {
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

func (s *Server) listCases(_ context.Context, c *caller, _ *struct{}) (*casesOutput, error) {
	out := &casesOutput{}
	out.Body.Cases = []CaseView{}
	for _, cs := range c.world.Cases() {
		if slices.Contains(cs.Members, c.who.ID) {
			out.Body.Cases = append(out.Body.Cases, caseView(cs))
		}
	}
	slices.SortFunc(out.Body.Cases, func(a, b CaseView) int { return b.Opened.Compare(a.Opened) })
	return out, nil
}

func (s *Server) openCase(ctx context.Context, c *caller, in *openCaseInput) (*caseOutput, error) {
	if err := c.works(policy.RoleDispatcher, policy.RoleInvestigator, policy.RoleSupervisor); err != nil {
		return nil, err
	}
	now := s.now()
	cs := &policy.Case{
		ID: newID("case-" + now.In(c.world.Zone()).Format("2006")), Open: true, Type: in.Body.Type,
		Title: in.Body.Title, Members: []string{c.who.ID}, Opened: now,
	}
	if err := s.deps.Desk.PutCase(ctx, c.who.ID, cs); err != nil {
		return nil, fmt.Errorf("open case: %w", err)
	}
	return &caseOutput{Body: caseView(cs)}, nil
}

func (s *Server) closeCase(ctx context.Context, c *caller, in *idInput) (*caseOutput, error) {
	old, ok := c.world.Case(in.ID)
	if !ok || !slices.Contains(old.Members, c.who.ID) {
		return nil, shouwang.Errorf(shouwang.CodeNotFound, "no case %q of yours", in.ID)
	}
	closed := *old
	closed.Open, closed.Closed = false, s.now()
	if err := s.deps.Desk.PutCase(ctx, c.who.ID, &closed); err != nil {
		return nil, fmt.Errorf("close case: %w", err)
	}
	return &caseOutput{Body: caseView(&closed)}, nil
}
