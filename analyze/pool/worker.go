package pool

import (
	"errors"
	"math"
	"sync"
	"time"

	"shouwang"
	"shouwang/analyze"
	"shouwang/analyze/wire"
)

// worker is one place for an analyzer process; processes come and go in it.
// All fields are guarded by Pool.mu unless said otherwise.
type worker struct {
	p     *Pool
	index int
	probe bool
	cond  *sync.Cond // what the sender waits on

	first, tail *stream // whose turn is next
	flights     []flight
	flightBytes int
	proc        *process // nil while none runs
	ctl         []byte   // messages that go before any unit
	progress    uint64   // answers so far
	busy        uint64   // microseconds that answers reported
	last        wire.Stats
	restarts    uint64
	util        float64 // share of a core, over the last look
	look        look
	started     chan error // the first process's fate, once

	regions []analyze.Region // the receiver's slab
}

// look is what the watchdog saw last.
type look struct {
	progress, busy uint64
	since          time.Time     // of the last progress
	cpu            time.Duration // of the process then
	at             time.Time     // when CPU time was last held against Cores...
	all            time.Duration // ...and what it was
}

func (p *Pool) startWorker(index int, probe bool) *worker {
	w := &worker{p: p, index: index, probe: probe, started: make(chan error, 1), flights: make([]flight, 0, windowUnits)}
	w.cond = sync.NewCond(&p.mu)
	p.wg.Go(w.supervise)
	return w
}

// supervise keeps a process running, with back-off, until the pool closes.
func (w *worker) supervise() {
	backoff := 100 * time.Millisecond
	for {
		began := time.Now()
		err := w.run()
		select {
		case w.started <- err:
		default:
		}
		if time.Since(began) > 30*time.Second {
			backoff = 100 * time.Millisecond
		}
		wait := time.NewTimer(backoff)
		select {
		case <-w.p.stop:
			wait.Stop()
			return
		case <-wait.C:
		}
		backoff = min(2*backoff, 10*time.Second)
	}
}

// run is the life of one process.
func (w *worker) run() error {
	pr, err := w.p.start()
	if err != nil {
		w.p.cfg.Logger.Error("start analyzer", "worker", w.index, "err", err)
		return err
	}
	w.p.mu.Lock()
	if w.p.closed {
		pr.hangUp()
	}
	w.proc = pr
	w.look = look{progress: w.progress, busy: w.busy, since: w.p.cfg.Now(), at: w.p.cfg.Now()}
	w.p.mu.Unlock()
	var sender sync.WaitGroup
	sender.Go(func() { w.send(pr) })
	greeted, err := w.receive(pr)
	w.p.mu.Lock()
	w.proc = nil
	w.cond.Broadcast()
	closing := w.p.closed
	w.p.mu.Unlock()
	pr.conn.Close()
	sender.Wait()
	how := pr.reap(w.p, closing, err)
	if !closing {
		w.died(pr, how, err)
	}
	if !greeted {
		return shouwang.Errorf(shouwang.CodeNoAnalyzer, "shouwang-analyzer does not work: %s", how.text)
	}
	return nil
}

// send gives the process its units, one stream's turn after the other.
func (w *worker) send(pr *process) {
	var ctl, head []byte
	for {
		w.p.mu.Lock()
		var s *stream
		for {
			if w.proc != pr {
				w.p.mu.Unlock()
				return
			}
			if s = w.pick(); s != nil && !w.open(len(s.queue[s.head].au.Data)) {
				s = nil
			}
			if s != nil || len(w.ctl) > 0 {
				break
			}
			w.cond.Wait()
		}
		ctl, w.ctl = w.ctl, ctl[:0]
		head = append(head[:0], ctl...)
		var data []byte
		for s != nil { // what may go now goes in one write
			head, data = w.dispatch(s, head)
			if len(data) > smallUnit {
				break
			}
			head, data = append(head, data...), nil
			if s = w.pick(); s != nil && !w.open(len(s.queue[s.head].au.Data)) {
				s = nil
			}
		}
		w.p.mu.Unlock()
		if !write(pr, head, data) {
			pr.conn.Close() // the receiver notices
			return
		}
	}
}

