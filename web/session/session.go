package session

import (
	"context"
	"net/http"
	"time"

	"shouwang/policy"
	"shouwang/web/auth"
	"shouwang/web/front"
)

// Accounts is who can sign in. Errors: CodeUnauthenticated for a wrong name,
// password or token, CodeRateLimited (a RetryAfter says how long) for too many
// attempts, CodeBadUsage for a password that is not good enough.
type Accounts interface {
	SignIn(ctx context.Context, name, password, remote string) (token string, s auth.Session, err error)
	Session(ctx context.Context, token string) (auth.Session, error)
	SignOut(ctx context.Context, token string) error
	// SetPassword replaces the password and ends every other session of the
	// account; the token given stays good, or a new one is returned.
	SetPassword(ctx context.Context, token, old, new string) (newToken string, err error)
}

type room struct {
	*front.Front
	accounts Accounts
	ended    func(token string)
}

// Register puts the room's routes on the kernel. ended is told the token of a
// session that is over: whatever shows pictures under it ends.
func Register(f *front.Front, accounts Accounts, ended func(token string)) {
	r := &room{f, accounts, ended}
	r.routes()
	r.factorRoutes()
}

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

func (r *room) routes() {
	front.Open(r.Front, front.Op{ID: "signIn", Method: http.MethodPost, Path: "/api/session", Tag: "session", Summary: "Sign in"}, r.signIn)
	front.Route(r.Front, front.Op{ID: "whoAmI", Method: http.MethodGet, Path: "/api/session", Tag: "session", Summary: "Who is signed in"}, front.FirstSteps, r.whoAmI)
	front.Route(r.Front, front.Op{ID: "signOut", Method: http.MethodDelete, Path: "/api/session", Tag: "session", Summary: "Sign out; live views end", Status: http.StatusNoContent}, front.FirstSteps, r.signOut)
	front.Route(r.Front, front.Op{ID: "changePassword", Method: http.MethodPost, Path: "/api/session/password", Tag: "session", Summary: "Replace one's password"}, front.FirstSteps, r.changePassword)
}

func (r *room) signIn(ctx context.Context, in *signInInput) (*meOutput, error) {
	t := front.TransportOf(ctx)
	token, session, err := r.accounts.SignIn(ctx, in.Body.Name, in.Body.Password, front.HostOf(t.Remote))
	if err != nil {
		return nil, err
	}
	world := r.World()
	who, ok := world.Principal(session.Principal)
	if !ok {
		who = &policy.Principal{ID: session.Principal}
	}
	c := &front.Caller{Session: session, Token: token, Who: who, World: world, Lang: t.Lang}
	return &meOutput{SetCookie: []http.Cookie{front.SessionCookie(token, session.Expires, t.Secure)}, Body: me(c)}, nil
}

func (r *room) whoAmI(ctx context.Context, c *front.Caller, _ *struct{}) (*meOutput, error) {
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

func (r *room) signOut(ctx context.Context, c *front.Caller, _ *struct{}) (*signOutOutput, error) {
	if err := r.accounts.SignOut(ctx, c.Token); err != nil {
		return nil, err
	}
	r.ended(c.Token)
	return &signOutOutput{SetCookie: []http.Cookie{front.SessionCookie("", time.Time{}, front.TransportOf(ctx).Secure)}}, nil
}

func (r *room) changePassword(ctx context.Context, c *front.Caller, in *passwordInput) (*meOutput, error) {
	token, err := r.accounts.SetPassword(ctx, c.Token, in.Body.Old, in.Body.New)
	if err != nil {
		return nil, err
	}
	session, err := r.accounts.Session(ctx, token)
	if err != nil {
		return nil, err
	}
	if token != c.Token {
		r.ended(c.Token)
	}
	c.Session, c.Token = session, token
	return &meOutput{SetCookie: []http.Cookie{front.SessionCookie(token, session.Expires, front.TransportOf(ctx).Secure)}, Body: me(c)}, nil
}
