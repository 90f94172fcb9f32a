package pool

import (
	"context"
	"errors"
	"time"

	"shouwang"
	"shouwang/analyze"
	"shouwang/analyze/wire"
)

// ErrDropped says that a unit was dropped because too many wait. Units are
// then dropped until the next key frame that finds room.
var ErrDropped = errors.New("access unit dropped: analysis is behind")

// ErrClosed says that the session, the renderer or the pool was closed.
var ErrClosed = errors.New("analysis is closed")

// job is a unit that waits.
type job struct {
	au   *shouwang.AccessUnit
	mode analyze.Mode
	at   time.Time // queued
}

// unitInfo is what is kept of a unit, without its data, until its picture
// comes back.
type unitInfo struct {
	num    uint64
	epoch  uint32
	seq    uint64
	pts    shouwang.MediaTime
	wall   shouwang.WallStamp
	stream shouwang.StreamKind
	key    bool
}

// recent is how many units may pass until a picture comes out of the decoder.
const recent = 64

// stream is what sessions and renderers have in common: a queue of units that
// one worker takes from. Everything is guarded by Pool.mu.
type stream struct {
	p      *Pool
	handle uint32
	cam    shouwang.CameraID
	home   *worker
	moveTo *worker
	render *Render  // nil for a session
	sess   *Session // nil for a renderer

	queue   []job // a ring
	head, n int
	bytes   int
	num     uint64 // units given to the process, which numbers them
	// needKey: units are refused until a key frame comes, as what they refer
	// to was dropped or died.
	needKey bool
	// sent is what the process was last told; nil if it does not know the
	// stream.
	sent     *shouwang.Params
	inflight int
	known    [recent]unitInfo
	room     chan struct{} // one token when units were taken or answered
	gone     chan struct{} // closed with the stream
	closed   bool

	fault       error            // what the process said about...
	faultParams *shouwang.Params // ...these parameter sets
	lastFault   time.Time        // logged

	// Scheduling, in microseconds of CPU time.
	deficit, cost int64
	ready         bool
	next          *stream

	// Probation after a death that this stream may have caused.
	suspect   bool
	cleared   int // units answered while under suspicion
	lastDrop  time.Time
	moved     time.Time // when a move was last decided on
	lastRound uint64    // stats.CPUMicros at the last look
	rate      float64
	stats     SessionStats
}

// SessionStats counts what became of one stream's units.
type SessionStats struct {
	Pushed, Dropped, Answered, Decoded, Damaged uint64
	// Lost counts units in hand of a process that died.
	Lost      uint64
	CPUMicros uint64
	// Keys counts the key frames decoded by themselves, KeyMicros their share
	// of CPUMicros.
	Keys, KeyMicros uint64
	// Superseded counts key frames that a newer one took the place of.
	Superseded          uint64
	Waiting, WaitingLen int // bytes, units
	// Worker is the index of the process that has the stream.
	Worker int
	// Degraded says that units were dropped within the last ten seconds.
	Degraded bool
	// Suspect says that the stream runs alone because a process died on it.
	Suspect bool
}

// admit decides under the lock whether a unit may be queued.
func (s *stream) admit(au *shouwang.AccessUnit, mode analyze.Mode) error {
	if s.closed {
		return s.closedErr()
	}
	if s.p.poisoned(s.cam) {
		return poisonErr(s.cam)
	}
	if s.fault != nil {
		if au.Params.Equal(s.faultParams) {
			return s.fault
		}
		s.fault = nil
	}
	if mode == analyze.ModeKey && !au.Key {
		return shouwang.Errorf(shouwang.CodeInternal, "only a key frame can be decoded by itself")
	}
	if len(au.Data) == 0 || len(au.Data) > wire.MaxUnit {
		return shouwang.Errorf(shouwang.CodeBadStream, "the camera sent an access unit of %d bytes", len(au.Data))
	}
	return nil
}

func (s *stream) closedErr() error {
	if s.fault != nil {
		return s.fault
	}
	return ErrClosed
}

func (s *stream) full(size int) bool {
	return s.n == len(s.queue) || s.n > 0 && s.bytes+size > s.p.cfg.QueueBytes
}

// push queues a unit or drops it, never waiting.
func (s *stream) push(au *shouwang.AccessUnit, mode analyze.Mode) error {
	s.p.mu.Lock()
	defer s.p.mu.Unlock()
	if err := s.admit(au, mode); err != nil {
		return err
	}
	s.stats.Pushed++
	switch {
	case au.Key && s.stale():
		s.skip()
	case mode == analyze.ModeKey:
		s.supersede()
	}
	if s.full(len(au.Data)) || s.stale() || s.needKey && !au.Key {
		s.needKey = true
		s.drop(1)
		return ErrDropped
	}
	s.enqueue(au, mode)
	return nil
}

