package web

import (
	"context"
	"io"

	"shouwang"
	"shouwang/policy"
	"shouwang/policy/gate"
	"shouwang/web/auth"
	"shouwang/web/cameras"
	"shouwang/web/front"
	"shouwang/web/live"
	"shouwang/web/look"
	"shouwang/web/mine"
	"shouwang/web/session"
	"shouwang/web/watch"
)

// Gate is what web asks of the policy. Decide answers without consequences,
// for what a page shows beforehand; Look answers for a look that will happen.
// OnChange registers a function that is called, never to block, whenever what
// may be done with a camera may have changed ("" for all cameras).
type Gate interface {
	Decide(req policy.Request) policy.Decision
	Look(req policy.Request) (policy.Decision, gate.Grant)
	OnChange(func(camera shouwang.CameraID)) (cancel func())
}

// Session is one person's sign-in.
type Session = auth.Session

// Bus is the part of the message bus that web reads and writes.
type Bus interface {
	Publish(ctx context.Context, topic shouwang.Topic, body any) (id string, err error)
	Read(ctx context.Context, topics []shouwang.Topic, after string) (shouwang.MessageReader, error)
}

// EventQuery picks events: zero fields do not narrow.
type EventQuery struct {
	Camera shouwang.CameraID
	Kind   shouwang.EventKind
	Span   shouwang.Span
	Before shouwang.EventID // older than this one
	Limit  int
}

// StoredEvent is an event as the catalog keeps it.
type StoredEvent struct {
	shouwang.Event
	Verdict string // "", seen, false_alarm
	By      string // who gave the verdict
}

// Events is where events are found again, newest first.
type Events interface {
	Events(ctx context.Context, q EventQuery) ([]StoredEvent, error)
	Event(ctx context.Context, id shouwang.EventID) (StoredEvent, error)
	SetVerdict(ctx context.Context, id shouwang.EventID, verdict, by string) error
}

// ClipQuery picks clips: zero fields do not narrow.
type ClipQuery struct {
	Camera shouwang.CameraID
	Span   shouwang.Span
	Event  shouwang.EventID
	Limit  int
}

// StoredClip is a clip and what has become of its keys.
type StoredClip struct {
	shouwang.Clip
	Keys policy.KeyState
	Gaps []shouwang.Gap
}

// Recorded is one stored segment as a timeline shows it.
type Recorded struct {
	shouwang.Span
	Bytes int64  `json:"bytes"`
	State string `json:"state"`
}

// Clips is the index of what is recorded, newest first.
type Clips interface {
	Clips(ctx context.Context, q ClipQuery) ([]StoredClip, error)
	Clip(ctx context.Context, id shouwang.ClipID) (StoredClip, error)
	// ClipsOf returns which clip keeps each of the events that one keeps.
	ClipsOf(ctx context.Context, events []shouwang.EventID) (map[shouwang.EventID]shouwang.ClipID, error)
	Timeline(ctx context.Context, camera shouwang.CameraID, span shouwang.Span) ([]Recorded, []shouwang.Gap, error)
}

// Footage opens recorded pictures under a grant, whose id each use of a key
// carries. Errors: CodeKeyDestroyed, CodeNotFound, CodeStorageAway.
type Footage interface {
	// File is the span as one MP4 with the bits as received; its size is known.
	File(ctx context.Context, g gate.Grant, camera shouwang.CameraID, span shouwang.Span) (File, error)
	// Units are the span's access units in order, for rendering.
	Units(ctx context.Context, g gate.Grant, camera shouwang.CameraID, span shouwang.Span) (watch.Units, error)
}

// File is an MP4 that can be sought in.
type File interface {
	io.ReadSeeker
	io.Closer
}

// Desk is where the working papers are kept.
type Desk interface {
	PutCase(ctx context.Context, by string, c *policy.Case) error
}

// Deps are the neighbours that web is joined to. All are needed except
// Renderer (without it everything that must be masked is denied).
type Deps struct {
	World    func() *policy.World // the present snapshot, never nil
	Gate     Gate
	Audit    policy.Auditor
	Accounts session.Accounts
	Cameras  cameras.Known
	Hubs     watch.Hubs
	Renderer watch.Renderer
	Media    *live.Server
	Bus      Bus
	Events   Events
	Clips    Clips
	Footage  Footage
	Desk     Desk
	Consents mine.Consents
	// Sealed may be nil: see look.Sealed.
	Sealed look.Sealed
	// Rooms are the operations that live in rooms of their own: each registers
	// what it serves, on the kernel and through the one way to a picture.
	Rooms []func(*front.Front, *look.Looks)
	// LogTakes returns why the access log takes no entries now, or nil, without
	// adding one. While it does not, nothing is shown. Nil asks nobody: a look is
	// refused all the same whose own entry is.
	LogTakes func(ctx context.Context) error
	// Ready returns why the service cannot work now, or nil.
	Ready func(ctx context.Context) error
}
