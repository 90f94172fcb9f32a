package service

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"shouwang"
	"shouwang/analyze/cascade"
	"shouwang/analyze/pool"
	"shouwang/cmd/internal/pipeline"
	"shouwang/ingest"
	"shouwang/policy"
	"shouwang/policy/gate"
)

// sight is the looking at one camera, as far as the gate lets it: access units
// go from the hub into the pipeline, events come out. Nothing waits for it.
type sight struct {
	camera  shouwang.CameraID
	cfg     pipeline.Config
	rules   string // file that may hold the camera's rules
	gate    *gate.Gate
	pool    *pool.Pool
	log     *slog.Logger
	onEvent func(shouwang.Event)     // must not block
	closed  func(*pipeline.Pipeline) // told of each pipeline before it is given back

	last string        // the last grant's id; of the reading goroutine
	wake chan struct{} // one token: try again now

	mu      sync.Mutex
	granted string // what events are stamped with, "" while not allowed
	state   sightState
	pipe    *pipeline.Pipeline
}

// sightState is what the system page and the tiles say about the looking.
type sightState struct {
	Allowed, Degraded bool
	Policy, Reason    string
}

// run reads the hub until ctx ends or the stream is taken down.
func (s *sight) run(ctx context.Context, hub *ingest.Hub) {
	reader := hub.Subscribe(ingest.ReaderConfig{Name: "analysis", Policy: ingest.SkipToKey, Lean: true})
	defer reader.Close()
	s.cfg.Load = reader.Load
	for ctx.Err() == nil {
		pipe, err := pipeline.Open(s.pool, s.camera, s.cfg, pipeline.Sinks{Events: s.say})
		if err != nil {
			s.refused(err)
			if !s.wait(ctx) {
				return
			}
			continue
		}
		// Until the load is known; the attendant looks every second.
		pipe.Cascade().Shed(cascade.StepAudit)
		s.set(pipe)
		watching, stop := context.WithCancel(ctx)
		var following sync.WaitGroup
		following.Go(func() { s.followRules(watching, pipe) })
		err = s.feed(ctx, reader, pipe)
		stop()
		following.Wait()
		s.set(nil)
		pipe.End()
		s.closed(pipe)
		pipe.Close()
		if errors.Is(err, ingest.ErrHubClosed) || errors.Is(err, pool.ErrClosed) {
			return
		}
	}
}

// feed hands units on for as long as the pipeline can take any. That one was
// dropped for want of room is counted by the pool; a stream that cannot be
// decoded is no reason to stop trying.
func (s *sight) feed(ctx context.Context, reader *ingest.Reader, pipe *pipeline.Pipeline) error {
	for {
		unit, err := reader.Next(ctx)
		if err != nil {
			return err
		}
		if !s.allowed(unit.Wall.At, pipe) {
			continue
		}
		err = pipe.Unit(unit)
		if shouwang.CodeOf(err) == shouwang.CodePoison || errors.Is(err, pool.ErrClosed) {
			return err
		}
	}
}

// allowed asks the gate about every picture; the gate remembers its answers,
// so this costs less than a microsecond.
func (s *sight) allowed(captured time.Time, pipe *pipeline.Pipeline) bool {
	grant := s.gate.Analyze(s.camera, captured)
	ok := grant.Covers(policy.Analyze, s.camera, captured)
	if ok && grant.ID() == s.last {
		return true
	}
	if !ok && s.last != "" {
		pipe.End()
	}
	s.last = grant.ID()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.granted, s.state = s.last, sightState{Allowed: ok}
	if d := grant.Decision(); !ok && len(d.Reasons) > 0 {
		s.state.Reason = string(d.Reasons[0])
	}
	return ok
}

// say stamps events with the permission they rest on and hands them on.
func (s *sight) say(events []shouwang.Event) {
	s.mu.Lock()
	granted := s.granted
	s.mu.Unlock()
	for _, e := range events {
		e.Grant = granted
		s.onEvent(e)
	}
}

func (s *sight) set(pipe *pipeline.Pipeline) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pipe = pipe
}

func (s *sight) refused(err error) {
	s.log.Warn("camera is not analysed", "camera", s.camera, "error", err)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state = sightState{Reason: string(shouwang.CodeOf(err))}
}

// snapshot returns the present state.
func (s *sight) snapshot() sightState {
	s.mu.Lock()
	st, pipe := s.state, s.pipe
	s.mu.Unlock()
	if pipe == nil || !st.Allowed {
		return st
	}
	c := pipe.Cascade().Status()
	st.Policy, st.Reason = string(c.Policy), c.Reason
	st.Degraded = pipe.Stats().Degraded || c.Step >= cascade.StepPresence
	return st
}

// pipeline returns what looks at the camera now, nil while nothing does.
func (s *sight) pipeline() *pipeline.Pipeline {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pipe
}

// wait waits before the next try to open the analysis, or until retry.
func (s *sight) wait(ctx context.Context) bool {
	t := time.NewTimer(time.Minute)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-s.wake:
	case <-t.C:
	}
	return true
}

// retry opens the analysis again now, if it is waiting for that.
func (s *sight) retry() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
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
