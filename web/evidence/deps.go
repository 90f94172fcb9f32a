package evidence

import (
	"context"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/policy/gate"
	"shouwang/web/watch"
)

// Gate answers without consequences, for what a page shows beforehand and for
// looks under way. OnChange is as gate.Gate's.
type Gate interface {
	Decide(req policy.Request) policy.Decision
	OnChange(func(camera shouwang.CameraID)) (cancel func())
}

// Query picks events; zero fields do not narrow, except Cameras, which names
// those to be searched.
type Query struct {
	Cameras          []shouwang.CameraID
	Kinds            []shouwang.EventKind // of any of these kinds, or
	Labels           []string             // labelled as any of these
	Span             shouwang.Span
	MinArea, MaxArea float64 // share of the picture, 0..1
	Headings         []string
	Region           shouwang.Polygon
	Before           shouwang.EventID
	Limit            int
}

// Event is an event as the catalog keeps it.
type Event struct {
	shouwang.Event
	Verdict string
	By      string
}

// Cover is what of a stretch of one camera can be played, what could once, and
// what was never recorded and why.
type Cover struct {
	Recorded, Erased []shouwang.Span
	Gaps             []shouwang.Gap
}

// Stamped says how well the times of a stretch of recording are known.
type Stamped struct {
	shouwang.Span
	Offset, Uncertainty time.Duration
	Source              shouwang.StampSource
}

// Index finds again what happened and what is recorded.
type Index interface {
	// Search returns the latest that match and whether there are more.
	Search(ctx context.Context, q Query) ([]Event, bool, error)
	// Activity counts what matches by steps of the span.
	Activity(ctx context.Context, q Query, step time.Duration) (map[shouwang.CameraID][]int, error)
	Cover(ctx context.Context, camera shouwang.CameraID, span shouwang.Span) (Cover, error)
	Stamps(ctx context.Context, camera shouwang.CameraID, span shouwang.Span) ([]Stamped, error)
	// Keys tells what has become of the keys of a stretch.
	Keys(ctx context.Context, camera shouwang.CameraID, span shouwang.Span) (policy.KeyState, error)
}

// Footage opens recorded pictures under a grant. Errors: CodeKeyDestroyed,
// CodeNotFound, CodeStorageAway.
type Footage interface {
	Units(ctx context.Context, g gate.Grant, camera shouwang.CameraID, span shouwang.Span) (watch.Units, error)
	// Settle has what is being recorded just now stand in the index.
	Settle(ctx context.Context, camera shouwang.CameraID)
}

// Journal is where a case's history is kept. did is a stable word, what says
// of what in a few words.
type Journal interface {
	Note(ctx context.Context, kase, by, did, what string) error
}

// Deps are the room's neighbours; all are needed.
type Deps struct {
	Gate     Gate
	Index    Index
	Footage  Footage
	Renderer watch.Renderer
	Journal  Journal
}
