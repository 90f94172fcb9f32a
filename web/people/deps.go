// Package people is where people, their roles and their sign-ins are kept.
// Whoever makes an officer decides who can look. Therefore an administrator
// only proposes what gives somebody more, and a person of the oversight, in a
// session of their own and under a second factor just shown, signs it; the link
// for the first password is told to who signs and never to who proposed. What
// takes something away is done at once by an administrator alone. All of it is
// in the access log before it counts.
package people

import (
	"context"
	"time"

	"shouwang"
	"shouwang/policy"
)

// Register keeps people, accounts, proposals and links. Errors: CodeNotFound,
// CodeLoginTaken, CodeBadUsage for what cannot be.
type Register interface {
	PutPrincipal(ctx context.Context, p policy.Principal) error
	Accounts(ctx context.Context) ([]shouwang.Account, error)
	AddAccount(ctx context.Context, a shouwang.Account) error
	UpdateAccount(ctx context.Context, name string, change func(*shouwang.Account) error) error
	EndSessions(ctx context.Context, account string) error

	PutProposal(ctx context.Context, p Proposal) error
	Proposals(ctx context.Context) ([]Proposal, error) // newest first

	PutWelcome(ctx context.Context, hash, account string, expires time.Time) error
	Welcome(ctx context.Context, hash string, now time.Time) (account string, err error)
	UseWelcome(ctx context.Context, hash string, now time.Time) error
}

// Places keeps the tree of places.
type Places interface {
	// ChangePlaces does the edit whole or not at all, if allow, asked with the
	// newest world in the same transaction, has no objection.
	ChangePlaces(ctx context.Context, change policy.PlacesEdit, allow func(*policy.World) error) error
	// ReadPlaces reads the places of a township file and names what else is in
	// it. CodeBadConfig names the line.
	ReadPlaces(file string) (places []shouwang.Place, others []string, err error)
}

// Cameras keeps where cameras hang.
type Cameras interface {
	// HangCamera changes a camera's standing if allow, asked with the newest
	// world in the same transaction, has no objection.
	HangCamera(ctx context.Context, to policy.Standing, allow func(*policy.World) error) error
}

// Passwords makes what an account keeps of a password.
type Passwords interface {
	HashPassword(ctx context.Context, password string) (string, error)
}

// Deps are the room's neighbours.
type Deps struct {
	Register  Register
	Places    Places
	Cameras   Cameras
	Passwords Passwords
}

// What a proposal is about.
const (
	KindPerson = "person"  // add somebody, or give them more
	KindSignIn = "sign_in" // give somebody a way in: a first or a new password
	KindEnable = "enable"  // open a sign-in again that was shut
	KindPlaces = "places"  // change the tree so that somebody reaches more; about no person
	// KindStanding hangs a camera at another place, gives it to another owner or
	// rests it on another basis, so that somebody reaches more; about no person.
	KindStanding = "standing"
	// KindSubject lets another person at the identity provider open a sign-in: the
	// next for whom it vouches under that name.
	KindSubject = "subject"
)

// The states of a proposal.
const (
	Asked     = "asked"
	Signed    = "signed"
	Refused   = "refused"
	Withdrawn = "withdrawn"
)

// answerWithin is how long a proposal waits, linkFor how long a link opens.
const (
	answerWithin = 7 * 24 * time.Hour
	linkFor      = 7 * 24 * time.Hour
)

// Proposal is what one administrator asked for about one person.
type Proposal struct {
	ID       string             `json:"id"`
	Kind     string             `json:"kind"`
	State    string             `json:"state"`
	Person   policy.Principal   `json:"person"`           // as it is to be
	Before   *policy.Principal  `json:"before,omitempty"` // as it was; nil where the person is new
	Login    string             `json:"login,omitempty"`
	Language string             `json:"language,omitempty"`
	Places   *policy.PlacesEdit `json:"places,omitempty"`
	Plan     *policy.PlacesPlan `json:"plan,omitempty"` // what the edit would do, as it was proposed
	Camera   *policy.CameraPlan `json:"camera,omitempty"`
	Reason   string             `json:"reason"`
	By       string             `json:"by"`
	Asked    time.Time          `json:"asked"`
	Expires  time.Time          `json:"expires"`
	Answerer string             `json:"answerer,omitempty"`
	Answered time.Time          `json:"answered,omitzero"`
	Note     string             `json:"note,omitempty"`
}