// staleAfter is how long what waits may have waited before a live stream is
// cut and goes on with the present.
const staleAfter = 8 * time.Second

// stale reports whether the stream is too far behind to be worth going on with.
func (s *stream) stale() bool {
	return s.n > 0 && s.p.cfg.Now().Sub(s.queue[s.head].at) > staleAfter
}

// skip drops what waited too long: a key frame is there to go on with.
func (s *stream) skip() {
	s.drop(s.n)
	clear(s.queue)
	s.head, s.n, s.bytes = 0, 0, 0
}

// supersede takes away a key frame that waits to be decoded by itself when a
// newer one comes: when there is not time for all, the present counts.
func (s *stream) supersede() {
	if s.n == 0 {
		return
	}
	last := &s.queue[(s.head+s.n-1)%len(s.queue)]
	if last.mode != analyze.ModeKey {
		return
	}
	s.bytes -= len(last.au.Data)
	*last = job{}
	s.n--
	s.stats.Superseded++
	s.p.stats.Superseded++
	s.lastDrop = s.p.cfg.Now()
}

func (s *stream) drop(units int) {
	s.stats.Dropped += uint64(units)
	s.p.stats.Dropped += uint64(units)
	s.lastDrop = s.p.cfg.Now()
}

// pushWait queues a unit, waiting for room.
func (s *stream) pushWait(ctx context.Context, au *shouwang.AccessUnit, mode analyze.Mode) error {
	for {
		s.p.mu.Lock()
		err := s.admit(au, mode)
		if err == nil && !s.full(len(au.Data)) && !s.outputFull() {
			s.stats.Pushed++
			if s.needKey && !au.Key {
				s.drop(1)
				err = ErrDropped
			} else {
				s.enqueue(au, mode)
			}
			s.p.mu.Unlock()
			return err
		}
		s.p.mu.Unlock()
		if err != nil {
			return err
		}
		if err := s.wait(ctx); err != nil {
			return err
		}
	}
}

// wait returns when something about the queue may have changed.
func (s *stream) wait(ctx context.Context) error {
	select {
	case <-s.room:
		return nil
	case <-s.gone:
		return s.err()
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *stream) err() error {
	s.p.mu.Lock()
	defer s.p.mu.Unlock()
	return s.closedErr()
}

// drain waits until every unit was answered or lost.
func (s *stream) drain(ctx context.Context) error {
	for {
		s.p.mu.Lock()
		idle := s.n == 0 && s.inflight == 0
		s.p.mu.Unlock()
		if idle {
			return nil
		}
		if err := s.wait(ctx); err != nil {
			return err
		}
	}
}

func (s *stream) enqueue(au *shouwang.AccessUnit, mode analyze.Mode) {
	if au.Key {
		s.needKey = false
		s.maybeMove()
	}
	s.queue[(s.head+s.n)%len(s.queue)] = job{au, mode, s.p.cfg.Now()}
	s.n++
	s.bytes += len(au.Data)
	s.home.wake(s)
}

// take removes the oldest unit that waits.
func (s *stream) take() job {
	j := s.queue[s.head]
	s.queue[s.head] = job{}
	s.head = (s.head + 1) % len(s.queue)
	s.n--
	s.bytes -= len(j.au.Data)
	s.signal()
	return j
}

// forget drops what waits and what the process knew.
func (s *stream) forget() {
	if s.n > 0 {
		s.skip()
	}
	s.sent, s.needKey, s.inflight = nil, true, 0
	if s.sess != nil {
		s.sess.masks = nil
	}
	s.signal()
}

func (s *stream) signal() {
	select {
	case s.room <- struct{}{}:
	default:
	}
}

// remember numbers a unit that goes to the process.
func (s *stream) remember(au *shouwang.AccessUnit) uint64 {
	s.num++
	s.known[s.num%recent] = unitInfo{s.num, au.Epoch, au.Seq, au.PTS, au.Wall, au.Stream, au.Key}
	return s.num
}

func (s *stream) info(num uint64) (unitInfo, bool) {
	i := s.known[num%recent]
	return i, num > 0 && i.num == num
}

// snapshot returns the counters.
func (s *stream) snapshot() SessionStats {
	s.p.mu.Lock()
	defer s.p.mu.Unlock()
	st := s.stats
	st.Waiting, st.WaitingLen = s.bytes, s.n
	st.Degraded = !s.lastDrop.IsZero() && s.p.cfg.Now().Sub(s.lastDrop) < 10*time.Second
	st.Suspect, st.Worker = s.suspect, s.home.index
	return st
}
