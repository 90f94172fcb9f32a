// Package oidc is the room in which people of a department sign in with the
// account that their department's own identity provider keeps (OpenID Connect
// Core 1.0: authorization code with PKCE, RFC 7636).
//
// The provider says who somebody is, nothing else: who that is here, and what
// they may, stands in the register. A provider that is down closes this way in
// and no other.
package oidc

import (
	"context"

	"shouwang/policy"
	"shouwang/web/auth"
)

// Accounts opens sessions for whom the provider vouches; CodeNotFound for an
// account that is not there, CodeDenied for one that is shut or that may not
// come in this way, CodeConflict for another person than the account's.
type Accounts interface {
	SignInVouched(ctx context.Context, v auth.Vouched) (token string, s auth.Session, err error)
	// ShowVouchedFactor notes a second factor in the session of a token; CodeDenied
	// where none was shown.
	ShowVouchedFactor(ctx context.Context, token string, v auth.Vouched) error
}

// Deps are the neighbours of this room.
type Deps struct {
	Config   Config
	Accounts Accounts
	// Touch returns the address at which the request's person can sign in by touch,
	// "" for nowhere; nil where nobody can. The page asks for all ways at once.
	Touch func(ctx context.Context) string
}

// mayComeIn is for those who work for the township: residents and walls have no
// department that would vouch for them.
func mayComeIn(world *policy.World, principal string) bool {
	who, ok := world.Principal(principal)
	return ok && (who.Type == policy.TypeOfficer || who.Type == policy.TypeAdministrator)
}
