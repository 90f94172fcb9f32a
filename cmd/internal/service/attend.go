package service

import (
	"context"
	"sync"
	"time"

	"shouwang"
	"shouwang/analyze/cascade"
	"shouwang/analyze/load"
	"shouwang/cmd/internal/pipeline"
)

// attendEvery is how often it is decided who is looked at how closely.
const attendEvery = time.Second

// attendant divides the analyzers' time among the cameras: it measures what
// each one takes, asks the governor what is to be cut, applies the hours of
// attention and sends cameras to audit. Everything belongs to its goroutine.
type attendant struct {
	node     *node
	governor *load.Governor
	hours    hours
	audit    audit
	room     room
	cameras  map[shouwang.CameraID]*attended
}

// attended is what is remembered of one camera from look to look.
type attended struct {
	pipe              *pipeline.Pipeline
	cpu, keys, micros uint64        // of its session, when last looked at
	look              time.Duration // CPU time of one key frame by itself, smoothed
	cfg               cascade.Config
	seen              bool
}

// steps is what the governor decided, for metrics.
type steps struct {
	mu      sync.Mutex
	cameras map[cascade.Step]int
	changes map[cascade.Step]uint64
	workers map[int]load.State
}

// attend runs until ctx ends.
func (n *node) attend(ctx context.Context) {
	a := &attendant{
		node: n, governor: load.New(), cameras: map[shouwang.CameraID]*attended{},
		hours: hours{file: n.cfg.path("attention.json")},
	}
	last := n.clock()
	for sleep(ctx, attendEvery) {
		now := n.clock()
		if dt := now.Sub(last); dt > 0 {
			a.turn(now, dt)
		}
		last = now
	}
}

// turn measures, decides and applies once.
func (a *attendant) turn(now time.Time, dt time.Duration) {
	n := a.node
	n.mu.Lock()
	pipes := make(map[shouwang.CameraID]*pipeline.Pipeline, len(n.works))
	for id, w := range n.works {
		if p := w.sight.pipeline(); p != nil {
			pipes[id] = p
		}
	}
	n.mu.Unlock()
	a.hours.follow(now, n.log)
	demands := make([]load.Demand, 0, len(pipes))
	for id, p := range pipes {
		demands = append(demands, a.measure(id, p, now))
	}
	a.forget()
	changed := a.governor.Tick(dt, demands, a.room.workers(n.pool.Stats().Workers, dt))
	for id, s := range changed {
		pipes[id].Cascade().Shed(s)
	}
	a.audit.turn(now, a.governor, demands, pipes)
	n.steps.note(demands, changed, a.governor.States())
}

// measure returns what a camera took since it was last looked at, and brings
// its settings in line with the hour.
func (a *attendant) measure(id shouwang.CameraID, p *pipeline.Pipeline, now time.Time) load.Demand {
	c := a.cameras[id]
	st := p.Stats()
	if c == nil || c.pipe != p {
		c = &attended{pipe: p, cfg: a.node.usual()}
		a.cameras[id] = c
	}
	c.seen = true
	if cfg := a.hours.schedule.For(id, now.In(a.node.gate.World().Zone()), a.node.usual()); cfg != c.cfg {
		c.cfg = cfg
		p.Cascade().Set(cfg)
	}
	if keys := st.Keys - c.keys; keys > 0 {
		c.looked(keys, time.Duration((st.KeyMicros-c.micros)/keys)*time.Microsecond)
	}
	spent := time.Duration(st.CPUMicros-c.cpu) * time.Microsecond
	c.cpu, c.keys, c.micros = st.CPUMicros, st.Keys, st.KeyMicros
	step, gop, fixed := p.Cascade().Asked()
	return load.Demand{Camera: id, Worker: st.Worker, Spent: spent, Look: c.look, GOP: gop, Fixed: fixed, Step: step}
}

// looked takes what key frames cost on average. The first of a camera touches
// its memory for the first time and says nothing of the next ones.
func (c *attended) looked(keys uint64, one time.Duration) {
	switch {
	case c.keys == 0 && keys <= 2:
	case c.look == 0:
		c.look = one
	default:
		c.look += (one - c.look) / 4
	}
}

// forget drops cameras that are gone.
func (a *attendant) forget() {
	for id, c := range a.cameras {
		if !c.seen {
			delete(a.cameras, id)
		}
		c.seen = false
	}
}

// note keeps the outcome for metrics.
func (s *steps) note(demands []load.Demand, changed map[shouwang.CameraID]cascade.Step, workers map[int]load.State) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.changes == nil {
		s.changes = map[cascade.Step]uint64{}
	}
	s.cameras, s.workers = map[cascade.Step]int{}, workers
	for i := range demands {
		d := &demands[i]
		step, ok := changed[d.Camera]
		if ok {
			s.changes[step]++
		} else {
			step = d.Step
		}
		s.cameras[step]++
	}
}

// usual is how a camera is looked at that no hours of attention name.
func (n *node) usual() cascade.Config { return cascade.Config{Policy: n.cfg.Analyze.cascade()} }
