package load

import (
	"fmt"
	"math"
	"testing"
	"time"

	"shouwang"
	"shouwang/analyze/cascade"
)

// plant is a model of analyzers and cameras: each camera costs a rate by its
// step, an analyzer gets done at most its speed, the rest piles up.
type plant struct {
	g     *Governor
	cams  []*model
	speed float64 // microseconds a second, of each of the workers
	waits map[int]float64
	share float64                       // of a core that the governor is told to plan with
	cut   map[shouwang.CameraID]float64 // seconds at presence or beyond
	worst map[shouwang.CameraID]float64 // longest stretch of them
	pulse float64                       // microseconds of work that wait at every other look
	looks int
	chop  int // changes of presence and beyond
}

type model struct {
	Demand
	full  float64 // microseconds a second uncut
	run   float64
	age   float64
	begin float64 // what the first seconds cost, times the rest
	busy  float64 // seconds for which what is seen costs awake, not quiet
}

func (p *plant) add(n, workers int, full, look float64, fixed bool) {
	for range n {
		i := len(p.cams)
		p.cams = append(p.cams, &model{full: full, begin: 1, Demand: Demand{
			Camera: shouwang.CameraID(fmt.Sprintf("cam-%04d", i)), Worker: i % workers,
			Look: time.Duration(look) * time.Microsecond, GOP: 2 * time.Second, Fixed: fixed,
		}})
	}
}

// beginning is how long a camera's first pictures cost more, in seconds.
const beginning = 8

func (m *model) rate() float64 {
	look := float64(m.Look.Microseconds())
	if m.age < beginning {
		look *= m.begin
	}
	switch {
	case m.busy > 0 && m.Step < cascade.StepPresence:
		return look/2 + 9000
	case m.Fixed || m.Step < cascade.StepPresence:
		return m.full
	case m.Step == cascade.StepPresence:
		return look / 2
	}
	return look / m.Step.Apart().Seconds()
}

// second lets one second pass.
func (p *plant) second() map[shouwang.CameraID]cascade.Step {
	load, list := map[int]float64{}, make([]Demand, 0, len(p.cams))
	for _, m := range p.cams {
		load[m.Worker] += m.rate()
	}
	got := map[int]float64{} // of what comes, all and what waited included
	workers := map[int]Worker{}
	for w, l := range load {
		all := l + p.waits[w]
		done := min(all, p.speed)
		got[w] = done / l
		p.waits[w] = min(all-done, 2*l) // key frames that wait are superseded
		waits := p.waits[w] + p.pulse*float64(p.looks%2)
		workers[w] = Worker{Backlog: time.Duration(waits) * time.Microsecond, Share: p.share}
	}
	for _, m := range p.cams {
		m.Spent = time.Duration(m.rate()*got[m.Worker]) * time.Microsecond
		m.age++
		list = append(list, m.Demand)
	}
	p.looks++
	changed := p.g.Tick(time.Second, list, workers)
	for _, m := range p.cams {
		if s, ok := changed[m.Camera]; ok {
			if base(s) != base(m.Step) {
				p.chop++
			}
			m.Step = s
		}
		if m.run++; m.Step < cascade.StepPresence {
			m.run = 0
		} else {
			p.cut[m.Camera]++
		}
		p.worst[m.Camera] = max(p.worst[m.Camera], m.run)
	}
	return changed
}

func newPlant(speed float64) *plant {
	return &plant{g: New(), speed: speed, waits: map[int]float64{}, cut: map[shouwang.CameraID]float64{}, worst: map[shouwang.CameraID]float64{}}
}

func (p *plant) steps() (n [5]int) {
	for _, m := range p.cams {
		n[m.Step]++
	}
	return n
}

// pass lets seconds pass.
func (p *plant) pass(seconds int) {
	for range seconds {
		p.second()
	}
}

// taken is what the cameras take now, in cores.
func (p *plant) taken() (cores float64) {
	for _, m := range p.cams {
		cores += m.rate() / 1e6
	}
	return cores
}

func TestNothingIsCutWhenThereIsEnough(t *testing.T) {
	p := newPlant(1e6)
	p.add(300, 2, 2000, 2200, false) // 0.3 cores each
	for range 120 {
		if c := p.second(); len(c) != 0 {
			t.Fatalf("cut without need: %v", c)
		}
	}
	if s := p.g.States()[0]; !math.IsInf(s.Budget, 1) || s.Late > 0 {
		t.Errorf("%+v", s)
	}
}

