package load

import (
	"math/rand/v2"
	"testing"

	"shouwang/analyze/cascade"
)

// TestAllAtOnce: five hundred cameras whose first pictures cost five times what
// the next ones do are all looked at every two seconds half a minute later, and
// what there is room for beyond that is given.
func TestAllAtOnce(t *testing.T) {
	p := newPlant(0.9e6)
	p.share = 0.7
	p.add(500, 1, 2400, 2200, false) // 1.2 cores wanted, 0.55 for key frames
	for _, m := range p.cams {
		m.begin = 5
	}
	p.pass(30)
	if n := p.steps(); n[cascade.StepSparse]+n[cascade.StepRare] > 0 {
		t.Errorf("half a minute after they came: %v", n)
	}
	p.pass(30)
	for range 120 {
		p.second()
		if got := p.taken(); got < 0.625 || got > 0.71 {
			t.Fatalf("%.2f cores are taken of 0.7: %v", got, p.steps())
		}
	}
	if n := p.steps(); n[cascade.StepAudit] < 75 {
		t.Errorf("room for about 100 is not given: %v", n)
	}
}

// TestGivingBackTakesSeconds: when half of the cameras leave, the others
// have all of it back within 20 s.
func TestGivingBackTakesSeconds(t *testing.T) {
	p := newPlant(1e6)
	p.add(700, 1, 2400, 2200, false) // key frames alone are 0.77 cores
	p.pass(120)
	if n := p.steps(); n[cascade.StepPresence] < 600 {
		t.Fatalf("twice too much: %v", n)
	}
	p.cams = p.cams[:320]
	p.pass(20)
	if n := p.steps(); n[cascade.StepNone] != 320 {
		t.Errorf("20 s after half have left: %v", n)
	}
}

// TestAShortageThatPasses: for a minute another program takes most of the
// machine; half a minute later cameras have what they had.
func TestAShortageThatPasses(t *testing.T) {
	p := newPlant(1e6)
	p.add(600, 2, 2400, 2200, false) // 0.72 cores each
	p.pass(60)
	p.speed = 0.15e6
	p.pass(60)
	if n := p.steps(); n[cascade.StepRare] == 0 {
		t.Fatalf("at a fifth of the speed: %v", n)
	}
	p.speed = 1e6
	p.pass(40)
	if n := p.steps(); n[cascade.StepNone] != 600 {
		t.Errorf("40 s after the shortage: %v", n)
	}
}

// TestNoiseMovesFew: a tenth of the cameras are busy for six seconds at a time
// and cost nine times as much then. The sum is kept, and a camera is moved not
// even once a minute.
func TestNoiseMovesFew(t *testing.T) {
	p := newPlant(1e6)
	p.share = 0.7
	p.add(500, 1, 1100, 2200, false)
	rnd := rand.New(rand.NewPCG(1, 2))
	sum, seconds := 0.0, 0
	for s := range 300 {
		for _, m := range p.cams {
			if m.busy--; m.busy < -1 && rnd.Float64() < 1.0/54 {
				m.busy = 6
			}
		}
		p.second()
		if s == 120 {
			p.chop = 0
		}
		if s >= 120 {
			sum, seconds = sum+p.taken(), seconds+1
		}
	}
	mean := sum / float64(seconds)
	each := float64(p.chop) / float64(len(p.cams)) / 3
	t.Logf("%.2f cores of 0.7 on average, %.2f changes a camera and minute, %v", mean, each, p.steps())
	if mean < 0.6 || mean > 0.725 || each > 1 {
		t.Errorf("%.2f cores of 0.7 on average, %.2f changes a camera and minute", mean, each)
	}
	if n := p.steps(); n[cascade.StepSparse]+n[cascade.StepRare] > 0 {
		t.Errorf("key frames fit, and yet %v", n)
	}
}

// TestASharedMachineIsNotProbedToDeath: where an analyzer gets half a core and
// nobody says so, work waits for more than a second in less than a tenth of the time.
func TestASharedMachineIsNotProbedToDeath(t *testing.T) {
	p := newPlant(0.5e6)
	p.add(300, 1, 2400, 2200, false) // 0.72 wanted, 0.33 for key frames
	p.pass(120)
	late := 0
	for range 600 {
		p.second()
		if p.g.States()[0].Late > tooLate {
			late++
		}
	}
	t.Logf("late in %d of 600 seconds", late)
	if n := p.steps(); late > 60 || n[cascade.StepSparse]+n[cascade.StepRare] > 0 {
		t.Errorf("late in %d of 600 seconds, %v", late, n)
	}
}

// TestKeyFramesInStepAreNoQueue: cameras that were switched on together send
// their key frames together; what waits then is gone before the next ones come.
func TestKeyFramesInStepAreNoQueue(t *testing.T) {
	p := newPlant(1e6)
	p.add(300, 1, 2400, 2200, false)
	p.pass(20)
	p.pulse = 1.5e6
	p.pass(60)
	if n := p.steps(); n[cascade.StepNone] != 300 {
		t.Errorf("cut for a burst: %v", n)
	}
}
