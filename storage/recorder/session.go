package recorder

import (
	"context"
	"errors"
	"sync"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/policy/gate"
)

// Session records one stream of one camera. One goroutine runs it; events and
// changes of consent come from others, so all below mu belongs to the lock.
type Session struct {
	rec    *Recorder
	camera shouwang.CameraID
	stream shouwang.StreamKind

	mu      sync.Mutex
	history History
	sparing Sparing // nil where the source always gives whole units
	lean    bool    // it was asked for units without their bytes
	grant   gate.Grant
	stale   bool // the grant was doubted: ask again before using it
	seg     *segment

	seen     position // the last unit that came
	written  position // the last unit that was written
	seenAny  bool
	wroteAny bool

	lastParams *shouwang.Params // of the last unit written
	last       pace             // of the last unit that came
	lastSeen   time.Time        // our clock at that
	interval   time.Duration    // between pictures, as seen
	gop        time.Duration    // between key pictures, as seen
	lastKey    time.Time        // capture time of the last key picture

	due     due
	denied  time.Time // from when nothing permits to record; zero while something does
	denyRow time.Time // how far the row that says so reaches
	// denyCause is what that row says.
	denyCause shouwang.GapCause

	live  map[shouwang.EventID]*happening
	until time.Time // events want recording up to this capture time
	cut   bool      // close the segment at the next key picture
	bulk  bool      // much is written at once, and synced at the end
	carry bool      // the segment was closed within a GOP, which the next goes on with
	run   time.Time // capture time of the key picture that began the segments that go on with one another
	ended bool
}

// position orders units: by epoch, then sequence.
type position struct {
	epoch uint32
	seq   uint64
}

func (p position) before(u *shouwang.AccessUnit) bool {
	return p.epoch < u.Epoch || p.epoch == u.Epoch && p.seq < u.Seq
}

// pace is what the distance to the next unit is measured from: not the unit
// itself, whose bytes would stay in memory with it.
type pace struct {
	dts   shouwang.MediaTime
	epoch uint32
	any   bool
}

// Run records until src or ctx ends, closes the open segment, and returns the
// source's error, nil when ctx ended. history may be nil: then events have no
// pre-roll.
func (s *Session) Run(ctx context.Context, src Source, history History) error {
	s.mu.Lock()
	s.history, s.lean = history, false
	s.sparing, _ = src.(Sparing)
	s.resume(ctx)
	s.mu.Unlock()
	s.rec.add(s)
	defer s.rec.remove(s)
	err := s.loop(ctx, src)
	// The end must be written even though ctx is over.
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stop(closing)
	s.settleDenied(closing, s.rec.deps.Clock())
	s.ended = true
	if ctx.Err() != nil {
		return nil
	}
	return err
}

func (s *Session) loop(ctx context.Context, src Source) error {
	// What is begun is finished: a row that fails because ctx ended between the
	// file and its row would leave a segment that only a repair finds.
	work := context.WithoutCancel(ctx)
	quiet := s.rec.cfg.Idle / 2
	for last := time.Now(); ctx.Err() == nil; {
		left := quiet - time.Since(last)
		if left <= 0 {
			s.tick(work)
			last = time.Now()
			continue
		}
		var err error
		if last, err = s.stretch(ctx, work, src, left, last); err != nil {
			return err
		}
	}
	return nil
}

// stretch takes what comes for so long and returns when something last did: one
// context for many units, as each of them costs a timer.
func (s *Session) stretch(ctx, work context.Context, src Source, lasts time.Duration, last time.Time) (time.Time, error) {
	wait, cancel := context.WithTimeout(ctx, lasts)
	defer cancel()
	for wait.Err() == nil {
		u, err := src.Next(wait)
		if err == nil {
			s.take(work, u)
			last = time.Now()
			continue
		}
		var overrun *shouwang.Overrun
		switch {
		case errors.As(err, &overrun):
			s.overran(work, overrun)
		case wait.Err() != nil && ctx.Err() == nil:
			return last, nil
		default:
			return last, err
		}
		last = time.Now()
	}
	return last, nil
}

// take deals with one unit.
func (s *Session) take(ctx context.Context, u *shouwang.AccessUnit) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seenAny && !s.seen.before(u) {
		return // pre-roll had it already
	}
	s.observe(u)
	s.handle(ctx, u)
}

// handle decides what becomes of a unit and does it.
func (s *Session) handle(ctx context.Context, u *shouwang.AccessUnit) {
	at := u.Wall.At
	if !s.permitted(ctx, u) {
		s.spare(true)
		s.deny(ctx, at)
		return
	}
	s.settleDenied(ctx, at)
	how := s.grant.Recording()
	if how.Mode == policy.RecordNone || how.Retention <= 0 || how.Stream != "" && how.Stream != s.stream {
		s.rest(ctx)
		return
	}
	if how.Mode == policy.RecordEvents && !s.wanted(at) {
		s.rest(ctx)
		return
	}
	if u.Key {
		s.cutForClip(at)
	}
	s.spare(false)
	s.write(ctx, u)
}

