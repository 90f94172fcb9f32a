package pool

import (
	"context"
	"fmt"
	"sync"
	"time"

	"shouwang"
	"shouwang/analyze"
	"shouwang/analyze/view"
)

// Pool owns the analyzer processes. All its methods may be called from any
// goroutine.
type Pool struct {
	cfg    Config
	binary string
	spawn  chan func() // run on the thread that the processes are children of
	stop   chan struct{}
	wg     sync.WaitGroup
	idle   chan struct{} // closed when every process has gone
	thread sync.WaitGroup

	mu      sync.Mutex // guards all below, every worker and every stream
	workers []*worker
	probe   *worker // runs suspects, one unit at a time; nil until needed
	streams map[uint32]*stream
	handle  uint32
	strikes map[shouwang.CameraID]strike
	poison  map[shouwang.CameraID]time.Time // until when
	closed  bool
	stats   counters

	classifier string // what names things; set before the first process starts
}

type counters struct {
	Answered, Dropped, Lost, Deaths, Stuck, Overgrown, Greedy, Moves uint64
	Asked, ClassifyMicros                                            uint64
	Signalled, Superseded                                            uint64
}

// New starts the analyzer processes and returns when the first one is ready
// to work; Close must be called. Errors are CodeNoAnalyzer when the binary is
// missing or will not start, with what it said, and CodeBadConfig.
func New(ctx context.Context, cfg Config) (*Pool, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	binary, err := findBinary(cfg.Binary)
	if err != nil {
		return nil, err
	}
	p := &Pool{
		cfg: cfg, binary: binary, spawn: make(chan func()), stop: make(chan struct{}), idle: make(chan struct{}),
		streams: map[uint32]*stream{}, strikes: map[shouwang.CameraID]strike{}, poison: map[shouwang.CameraID]time.Time{},
	}
	if err := p.tryModel(ctx); err != nil && cfg.ModelNeeded {
		return nil, err
	}
	p.thread.Go(p.spawner)
	p.mu.Lock() // a process may die before the last one is started
	for i := range cfg.Workers {
		p.workers = append(p.workers, p.startWorker(i, false))
	}
	p.mu.Unlock()
	p.wg.Go(p.watch)
	select {
	case err = <-p.workers[0].started:
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

// Close ends every session and renderer and every process: those get two
// seconds to finish what they have in hand, then they are killed.
func (p *Pool) Close() {
	p.mu.Lock()
	first := !p.closed
	if first {
		p.closed = true
		for _, s := range p.streams {
			if s.render != nil {
				s.render.abandon()
			}
			p.end(s, nil)
		}
		close(p.stop)
		for _, w := range p.all() {
			w.cond.Broadcast()
			if w.proc != nil {
				w.proc.hangUp()
			}
		}
	}
	p.mu.Unlock()
	p.wg.Wait()
	if first {
		close(p.idle)
	}
	p.thread.Wait()
}

// all returns the workers, the probe included. Call under mu.
func (p *Pool) all() []*worker {
	if p.probe == nil {
		return p.workers
	}
	return append(p.workers[:len(p.workers):len(p.workers)], p.probe)
}

// newStream gives a stream its handle and its worker. Call under mu.
func (p *Pool) newStream(cam shouwang.CameraID) (*stream, error) {
	if p.closed {
		return nil, ErrClosed
	}
	if p.poisoned(cam) {
		return nil, poisonErr(cam)
	}
	p.handle++
	s := &stream{
		p: p, handle: p.handle, cam: cam, queue: make([]job, p.cfg.Queue), needKey: true, cost: 500,
		room: make(chan struct{}, 1), gone: make(chan struct{}),
	}
	s.home = p.lightest()
	p.streams[s.handle] = s
	if _, struck := p.strikes[cam]; struck {
		p.suspect(cam)
	}
	return s, nil
}

// lightest returns the worker with the least to do.
func (p *Pool) lightest() *worker {
	load := map[*worker]float64{}
	for _, s := range p.streams {
		if s.home != nil {
			load[s.home] += s.weight()
		}
	}
	best := p.workers[0]
	for _, w := range p.workers[1:] {
		if load[w] < load[best] {
			best = w
		}
	}
	return best
}

// weight estimates the stream's load in microseconds of CPU a second; one that
// is new counts a little, so that a thousand opened at once are spread.
func (s *stream) weight() float64 {
	if s.render != nil {
		return max(s.rate, 30_000)
	}
	return max(s.rate, 1000)
}

// end closes a stream for good. Call under mu.
func (p *Pool) end(s *stream, why error) {
	if s.closed {
		return
	}
	s.closed = true
	if s.fault == nil {
		s.fault = why
	}
	if s.sent != nil {
		s.home.sayClose(s.handle)
	}
	clear(s.queue)
	s.n, s.bytes = 0, 0
	delete(p.streams, s.handle)
	close(s.gone)
}

// Options are how a camera is analysed.
type Options struct {
	// Model names the detector: "" is the default, "mog2" the reference.
	Model string
	// Config is the detector's own JSON, at most 16 KiB; empty for defaults.
	Config []byte
	// Veil keeps, at about 0.1 ms of CPU a look, what a later Render with
	// BlurPeople needs to know of the scene. Set it where a consent asks for
	// blurring: without it a new viewer first sees 15 s of blocks only.
	Veil bool
	// Found is given the answers to Session.Ask, from the same goroutine as
	// the observations. Without it nothing is asked.
	Found func(Found)
	// Mask asks for Observation.Mask, which is costly to carry.
	Mask bool
	// View is given a grid of the picture about every five seconds, from the
	// same goroutine as the observations. Without it none is made.
	View func(view.Grid)
}

// Session is one camera's stream under analysis.
type Session struct {
	s    *stream
	opts Options
	sink func(analyze.Observation)

	masks masks // guarded by Pool.mu
}

// Open starts the analysis of one stream of a camera. sink is called once for
// each unit that was pushed and not dropped, in order, from a goroutine that
// serves many cameras: it must not block. What it is given may be kept. After
// Close it is called at most once more. The error is CodePoison while the
// camera is in quarantine.
func (p *Pool) Open(cam shouwang.CameraID, o Options, sink func(analyze.Observation)) (*Session, error) {
	if len(o.Config) > 16<<10 {
		return nil, shouwang.Errorf(shouwang.CodeBadConfig, "the detector configuration of camera %s exceeds 16 KiB", cam)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	s, err := p.newStream(cam)
	if err != nil {
		return nil, fmt.Errorf("open analysis of camera %s: %w", cam, err)
	}
	s.sess = &Session{s: s, opts: o, sink: sink}
	return s.sess, nil
}

// Push queues one unit and never waits. Units of ModeChain must follow each
// other in the stream's order from a key frame on; a unit of the past may be
// pushed again to catch up, and is then not observed twice. Errors:
// ErrDropped when too much waits (the next key frame with room goes on),
// CodePoison while the camera is in quarantine, CodeBadStream or CodeBadCodec
// until the stream changes its parameter sets, ErrClosed.
func (s *Session) Push(au *shouwang.AccessUnit, mode analyze.Mode) error { return s.s.push(au, mode) }

// PushWait is Push for files: it waits for room and drops nothing.
func (s *Session) PushWait(ctx context.Context, au *shouwang.AccessUnit, mode analyze.Mode) error {
	return s.s.pushWait(ctx, au, mode)
}

// Drain waits until every unit pushed so far was answered.
func (s *Session) Drain(ctx context.Context) error { return s.s.drain(ctx) }

// Stats returns the session's counters.
func (s *Session) Stats() SessionStats { return s.s.snapshot() }

// Close ends the session; what waits is dropped. It may be called twice.
func (s *Session) Close() {
	s.s.p.mu.Lock()
	defer s.s.p.mu.Unlock()
	s.s.p.end(s.s, nil)
}
