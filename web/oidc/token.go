package oidc

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// Why somebody did not get in, as the sign-in page is told (?oidc=).
const (
	whyAgain     = "again"     // the sign-in was not begun here, is too old or used up
	whyAway      = "away"      // the provider does not answer
	whyRefused   = "refused"   // the provider refused, or the person went back
	whySetup     = "setup"     // the provider does not know this service
	whyUntrusted = "untrusted" // what the provider sent cannot be believed
	whyUnknown   = "unknown"   // nobody here goes with that account
	whyClosed    = "closed"    // the account here is shut
	whySlow      = "slow"      // too many tries from one address
	whyOther     = "other"     // the account is another person's at the provider, or the person has another account
	whyWeak      = "weak"      // the provider asked for no second factor, or not just now
)

// refusal is why somebody did not get in, and the cause for the log.
type refusal struct {
	why   string
	cause error
}

func (r *refusal) Error() string { return r.why + ": " + r.cause.Error() }

// Unwrap returns the cause.
func (r *refusal) Unwrap() error { return r.cause }

func refuse(why, format string, args ...any) *refusal {
	return &refusal{why, fmt.Errorf(format, args...)}
}

// identity is what the provider vouches for.
type identity struct {
	subject string
	login   string    // the sign-in name here
	factor  time.Time // when a second factor was shown to the provider
	raw     string    // the ID token
}

// redeem turns the code into an identity. Errors are refusals.
func (p *provider) redeem(ctx context.Context, f flow, code string) (identity, error) {
	d, err := p.get(ctx)
	if err != nil {
		return identity{}, refuse(whyAway, "discovery: %w", err)
	}
	client, err := p.oauth(d)
	if err != nil {
		return identity{}, refuse(whySetup, "%w", err)
	}
	ctx = oidc.ClientContext(ctx, p.client)
	token, err := client.Exchange(ctx, code, oauth2.VerifierOption(f.verifier))
	if err != nil {
		return identity{}, exchangeRefusal(err)
	}
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return identity{}, refuse(whyUntrusted, "the provider's answer holds no id_token")
	}
	id, err := p.verify(ctx, d, raw, f.nonce, token.AccessToken)
	if err != nil {
		return identity{}, &refusal{whyUntrusted, err}
	}
	return p.identity(ctx, d, id, token)
}

// exchangeRefusal sorts the errors of RFC 6749, 5.2.
func exchangeRefusal(err error) *refusal {
	var told *oauth2.RetrieveError
	switch {
	case !errors.As(err, &told) || told.Response != nil && told.Response.StatusCode >= 500:
		return &refusal{whyAway, err}
	case told.ErrorCode == "invalid_grant":
		return refuse(whyAgain, "the provider does not take the code: %s", told.ErrorCode)
	}
	return refuse(whySetup, "the provider does not take this client: %q %q", told.ErrorCode, short(told.ErrorDescription))
}

func short(s string) string { return s[:min(len(s), 200)] }

// verify checks an ID token (Core 1.0, 3.1.3.7): go-oidc its signature, issuer,
// audience and times, the rest here.
func (p *provider) verify(ctx context.Context, d *discovered, raw, nonce, access string) (*oidc.IDToken, error) {
	id, err := d.VerifierContext(ctx, &oidc.Config{ClientID: p.cfg.ClientID, Now: p.now}).Verify(ctx, raw)
	if err != nil {
		return nil, err
	}
	if subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(nonce)) != 1 {
		return nil, errors.New("the id_token answers another sign-in: its nonce is wrong")
	}
	var party struct {
		AZP string `json:"azp"`
	}
	if err := id.Claims(&party); err != nil {
		return nil, fmt.Errorf("read id_token: %w", err)
	}
	if party.AZP != p.cfg.ClientID && (party.AZP != "" || len(id.Audience) > 1) {
		return nil, fmt.Errorf("the id_token was made for %q (azp), not for this service", short(party.AZP))
	}
	if id.AccessTokenHash != "" {
		if err := id.VerifyAccessToken(access); err != nil {
			return nil, err
		}
	}
	if id.Subject == "" {
		return nil, errors.New("the id_token names no subject")
	}
	return id, nil
}

// claims are those of an ID token or of the provider's userinfo.
type claims map[string]json.RawMessage

// identity finds the sign-in name, in the ID token or else where the provider
// keeps more of a person (Core 1.0, 5.3).
func (p *provider) identity(ctx context.Context, d *discovered, id *oidc.IDToken, token *oauth2.Token) (identity, error) {
	var own claims
	if err := id.Claims(&own); err != nil {
		return identity{}, refuse(whyUntrusted, "read id_token: %w", err)
	}
	from := own
	if _, ok := own[p.cfg.Claim]; !ok && d.userInfo {
		info, err := d.UserInfo(ctx, oauth2.StaticTokenSource(token))
		if err != nil {
			return identity{}, refuse(whyAway, "userinfo: %w", err)
		}
		if info.Subject != id.Subject {
			return identity{}, refuse(whyUntrusted, "userinfo tells of another person than the id_token")
		}
		from = nil
		if err := info.Claims(&from); err != nil {
			return identity{}, refuse(whyUntrusted, "read userinfo: %w", err)
		}
	}
	login, err := from.login(p.cfg.Claim)
	if err != nil {
		return identity{}, &refusal{whyUnknown, err}
	}
	return identity{subject: id.Subject, login: login, factor: p.factor(own), raw: token.Extra("id_token").(string)}, nil
}

// login returns the sign-in name that a claim holds. Capitals are taken for
// small letters in ASCII only: other scripts have letters that look alike and
// become one another.
func (c claims) login(claim string) (string, error) {
	var value string
	if json.Unmarshal(c[claim], &value) != nil || value == "" || len(value) > 64 {
		return "", fmt.Errorf("the claim %s is missing or is no name of at most 64 bytes", claim)
	}
	if claim == "email" && !c.verified() {
		return "", fmt.Errorf("the provider has not verified the address %q", value)
	}
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, value), nil
}

// verified reads email_verified, which some providers write as a string.
func (c claims) verified() bool {
	raw := string(c["email_verified"])
	return raw == `true` || raw == `"true"`
}

// factor returns when a second factor was shown to the provider: auth_time,
// where amr or acr (RFC 8176) holds a value that the configuration calls
// strong. A token that does not say when proves nothing fresh.
func (p *provider) factor(c claims) time.Time {
	var methods []string
	var class string
	var at float64
	_, _ = json.Unmarshal(c["amr"], &methods), json.Unmarshal(c["acr"], &class) // unreadable is not strong
	if json.Unmarshal(c["auth_time"], &at) != nil || at <= 0 || !slices.ContainsFunc(append(methods, class), p.strong) {
		return time.Time{}
	}
	when, now := time.Unix(int64(min(at, 1e11)), 0), p.now()
	if when.Sub(now) > time.Minute { // clocks differ, not that much
		return time.Time{}
	}
	return when
}

func (p *provider) strong(value string) bool {
	return value != "" && slices.Contains(p.cfg.Strong, value)
}
