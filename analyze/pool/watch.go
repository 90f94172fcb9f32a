package pool

import (
	"cmp"
	"slices"
	"time"

	"shouwang"
	"shouwang/analyze/wire"
)

const (
	watchEvery   = 250 * time.Millisecond
	balanceEvery = 5 * time.Second
)

// watch looks after processes that hang or grow, and shares the load out.
func (p *Pool) watch() {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	balanced := p.cfg.Now()
	for {
		select {
		case <-p.stop:
			return
		case <-tick.C:
		}
		p.mu.Lock()
		workers := p.all()
		p.mu.Unlock()
		for _, w := range workers {
			w.check()
		}
		if now := p.cfg.Now(); now.Sub(balanced) >= balanceEvery {
			p.balance(now.Sub(balanced))
			balanced = now
		}
	}
}

// check kills the process if one unit holds it too long, it is too large, or it
// takes more CPU time than its work does.
func (w *worker) check() {
	p := w.p
	p.mu.Lock()
	pr := w.proc
	p.mu.Unlock()
	if pr == nil {
		return
	}
	cpu, rss := pr.usage()
	p.mu.Lock()
	defer p.mu.Unlock()
	if w.proc != pr || pr.condemned {
		return
	}
	pr.rss = rss
	now := p.cfg.Now()
	if w.progress != w.look.progress || len(w.flights) == 0 {
		w.look.progress, w.look.since, w.look.cpu = w.progress, now, cpu
	}
	switch {
	case w.greedy(cpu, now):
		p.stats.Greedy++
		pr.condemned, pr.greedy = true, true
		p.cfg.Logger.Error("analyzer takes more CPU time than its work does", "worker", w.index, "cores", p.cfg.Cores)
		pr.kill()
	case rss > p.cfg.Memory:
		p.stats.Overgrown++
		pr.condemned = true
		p.cfg.Logger.Error("analyzer grew too large", "worker", w.index, "rss", rss)
		pr.kill()
	case cpu-w.look.cpu > p.cfg.Watchdog || now.Sub(w.look.since) > 10*p.cfg.Watchdog:
		p.stats.Stuck++
		pr.condemned = true
		p.cfg.Logger.Error("analyzer hangs on one access unit", "worker", w.index, "cpu", cpu-w.look.cpu, "for", now.Sub(w.look.since))
		pr.kill()
	}
}

// greedy reports whether the process took more CPU time, over twice the
// watchdog's, than one thread of work can.
func (w *worker) greedy(cpu time.Duration, now time.Time) bool {
	l, window := &w.look, 2*w.p.cfg.Watchdog
	span := now.Sub(l.at)
	if span < window {
		return false
	}
	took := cpu - l.all
	l.at, l.all = now, cpu
	return float64(took) > w.p.cfg.Cores*float64(span)
}

// balance measures every worker and moves cameras from the busiest to the
// idlest when that helps. A moved camera learns its background anew, so none
// is moved for a small gain, and none twice within movePause.
func (p *Pool) balance(span time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.streams {
		s.rate = float64(s.stats.CPUMicros-s.lastRound) / span.Seconds()
		s.lastRound = s.stats.CPUMicros
	}
	var hot, cold *worker
	for _, w := range p.all() {
		w.util = float64(w.busy-w.look.busy) / float64(span.Microseconds())
		w.look.busy = w.busy
		if w.proc != nil {
			w.ctl = wire.AppendHeader(w.ctl, wire.KindPing, 0)
			w.cond.Signal()
		}
		if w.probe {
			continue
		}
		if hot == nil || w.util > hot.util {
			hot = w
		}
		if cold == nil || w.util < cold.util {
			cold = w
		}
	}
	switch hurt := hot.backlog() > cold.backlog()+behind; {
	case hot == cold:
	case hot.util-cold.util > 0.25 && (hot.util > 0.8 || hurt):
		p.move(hot, cold, (hot.util-cold.util)/2*1e6)
	case hurt && hot.util-cold.util > 0.1:
		// On a busy machine no process gets a whole core; what waits tells.
		p.move(hot, cold, hot.util/4*1e6)
	}
}

