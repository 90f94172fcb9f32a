package web

import (
	"context"
	"net/http"
	"time"

	"shouwang/policy"
)

// Me is who is signed in, and through which entrance they go.
type Me struct {
	Principal  string        `json:"principal"`
	Name       string        `json:"name"`
	Type       string        `json:"type" enum:"officer,resident,kiosk,administrator,service"`
	Roles      []policy.Role `json:"roles"`
	Unit       string        `json:"unit,omitempty"`
	Face       string        `json:"face" enum:"wall,evidence,consent,system"`
	Language   string        `json:"language"`
	MustChange bool          `json:"must_change_password"`
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
	open(s, op{id: "signIn", method: http.MethodPost, path: "/api/session", tag: "session", summary: "Sign in"}, s.signIn)
	route(s, op{id: "whoAmI", method: http.MethodGet, path: "/api/session", tag: "session", summary: "Who is signed in"}, firstSteps, s.whoAmI)
	route(s, op{id: "signOut", method: http.MethodDelete, path: "/api/session", tag: "session", summary: "Sign out; live views end", status: http.StatusNoContent}, firstSteps, s.signOut)
	route(s, op{id: "changePassword", method: http.MethodPost, path: "/api/session/password", tag: "session", summary: "Replace one's password"}, firstSteps, s.changePassword)
}

func (s *Server) signIn(ctx context.Context, in *signInInput) (*meOutput, error) {
	t := transportOf(ctx)
	token, session, err := s.deps.Accounts.SignIn(ctx, in.Body.Name, in.Body.Password, hostOf(t.remote))
	if err != nil {
		return nil, err
	}
	world := s.deps.World()
	who, ok := world.Principal(session.Principal)
	if !ok {
		who = &policy.Principal{ID: session.Principal}
	}
	c := &caller{session: session, token: token, who: who, world: world, lang: t.lang}
	return &meOutput{SetCookie: []http.Cookie{s.cookie(token, session.Expires, t.secure)}, Body: me(c)}, nil
}

// cookie holds the token: unreadable for scripts, never sent from other
// sites, over TLS only where there is TLS.
func (s *Server) cookie(token string, expires time.Time, secure bool) http.Cookie {
	c := http.Cookie{
		Name: cookieName, Value: token, Path: "/", HttpOnly: true, Secure: secure, SameSite: http.SameSiteStrictMode,
	}
	if token == "" {
		c.MaxAge = -1
	} else if !expires.IsZero() {
		c.Expires = expires
	}
	return c
}

func (s *Server) whoAmI(ctx context.Context, c *caller, _ *struct{}) (*meOutput, error) {
	// The cookie lives as long as the session, which every use prolongs.
	cookie := s.cookie(c.token, c.session.Expires, transportOf(ctx).secure)
	return &meOutput{SetCookie: []http.Cookie{cookie}, Body: me(c)}, nil
}

func me(c *caller) Me {
	return Me{
		Principal: c.who.ID, Name: c.name(), Type: string(c.who.Type), Roles: append([]policy.Role{}, c.who.Roles...),
		Unit: c.who.Unit, Face: faceOf(c.who), Language: c.lang, MustChange: c.session.MustChange,
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

func (s *Server) signOut(ctx context.Context, c *caller, _ *struct{}) (*signOutOutput, error) {
	if err := s.deps.Accounts.SignOut(ctx, c.token); err != nil {
		return nil, err
	}
	s.endSession(c.token)
	return &signOutOutput{SetCookie: []http.Cookie{s.cookie("", time.Time{}, transportOf(ctx).secure)}}, nil
}

// endSession ends everything that shows pictures under a token.
func (s *Server) endSession(token string) {
	s.tickets.endSession(token)
	s.plays.endWhere(EndSignOut, func(p *play) bool { return p.token == token })
}

func (s *Server) changePassword(ctx context.Context, c *caller, in *passwordInput) (*meOutput, error) {
	token, err := s.deps.Accounts.SetPassword(ctx, c.token, in.Body.Old, in.Body.New)
	if err != nil {
		return nil, err
	}
	session, err := s.deps.Accounts.Session(ctx, token)
	if err != nil {
		return nil, err
	}
	if token != c.token {
		s.endSession(c.token)
	}
	c.session, c.token = session, token
	return &meOutput{SetCookie: []http.Cookie{s.cookie(token, session.Expires, transportOf(ctx).secure)}, Body: me(c)}, nil
}
