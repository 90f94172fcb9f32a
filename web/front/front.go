package front

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/auth"
)

// Sessions proves who asks. Errors: CodeUnauthenticated for a token that is
// not or no longer good.
type Sessions interface {
	Session(ctx context.Context, token string) (auth.Session, error)
}

// Front is the kernel that rooms stand on. Its fields are set by [New] and
// never change.
type Front struct {
	API   huma.API
	World func() *policy.World // the present snapshot, never nil
	Now   func() time.Time
	Log   *slog.Logger

	sessions Sessions
	texts    texts
}

var setProblems sync.Once

// New joins the kernel to the router's API and to who knows the sessions.
func New(api huma.API, sessions Sessions, world func() *policy.World, now func() time.Time, log *slog.Logger) (*Front, error) {
	// huma keeps this in a package variable; this module has one form of error.
	setProblems.Do(func() { huma.NewError = humaProblem })
	t, err := readTexts()
	if err != nil {
		return nil, err
	}
	return &Front{API: api, World: world, Now: now, Log: log, sessions: sessions, texts: t}, nil
}

// Session proves that a token is still good, for what goes on after the request
// that began it; CodeUnauthenticated when it is not.
func (f *Front) Session(ctx context.Context, token string) (auth.Session, error) {
	return f.sessions.Session(ctx, token)
}

// Caller finds out who asks; CodeUnauthenticated when nobody is signed in.
func (f *Front) Caller(ctx context.Context) (*Caller, error) {
	t := TransportOf(ctx)
	if t.Token == "" {
		return nil, shouwang.Errorf(shouwang.CodeUnauthenticated, "sign in first")
	}
	session, err := f.sessions.Session(ctx, t.Token)
	if err != nil {
		return nil, err
	}
	world := f.World()
	who, ok := world.Principal(session.Principal)
	if !ok {
		return nil, shouwang.Errorf(shouwang.CodeUnauthenticated, "this account belongs to nobody any more; ask the township")
	}
	return &Caller{Session: session, Token: t.Token, Who: who, World: world, Lang: t.Lang}, nil
}
