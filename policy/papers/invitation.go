package papers

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"

	"shouwang/policy"
)

// InvitationState is what became of an invitation.
type InvitationState string

// The states of an invitation. Lapsed is said by the clock and never written.
const (
	InvitationOpen    InvitationState = "open"
	InvitationGiven   InvitationState = "given"
	InvitationRefused InvitationState = "refused"
	InvitationRevoked InvitationState = "revoked"
	InvitationLapsed  InvitationState = "lapsed"
)

// InvitationKind says whether an owner is asked for the first time (or again)
// or to go on.
type InvitationKind string

// The kinds of invitation.
const (
	InviteNew   InvitationKind = "new"
	InviteRenew InvitationKind = "renew"
)

// InvitationDays is how long an invitation can be answered by default, and
// MaxInvitationDays at most.
const (
	InvitationDays    = 14
	MaxInvitationDays = 60
)

// Invitation asks the owner of one camera for consent to one purpose. It is
// answered once, by whoever holds its token.
type Invitation struct {
	ID      string         `json:"id"`
	Kind    InvitationKind `json:"kind"`
	Camera  string         `json:"camera"` // "camera:door-17"
	Purpose string         `json:"purpose"`
	Consent string         `json:"consent"` // the record it is about
	// TokenHash is what is kept of the token; it never leaves the process.
	TokenHash string `json:"token_hash"`
	// Channel is how it reaches the owner: app (QR), paper or visit.
	Channel string `json:"channel"`
	// For is the owner where that is known ("resident:li"), else "".
	For string `json:"for,omitempty"`
	// Notice and the languages it was written in are what will be shown.
	Notice        string              `json:"notice"` // id
	NoticeVersion string              `json:"notice_version"`
	Asked         policy.Terms        `json:"asked"`
	Controllers   []policy.Controller `json:"controllers"`

	By       string          `json:"by"` // who asks
	Created  time.Time       `json:"created"`
	Expires  time.Time       `json:"expires"`
	State    InvitationState `json:"state"`
	Answered time.Time       `json:"answered,omitzero"`
}

// At returns the invitation's state at a moment: one that was not answered in
// time has lapsed.
func (i *Invitation) At(now time.Time) InvitationState {
	if i.State == InvitationOpen && !now.Before(i.Expires) {
		return InvitationLapsed
	}
	return i.State
}

// NewInvitationToken returns a token of 128 random bits and the hash that is
// kept of it.
func NewInvitationToken() (token, hash string) {
	token = rand.Text()
	return token, HashInvitationToken(token)
}

// HashInvitationToken returns what is kept of a token. A slow hash is not
// needed: the token has 128 random bits.
func HashInvitationToken(token string) string {
	sum := sha256.Sum256([]byte("shouwang invitation\n" + token))
	return hex.EncodeToString(sum[:])
}

// RestUntil returns until when the camera's owner may not be asked, after a
// refusal less than 90 days ago: of this camera for any purpose, or of any
// camera of the same owner. The zero time means that asking is free. past are
// the invitations known, answered or not; a refusal to renew counts as well.
func RestUntil(w *policy.World, camera string, past []*Invitation, now time.Time) time.Time {
	cam, ok := w.Camera(camera)
	if !ok {
		return time.Time{}
	}
	var last time.Time
	refused := func(at time.Time) {
		if at.After(last) {
			last = at
		}
	}
	for _, other := range w.Cameras() {
		if other.ID != cam.ID && (cam.Owner == "" || other.Owner != cam.Owner) {
			continue
		}
		for _, c := range w.CurrentConsents(other.ID) {
			for _, e := range c.Events {
				if e.State == policy.Refused {
					refused(e.Time)
				}
			}
		}
	}
	for _, i := range past {
		if i.State == InvitationRefused && (i.Camera == camera || cam.Owner != "" && i.For == cam.Owner) {
			refused(i.Answered)
		}
	}
	if until := last.Add(policy.RestAfterRefusal); !last.IsZero() && now.Before(until) {
		return until
	}
	return time.Time{}
}

// Ask returns the version of the record in which the owner is asked for the
// terms given: the first version of a new record where old is nil, else the
// next one of old.
func (i *Invitation) Ask(old *policy.Consent, cam *policy.Camera, ch policy.Change) (*policy.Consent, error) {
	if old == nil {
		c := policy.Consent{ID: i.Consent, Camera: i.Camera, Purpose: i.Purpose, Basis: "consent"}
		i.ask(&c, cam)
		return policy.NewConsent(c, ch)
	}
	return old.Propose(ch, func(c *policy.Consent) { i.ask(c, cam) })
}

// ask writes the proposal into a record.
func (i *Invitation) ask(c *policy.Consent, cam *policy.Camera) {
	asked := i.Asked
	asked.Apply(c)
	c.Asked, c.Controllers = &asked, slices.Clone(i.Controllers)
	device := policy.ConsentDevice{Camera: cam.ID, LegalClass: cam.LegalClass, Mount: cam.Mount, Sign: cam.Sign}
	if c.Device != nil {
		device.Masks = c.Device.Masks
		device.ViewReferenceHash, device.ViewApprovedBy = c.Device.ViewReferenceHash, c.Device.ViewApprovedBy
	}
	c.Device, c.Principal, c.Notice = &device, nil, nil
}

// Answer returns the version in which the owner agrees to a renewal or for the
// first time. choose sets the owner's choices, which may not exceed what was
// asked.
func (i *Invitation) Answer(old *policy.Consent, cam *policy.Camera, ch policy.Change, choose func(*policy.Consent)) (*policy.Consent, error) {
	set := func(c *policy.Consent) {
		asked := i.Asked
		c.Asked = &asked
		choose(c)
	}
	if i.Kind == InviteRenew {
		return old.RenewWith(ch, ch.At.AddDate(0, i.Asked.Months, 0), set)
	}
	return old.Give(ch, func(c *policy.Consent) {
		c.NotBefore, c.NotAfter = ch.At, ch.At.AddDate(0, i.Asked.Months, 0)
		set(c)
	})
}

// DefaultControllers are who answers for the processing where an invitation
// names nobody: the township's departments, at most four.
func DefaultControllers(w *policy.World) []policy.Controller {
	var out []policy.Controller
	for _, u := range w.Units() {
		if u.Kind == "department" && len(out) < 4 {
			out = append(out, policy.Controller{Party: u.ID, Role: "controller", Contact: u.Contact})
		}
	}
	return out
}