// dispatch takes a stream's next unit and appends the messages for it to
// head; the unit's data must follow them.
func (w *worker) dispatch(s *stream, head []byte) ([]byte, []byte) {
	j := s.take()
	if s.sent != j.au.Params {
		if s.sent == nil || !s.sent.Equal(j.au.Params) {
			head = s.announce(head, j.au.Params)
		}
		s.sent = j.au.Params
	}
	u := wire.Unit{
		Handle: s.handle, Epoch: j.au.Epoch, Seq: s.remember(j.au), PTS: int64(j.au.PTS),
		Wall: j.au.Wall.At.UnixMicro(), Data: j.au.Data,
	}
	if j.au.Key {
		u.Flags |= wire.FlagKey
	}
	if j.mode == analyze.ModeChain {
		u.Flags |= wire.FlagChain
	}
	if j.au.Lost > 0 {
		u.Flags |= wire.FlagLost
	}
	w.charge(s, u.Seq, len(u.Data), j.mode == analyze.ModeKey)
	return wire.AppendUnitHead(head, &u), u.Data
}

// announce appends the message that opens the stream or changes its
// parameter sets.
func (s *stream) announce(dst []byte, params *shouwang.Params) []byte {
	var msg []byte
	var err error
	if s.render != nil {
		msg, err = wire.AppendJSON(dst, wire.KindRender, wire.Render{Handle: s.handle, Params: wire.ParamsOf(params), Spec: s.render.spec, Like: s.p.known(s), Marks: s.render.marks()})
	} else {
		msg, err = wire.AppendJSON(dst, wire.KindOpen, wire.Open{
			Handle: s.handle, Params: wire.ParamsOf(params), Model: s.sess.opts.Model, Config: s.sess.opts.Config, Scene: s.sess.opts.Veil, View: s.sess.opts.View != nil, Mask: s.sess.opts.Mask,
		})
	}
	if err != nil { // too large: the process will refuse the units, one by one
		s.fault, s.faultParams = shouwang.Errorf(shouwang.CodeBadStream, "the camera's parameter sets cannot be used: %w", err), params
		return dst
	}
	return msg
}

// smallUnit is below what a copy costs less than a second write.
const smallUnit = 64 << 10

func write(pr *process, head, data []byte) bool {
	if _, err := pr.conn.Write(head); err != nil {
		return false
	}
	if len(data) > 0 {
		if _, err := pr.conn.Write(data); err != nil {
			return false
		}
	}
	return true
}

// sayClose tells the process to forget a stream. Call under mu.
func (w *worker) sayClose(handle uint32) { w.say(wire.KindClose, handle) }

func (w *worker) say(kind wire.Kind, handle uint32) {
	if w.proc != nil {
		w.ctl = wire.AppendHandle(w.ctl, kind, handle)
		w.cond.Signal()
	}
}

var errViolation = errors.New("analyzer process broke the protocol")

// receive reads the process's answers until it ends. greeted says whether it
// said hello.
func (w *worker) receive(pr *process) (greeted bool, err error) {
	r := wire.NewReader(pr.conn)
	obs := wire.Obs{Regions: make([]wire.Region, 0, wire.MaxRegions)}
	for {
		kind, body, err := r.Next()
		if err != nil {
			return greeted, err
		}
		switch kind {
		case wire.KindHello:
			greeted = true
			err = w.hello(body)
		case wire.KindObs:
			for len(body) > 0 && err == nil {
				if body, err = wire.NextObs(body, &obs); err == nil {
					err = w.observed(&obs)
				}
			}
		case wire.KindFound:
			err = w.found(body)
		case wire.KindMask:
			err = w.masked(body)
		case wire.KindView:
			err = w.viewed(body)
		case wire.KindPicture:
			err = w.pictured(body)
		case wire.KindStats:
			var st wire.Stats
			if err = wire.ParseJSON(body, &st); err == nil {
				w.p.mu.Lock()
				w.last = st
				w.p.mu.Unlock()
			}
		case wire.KindLog:
			var l wire.Log
			if err = wire.ParseJSON(body, &l); err == nil {
				w.p.cfg.Logger.Warn("analyzer says", "worker", w.index, "text", l.Text)
			}
		case wire.KindFault:
			err = w.faulted(body)
		}
		if err != nil {
			return greeted, err
		}
	}
}

