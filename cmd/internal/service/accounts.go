package service

import (
	"context"

	"shouwang/web"
	"shouwang/web/auth"
)

// accounts lets web sign people in.
type accounts struct{ auth *auth.Service }

// SignIn opens a session.
func (a accounts) SignIn(ctx context.Context, name, password, remote string) (string, web.Session, error) {
	token, s, err := a.auth.SignIn(ctx, name, password, remote)
	return token, session(s), err
}

// Session returns the session a token opens.
func (a accounts) Session(ctx context.Context, token string) (web.Session, error) {
	s, err := a.auth.Session(ctx, token)
	return session(s), err
}

// SignOut ends a session.
func (a accounts) SignOut(ctx context.Context, token string) error { return a.auth.SignOut(ctx, token) }

// SetPassword replaces a password and ends the account's other sessions.
func (a accounts) SetPassword(ctx context.Context, token, old, next string) (string, error) {
	return a.auth.SetPassword(ctx, token, old, next)
}

func session(s auth.Session) web.Session {
	return web.Session{ID: s.ID, Principal: s.Principal, MustChange: s.MustChange, SecondFactor: s.SecondFactor, Expires: s.Expires}
}
