// Package recorder turns one stream's access units into sealed segments, as
// policy permits, and says of every moment that should have been recorded and
// was not why it was not.
package recorder

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"shouwang"
	"shouwang/policy/gate"
	"shouwang/storage"
	"shouwang/storage/keys"
	"shouwang/storage/spool"
)

// Source is where access units come from. Next may return *shouwang.Overrun in
// place of units it had to drop; any other error ends the session.
type Source interface {
	Next(ctx context.Context) (*shouwang.AccessUnit, error)
}

// Sparing is a source that can leave the bytes of units where they are until
// they are wanted. A unit that came before SetLean(false) may still be without.
type Sparing interface {
	Source
	SetLean(lean bool)
	// Load returns the unit with its bytes, nil when they are gone.
	Load(u *shouwang.AccessUnit) *shouwang.AccessUnit
}

// History returns the units still held in memory from the last key picture at
// or before the capture time given, in order: what pre-roll is cut from.
type History func(from time.Time) []*shouwang.AccessUnit

// KeyMaker gives each segment its key.
type KeyMaker interface {
	NewDataKey(ctx context.Context, camera shouwang.CameraID, at time.Time, decision string) (keys.DataKey, error)
}

// Index is where the recorder writes what it did. Each call is durable when it
// returns.
type Index interface {
	PutSegment(ctx context.Context, s *storage.Segment) error
	PutGap(ctx context.Context, stream shouwang.StreamKind, g shouwang.Gap) error
	PutClip(ctx context.Context, c shouwang.Clip) error
}

// Past is what the recorder asks of what was written before.
type Past interface {
	LastSegment(ctx context.Context, camera shouwang.CameraID, stream shouwang.StreamKind) (*storage.Segment, error)
	Gaps(ctx context.Context, camera shouwang.CameraID, stream shouwang.StreamKind, span shouwang.Span) ([]shouwang.Gap, error)
	BytesIn(ctx context.Context, camera shouwang.CameraID, span shouwang.Span) (int64, error)
}

// Config bounds the recorder. Zero fields take the defaults named.
type Config struct {
	PreRoll     time.Duration // before an event: 5 s
	PostRoll    time.Duration // after it: 5 s
	MaxSegment  time.Duration // segments are cut at the key picture before: 60 s
	MaxGOP      time.Duration // a segment whose GOP lasts longer is cut: 120 s
	Fragment    time.Duration // a fragment is sealed and synced at least so often: 1 s
	MaxFragment int           // bytes of a fragment held in memory: 8 MiB
	MaxUnit     int           // bytes of one picture that are believed: 16 MiB
	Idle        time.Duration // without a picture for so long, the segment is closed: 5 s
	MaxEvent    time.Duration // an event silent for so long is taken as ended: 2 min
}

func (c Config) withDefaults() Config {
	for _, d := range []struct {
		field *time.Duration
		value time.Duration
	}{
		{&c.PreRoll, 5 * time.Second},
		{&c.PostRoll, 5 * time.Second},
		{&c.MaxSegment, time.Minute},
		{&c.MaxGOP, 2 * time.Minute},
		{&c.Fragment, time.Second},
		{&c.Idle, 5 * time.Second},
		{&c.MaxEvent, 2 * time.Minute},
	} {
		if *d.field <= 0 {
			*d.field = d.value
		}
	}
	if c.MaxFragment <= 0 {
		c.MaxFragment = 8 << 20
	}
	if c.MaxUnit <= 0 {
		c.MaxUnit = 16 << 20
	}
	return c
}

// Deps are the recorder's neighbours.
type Deps struct {
	Log   *slog.Logger
	Clock func() time.Time
	// Permit asks policy whether a picture captured then may be recorded. It is
	// asked for every GOP, when a grant ends, and when a consent changes. nil
	// permits nothing.
	Permit func(camera shouwang.CameraID, captured time.Time) gate.Grant
	Spool  *spool.Spool
	Keys   KeyMaker
	Index  Index
	Past   Past
	// Reclaim, when set, frees room on the spool's disk by erasing what is
	// oldest and not held; it returns an error when there is nothing left.
	Reclaim func(ctx context.Context) error
	// OnSegment, when set, is told of each segment after its row is durable.
	OnSegment func(*storage.Segment)
	// OnClip, when set, is told of each clip that was added or grew.
	OnClip func(shouwang.Clip)
	// Link, when set, says what is known of the stream's connection.
	Link func(shouwang.CameraID, shouwang.StreamKind) shouwang.LinkState
}

// Recorder owns the recording sessions of all cameras. It is safe for
// concurrent use.
type Recorder struct {
	cfg  Config
	deps Deps

	mu       sync.Mutex // taken before a session's lock, never after
	sessions map[shouwang.CameraID][]*Session

	// at, in tests, is called between the steps of a commitment, to kill the
	// process there.
	at func(step string)
}

// New makes a recorder.
func New(cfg Config, deps Deps) *Recorder {
	if deps.Clock == nil {
		deps.Clock = time.Now
	}
	if deps.Log == nil {
		deps.Log = slog.New(slog.DiscardHandler)
	}
	if deps.Permit == nil {
		deps.Permit = func(shouwang.CameraID, time.Time) gate.Grant { return gate.Grant{} }
	}
	return &Recorder{cfg: cfg.withDefaults(), deps: deps, sessions: map[shouwang.CameraID][]*Session{}}
}

// Session makes the session that records one stream of a camera. Run it.
func (r *Recorder) Session(camera shouwang.CameraID, stream shouwang.StreamKind) *Session {
	return &Session{rec: r, camera: camera, stream: stream, live: map[shouwang.EventID]*happening{}}
}

func (r *Recorder) add(s *Session) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sessions[s.camera] = append(r.sessions[s.camera], s)
}

func (r *Recorder) remove(s *Session) {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := r.sessions[s.camera]
	for i := range list {
		if list[i] == s {
			list = append(list[:i:i], list[i+1:]...)
			break
		}
	}
	if len(list) == 0 {
		delete(r.sessions, s.camera)
		return
	}
	r.sessions[s.camera] = list
}

func (r *Recorder) of(camera shouwang.CameraID) []*Session {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]*Session(nil), r.sessions[camera]...)
}

// OnEvent tells the sessions of the event's camera that something began, goes
// on or has ended. When it returns, the pre-roll of a new event is written.
func (r *Recorder) OnEvent(ctx context.Context, e shouwang.Event) {
	for _, s := range r.of(e.Camera) {
		s.onEvent(ctx, e)
	}
}

// Invalidate tells the sessions of a camera that what may be recorded has
// changed. When it returns, a segment that is no longer permitted is closed and
// nothing more of it is written.
func (r *Recorder) Invalidate(ctx context.Context, camera shouwang.CameraID) {
	for _, s := range r.of(camera) {
		s.invalidate(ctx)
	}
}

// Flush closes the open segments of a camera that are longer than two seconds,
// so that what was recorded up to now can be found and served. Recording goes on
// without a break.
func (r *Recorder) Flush(ctx context.Context, camera shouwang.CameraID) {
	for _, s := range r.of(camera) {
		s.flush(ctx)
	}
}

func (r *Recorder) step(name string) {
	if r.at != nil {
		r.at(name)
	}
}
