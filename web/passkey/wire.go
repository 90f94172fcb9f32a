package passkey

import (
	"encoding/json"
	"fmt"

	"github.com/go-webauthn/webauthn/protocol"
)

// What a page is told and sends. All bytes are base64url without padding; what
// is the same each time (verified by the person, kept on the device, no word of
// the maker) the page knows.

// KeyRef names a key to the browser.
type KeyRef struct {
	ID         string   `json:"id"`
	Transports []string `json:"transports,omitempty"`
}

// NewKey is what a page asks the browser to make.
type NewKey struct {
	Challenge  string   `json:"challenge"`
	SiteID     string   `json:"site_id" doc:"Relying party id"`
	SiteName   string   `json:"site_name"`
	Handle     string   `json:"handle" doc:"User handle"`
	Login      string   `json:"login"`
	Name       string   `json:"name"`
	Algorithms []int64  `json:"algorithms" doc:"COSE algorithms, the best first"`
	Known      []KeyRef `json:"known" doc:"The account's keys: who holds one needs no other"`
	TimeoutMS  int      `json:"timeout_ms"`
}

// AskKey is what a page asks the browser to show.
type AskKey struct {
	Challenge string   `json:"challenge"`
	SiteID    string   `json:"site_id" doc:"Relying party id"`
	Allowed   []KeyRef `json:"allowed,omitempty" doc:"One of these; absent for whichever the person picks"`
	TimeoutMS int      `json:"timeout_ms"`
}

// MadeKey is a browser's answer to NewKey.
type MadeKey struct {
	ID       string `json:"id" minLength:"1" maxLength:"1400"`
	Response struct {
		ClientDataJSON    string   `json:"clientDataJSON" minLength:"1" maxLength:"8192"`
		AttestationObject string   `json:"attestationObject" minLength:"1" maxLength:"16384"`
		Transports        []string `json:"transports,omitempty" maxItems:"8" doc:"As the browser names them"`
	} `json:"response"`
}

// ShownKey is a browser's answer to AskKey.
type ShownKey struct {
	ID       string `json:"id" minLength:"1" maxLength:"1400"`
	Response struct {
		ClientDataJSON    string `json:"clientDataJSON" minLength:"1" maxLength:"8192"`
		AuthenticatorData string `json:"authenticatorData" minLength:"1" maxLength:"8192"`
		Signature         string `json:"signature" minLength:"1" maxLength:"4096"`
		UserHandle        string `json:"userHandle,omitempty" maxLength:"128"`
	} `json:"response"`
}

// maxAnswer bounds a request's body, in bytes.
const maxAnswer = 32 << 10

// envelope is what the library wants around an answer.
func envelope(id string, response any) ([]byte, error) {
	raw, err := json.Marshal(map[string]any{
		"id": id, "rawId": id, "type": protocol.PublicKeyCredentialType, "response": response, "clientExtensionResults": map[string]any{},
	})
	if err != nil {
		return nil, fmt.Errorf("read passkey: %w", err)
	}
	return raw, nil
}

func (m *MadeKey) parse() (*protocol.ParsedCredentialCreationData, error) {
	m.Response.Transports = known(m.Response.Transports)
	raw, err := envelope(m.ID, m.Response)
	if err != nil {
		return nil, err
	}
	return protocol.ParseCredentialCreationResponseBytes(raw)
}

func (s *ShownKey) parse() (*protocol.ParsedCredentialAssertionData, error) {
	raw, err := envelope(s.ID, s.Response)
	if err != nil {
		return nil, err
	}
	return protocol.ParseCredentialRequestResponseBytes(raw)
}

// known keeps the transports that there are (WebAuthn, 5.8.4), each once.
func known(transports []string) []string {
	var out []string
	for _, t := range []string{"internal", "hybrid", "usb", "nfc", "ble", "smart-card"} {
		for _, given := range transports {
			if given == t {
				out = append(out, t)
				break
			}
		}
	}
	return out
}
