// Package notices is the room of what people are told outside the pages: it
// decides from what stands (the log, the register, the service's health) who is
// to be told of what, writes it in their language, and lets residents choose. A
// notice names no third party and carries no picture; what an approver put off
// is told when it opens, by the day.
package notices

import (
	"context"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/health"
)

// How somebody wants to hear of looks at their cameras.
const (
	Off   = "off"
	Daily = "daily"
	Once  = "once"
)

// Mine is what is known of one person.
type Mine struct {
	Address string // confirmed; "" when none is
	Pending string // waits for its code
	Looks   string
	Until   time.Time // how long the code is good
	// Refused is when the mail server last refused RefusedAt for good; zero once
	// it takes mail there again.
	Refused   time.Time
	RefusedAt string
}

// Subscriber is a resident with a confirmed address.
type Subscriber struct {
	Person, Address, Lang, Looks string

	Since  time.Time // nothing older is told
	Daily  time.Time // looks before it were told in digests
	AtOnce time.Time // looks before it were told at once
}

// Letter is one notice to one address; To is empty for the staff's webhook.
type Letter struct {
	Person, To, Kind, Subject, Text, Link string
	// Paper is signed text that goes along, to be kept.
	Paper string

	Facts any
}

// Told is what a batch of letters settles.
type Told struct {
	Keys, Forget  []string
	Person        string
	Daily, AtOnce time.Time
}

// People keeps who is written to. Errors: CodeBadAddress, CodeRateLimited,
// CodeConflict for a wrong code, CodeNotFound.
type People interface {
	Mails() bool // whether mail is set up at all
	Of(ctx context.Context, person string) (Mine, error)
	Ask(ctx context.Context, person, address, lang string) (code string, err error)
	Confirm(ctx context.Context, person, code string) error
	Choose(ctx context.Context, person, looks, lang string) error
	Forget(ctx context.Context, person string) error
}

// Outbox sends letters, now or when it can; it never waits for the network.
type Outbox interface {
	Post(ctx context.Context, letters []Letter, told Told) error
	Told(ctx context.Context, prefix string) (map[string]bool, error)
	Subscribers(ctx context.Context) ([]Subscriber, error)
	// Forget removes somebody's address and what waits for them.
	Forget(ctx context.Context, person string) error
}

// Journal reads the access log.
type Journal interface {
	// Deferrals returns what put off or revealed notices of a camera's looks.
	Deferrals(ctx context.Context, camera string, span shouwang.Span) ([]policy.Numbered, error)
	// Looks returns looks and exports of a camera.
	Looks(ctx context.Context, camera string, span shouwang.Span) ([]policy.Numbered, error)
}

// Service is what is known of the running service.
type Service interface {
	// Troubles is what is wrong now, one for each camera that is away.
	Troubles(ctx context.Context) ([]health.Trouble, error)
	// Withdrawn returns the signed receipt of a withdrawal, "" until it was
	// carried out.
	Withdrawn(ctx context.Context, c *policy.Consent) (receipt string, err error)
}
