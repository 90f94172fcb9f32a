package web

import (
	"context"
	"net/http"
	"strings"
	"time"

	"shouwang"
	"shouwang/policy"
)

// cookieName is the session cookie; it holds the token and nothing else does.
const cookieName = "shouwang"

// caller is who asks, as far as the session proves it.
type caller struct {
	session Session
	token   string
	who     *policy.Principal
	world   *policy.World
	lang    string // zh-CN or en
}

// transport is what a request brought along, for handlers behind huma.
type transport struct {
	token  string
	lang   string
	remote string
	secure bool
}

type transportKey struct{}

// noted returns the context with the request's cookie, language and address.
func noted(r *http.Request) context.Context {
	t := transport{lang: language(r.Header.Get("Accept-Language")), remote: r.RemoteAddr, secure: r.TLS != nil}
	if c, err := r.Cookie(cookieName); err == nil && len(c.Value) <= 128 {
		t.token = c.Value
	}
	return context.WithValue(r.Context(), transportKey{}, t)
}

func transportOf(ctx context.Context) transport {
	t, _ := ctx.Value(transportKey{}).(transport)
	return t
}

// language picks Chinese or English: whichever the browser names first,
// Chinese when it names neither.
func language(accept string) string {
	for tag := range strings.SplitSeq(strings.ToLower(accept), ",") {
		switch tag = strings.TrimSpace(tag); {
		case strings.HasPrefix(tag, "zh"):
			return "zh-CN"
		case strings.HasPrefix(tag, "en"):
			return "en"
		}
	}
	return "zh-CN"
}

// caller finds out who asks; CodeUnauthenticated when nobody is signed in.
func (s *Server) caller(ctx context.Context) (*caller, error) {
	t := transportOf(ctx)
	if t.token == "" {
		return nil, shouwang.Errorf(shouwang.CodeUnauthenticated, "sign in first")
	}
	session, err := s.deps.Accounts.Session(ctx, t.token)
	if err != nil {
		return nil, err
	}
	world := s.deps.World()
	who, ok := world.Principal(session.Principal)
	if !ok {
		return nil, shouwang.Errorf(shouwang.CodeUnauthenticated, "this account belongs to nobody any more; ask the township")
	}
	return &caller{session: session, token: t.token, who: who, world: world, lang: t.lang}, nil
}

// knows reports whether the caller may know that the camera exists: owners of
// it, people and walls in whose jurisdiction it hangs, and administrators, who
// keep it running and never see its picture.
func (c *caller) knows(cam *policy.Camera) bool {
	switch c.who.Type {
	case policy.TypeAdministrator:
		return true
	case policy.TypeResident:
		return cam.Owner == c.who.ID
	case policy.TypeOfficer:
		if c.who.Has(policy.RoleContractor) {
			return false
		}
		if c.who.Unit != "" && cam.Owner == "unit:"+c.who.Unit {
			return true
		}
	case policy.TypeKiosk:
	default:
		return false
	}
	return c.who.Jurisdiction != "" && c.world.Places().Within(cam.Place, c.who.Jurisdiction)
}

// camera returns a camera that the caller may know of; one that it may not is
// not found, so that ids cannot be tried out.
func (c *caller) camera(id shouwang.CameraID) (*policy.Camera, error) {
	cam, ok := c.world.Camera(policy.CameraResource(id))
	if !ok || !c.knows(cam) {
		return nil, shouwang.Errorf(shouwang.CodeNotFound, "no camera %q that you may know of", id)
	}
	return cam, nil
}

// owns reports whether the caller answers for the camera.
func (c *caller) owns(cam *policy.Camera) bool { return cam.Owner == c.who.ID }

// name is what other people read.
func (c *caller) name() string {
	if c.lang == "en" && c.who.NameEn != "" {
		return c.who.NameEn
	}
	if c.who.Name != "" {
		return c.who.Name
	}
	return c.who.ID
}

// purpose fills in what the caller means when nothing is said: owners look for
// themselves, everybody else for public safety. It is a claim, and the gate
// judges it.
func (c *caller) purpose(asked string, cam *policy.Camera) string {
	if asked != "" {
		return asked
	}
	if c.owns(cam) {
		return "own"
	}
	return "public_safety"
}

// request builds the question to the gate: the session proves who asks and how
// fresh the second factor is; the rest is named by the caller and judged.
func (c *caller) request(action policy.Action, cam *policy.Camera, why Why, at time.Time) policy.Request {
	return policy.Request{
		ID: newID("r"), Principal: c.who.ID, Action: action, Resource: cam.ID, At: at,
		Purpose: c.purpose(why.Purpose, cam), Case: why.Case, Incident: why.Incident,
		SecondPerson: why.SecondPerson, Order: why.Order, Device: c.session.ID,
		SecondFactorAge: c.session.SecondFactorAge(at),
	}
}

// Why is the reason that a caller gives for a look, as query parameters.
type Why struct {
	Purpose      string `query:"purpose" maxLength:"64" doc:"public_safety, emergency or own; by default what fits the caller"`
	Case         string `query:"case" maxLength:"64" doc:"The case this look is for"`
	Incident     string `query:"incident" maxLength:"64" doc:"The incident this look is for"`
	SecondPerson string `query:"second_person" maxLength:"64" doc:"Who approves, where two people are needed"`
	Order        string `query:"order" maxLength:"64" doc:"The statutory order this look rests on"`
}
