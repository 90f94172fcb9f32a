package shouwang

import "time"

// Account is how a principal signs in. It holds no password, only its hash.
type Account struct {
	Name      string // what is typed at sign-in, unique
	Principal string // "officer:chen"
	// PasswordHash is a PHC string; it never leaves the process.
	PasswordHash string
	PasswordSet  time.Time
	// MustChange says that the password was made by somebody else and opens
	// nothing but the page that changes it.
	MustChange bool
	Disabled   bool
	Language   string // BCP 47, as "zh-CN"
	// TOTPSecret is the second factor's key, nil when there is none;
	// TOTPPending is one that was shown but not yet confirmed.
	TOTPSecret, TOTPPending []byte
	// TOTPLast is the last time step accepted, so that a code works once.
	TOTPLast uint64
	// Issuer and Subject are the person at an identity provider (OpenID Connect's
	// iss and sub) who opens this account; both empty until one did.
	Issuer, Subject string
	// Passkeys is how many keys sign in to the account by touch.
	Passkeys int
}

// Session is one signed-in browser. The id in its cookie is not kept, only the
// id's hash.
type Session struct {
	Hash    string // SHA-256 of the id, lower-case hexadecimal
	Account string // Account.Name
	Created time.Time
	Seen    time.Time
	// SecondFactor is when the second factor was last shown, zero for never.
	SecondFactor time.Time
	// Provider is the issuer of the identity provider that vouched for the
	// person, empty where a password did.
	Provider string
}
