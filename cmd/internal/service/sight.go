package service

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"shouwang"
	"shouwang/analyze"
	"shouwang/analyze/event"
	"shouwang/analyze/pool"
	"shouwang/ingest"
	"shouwang/policy"
)

// sight is the looking at one camera: access units go from the hub to an
// analyzer, what it observes becomes events. Nothing waits for it.
type sight struct {
	camera  shouwang.CameraID
	gate    *policy.Gate
	pool    *pool.Pool
	log     *slog.Logger
	onEvent func(shouwang.Event) // must not block
	clock   func() time.Time

	grant string // the last grant's id; of the reading goroutine

	mu      sync.Mutex // guards the eventer and what it says
	eventer *event.Eventer
	granted string
	state   sightState
}

// sightState is what the system page and the tiles say about the looking.
type sightState struct {
	Allowed bool
	Reason  string
	Dropped uint64
	Poison  bool
}

// run reads the hub until ctx ends or the stream is taken down.
func (s *sight) run(ctx context.Context, hub *ingest.Hub) {
	reader := hub.Subscribe(ingest.ReaderConfig{Name: "analysis", Policy: ingest.SkipToKey})
	defer reader.Close()
	for ctx.Err() == nil {
		session, err := s.pool.Open(s.camera, pool.Options{}, s.observed)
		if err != nil {
			s.refused(err)
			if !sleep(ctx, time.Minute) {
				return
			}
			continue
		}
		err = s.feed(ctx, reader, session)
		session.Close()
		s.ended()
		if errors.Is(err, ingest.ErrHubClosed) || errors.Is(err, pool.ErrClosed) {
			return
		}
	}
}

// feed hands units on for as long as the session can take any.
func (s *sight) feed(ctx context.Context, reader *ingest.Reader, session *pool.Session) error {
	for {
		unit, err := reader.Next(ctx)
		if err != nil {
			return err
		}
		if !s.allowed(unit.Wall.At) {
			continue
		}
		switch err := session.Push(unit, analyze.ModeChain); {
		case err == nil:
		case errors.Is(err, pool.ErrDropped):
			s.mu.Lock()
			s.state.Dropped++
			s.mu.Unlock()
		case shouwang.CodeOf(err) == shouwang.CodePoison || errors.Is(err, pool.ErrClosed):
			return err
		}
	}
}

// allowed asks the gate about every picture; the gate remembers its answers,
// so this costs less than a microsecond.
func (s *sight) allowed(captured time.Time) bool {
	grant := s.gate.Analyze(s.camera, captured)
	ok := grant.Covers(policy.Analyze, s.camera, captured)
	if ok && grant.ID() == s.grant {
		return true
	}
	s.grant = grant.ID()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state.Allowed && !ok {
		s.say(s.eventer.Close())
	}
	s.granted, s.state.Allowed, s.state.Reason = grant.ID(), ok, ""
	if d := grant.Decision(); !ok && len(d.Reasons) > 0 {
		s.state.Reason = string(d.Reasons[0])
	}
	return ok
}

// observed takes what an analyzer saw; it is called from a goroutine that
// serves many cameras.
func (s *sight) observed(o analyze.Observation) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.state.Allowed {
		return
	}
	s.say(s.eventer.Observe(&o))
}

func (s *sight) ended() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.say(s.eventer.Close())
}

// say hands events on; call it under mu, since the slice is the eventer's.
func (s *sight) say(events []shouwang.Event) {
	for _, e := range events {
		e.Grant = s.granted
		s.onEvent(e)
	}
}

func (s *sight) refused(err error) {
	s.log.Warn("camera is not analysed", "camera", s.camera, "error", err)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.Poison = shouwang.CodeOf(err) == shouwang.CodePoison
	s.state.Reason = string(shouwang.CodeOf(err))
}

// snapshot returns the present state.
func (s *sight) snapshot() sightState {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state
}

// sleep waits, and reports whether ctx still lives.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