// TestTheOrder: as the load grows, first presence, then sparse, then rare; and
// each is taken back when it falls.
func TestTheOrder(t *testing.T) {
	p := newPlant(0.9e6) // the machine is shared
	p.add(100, 2, 24_000, 22_000, false)
	var reached [5]int
	for s := range 240 {
		p.second()
		for step, n := range p.steps() {
			if n > 0 && reached[step] == 0 && step > 0 {
				reached[step] = s + 1
			}
		}
	}
	if n := p.steps(); n[cascade.StepPresence] == 0 || n[cascade.StepSparse]+n[cascade.StepRare] != 0 {
		t.Errorf("1.3 times too much: %v", n)
	}
	p.add(100, 2, 24_000, 22_000, false) // twice as many: key frames alone are 1.1 cores each
	for range 240 {
		p.second()
	}
	n := p.steps()
	if n[cascade.StepNone]+n[cascade.StepAudit] != 0 || n[cascade.StepSparse] == 0 {
		t.Errorf("twice as many: %v", n)
	}
	for w, s := range p.g.States() {
		if s.Late > tooLate {
			t.Errorf("worker %d is %.1f s late", w, s.Late)
		}
	}
	p.speed = 0.3e6 // and the machine slows down
	for range 240 {
		p.second()
	}
	if n := p.steps(); n[cascade.StepRare] == 0 {
		t.Errorf("a third of the speed: %v", n)
	}
	p.speed = 1e6
	p.cams = p.cams[:20]
	for range 600 {
		p.second()
	}
	if n := p.steps(); n[cascade.StepNone] != 20 {
		t.Errorf("the load fell: %v", n)
	}
}

// TestNoCameraStarves: of equal cameras none is cut for more than a few
// minutes at a stretch while others are not cut at all.
func TestNoCameraStarves(t *testing.T) {
	p := newPlant(1e6)
	p.add(500, 1, 2400, 2200, false) // 1.2 cores wanted
	for range 1800 {
		p.second()
	}
	least, most, longest := math.Inf(1), 0.0, 0.0
	for _, m := range p.cams {
		least, most = min(least, p.cut[m.Camera]), max(most, p.cut[m.Camera])
		longest = max(longest, p.worst[m.Camera])
	}
	t.Logf("of 1800 s cut %.0f to %.0f s, longest stretch %.0f s", least, most, longest)
	if most > 1.5*least+60 || longest > 900 {
		t.Errorf("unfair: cut %.0f to %.0f s of 1800, longest stretch %.0f s", least, most, longest)
	}
}

func TestUrgentIsNotCutAndTheDearestGoFirst(t *testing.T) {
	p := newPlant(1e6)
	p.add(10, 1, 12_000, 2200, true)
	p.add(20, 1, 20_000, 2200, false)
	p.add(250, 1, 2400, 2200, false) // 1.12 cores together
	for range 50 {
		p.second()
	}
	for i, m := range p.cams {
		switch {
		case i < 10 && m.Step > cascade.StepAudit:
			t.Errorf("urgent %s at %s", m.Camera, m.Step)
		case i >= 30 && m.Step > cascade.StepAudit:
			t.Errorf("%s, which spends little, at %s while dearer ones would do", m.Camera, m.Step)
		}
	}
	if n := p.steps(); n[cascade.StepPresence] == 0 {
		t.Errorf("%v", n)
	}
}

// TestAdmissionComesBeforeTheQueue: cameras that are measured to want too much
// are cut before anything waits.
func TestAdmissionComesBeforeTheQueue(t *testing.T) {
	p := newPlant(1e6)
	p.add(350, 1, 2400, 2200, false) // 0.84 cores
	for range 60 {
		p.second()
	}
	p.add(30, 1, 2400, 2200, false)
	late := 0.0
	for range 60 {
		p.second()
		late = max(late, p.g.States()[0].Late)
	}
	if n := p.steps(); n[cascade.StepPresence] == 0 || late > 0.05 {
		t.Errorf("%v, %.2f s late", n, late)
	}
}

// TestAStreetAtOnceIsMeasuredGently: of cameras that come at once few are
// decoded fully until they are known.
func TestAStreetAtOnceIsMeasuredGently(t *testing.T) {
	p := newPlant(1e6)
	p.add(100, 2, 2400, 2200, false)
	for _, m := range p.cams {
		m.GOP, m.Look, m.Step = 0, 0, cascade.StepAudit
	}
	p.second()
	if n := p.steps(); n[cascade.StepNone] != 2*abreast {
		t.Errorf("unknown: %v", n)
	}
	for _, m := range p.cams {
		m.GOP = 2 * time.Second
	}
	p.second()
	if n := p.steps(); n[cascade.StepNone] != 100 {
		t.Errorf("known: %v", n)
	}
}

func BenchmarkTickOfAThousand(b *testing.B) {
	p := newPlant(1e6)
	p.add(1000, 2, 2400, 2200, false)
	for b.Loop() {
		p.second()
	}
}
