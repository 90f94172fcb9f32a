package pool

import (
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

// check kills the process if one unit holds it too long or it is too large.
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
	now := p.cfg.Now()
	if w.progress != w.look.progress || len(w.flights) == 0 {
		w.look.progress, w.look.since, w.look.cpu = w.progress, now, cpu
	}
	switch {
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

// balance measures every worker and moves one camera from the busiest to the
// idlest when that helps. A moved camera learns its background anew, so moves
// are rare.
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
	if hot.util > 0.8 && hot.util-cold.util > 0.25 {
		p.move(hot, cold)
	}
}

// move picks the dearest stream that fits into half the difference.
func (p *Pool) move(hot, cold *worker) {
	fits := (hot.util - cold.util) / 2 * 1e6
	var best *stream
	for _, s := range p.streams {
		if s.home == hot && s.rate <= fits && (best == nil || s.rate > best.rate) {
			best = s
		}
	}
	if best != nil {
		best.moveTo = cold
	}
}

// WorkerStats is one process's health.
type WorkerStats struct {
	PID      int // 0 while none runs
	Probe    bool
	Streams  int
	InHand   int
	Restarts uint64
	Util     float64 // share of a core spent on units, over the last seconds
	CPU      time.Duration
	RSS      int64
	MaxRSS   uint64
	Damaged  uint64
}

// Stats is a snapshot for metrics.
type Stats struct {
	Workers                                                  []WorkerStats
	Sessions, Renderers, Waiting                             int
	Answered, Dropped, Lost, Deaths, Stuck, Overgrown, Moves uint64
	// Asked counts things that the classifier was asked about, ClassifyMicros
	// its CPU time; Classifier is what it is, "" for none.
	Asked, ClassifyMicros uint64
	Classifier            string
	Quarantined           []shouwang.CameraID
}

// Stats returns the pool's counters and the state of every process.
func (p *Pool) Stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.stats
	out := Stats{Answered: c.Answered, Dropped: c.Dropped, Lost: c.Lost, Deaths: c.Deaths, Stuck: c.Stuck, Overgrown: c.Overgrown, Moves: c.Moves, Asked: c.Asked, ClassifyMicros: c.ClassifyMicros, Classifier: p.classifier}
	streams := map[*worker]int{}
	for _, s := range p.streams {
		streams[s.home]++
		out.Waiting += s.n
		if s.render != nil {
			out.Renderers++
		} else {
			out.Sessions++
		}
	}
	for _, w := range p.all() {
		ws := WorkerStats{Probe: w.probe, Streams: streams[w], InHand: len(w.flights), Restarts: w.restarts, Util: w.util, MaxRSS: w.last.MaxRSS, Damaged: w.last.Damaged}
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
