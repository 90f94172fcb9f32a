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
	front.Route(s.Front, front.Op{ID: "listCases", Method: http.MethodGet, Path: "/api/cases", Tag: "desk", Summary: "The cases one is a member of"}, front.Officers, s.listCases)
	front.Route(s.Front, front.Op{ID: "openCase", Method: http.MethodPost, Path: "/api/cases", Tag: "desk", Summary: "Open a case; who opens it is its first member"}, front.Officers, s.openCase)
	front.Route(s.Front, front.Op{ID: "closeCase", Method: http.MethodPost, Path: "/api/cases/{id}/close", Tag: "desk", Summary: "Close a case of one's own"}, front.Officers, s.closeCase)
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
