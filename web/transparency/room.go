// Package transparency is the room of the access log's public side: anybody
// can fetch its checkpoints, proofs and files and check them; residents read
// who looked at their cameras, with what proves it; an approver puts a notice
// off, for a time and in the open; a complaint goes to a body outside the
// dispatch centre; and each month a public report counts what happened.
package transparency

import (
	"context"
	"net/http"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/front"
	"shouwang/web/look"
)

// Log is the public half of the access log. Checkpoints are signed notes (C2SP
// tlog-checkpoint). Errors: CodeBadUsage for sizes and places that are not in
// the log, CodeNotFound for files.
type Log interface {
	// Key is the public key that checkpoints are verified with.
	Key() string
	// Checkpoint returns the newest one that enough witnesses have cosigned, or
	// the newest at all.
	Checkpoint(ctx context.Context, newest bool) (text string, size uint64, err error)
	Inclusion(ctx context.Context, place, size uint64) ([][]byte, error)
	Consistency(ctx context.Context, from, to uint64) ([][]byte, error)
	// File returns a file by its C2SP tlog-tiles path below tile/.
	File(path string) ([]byte, error)
	// State tells how the log and its witnesses stand.
	State(ctx context.Context) State
}

// State is how the log stands.
type State struct {
	Origin    string         `json:"origin" doc:"The log's name, the first line of its checkpoints"`
	Key       string         `json:"key" doc:"Public key, NAME+HASH+KEY (C2SP signed-note)"`
	Size      uint64         `json:"size" doc:"Entries under the newest checkpoint"`
	Cosigned  uint64         `json:"cosigned" doc:"Entries under the newest checkpoint that enough witnesses have cosigned"`
	Quorum    int            `json:"quorum" doc:"How many witnesses must have cosigned; 0 where none are asked"`
	Witnesses []WitnessState `json:"witnesses"`
	Failing   string         `json:"failing,omitempty" doc:"Why the log takes no entries now, so that nothing is shown"`
}

// WitnessState is how a witness stands.
type WitnessState struct {
	Name    string    `json:"name"`
	Key     string    `json:"key"`
	Size    uint64    `json:"size" doc:"Entries under the newest checkpoint it cosigned"`
	At      time.Time `json:"at,omitzero"`
	Away    bool      `json:"away" doc:"It does not cosign now"`
	Since   time.Time `json:"since,omitzero" doc:"Since when it does not"`
	Refuses bool      `json:"refuses" doc:"It answered that what it has seen of the log is not what it was shown"`
}

// Logged is an entry of the access log with what proves it: the salt and text
// that its commitment is of (both empty when erased) and its place.
type Logged struct {
	Index     uint64
	Place     uint64
	Published bool
	Salt      []byte
	Line      string
	policy.Entry
}

// Looks reads the access log for the people it is about: what concerns a camera
// ("camera:door-17") within the span, newest first, deferrals of notices
// included.
type Looks interface {
	Looks(ctx context.Context, camera string, span shouwang.Span) ([]Logged, error)
}

// Gate answers whether a caller may read a camera's log.
type Gate interface {
	Decide(req policy.Request) policy.Decision
}

// Deps are the room's neighbours.
type Deps struct {
	Public Log
	Looks  Looks
	Gate   Gate
	// Journal is read for the monthly reports; Area is the level of place that
	// they count by, the level below the topmost when empty.
	Journal Journal
	Area    string
	// Complaints go to the outside body.
	Complaints Complaints
}

type room struct {
	*front.Front
	Deps
	looks *look.Looks
}

// Routes registers the room's operations.
func Routes(d Deps) func(*front.Front, *look.Looks) {
	return func(f *front.Front, looks *look.Looks) {
		r := &room{Front: f, Deps: d, looks: looks}
		r.logRoutes()
		r.tileRoutes()
		front.Route(f, front.Op{
			ID: "whoLooked", Method: http.MethodGet, Path: "/api/my/cameras/{id}/looks", Tag: "my",
			Summary: "Who looked at one's camera, each entry with what proves it",
		}, front.Residents, r.whoLooked)
		r.deferralRoutes()
		r.complaintRoutes()
		r.reportRoutes()
	}
}