func (w *worker) hello(body []byte) error {
	var h wire.Hello
	if err := wire.ParseJSON(body, &h); err != nil {
		return err
	}
	w.p.cfg.Logger.Info("analyzer ready", "worker", w.index, "pid", h.PID, "sandbox", h.Sandbox, "codec", h.Codec)
	select {
	case w.started <- nil:
	default:
	}
	return nil
}

// observed books one observation record and hands it on.
func (w *worker) observed(o *wire.Obs) error {
	p := w.p
	p.mu.Lock()
	s := p.streams[o.Handle]
	if o.Flags&wire.FlagAck != 0 {
		micros := int64(min(o.DecodeMicros, math.MaxInt32)) + int64(min(o.PixelMicros, math.MaxInt32))
		if _, ok := w.settle(o.Handle, o.Seq, micros); !ok {
			p.mu.Unlock()
			return errViolation
		}
		if s != nil {
			s.clear()
		}
	}
	if s == nil || s.sess == nil || s.home != w {
		p.mu.Unlock()
		return nil
	}
	i, ok := s.info(o.Seq)
	if o.Flags&wire.FlagDecoded != 0 {
		s.stats.Decoded++
	}
	if o.Flags&wire.FlagDamaged != 0 {
		s.stats.Damaged++
	}
	mask := s.sess.masks.take(o.Seq)
	p.mu.Unlock()
	if ok {
		out := w.observation(s.cam, &i, o)
		out.Mask = mask
		s.sess.sink(out)
	}
	return nil
}

// observation puts together what was kept here and what was seen there.
func (w *worker) observation(cam shouwang.CameraID, i *unitInfo, o *wire.Obs) analyze.Observation {
	out := analyze.Observation{
		Camera: cam, Stream: i.stream, Epoch: i.epoch, Seq: i.seq, PTS: i.pts, Wall: i.wall, Key: i.key,
		Decoded: o.Flags&wire.FlagDecoded != 0, Damaged: o.Flags&wire.FlagDamaged != 0,
		Light: analyze.Light(o.Light), Mean: o.Mean, Dev: o.Dev, Changed: o.Changed, Sharp: o.Sharp, Like: o.Like,
		DecodeMicros: o.DecodeMicros, PixelMicros: o.PixelMicros,
	}
	if len(o.Regions) == 0 {
		return out
	}
	// Regions may be kept by whoever gets them, so their memory is not used
	// again; it is taken in slabs, as most pictures have one or two.
	if len(w.regions) < len(o.Regions) {
		w.regions = make([]analyze.Region, 1024)
	}
	n := len(o.Regions)
	out.Regions, w.regions = w.regions[:n:n], w.regions[n:]
	for k, r := range o.Regions {
		out.Regions[k] = analyze.Region{
			Box:  shouwang.Box{float64(r.X), float64(r.Y), float64(r.W), float64(r.H)},
			Fill: float64(r.Fill), Score: float64(r.Score), Moving: float64(r.Moving), Gone: r.Gone > 0,
			Bright: float64(r.Bright), Grain: float64(r.Grain), Rim: float64(r.Rim),
		}
	}
	return out
}

// faulted notes that a stream cannot be worked on as it is.
func (w *worker) faulted(body []byte) error {
	var f wire.Fault
	if err := wire.ParseJSON(body, &f); err != nil {
		return err
	}
	w.p.mu.Lock()
	defer w.p.mu.Unlock()
	s := w.p.streams[f.Handle]
	if s == nil || s.home != w {
		return nil
	}
	err := shouwang.Errorf(f.Code, "camera %s: %s", s.cam, f.Text)
	if now := w.p.cfg.Now(); now.Sub(s.lastFault) > time.Minute { // a camera must not fill the log
		s.lastFault = now
		w.p.cfg.Logger.Warn("stream cannot be analysed", "camera", s.cam, "err", err)
	}
	if s.render != nil {
		s.render.finish(err)
		return nil
	}
	s.fault, s.faultParams = err, s.sent
	return nil
}
