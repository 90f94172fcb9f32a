package passkey

import (
	"context"
	"encoding/base64"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"shouwang"
)

// holder is an account as the library wants it.
type holder struct {
	handle      []byte
	login, name string
	keys        []shouwang.Passkey
}

// WebAuthnID implements webauthn.User.
func (h *holder) WebAuthnID() []byte { return h.handle }

// WebAuthnName implements webauthn.User.
func (h *holder) WebAuthnName() string { return h.login }

// WebAuthnDisplayName implements webauthn.User.
func (h *holder) WebAuthnDisplayName() string { return h.name }

// WebAuthnCredentials implements webauthn.User.
func (h *holder) WebAuthnCredentials() []webauthn.Credential {
	out := make([]webauthn.Credential, len(h.keys))
	for i := range h.keys {
		k := &h.keys[i]
		id, _ := base64.RawURLEncoding.DecodeString(k.ID) // made by encoding
		out[i] = webauthn.Credential{
			ID: id, PublicKey: k.PublicKey, Authenticator: webauthn.Authenticator{SignCount: k.Count},
			Flags: webauthn.CredentialFlags{UserPresent: true, UserVerified: true, BackupEligible: k.MayBackUp, BackupState: k.BackedUp},
		}
		for _, t := range k.Transports {
			out[i].Transport = append(out[i].Transport, protocol.AuthenticatorTransport(t))
		}
	}
	return out
}

func refs(keys []shouwang.Passkey) []KeyRef {
	out := make([]KeyRef, len(keys))
	for i, k := range keys {
		out[i] = KeyRef{ID: k.ID, Transports: k.Transports}
	}
	return out
}

func keyID(raw []byte) string { return base64.RawURLEncoding.EncodeToString(raw) }

// verified judges an answer to a challenge that was kept for the act and bound
// to who asked, and notes the key's use. It returns the key; the error is a
// refusal or a store's.
func (r *room) verified(ctx context.Context, in *ShownKey, what act, bound string) (shouwang.Passkey, error) {
	var k shouwang.Passkey
	w, s, err := r.relyingHere(ctx)
	if err != nil {
		return k, err
	}
	parsed, err := in.parse()
	if err != nil {
		return k, invalid(err)
	}
	session, ok := r.challenges.take(parsed.Response.CollectedClientData.Challenge, what, bound)
	if !ok {
		return k, again("no such challenge")
	}
	k, err = r.deps.Keys.Passkey(ctx, keyID(parsed.RawID))
	if shouwang.CodeOf(err) == shouwang.CodeNotFound || err == nil && k.Site != s.id {
		return k, unknown("key " + keyID(parsed.RawID))
	}
	if err != nil {
		return k, err
	}
	if _, err = check(w, k, session, parsed); err != nil {
		return k, err
	}
	return k, r.used(ctx, k, &parsed.Response.AuthenticatorData)
}

// check has the library judge signature, origin, domain, presence, verification
// and the key's owner. A challenge of a known account names the account.
func check(w *webauthn.WebAuthn, k shouwang.Passkey, session webauthn.SessionData, parsed *protocol.ParsedCredentialAssertionData) (c *webauthn.Credential, err error) {
	owner := &holder{handle: k.Handle, keys: []shouwang.Passkey{k}}
	if len(session.UserID) > 0 {
		session.AllowedCredentialIDs = nil // whose the key is says the handle; what it was asked for may be gone by now
		c, err = w.ValidateLogin(owner, session, parsed)
	} else {
		_, c, err = w.ValidatePasskeyLogin(func([]byte, []byte) (webauthn.User, error) { return owner, nil }, session, parsed)
	}
	if err != nil {
		return nil, invalid(err)
	}
	if c.Authenticator.CloneWarning {
		return nil, copied("counter of " + k.ID)
	}
	return c, nil
}

// used notes the key's counter, which must have gone on since it was read.
func (r *room) used(ctx context.Context, k shouwang.Passkey, data *protocol.AuthenticatorData) error {
	err := r.deps.Keys.UsePasskey(ctx, k.ID, data.Counter, data.Flags.HasBackupState(), r.Now())
	switch shouwang.CodeOf(err) {
	case shouwang.CodeConflict:
		return copied("counter of " + k.ID + ", at once")
	case shouwang.CodeNotFound:
		return unknown("key " + k.ID + ", removed just now")
	}
	return err
}
