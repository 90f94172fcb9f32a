package look

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"shouwang"
	"shouwang/policy"
)

const (
	// maxOwed bounds the entries that wait for the log; an hour of a wall's looks
	// that end is a tenth of it.
	maxOwed = 10_000
	// awayRetry is how often a log that takes nothing is tried.
	awayRetry = 2 * time.Second
)

// journal is how the access log stands, shared by all ways to it.
type journal struct {
	away    atomic.Bool   // it takes nothing, so nothing may be shown
	refused chan struct{} // one token when it has just refused an entry

	mu   sync.Mutex
	owed []policy.Entry // what happened and is not in it yet, oldest first
	lost int
}

func newJournal() *journal { return &journal{refused: make(chan struct{}, 1)} }

// seeTo has the log tried at once, unless it is known to be away.
func (j *journal) seeTo() {
	if j.away.Load() {
		return
	}
	select {
	case j.refused <- struct{}{}:
	default:
	}
}

// MayShow is nil while the access log takes entries, as far as is known, and
// else says, as CodeAuditUnavailable, that nothing may be shown.
func (s *Looks) MayShow() error {
	if s.journal.away.Load() {
		return unlogged(nil)
	}
	return nil
}

// Owe has an entry logged of what has happened already and cannot be refused any
// more: at once or, where the log does not take it, as soon as it does. Until
// then it is in memory only. An entry that was too slow to be durable may be
// written twice: better so than never.
func (s *Looks) Owe(ctx context.Context, e policy.Entry) {
	var err error
	if err = s.MayShow(); err == nil {
		if _, err = s.Append(ctx, e); err == nil {
			return
		}
	}
	j := s.journal
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.owed) >= maxOwed {
		j.lost++
		s.front.Log.Error("AN ENTRY OF THE ACCESS LOG IS LOST: too many wait", "kind", e.Kind, "camera", e.Camera, "decision", e.DecisionID, "lost", j.lost)
		return
	}
	j.owed = append(j.owed, e)
	s.front.Log.Warn("an entry waits for the access log", "kind", e.Kind, "camera", e.Camera, "decision", e.DecisionID, "waiting", len(j.owed), "error", err)
}

// Settle writes what is owed, the oldest first, and returns how many entries
// still wait. One call at a time.
func (s *Looks) Settle(ctx context.Context) (waiting int) {
	for {
		next, waiting := s.journal.first()
		if waiting == 0 {
			return 0
		}
		_, err := s.write(ctx, next)
		s.journal.done(err == nil)
		if err != nil {
			s.front.Log.Error("an entry still waits for the access log", "kind", next.Kind, "camera", next.Camera, "waiting", waiting, "error", err)
			return waiting
		}
	}
}

func (j *journal) first() (policy.Entry, int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.owed) == 0 {
		return policy.Entry{}, 0
	}
	return j.owed[0], len(j.owed)
}

// done takes the first entry out; one that could not be written waits behind the
// others, which it must not hold up for ever.
func (j *journal) done(written bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if !written {
		j.owed = append(j.owed, j.owed[0])
	}
	j.owed = j.owed[1:]
}

// Watch tries the log regularly, and at once when it refused an entry, until ctx
// ends. While try fails nothing is shown: stop is called, again and again, to end
// what is under way. When the log takes entries again, what is owed is written.
func (s *Looks) Watch(ctx context.Context, every time.Duration, try func(context.Context) error, stop func()) {
	j := s.journal
	for {
		wait := every
		if j.away.Load() {
			wait = min(every, awayRetry)
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		case <-j.refused:
			timer.Stop()
		}
		s.tryOnce(ctx, try, stop)
	}
}

func (s *Looks) tryOnce(ctx context.Context, try func(context.Context) error, stop func()) {
	trial, cancel := context.WithTimeout(ctx, auditWithin)
	err := try(trial)
	cancel()
	switch {
	case ctx.Err() != nil:
		return
	case err != nil:
		if !s.journal.away.Swap(true) {
			s.front.Log.Error("THE ACCESS LOG CANNOT BE WRITTEN: nothing is shown until it can", "error", err)
		}
		stop()
		return
	}
	waiting := s.Settle(ctx)
	if s.journal.away.Swap(false) {
		s.front.Log.Info("the access log takes entries again", "waiting", waiting)
	}
}

// unlogged is what is said where nothing may be shown for want of a log.
func unlogged(err error) error {
	return &shouwang.Error{
		Code: shouwang.CodeAuditUnavailable, Err: err,
		Message: "the access log cannot be written, so nothing is shown; the log of the service says why",
	}
}
