package session

import "shouwang/web/auth"

// The account service is both without an adapter; one that wraps it hides the
// second factor.
var (
	_ Accounts = (*auth.Service)(nil)
	_ factors  = (*auth.Service)(nil)
)
