package passkey

import (
	"context"
	"net/http"

	"shouwang"
	"shouwang/web/auth"
	"shouwang/web/front"
)

type askPasskeyOutput struct {
	SetCookie []http.Cookie `header:"Set-Cookie"`
	Body      AskKey
}

// askCookieOf holds a challenge's secret; the empty one takes the cookie away.
func askCookieOf(value string, secure bool) http.Cookie {
	c := http.Cookie{
		Name: askCookie, Value: value, Path: "/api/session/passkey", MaxAge: int(challengeLife.Seconds()),
		HttpOnly: true, Secure: secure, SameSite: http.SameSiteStrictMode,
	}
	if value == "" {
		c.MaxAge = -1
	}
	return c
}

// askSignIn makes a challenge for whichever key the person picks.
func (r *room) askSignIn(ctx context.Context, _ *struct{}) (*askPasskeyOutput, error) {
	t := front.TransportOf(ctx)
	if wait := r.brake.Take(auth.AddressKey(t.Remote)); wait > 0 {
		return nil, auth.RateLimited(wait)
	}
	w, s, err := r.relyingHere(ctx)
	if err != nil {
		return nil, err
	}
	asks, session, err := w.BeginDiscoverableLogin()
	if err != nil {
		return nil, err
	}
	bound := secret()
	r.challenges.keep(session, signIn, bound)
	return &askPasskeyOutput{
		SetCookie: []http.Cookie{askCookieOf(bound, t.Secure)},
		Body:      AskKey{Challenge: asks.Response.Challenge.String(), SiteID: s.id, TimeoutMS: int(challengeLife.Milliseconds())},
	}, nil
}

type signInPasskeyInput struct {
	Bound string `cookie:"shouwang-touch" maxLength:"128"`
	Body  ShownKey
}

type signedInPasskeyOutput struct {
	SetCookie []http.Cookie `header:"Set-Cookie"`
}

// signIn opens a session for whose key was shown.
func (r *room) signIn(ctx context.Context, in *signInPasskeyInput) (*signedInPasskeyOutput, error) {
	t := front.TransportOf(ctx)
	var key shouwang.Passkey
	token, session, err := r.deps.Accounts.SignInByPasskey(ctx, front.HostOf(t.Remote), func() (string, error) {
		var err error
		key, err = r.verified(ctx, &in.Body, signIn, in.Bound)
		return key.Account, err
	})
	if err != nil {
		return nil, r.told("sign in", key.Account, err)
	}
	r.Log.Info("signed in by touch", "account", session.Account, "session", session.ID, "key", key.Name)
	return &signedInPasskeyOutput{SetCookie: []http.Cookie{askCookieOf("", t.Secure), front.SessionCookie(token, session.Expires, t.Secure)}}, nil
}

// askShow makes a challenge for one of the caller's own keys.
func (r *room) askShow(ctx context.Context, c *front.Caller, _ *struct{}) (*askPasskeyOutput, error) {
	w, s, err := r.relyingHere(ctx)
	if err != nil {
		return nil, err
	}
	h, err := r.holderOf(ctx, c, s)
	if err != nil {
		return nil, err
	}
	if len(h.keys) == 0 {
		return nil, shouwang.Errorf(shouwang.CodeNotFound, "no key of yours is good at this address: set one up, or show a code of an authenticator")
	}
	asks, session, err := w.BeginLogin(h)
	if err != nil {
		return nil, err
	}
	r.challenges.keep(session, show, c.Token)
	return &askPasskeyOutput{Body: AskKey{
		Challenge: asks.Response.Challenge.String(), SiteID: s.id, Allowed: refs(h.keys), TimeoutMS: int(challengeLife.Milliseconds()),
	}}, nil
}

type showPasskeyInput struct{ Body ShownKey }

// show notes the second factor in the caller's session.
func (r *room) show(ctx context.Context, c *front.Caller, in *showPasskeyInput) (*struct{}, error) {
	return nil, r.told("show", c.Session.Account, r.deps.Accounts.ShowPasskey(ctx, c.Token, func(account string) error {
		key, err := r.verified(ctx, &in.Body, show, c.Token)
		if err == nil && key.Account != account {
			err = unknown("a key of " + key.Account)
		}
		return err
	}))
}
