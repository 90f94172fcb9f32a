// Package join is the room in which owners are asked, answer and keep their
// consent: invitations with their notices, the answer, other terms, renewals
// and the person's own whole record.
//
// It decides nothing about pictures. Whether an officer may ask and whether
// somebody may change a consent is for the gate to say; what an owner may
// choose is bounded by what the notice asked for.
package join

import (
	"context"
	"net/http"
	"time"

	"shouwang/policy"
	"shouwang/policy/papers"
	"shouwang/web/auth"
	"shouwang/web/front"
	"shouwang/web/look"
)

// Gate is what this room asks of the policy.
type Gate interface {
	Decide(req policy.Request) policy.Decision
}

// Register keeps invitations and notices. Errors: CodeNotFound; CodeConflict
// where somebody else was quicker.
type Register interface {
	// Invite keeps an invitation and, unless asked is nil, the version of the
	// record in which the owner is asked.
	Invite(ctx context.Context, i *papers.Invitation, asked *policy.Consent) error
	Invitations(ctx context.Context) ([]*papers.Invitation, error)
	InvitationByToken(ctx context.Context, tokenHash string) (*papers.Invitation, error)
	Notices(ctx context.Context) ([]*papers.NoticeText, error)
}

// Consents keeps the records and carries out what a new version means. The
// string returned is the id of the receipt, to be read at /api/my/receipts/{id}.
type Consents interface {
	// Settle uses an invitation up, together with all that its answer changes.
	Settle(ctx context.Context, a Answer) (receipt string, err error)
	Append(ctx context.Context, next *policy.Consent) (receipt string, err error)
	// Versions returns every version of a record, oldest first.
	Versions(ctx context.Context, consent string) ([]*policy.Consent, error)
}

// Accounts signs people in and makes accounts.
type Accounts interface {
	SignIn(ctx context.Context, name, password, remote string) (token string, s auth.Session, err error)
	HashPassword(ctx context.Context, password string) (string, error)
}

// Deps are the neighbours of this room; all are needed.
type Deps struct {
	Gate     Gate
	Audit    policy.Auditor
	Register Register
	Consents Consents
	Accounts Accounts
	// Sign signs a paper with the house's key for papers.
	Sign func(text string) (string, error)
	// Changed tells the rest of the service that a consent has changed.
	Changed func(ctx context.Context, next *policy.Consent)
}

// room is the state of this room: its neighbours and the brakes on guessing.
type room struct {
	*front.Front
	deps Deps
	// addresses slows whoever tries tokens that do not exist, tokens whoever
	// answers one over and over.
	addresses, tokens *auth.Throttle
}

// The brakes: an address may try thirty wrong tokens and then one every ten
// seconds, since a whole office may be behind it; one invitation may be
// answered wrongly ten times and then once a minute.
const (
	addressBurst, addressRefill = 30, 10 * time.Second
	tokenBurst, tokenRefill     = 10, time.Minute
	throttleKeys                = 10_000
)

// Routes returns what registers the room's operations on the kernel.
func Routes(deps Deps) func(*front.Front, *look.Looks) {
	return func(f *front.Front, _ *look.Looks) {
		r := &room{
			Front: f, deps: deps,
			addresses: auth.NewThrottle(addressBurst, addressRefill, throttleKeys, f.Now),
			tokens:    auth.NewThrottle(tokenBurst, tokenRefill, throttleKeys, f.Now),
		}
		r.invitationRoutes()
		r.answerRoutes()
		r.termRoutes()
	}
}

func op(id, method, path, summary string) front.Op {
	return front.Op{ID: id, Method: method, Path: path, Tag: "join", Summary: summary}
}

func (r *room) invitationRoutes() {
	front.Route(r.Front, op("invite", http.MethodPost, "/api/invitations", "Invite a camera's owner to share it"), front.Officers, r.invite)
	front.Route(r.Front, op("listInvitations", http.MethodGet, "/api/invitations", "The invitations of one's area, newest first"), front.Officers, r.listInvitations)
	revoke := op("revokeInvitation", http.MethodDelete, "/api/invitations/{id}", "Take an invitation back")
	revoke.Status = http.StatusNoContent
	front.Route(r.Front, revoke, front.Officers, r.revoke)
	front.Route(r.Front, op("listNotices", http.MethodGet, "/api/notices", "The notices that invitations can show"), front.SignedIn, r.listNotices)
	front.Route(r.Front, op("listRenewals", http.MethodGet, "/api/renewals", "Consents that end soon: one's own, or those of one's area"), front.SignedIn, r.listRenewals)
}

func (r *room) answerRoutes() {
	front.Open(r.Front, op("readInvitation", http.MethodGet, "/api/join/{token}", "What an invitation asks, by whom and why"), r.read)
	front.Open(r.Front, op("answerInvitation", http.MethodPost, "/api/join/{token}/answer", "Say yes or no; a yes signs in"), r.answer)
}

func (r *room) termRoutes() {
	front.Route(r.Front, op("setTerms", http.MethodPut, "/api/my/consents/{id}/terms", "Change what is shared; a new version of the record"), front.Residents, r.setTerms)
	front.Route(r.Front, op("setTermsOfMany", http.MethodPost, "/api/my/terms", "Change the same terms on several cameras, each its own version"), front.Residents, r.setTermsOfMany)
	front.Route(r.Front, op("renewConsent", http.MethodPost, "/api/my/consents/{id}/renew", "Prolong a consent that ends soon"), front.Residents, r.renew)
	front.Route(r.Front, op("myRecord", http.MethodGet, "/api/my/consents/{id}/record", "One's whole record, every version, verifiable"), front.Residents, r.record)
}

// rateLimited refuses a try that came too soon.
func rateLimited(wait time.Duration) error { return auth.RateLimited(wait) }
