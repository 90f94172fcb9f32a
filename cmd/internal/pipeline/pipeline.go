// Package pipeline joins what looks at one stream: the cascade decides what is
// decoded, an analyzer process decodes and observes, and the observations
// become events. Cameras and files go through the same.
package pipeline

import (
	"context"
	"sync"
	"time"

	"shouwang"
	"shouwang/analyze"
	"shouwang/analyze/cascade"
	"shouwang/analyze/event"
	"shouwang/analyze/event/rules"
	"shouwang/analyze/pool"
)

// Config is how a stream is looked at.
type Config struct {
	Cascade cascade.Config
	Event   event.Config
	Pool    pool.Options
	Rules   []rules.Rule
	// Load returns a unit with its bytes, nil when they are gone; nil where units
	// always have them. Only what is to be decoded is loaded.
	Load func(*shouwang.AccessUnit) *shouwang.AccessUnit
}

// Sinks take what comes out, in order, from a goroutine that serves many
// streams: they must not block. Slices are the callee's until it returns.
type Sinks struct {
	Events       func([]shouwang.Event)
	Observations func(*analyze.Observation) // may be nil
}

// Pipeline looks at one stream. Unit is for one goroutine.
type Pipeline struct {
	session *pool.Session
	cascade *cascade.Controller
	waiting *waiting
	sinks   Sinks

	mu      sync.Mutex
	eventer *event.Eventer
	been    func(shouwang.Box) bool // the eventer's, made once
	rules   *rules.Engine
	spent   Spent
}

// Open begins to look at a camera's stream. Errors are the pool's.
func Open(p *pool.Pool, camera shouwang.CameraID, cfg Config, sinks Sinks) (*Pipeline, error) {
	l := &Pipeline{sinks: sinks, eventer: event.New(camera, cfg.Event), rules: rules.New(camera, cfg.Rules)}
	l.been = l.eventer.Been
	// The session calls observed only after units are pushed, hence after Open.
	cfg.Pool.Found = l.named
	session, err := p.Open(camera, cfg.Pool, l.observed)
	if err != nil {
		return nil, err
	}
	l.session, l.waiting = session, &waiting{session: session, load: cfg.Load}
	l.cascade = cascade.New(cfg.Cascade, l.waiting)
	return l, nil
}

// Unit takes the stream's next access unit and never waits. Errors are those
// of pool.Session.Push.
func (l *Pipeline) Unit(au *shouwang.AccessUnit) error { return l.cascade.Unit(au) }

// UnitWait is Unit for files: it waits for room and, after each key frame,
// until the cascade has seen it, so that it decides as it would live.
func (l *Pipeline) UnitWait(ctx context.Context, au *shouwang.AccessUnit) error {
	l.waiting.ctx = ctx
	if err := l.cascade.Unit(au); err != nil {
		return err
	}
	if au.Key {
		return l.cascade.Wait(ctx, au.Seq)
	}
	return nil
}

// Drain waits until all units were observed and ends what lives.
func (l *Pipeline) Drain(ctx context.Context) error {
	err := l.session.Drain(ctx)
	l.End()
	return err
}

// End ends the events that live, as when the camera goes away.
func (l *Pipeline) End() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sinks.Events(l.eventer.Close())
	l.sinks.Events(l.rules.Close())
}

// SetRules replaces the rules; what lives under one that stays lives on.
func (l *Pipeline) SetRules(list []rules.Rule) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rules.Set(list)
}

// Close gives the session back; no more is observed.
func (l *Pipeline) Close() { l.session.Close() }

// Cascade returns the cascade's controller, for its status and settings.
func (l *Pipeline) Cascade() *cascade.Controller { return l.cascade }

// Spent is the time that each stage took: CPU time of the analyzer for decoding
// and for the background model, time of this process for following, events and
// rules.
type Spent struct{ Decode, Pixels, Tracks time.Duration }

// Spent returns what each stage took so far.
func (l *Pipeline) Spent() Spent {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.spent
}

// Stats returns the session's counters.
func (l *Pipeline) Stats() pool.SessionStats { return l.session.Stats() }

func (l *Pipeline) observed(o analyze.Observation) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.sinks.Observations != nil {
		l.sinks.Observations(&o)
	}
	l.spent.Decode += time.Duration(o.DecodeMicros) * time.Microsecond
	l.spent.Pixels += time.Duration(o.PixelMicros) * time.Microsecond
	began := time.Now()
	defer func() { l.spent.Tracks += time.Since(began) }()
	l.eventer.SetGlimpse(l.cascade.Policy() == cascade.Presence)
	if events := l.eventer.Observe(&o); len(events) > 0 {
		l.sinks.Events(events)
	}
	if events := l.rules.Observe(&o, l.eventer.Tracks()); len(events) > 0 {
		l.sinks.Events(events)
	}
	for _, w := range l.eventer.Wants() {
		l.session.Ask(w.Ticket, w.Box)
	}
	l.cascade.Seen(&o, cascade.Sight{Live: l.eventer.Live(), Promising: l.eventer.Promising(), Stirring: l.eventer.Stirring(), Doubt: l.eventer.Doubts(), Been: l.been})
}

// named takes what the classifier says of a thing that was asked about.
func (l *Pipeline) named(f pool.Found) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.eventer.Named(f.Ticket, f.Label, f.Score, f.Box)
}

// waiting is the session as the cascade's decoder: it waits for room when it
// was given a context to wait with.
type waiting struct {
	session *pool.Session
	load    func(*shouwang.AccessUnit) *shouwang.AccessUnit
	ctx     context.Context //nolint:containedctx // that of the UnitWait under way
}

// Push hands a unit to the session, with its bytes.
func (w *waiting) Push(au *shouwang.AccessUnit, mode analyze.Mode) error {
	if !au.Whole() && w.load != nil {
		if au = w.load(au); au == nil {
			return pool.ErrDropped // so far behind that the history has moved on
		}
	}
	if w.ctx != nil {
		return w.session.PushWait(w.ctx, au, mode)
	}
	return w.session.Push(au, mode)
}
