package passkey

import (
	"errors"

	"github.com/go-webauthn/webauthn/protocol"

	"shouwang"
)

// Why an answer was not taken, as faults of the field "passkey": stable names,
// for which the pages have words.
const (
	whyAgain   = "again"   // the challenge is unknown, used, too old, another browser's or of another act
	whyUnknown = "unknown" // no such key here, or it was removed
	whyCopied  = "copied"  // its counter does not go on
	whyInvalid = "invalid" // another address, not verified by its person, a wrong signature
	whyKnown   = "known"   // it is registered already, or there are too many
)

// refusal is an answer that was not taken; log has what only the log is told.
type refusal struct {
	told     *shouwang.Error
	why, log string
}

func (r *refusal) Error() string { return r.told.Error() }

// Unwrap returns what the caller is told.
func (r *refusal) Unwrap() error { return r.told }

func refuse(code shouwang.Code, why, log, words string) error {
	return &refusal{shouwang.Errorf(code, "%s", words).At("passkey", why), why, log}
}

func again(log string) error {
	return refuse(shouwang.CodeConflict, whyAgain, log, "this took too long or was begun elsewhere: begin again")
}

func unknown(log string) error {
	return refuse(shouwang.CodeUnauthenticated, whyUnknown, log, "this key is not known here or was removed: sign in with name and password, and set touch up anew")
}

func copied(log string) error {
	return refuse(shouwang.CodeUnauthenticated, whyCopied, log, "this key counts backwards, so it may have been copied: remove it and set touch up anew")
}

// invalid is for what the library finds wrong.
func invalid(err error) error {
	log := err.Error()
	var p *protocol.Error
	if errors.As(err, &p) {
		log = p.Details + ": " + p.DevInfo
	}
	return refuse(shouwang.CodeUnauthenticated, whyInvalid, log[:min(len(log), 500)], "the answer of this key cannot be verified: open the page at its own address and begin again")
}

// told logs a refusal; other errors pass.
func (r *room) told(what, account string, err error) error {
	var no *refusal
	if errors.As(err, &no) {
		r.Log.Warn("passkey refused", "act", what, "account", account, "why", no.why, "cause", no.log)
	}
	return err
}
