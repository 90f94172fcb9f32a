package cases

import (
	"context"
	"time"

	"shouwang"
	"shouwang/policy"
)

// Item is something gathered for a case.
type Item struct {
	ID, Case, Kind string // kind: clip, still, note
	Camera         shouwang.CameraID
	shouwang.Span
	Text      string
	By        string
	At        time.Time
	RemovedBy string
	Removed   time.Time
}

// Sheet is what a case says of itself beside its title.
type Sheet struct {
	Basis   string `json:"legal_basis" maxLength:"500"`
	Summary string `json:"summary" maxLength:"4000"`
	Second  string `json:"second_person" maxLength:"64" doc:"Who is asked to approve what takes two people"`
}

// Line is one line of the journal.
type Line struct {
	At        time.Time
	By        string
	Did, What string
}

// Book keeps the files of cases. Errors: CodeNotFound.
type Book interface {
	Items(ctx context.Context, kase string) ([]Item, error)
	Add(ctx context.Context, i Item) error
	Remove(ctx context.Context, kase, id, by string) error
	Sheet(ctx context.Context, kase string) (Sheet, error)
	SetSheet(ctx context.Context, kase, by string, s Sheet) error
	Note(ctx context.Context, kase, by, did, what string) error
	History(ctx context.Context, kase string, limit int) ([]Line, error)
}

// Logged is an entry of the access log with its place in it.
type Logged struct {
	Index uint64
	policy.Entry
}

// Log reads the access log: what was looked at for a case since then.
type Log interface {
	ForCase(ctx context.Context, kase string, since time.Time) ([]Logged, error)
}

// Kept is what has become of a stretch of recording.
type Kept struct {
	Keys policy.KeyState
	// Until is when the first of it is deleted unless somebody holds it; zero
	// when nothing is there.
	Until time.Time
}

// Footage tells what has become of recordings.
type Footage interface {
	Kept(ctx context.Context, camera shouwang.CameraID, span shouwang.Span) (Kept, error)
}

// Desk changes a case itself: who is a member, what it is called.
type Desk interface {
	PutCase(ctx context.Context, by string, c *policy.Case) error
}

// Deps are the room's neighbours; all are needed.
type Deps struct {
	Book    Book
	Log     Log
	Footage Footage
	Desk    Desk
}
