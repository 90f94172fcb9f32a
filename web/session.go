package web

import (
	"context"
	"net/http"
	"time"

	"shouwang/policy"
	"shouwang/web/front"
)

// Me is who is signed in, and through which entrance they go.
type Me struct {
	Principal string        `json:"principal"`
	Name      string        `json:"name"`
	Type      string        `json:"type" enum:"officer,resident,kiosk,administrator,service"`
	Roles     []policy.Role `json:"roles"`
	Unit      string        `json:"unit,omitempty"`
	Face      string        `json:"face" enum:"wall,evidence,consent,system"`
	Language  string        `json:"language"`
	// Zone is the township's time zone (IANA name): the one in which hours are
	// agreed, pictures are marked and pages tell times.
	Zone       string `json:"zone"`
	MustChange bool   `json:"must_change_password"`
	Outside    bool   `json:"outside,omitempty" doc:"Signed in by the identity provider, where a second factor can be shown and one signs out, too"`
}

type signInInput struct {
	Body struct {
		Name     string `json:"name" minLength:"1" maxLength:"128"`
		Password string `json:"password" minLength:"1" maxLength:"1024"`
	}
}

type passwordInput struct {
	Body struct {
		Old string `json:"old" minLength:"1" maxLength:"1024"`
		New string `json:"new" minLength:"1" maxLength:"1024"`
	}
}

type meOutput struct {
	SetCookie []http.Cookie `header:"Set-Cookie"`
	Body      Me
}

type signOutOutput struct {
	SetCookie []http.Cookie `header:"Set-Cookie"`
}

func (s *Server) sessionRoutes() {
	front.Open(s.Front, front.Op{ID: "signIn", Method: http.MethodPost, Path: "/api/session", Tag: "session", Summary: "Sign in"}, s.signIn)
	front.Route(s.Front, front.Op{ID: "whoAmI", Method: http.MethodGet, Path: "/api/session", Tag: "session", Summary: "Who is signed in"}, front.FirstSteps, s.whoAmI)
	front.Route(s.Front, front.Op{ID: "signOut", Method: http.MethodDelete, Path: "/api/session", Tag: "session", Summary: "Sign out; live views end", Status: http.StatusNoContent}, front.FirstSteps, s.signOut)
	front.Route(s.Front, front.Op{ID: "changePassword", Method: http.MethodPost, Path: "/api/session/password", Tag: "session", Summary: "Replace one's password"}, front.FirstSteps, s.changePassword)
}

func (s *Server) signIn(ctx context.Context, in *signInInput) (*meOutput, error) {
	t := front.TransportOf(ctx)
	token, session, err := s.deps.Accounts.SignIn(ctx, in.Body.Name, in.Body.Password, front.HostOf(t.Remote))
	if err != nil {
		return nil, err
	}
	world := s.deps.World()
	who, ok := world.Principal(session.Principal)
	if !ok {
		who = &policy.Principal{ID: session.Principal}
	}
	c := &front.Caller{Session: session, Token: token, Who: who, World: world, Lang: t.Lang}
	return &meOutput{SetCookie: []http.Cookie{front.SessionCookie(token, session.Expires, t.Secure)}, Body: me(c)}, nil
}

func (s *Server) whoAmI(ctx context.Context, c *front.Caller, _ *struct{}) (*meOutput, error) {
	// The cookie lives as long as the session, which every use prolongs.
	cookie := front.SessionCookie(c.Token, c.Session.Expires, front.TransportOf(ctx).Secure)
	return &meOutput{SetCookie: []http.Cookie{cookie}, Body: me(c)}, nil
}

func me(c *front.Caller) Me {
	return Me{
		Principal: c.Who.ID, Name: c.Name(), Type: string(c.Who.Type), Roles: append([]policy.Role{}, c.Who.Roles...),
		Unit: c.Who.Unit, Face: faceOf(c.Who), Language: c.Lang, Zone: c.World.Zone().String(), MustChange: c.Session.MustChange,
		Outside: c.Session.Provider != "",
	}
}

// faceOf says which entrance is a principal's own.
func faceOf(p *policy.Principal) string {
	switch p.Type {
	case policy.TypeAdministrator:
		return "system"
	case policy.TypeResident:
		return "consent"
	case policy.TypeKiosk:
		return "wall"
	}
	if p.Has(policy.RoleDispatcher) || p.Has(policy.RoleGridWorker) {
		return "wall"
	}
	return "evidence"
}

func (s *Server) signOut(ctx context.Context, c *front.Caller, _ *struct{}) (*signOutOutput, error) {
	if err := s.deps.Accounts.SignOut(ctx, c.Token); err != nil {
		return nil, err
	}
	s.endSession(c.Token)
	return &signOutOutput{SetCookie: []http.Cookie{front.SessionCookie("", time.Time{}, front.TransportOf(ctx).Secure)}}, nil
}

// endSession ends everything that shows pictures under a token.
func (s *Server) endSession(token string) {
	s.tickets.endSession(token)
	s.plays.endWhere(EndSignOut, func(p *play) bool { return p.token == token })
}

func (s *Server) changePassword(ctx context.Context, c *front.Caller, in *passwordInput) (*meOutput, error) {
	token, err := s.deps.Accounts.SetPassword(ctx, c.Token, in.Body.Old, in.Body.New)
	if err != nil {
		return nil, err
	}
	session, err := s.deps.Accounts.Session(ctx, token)
	if err != nil {
		return nil, err
	}
	if token != c.Token {
		s.endSession(c.Token)
	}
	c.Session, c.Token = session, token
	return &meOutput{SetCookie: []http.Cookie{front.SessionCookie(token, session.Expires, front.TransportOf(ctx).Secure)}, Body: me(c)}, nil
}