// spare tells the source whether what comes now is to be recorded: if not, it
// need not bring the bytes.
func (s *Session) spare(lean bool) {
	if s.sparing != nil && s.lean != lean {
		s.lean = lean
		s.sparing.SetLean(lean)
	}
}

// permitted asks policy at every key picture and whenever the grant in hand
// does not cover the unit.
func (s *Session) permitted(ctx context.Context, u *shouwang.AccessUnit) bool {
	at := u.Wall.At
	if u.Key || s.stale || !s.grant.Covers(policy.Record, s.camera, at) {
		g := s.rec.deps.Permit(s.camera, at)
		if s.seg != nil && !sameTerms(s.grant, g) {
			s.split(ctx)
		}
		s.grant, s.stale = g, false
	}
	return s.grant.Covers(policy.Record, s.camera, at)
}

// sameTerms reports whether two grants say the same about recording: a new
// decision under the same consent and terms needs no new segment.
func sameTerms(a, b gate.Grant) bool {
	x, y := a.Decision(), b.Decision()
	return a.Recording() == b.Recording() && x.Consent == y.Consent
}

// observe learns the stream's pace.
func (s *Session) observe(u *shouwang.AccessUnit) {
	if s.last.any && s.last.epoch == u.Epoch {
		if d := (u.DTS - s.last.dts).Duration(); d > 0 && d < 2*time.Second {
			if s.interval == 0 {
				s.interval = d
			}
			s.interval += (d - s.interval) / 8
		}
	}
	if s.last.any && s.last.epoch != u.Epoch {
		s.due.blame(shouwang.GapOffline, "the connection was made anew")
	}
	if u.Lost > 0 {
		s.due.blame(shouwang.GapLoss, "")
	}
	if u.Key {
		if d := u.Wall.At.Sub(s.lastKey); d > 0 && d < time.Minute {
			s.gop = d
		}
		s.lastKey = u.Wall.At
	}
	s.last, s.lastSeen = pace{u.DTS, u.Epoch, true}, s.rec.deps.Clock()
	s.seen, s.seenAny = position{u.Epoch, u.Seq}, true
}

// overran notes units that never reached us.
func (s *Session) overran(ctx context.Context, o *shouwang.Overrun) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rec.deps.Log.Warn("recorder overran", "camera", s.camera, "stream", s.stream, "units", o.Units, "bytes", o.Bytes)
	s.close(ctx)
	s.due.blame(shouwang.GapOverflow, o.Error())
}

// invalidate doubts the grant, and closes at once what is not permitted now.
func (s *Session) invalidate(ctx context.Context) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return
	}
	s.stale = true
	s.split(ctx)
	now := s.rec.deps.Clock()
	if !s.rec.deps.Permit(s.camera, now).Covers(policy.Record, s.camera, now) {
		s.grant = gate.Grant{}
		s.deny(ctx, now)
	}
}

// flushAfter keeps a viewer who asks often from cutting a recording to pieces.
const flushAfter = 2 * time.Second

func (s *Session) flush(ctx context.Context) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seg != nil && s.seg.end.Sub(s.seg.meta.From) >= flushAfter {
		s.split(ctx)
	}
}

// split closes the open segment where it stands; the next goes on with the
// same GOP, so nothing is lost.
func (s *Session) split(ctx context.Context) {
	s.carry = s.carry || s.seg != nil
	s.close(ctx)
}

// carries reports whether a segment may begin at a unit that is no key
// picture, because it follows the last one written.
func (s *Session) carries(u *shouwang.AccessUnit) bool {
	return s.carry && u.Lost == 0 && s.written == position{u.Epoch, u.Seq - 1} && s.lastParams.Equal(u.Params)
}

// tick runs while no pictures come: it writes what is in memory, closes a
// segment that waits in vain, and states a gap while it lasts.
func (s *Session) tick(ctx context.Context) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.rec.deps.Clock()
	if s.seg != nil && !s.grant.Covers(policy.Record, s.camera, now) {
		s.grant = s.rec.deps.Permit(s.camera, now)
		if !s.grant.Covers(policy.Record, s.camera, now) {
			s.deny(ctx, now)
		}
	}
	if s.denied.IsZero() && now.Sub(s.lastSeen) >= s.rec.cfg.Idle {
		s.expire(now)
		s.close(ctx)
		s.due.state(ctx, s, now, s.linkCause())
	}
	if !s.denied.IsZero() {
		s.noteDenied(ctx, now, time.Minute)
	}
}

func (s *Session) linkCause() shouwang.GapCause {
	if s.rec.deps.Link != nil && s.rec.deps.Link(s.camera, s.stream) == shouwang.LinkStalled {
		return shouwang.GapStalled
	}
	return shouwang.GapOffline
}