const (
	movePause = time.Minute
	// behind is how much more work, in microseconds, may wait for one process
	// than for another before cameras are moved for it.
	behind = 500_000
)

// move marks streams that together make up at most load microseconds a second,
// the dearest first: few moves do.
func (p *Pool) move(hot, cold *worker, load float64) {
	now := p.cfg.Now()
	var mine []*stream
	for _, s := range p.streams {
		if s.home == hot && s.moveTo == nil && s.rate > 0 && now.Sub(s.moved) >= movePause {
			mine = append(mine, s)
		}
	}
	slices.SortFunc(mine, func(a, b *stream) int {
		return cmp.Or(cmp.Compare(b.rate, a.rate), cmp.Compare(a.handle, b.handle))
	})
	for _, s := range mine {
		if s.rate <= load {
			load -= s.rate
			s.moveTo, s.moved = cold, now
		}
	}
}

// backlog estimates the work that waits for a worker, in microseconds of CPU.
func (w *worker) backlog() (micros float64) {
	for s := w.first; s != nil; s = s.next {
		micros += float64(s.n) * float64(max(s.cost, 0))
	}
	return micros
}

// WorkerStats is one process's health.
type WorkerStats struct {
	PID      int // 0 while none runs
	Probe    bool
	Streams  int
	InHand   int
	Restarts uint64
	Util     float64 // share of a core spent on units, over the last seconds
	// Rendering is the share of a core that renderers took of that.
	Rendering float64
	// Backlog is the CPU time that what waits will take, as far as is known.
	Backlog time.Duration
	// Oldest is how long the unit that waits longest has waited.
	Oldest  time.Duration
	CPU     time.Duration
	RSS     int64
	MaxRSS  uint64
	Damaged uint64
}

// Stats is a snapshot for metrics.
type Stats struct {
	Workers                                                          []WorkerStats
	Sessions, Renderers, Waiting                                     int
	Answered, Dropped, Lost, Deaths, Stuck, Overgrown, Greedy, Moves uint64
	// Asked counts things that the classifier was asked about, ClassifyMicros
	// its CPU time; Classifier is what it is, "" for none.
	Asked, ClassifyMicros uint64
	Classifier            string
	// Signalled counts, of Deaths, those that a signal from outside caused.
	Signalled uint64
	// Superseded counts key frames that a newer one took the place of.
	Superseded  uint64
	Quarantined []shouwang.CameraID
}

// Stats returns the pool's counters and the state of every process.
func (p *Pool) Stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.stats
	out := Stats{Answered: c.Answered, Dropped: c.Dropped, Lost: c.Lost, Deaths: c.Deaths, Stuck: c.Stuck, Overgrown: c.Overgrown, Greedy: c.Greedy, Moves: c.Moves, Asked: c.Asked, ClassifyMicros: c.ClassifyMicros, Classifier: p.classifier, Signalled: c.Signalled, Superseded: c.Superseded}
	streams, oldest, now := map[*worker]int{}, map[*worker]time.Duration{}, p.cfg.Now()
	rendering := map[*worker]float64{}
	for _, s := range p.streams {
		streams[s.home]++
		out.Waiting += s.n
		if s.n > 0 {
			oldest[s.home] = max(oldest[s.home], now.Sub(s.queue[s.head].at))
		}
		if s.render != nil {
			out.Renderers++
			rendering[s.home] += s.rate / 1e6
		} else {
			out.Sessions++
		}
	}
	for _, w := range p.all() {
		ws := WorkerStats{
			Probe: w.probe, Streams: streams[w], InHand: len(w.flights), Restarts: w.restarts, Util: w.util, MaxRSS: w.last.MaxRSS, Damaged: w.last.Damaged,
			Rendering: rendering[w], Backlog: time.Duration(w.backlog()) * time.Microsecond, Oldest: oldest[w],
		}
		if w.proc != nil {
			ws.PID = w.proc.pid
			ws.CPU, ws.RSS = w.proc.usage()
		}
		out.Workers = append(out.Workers, ws)
	}
	for cam := range p.poison {
		if p.poisoned(cam) {
			out.Quarantined = append(out.Quarantined, cam)
		}
	}
	return out
}
