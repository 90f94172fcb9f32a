package shouwang

import "time"

// Passkey is one of an account's keys for signing in by touch (W3C Web
// Authentication): the public half, as the person's phone or security key
// showed it. It opens nothing by itself.
type Passkey struct {
	ID        string // of the credential, base64url without padding
	Account   string // Account.Name
	Handle    []byte // the account's own, at random: what the phone files it under
	PublicKey []byte // COSE key (RFC 9052)
	Site      string // domain it is good at (relying party id)
	Name      string // the person's word for it, as "My phone"
	// Count is the signature counter last seen; zero for keys that do not count.
	Count uint32
	// MayBackUp and BackedUp say that its maker may copy, and has copied, the
	// private half to the person's other devices.
	MayBackUp, BackedUp bool
	Transports          []string // how browsers reach it, as internal or usb
	Created             time.Time
	Used                time.Time // zero for never
}
