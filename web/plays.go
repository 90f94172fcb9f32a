package web

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/front"
	"shouwang/web/look"
)

// playIdle is how long after its last byte a playback counts as over.
const playIdle = time.Minute

// play is one playback under way: a browser fetches a clip in many Ranges, and
// all of them are one look.
type play struct {
	key     string
	look    *look.Look
	token   string
	expires time.Time
	decided uint64 // plays.changes before the gate was asked
	// span is what is shown: what the clip was when the look began. A clip grows
	// while its event lives, and the Ranges of one look must be of one file.
	span   shouwang.Span
	bytes  atomic.Int64
	active atomic.Int32 // requests being answered now
	over   atomic.Bool  // nothing more may leave

	last time.Time // of the newest request; owned by plays.mu
}

// plays are the playbacks of this process.
type plays struct {
	s  *Server
	wg sync.WaitGroup // ends being logged
	// changes counts what change was told, so that a look decided before a
	// change and begun after it is noticed.
	changes atomic.Uint64

	mu sync.Mutex
	by map[string]*play
}

func newPlays(s *Server) *plays { return &plays{s: s, by: map[string]*play{}} }

func playKey(c *front.Caller, clip shouwang.ClipID, why front.Why, view string) string {
	return c.Session.ID + "|" + string(clip) + "|" + view + "|" + why.Purpose + "|" + why.Case + "|" + why.Incident + "|" + why.SecondPerson + "|" + why.Approval + "|" + why.Order
}

// playback returns the play to serve from: the one under way when the gate
// still says the same, else a new look that the caller has to commit.
func (s *Server) playback(ctx context.Context, c *front.Caller, cam *policy.Camera, clip *StoredClip, why front.Why, view string) (p *play, again bool, err error) {
	key := playKey(c, clip.ID, why, view)
	req := s.playRequest(c, cam, clip, why)
	if p := s.plays.find(key); p != nil && s.Now().Before(p.expires) {
		within := req
		within.Within = p.look.Decision.DecisionID
		decision := s.cams.Foresee(c, within)
		decision.DecisionID = p.look.Decision.DecisionID
		if decision.Allowed() {
			if options, refused := s.looks.Carry(&decision, c, cam); refused == "" && sameOptions(options, p.look.Options) {
				return p, true, nil
			}
		}
		s.plays.end(p, "denied")
	}
	decided := s.plays.changes.Load()
	l, err := s.looks.Decide(ctx, c, req, cam)
	if err != nil {
		return nil, false, err
	}
	ttl := time.Duration(l.Decision.TTL) * time.Second
	if ttl <= 0 {
		ttl = defaultTTL
	}
	return &play{key: key, look: l, token: c.Token, expires: s.Now().Add(ttl), decided: decided, span: clip.Span}, false, nil
}

func (ps *plays) find(key string) *play {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	p := ps.by[key]
	if p != nil {
		p.last = ps.s.Now()
	}
	return p
}

// keep registers a play whose look is committed. It reports false, and has
// ended the play, when something changed since the gate was asked.
func (ps *plays) keep(p *play) bool {
	ps.mu.Lock()
	old := ps.by[p.key]
	ps.by[p.key] = p
	p.last = ps.s.Now()
	ps.mu.Unlock()
	if old != nil {
		ps.close(old, "asked again")
	}
	if ps.changes.Load() != p.decided {
		ps.end(p, EndChanged)
		return false
	}
	return true
}

// end takes a play out and logs its end.
func (ps *plays) end(p *play, reason string) {
	ps.mu.Lock()
	mine := ps.by[p.key] == p
	if mine {
		delete(ps.by, p.key)
	}
	ps.mu.Unlock()
	if mine {
		ps.close(p, reason)
	}
}

// close stops a play at once; its end is logged beside, since who tells of a
// change must not wait for the log.
func (ps *plays) close(p *play, reason string) {
	if !p.over.Swap(true) {
		ps.wg.Go(func() { p.look.End(p.bytes.Load(), reason) })
	}
}

// endWhere ends every play that the function picks.
func (ps *plays) endWhere(reason string, pick func(*play) bool) {
	ps.mu.Lock()
	var gone []*play
	for key, p := range ps.by {
		if pick(p) {
			gone = append(gone, p)
			delete(ps.by, key)
		}
	}
	ps.mu.Unlock()
	for _, p := range gone {
		ps.close(p, reason)
	}
}

// change stops every playback of a camera ("" for all) whose rights may have
// changed. A player that may go on asks for its next Range and is judged anew.
func (ps *plays) change(camera shouwang.CameraID) {
	ps.changes.Add(1)
	ps.endWhere("changed", func(p *play) bool { return camera == "" || p.look.Camera == camera })
}

// sweep ends what nobody has read for a minute, or whose time is over.
func (ps *plays) sweep() {
	now := ps.s.Now()
	ps.endWhere(EndViewer, func(p *play) bool {
		return p.active.Load() == 0 && now.Sub(p.last) > playIdle
	})
	ps.endWhere(EndTTL, func(p *play) bool { return !now.Before(p.expires) })
}

var errPlayOver = errors.New("playback is over")

// content is a play's file while it may be read.
type content struct {
	io.ReadSeeker
	p *play
}

// Read implements io.Reader; it fails from the moment the play is over.
func (c content) Read(b []byte) (int, error) {
	if c.p.over.Load() {
		return 0, errPlayOver
	}
	return c.ReadSeeker.Read(b)
}
