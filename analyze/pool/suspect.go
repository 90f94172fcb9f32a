package pool

import (
	"time"

	"shouwang"
)

// A process that dies had at most windowUnits units in hand, one of which
// may have killed it. If all were one camera's, that camera has a strike.
// If not, each of those cameras goes on in the probe: a process apart in which
// only one unit is in hand at any time, so that the next death names one
// camera. Two strikes are quarantine; enough units without a death end the
// probation.
//
// A process that a signal from outside ended says nothing about a stream: an
// operator may have stopped it. Its cameras go to the probe all the same, since
// a decoder in hostile hands can send itself that signal; there it takes many
// such deaths to make up a quarantine.

const (
	crashed    = 3 // what a death weighs
	signalled  = 1 // by a signal from outside, in the probe
	maxStrikes = 2 * crashed
	clearAfter = 250 // units answered alone
)

type strike struct {
	n  int // weights added up
	at time.Time
}

func poisonErr(cam shouwang.CameraID) error {
	return shouwang.Errorf(shouwang.CodePoison,
		"camera %s is shut out of analysis: its stream killed the analyzer twice; restart or replace the camera, then `shouwang camera release %s`", cam, cam)
}

// poisoned reports whether the camera is in quarantine. Call under mu.
func (p *Pool) poisoned(cam shouwang.CameraID) bool {
	if len(p.poison) == 0 {
		return false
	}
	until, ok := p.poison[cam]
	return ok && p.cfg.Now().Before(until)
}

// Release ends a camera's quarantine and forgets its strikes.
func (p *Pool) Release(cam shouwang.CameraID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.poison, cam)
	delete(p.strikes, cam)
}

// Quarantine shuts a camera out until then, as one found before a restart.
func (p *Pool) Quarantine(cam shouwang.CameraID, until time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.shutOut(cam, until)
}

// died books the death of a worker's process.
func (w *worker) died(pr *process, how death, cause error) {
	p := w.p
	p.mu.Lock()
	cams := w.suspects()
	outside := how.outside(pr, p.cfg.Memory)
	if outside && !pr.greedy {
		p.stats.Signalled++
	}
	p.stats.Deaths++
	w.restarts++
	for _, f := range w.flights {
		f.s.stats.Lost++
		p.stats.Lost++
	}
	clear(w.flights)
	w.flights, w.flightBytes, w.ctl = w.flights[:0], 0, w.ctl[:0]
	for _, s := range p.streams {
		if s.home == w {
			s.forget()
			if s.render != nil {
				s.render.orphaned()
			}
		}
	}
	weight := crashed
	if outside {
		weight = 0
		if w.probe {
			weight = signalled
		}
	}
	var shutOut []shouwang.CameraID
	for _, cam := range cams {
		if len(cams) == 1 && p.hit(cam, weight) {
			shutOut = append(shutOut, cam)
			continue
		}
		p.suspect(cam)
	}
	p.mu.Unlock()
	p.cfg.Logger.Error("analyzer died", "worker", w.index, "how", how.text, "cause", cause, "outside", outside, "in_hand", cams)
	for _, cam := range shutOut {
		p.cfg.Logger.Error("camera quarantined", "camera", cam, "how", how.text)
		if p.cfg.OnQuarantine != nil {
			p.cfg.OnQuarantine(cam, how.text)
		}
	}
}

// suspects returns the cameras with units in hand.
func (w *worker) suspects() (cams []shouwang.CameraID) {
next:
	for _, f := range w.flights {
		for _, c := range cams {
			if c == f.s.cam {
				continue next
			}
		}
		cams = append(cams, f.s.cam)
	}
	return cams
}

// hit gives the camera a strike of some weight and, when they are enough,
// shuts it out.
func (p *Pool) hit(cam shouwang.CameraID, weight int) (out bool) {
	if weight == 0 {
		return false
	}
	now := p.cfg.Now()
	k := p.strikes[cam]
	if now.Sub(k.at) > p.cfg.Quarantine {
		k.n = 0
	}
	k = strike{k.n + weight, now}
	p.strikes[cam] = k
	if k.n < maxStrikes {
		return false
	}
	p.shutOut(cam, now.Add(p.cfg.Quarantine))
	return true
}

// shutOut puts a camera in quarantine and drops what it has here. Call under mu.
func (p *Pool) shutOut(cam shouwang.CameraID, until time.Time) {
	delete(p.strikes, cam)
	p.poison[cam] = until
	for _, s := range p.streams {
		if s.cam != cam {
			continue
		}
		if s.sent != nil {
			s.home.sayClose(s.handle)
		}
		s.forget()
		if s.render != nil {
			s.render.finish(poisonErr(cam))
		}
	}
}

// suspect moves all streams of a camera to the probe. Call under mu.
func (p *Pool) suspect(cam shouwang.CameraID) {
	if p.probe == nil {
		p.probe = p.startWorker(len(p.workers), true)
	}
	for _, s := range p.streams {
		if s.cam == cam && s.home != p.probe {
			s.suspect, s.cleared, s.moveTo = true, 0, nil
			s.moveHome(p.probe)
		}
	}
}

// clear counts an answered unit towards the end of the probation.
func (s *stream) clear() {
	if !s.suspect {
		return
	}
	if s.cleared++; s.cleared >= clearAfter {
		s.suspect = false
		s.moveTo = s.p.lightest()
	}
}

// maybeMove carries out a move that was decided on, between two units: the
// new process starts with the key frame about to be queued.
func (s *stream) maybeMove() {
	if s.moveTo == nil || s.n > 0 || s.inflight > 0 {
		return
	}
	to := s.moveTo
	s.moveTo = nil
	if to != s.home {
		s.moveHome(to)
		s.needKey = false
		s.p.stats.Moves++
	}
}

// moveHome gives the stream to another worker. What waits is dropped.
func (s *stream) moveHome(to *worker) {
	if s.ready {
		s.home.remove(s)
	}
	if s.sent != nil {
		s.home.sayClose(s.handle)
	}
	inflight := s.inflight
	s.forget()
	s.inflight = inflight // still to be answered by the old process
	s.home = to
}
