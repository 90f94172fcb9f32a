package oidc

import (
	"context"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"shouwang"
	"shouwang/web/auth"
	"shouwang/web/front"
)

// factorPage is the page of ours at which showing a second factor ends, well or
// badly.
const factorPage = "/factor-shown"

// clocksDiffer is how much earlier than ours the provider's clock may be.
const clocksDiffer = time.Minute

// factor sends somebody who is signed in to the provider to prove, anew, that it
// is them: prompt and max_age have it ask though it knows them (Core 1.0,
// 3.1.2.1), acr_values says for what.
func (r *room) factor(ctx context.Context, c *front.Caller, _ *struct{}) (*redirect, error) {
	cfg := &r.deps.Config
	if !cfg.On() || len(cfg.Strong) == 0 {
		return nil, shouwang.Errorf(shouwang.CodeNotFound, "no identity provider shows second factors here: set up an authenticator")
	}
	return r.leave(ctx, factorPage, c.Token,
		oauth2.SetAuthURLParam("prompt", "login"), oauth2.SetAuthURLParam("max_age", "0"), oauth2.SetAuthURLParam("acr_values", strings.Join(cfg.Strong, " ")))
}

// shown notes the second factor in the session in which it was asked for. What
// was shown before it was asked for is not fresh, whatever the provider thinks.
func (r *room) shown(ctx context.Context, f flow, in *callbackInput) error {
	id, err := r.redeemed(ctx, f, in)
	if err != nil {
		return err
	}
	if id.factor.IsZero() || id.factor.Before(f.began.Add(-clocksDiffer)) {
		return refuse(whyWeak, "no second factor, or none since it was asked for: auth_time %s", id.factor)
	}
	err = r.deps.Accounts.ShowVouchedFactor(ctx, f.session, auth.Vouched{Account: id.login, Provider: r.deps.Config.Issuer, Subject: id.subject, SecondFactor: id.factor})
	if err != nil {
		return sorted(err, &id)
	}
	return nil
}
