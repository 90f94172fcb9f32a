package passkey_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"testing"

	"github.com/fxamacker/cbor/v2"
)

// device is a phone or security key as the standard describes one (WebAuthn,
// 6.1 and 6.3), with a browser around it that says where it is. A test spoils
// what it likes.
type device struct {
	t        *testing.T
	key      *ecdsa.PrivateKey
	id       string
	handle   string
	site     string // relying party id that it makes keys for
	origin   string // where the browser says it is
	count    uint32
	flags    byte
	counting bool
}

const (
	present, verified, attested = 0x01, 0x04, 0x40
)

func newDevice(t *testing.T, origin, site string) *device {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	raw := make([]byte, 32)
	_, _ = rand.Read(raw)
	return &device{t: t, key: key, id: b64(raw), site: site, origin: origin, flags: present | verified, counting: true}
}

func b64(raw []byte) string { return base64.RawURLEncoding.EncodeToString(raw) }

func (d *device) client(kind, challenge string) string {
	raw, err := json.Marshal(map[string]any{"type": kind, "challenge": challenge, "origin": d.origin, "crossOrigin": false})
	if err != nil {
		d.t.Fatal(err)
	}
	return string(raw)
}

// data is authenticator data (6.1).
func (d *device) data(flags byte, more []byte) []byte {
	if d.counting {
		d.count++
	}
	sum := sha256.Sum256([]byte(d.site))
	return append(binary.BigEndian.AppendUint32(append(sum[:], flags), d.count), more...)
}

type newKey struct {
	Challenge string `json:"challenge"`
	SiteID    string `json:"site_id"`
	Handle    string `json:"handle"`
	Known     []struct {
		ID string `json:"id"`
	} `json:"known"`
	Algorithms []int64 `json:"algorithms"`
}

type askKey struct {
	Challenge string `json:"challenge"`
	SiteID    string `json:"site_id"`
	Allowed   []struct {
		ID string `json:"id"`
	} `json:"allowed"`
}

// makeKey answers a request for a new key with attestation "none" (8.7).
func (d *device) makeKey(ask newKey) map[string]any {
	d.handle = ask.Handle
	public, err := d.key.PublicKey.Bytes()
	if err != nil {
		d.t.Fatal(err)
	}
	// An EC2 key of COSE (RFC 9053, 7.1.1): 0x04, x, y.
	cose, err := cbor.Marshal(map[int]any{1: 2, 3: -7, -1: 1, -2: public[1:33], -3: public[33:]})
	if err != nil {
		d.t.Fatal(err)
	}
	id, _ := base64.RawURLEncoding.DecodeString(d.id)
	more := append(make([]byte, 16), byte(len(id)>>8), byte(len(id)))
	object, err := cbor.Marshal(map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": d.data(d.flags|attested, append(append(more, id...), cose...))})
	if err != nil {
		d.t.Fatal(err)
	}
	return map[string]any{"id": d.id, "response": map[string]any{
		"clientDataJSON": b64([]byte(d.client("webauthn.create", ask.Challenge))), "attestationObject": b64(object), "transports": []string{"internal", "hybrid", "carrier-pigeon"},
	}}
}

// showKey answers a request to show the key (7.2).
func (d *device) showKey(ask askKey) map[string]any {
	client, data := d.client("webauthn.get", ask.Challenge), d.data(d.flags, nil)
	sum := sha256.Sum256([]byte(client))
	digest := sha256.Sum256(append(append([]byte{}, data...), sum[:]...))
	sig, err := ecdsa.SignASN1(rand.Reader, d.key, digest[:])
	if err != nil {
		d.t.Fatal(err)
	}
	return map[string]any{"id": d.id, "response": map[string]any{
		"clientDataJSON": b64([]byte(client)), "authenticatorData": b64(data), "signature": b64(sig), "userHandle": d.handle,
	}}
}
