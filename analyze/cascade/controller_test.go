package cascade_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"shouwang"
	"shouwang/analyze"
	"shouwang/analyze/cascade"
)

// camera feeds a Controller with units and notes what it hands on.
type camera struct {
	t      *testing.T
	c      *cascade.Controller
	fps    int
	gop    int // pictures
	seq    uint64
	epoch  uint32
	pushed []push
	fail   error
	size   func(seq uint64) int
}

type push struct {
	seq  uint64
	mode analyze.Mode
}

func newCamera(t *testing.T, cfg cascade.Config) *camera {
	k := &camera{t: t, fps: 10, gop: 20}
	k.c = cascade.New(cfg, k)
	return k
}

func (k *camera) Push(au *shouwang.AccessUnit, mode analyze.Mode) error {
	if k.fail != nil {
		return k.fail
	}
	k.pushed = append(k.pushed, push{au.Seq, mode})
	return nil
}

func (k *camera) pts(seq uint64) shouwang.MediaTime {
	return shouwang.MediaTime(seq) * shouwang.MediaRate / shouwang.MediaTime(k.fps)
}

func (k *camera) unit() *shouwang.AccessUnit {
	n := 1000
	if k.size != nil {
		n = k.size(k.seq)
	}
	return &shouwang.AccessUnit{Epoch: k.epoch, Seq: k.seq, PTS: k.pts(k.seq), Key: k.seq%uint64(k.gop) == 0, Data: make([]byte, n)}
}

// run passes n units; react says what the report of each one pushed is.
func (k *camera) run(n int, react func(seq uint64) (regions []analyze.Region, live bool)) {
	for range n {
		from := len(k.pushed)
		_ = k.c.Unit(k.unit())
		for _, p := range k.pushed[from:] {
			o := &analyze.Observation{Epoch: k.epoch, Seq: p.seq, PTS: k.pts(p.seq), Key: p.seq%uint64(k.gop) == 0, Decoded: true}
			live := false
			if react != nil {
				o.Regions, live = react(p.seq)
			}
			k.c.Seen(o, cascade.Sight{Live: live, Stirring: len(o.Regions) > 0})
		}
		k.seq++
	}
}

func (k *camera) took() []push {
	p := k.pushed
	k.pushed = nil
	return p
}

func thing(x float64) []analyze.Region {
	return []analyze.Region{{Box: shouwang.Box{x, 0.4, 0.1, 0.2}, Fill: 0.7, Score: 0.8, Moving: 1}}
}

func TestQuietDecodesKeyFramesOnly(t *testing.T) {
	k := newCamera(t, cascade.Config{})
	k.run(41, nil) // two groups to learn their length
	k.took()
	k.run(400, nil)
	p := k.took()
	if len(p) != 20 {
		t.Fatalf("%d of 400 units decoded, want the 20 key frames", len(p))
	}
	for _, u := range p {
		if u.mode != analyze.ModeKey || u.seq%20 != 0 {
			t.Fatalf("unit %d in mode %d", u.seq, u.mode)
		}
	}
	s := k.c.Status()
	if s.Policy != cascade.Track || s.GOP != 2*time.Second || s.Reason == "" || s.Awake {
		t.Errorf("status %+v", s)
	}
}

func TestWakesCatchesUpAndSleeps(t *testing.T) {
	k := newCamera(t, cascade.Config{})
	k.run(61, nil)
	k.took()
	k.run(100, func(seq uint64) ([]analyze.Region, bool) {
		if seq >= 80 && seq < 130 {
			return thing(0.3), seq > 85
		}
		return nil, false
	})
	p := k.took()
	if p[0] != (push{80, analyze.ModeKey}) || p[1] != (push{60, analyze.ModeChain}) { // the key frame before: it came in between
		t.Fatalf("the wake starts with %v", p[:2])
	}
	for i := 1; i < len(p) && p[i].mode == analyze.ModeChain; i++ {
		if want := 59 + uint64(i); p[i].seq != want {
			t.Fatalf("the chain has a hole at %d: %d", want, p[i].seq)
		}
		if p[i].seq > 152 {
			t.Fatalf("still awake at unit %d, 2 s after the last sign at 129", p[i].seq)
		}
	}
	if s := k.c.Status(); s.Woken != 1 || s.Useless != 0 || s.Awake {
		t.Errorf("status %+v", s)
	}
}

// TestLateReportCatchesUpFromItsKeyFrame: the report comes a group later.
func TestLateReportCatchesUpFromItsKeyFrame(t *testing.T) {
	k := newCamera(t, cascade.Config{})
	k.run(101, nil) // up to key frame 100
	k.took()
	k.run(25, nil) // key frame 120 passed
	k.took()
	k.c.Seen(&analyze.Observation{Seq: 100, PTS: k.pts(100), Key: true, Decoded: true, Regions: thing(0.5)}, cascade.Sight{Stirring: true})
	k.run(1, nil)
	p := k.took()
	if len(p) != 27 || p[0].seq != 100 || p[26].seq != 126 {
		t.Fatalf("caught up with %d units from %v", len(p), p)
	}
}

func TestPolicies(t *testing.T) {
	for _, c := range []struct {
		name   string
		cfg    cascade.Config
		gop    int
		shed   cascade.Step
		policy cascade.Policy
		why    string
	}{
		{"short groups", cascade.Config{}, 20, 0, cascade.Track, "2.0 s"},
		{"long groups", cascade.Config{}, 100, 0, cascade.Full, "apart"},
		{"urgent", cascade.Config{Urgent: true}, 20, 0, cascade.Full, "urgent"},
		{"forced", cascade.Config{Policy: cascade.Presence}, 100, 0, cascade.Presence, "operator"},
		{"overload", cascade.Config{}, 20, cascade.StepPresence, cascade.Presence, "overload"},
		{"a little overload", cascade.Config{}, 20, cascade.StepAudit, cascade.Track, "2.0 s"},
		{"heavy overload", cascade.Config{}, 20, cascade.StepSparse, cascade.Presence, "every 4 s"},
		{"overload, urgent", cascade.Config{Urgent: true}, 20, cascade.StepRare, cascade.Full, "urgent"},
	} {
		k := newCamera(t, c.cfg)
		k.gop = c.gop
		k.c.Shed(c.shed)
		k.run(350, nil)
		s := k.c.Status()
		if s.Policy != c.policy || !strings.Contains(s.Reason, c.why) {
			t.Errorf("%s: %s because %q", c.name, s.Policy, s.Reason)
		}
		if c.policy == cascade.Full && s.Chained != 350 {
			t.Errorf("%s: %d of 350 units decoded", c.name, s.Chained)
		}
	}
}

// TestGroupsThatGrow: a camera with a "smart" codec stops sending key frames.
func TestGroupsThatGrow(t *testing.T) {
	k := newCamera(t, cascade.Config{})
	k.run(61, nil)
	k.gop = 1 << 30
	k.run(60, nil)
	if s := k.c.Status(); s.Policy != cascade.Full {
		t.Errorf("6 s without a key frame: %s because %q", s.Policy, s.Reason)
	}
}

func TestUselessPlacesWakeLessOften(t *testing.T) {
	k := newCamera(t, cascade.Config{})
	k.run(61, nil)
	leaf := func(seq uint64) ([]analyze.Region, bool) { return thing(0.8), false }
	k.run(3000, leaf)
	early := k.c.Status().Woken
	k.run(3000, leaf)
	s := k.c.Status()
	if late := s.Woken - early; late > 8 || s.Useless == 0 {
		t.Errorf("a branch wakes %d times in the first 300 s, %d in the next", early, late)
	}
	before := k.c.Status().Woken
	k.run(25, func(seq uint64) ([]analyze.Region, bool) { return append(thing(0.8), thing(0.1)...), true })
	if k.c.Status().Woken == before && !k.c.Status().Awake {
		t.Error("a thing elsewhere no longer wakes")
	}
}

func TestSizeWakesButOnlySometimes(t *testing.T) {
	k := newCamera(t, cascade.Config{})
	k.size = func(seq uint64) int { return 1000 + int(seq*7919%200) }
	k.run(200, nil)
	k.size = func(seq uint64) int { return 9000 }
	k.run(5, nil)
	s := k.c.Status()
	if s.WokenBySize != 1 || !s.Awake {
		t.Fatalf("pictures nine times as large: %+v", s)
	}
	k.size = func(seq uint64) int { return 1000 + 8000*int(seq/40%2) }
	k.run(3000, nil)
	if s := k.c.Status(); s.WokenBySize > 12 {
		t.Errorf("sizes that mean nothing wake %d times in 300 s", s.WokenBySize)
	}
}

func TestNewSessionStartsAtItsKeyFrame(t *testing.T) {
	k := newCamera(t, cascade.Config{})
	k.run(65, nil)
	k.epoch, k.seq = 1, 7 // in the middle of a group
	k.took()
	k.run(10, nil)
	if p := k.took(); len(p) != 0 {
		t.Errorf("units whose key frame is missing are decoded: %v", p)
	}
	k.run(10, nil)
	if p := k.took(); len(p) == 0 || p[0].seq != 20 {
		t.Errorf("the new session starts with %v", p)
	}
}

func TestRefusedGoesOnAtAKeyFrame(t *testing.T) {
	k := newCamera(t, cascade.Config{Policy: cascade.Full})
	k.run(25, nil)
	k.fail = errors.New("no room")
	k.run(5, nil)
	k.fail = nil
	k.took()
	k.run(20, nil)
	p := k.took()
	if p[0].seq != 20 {
		t.Errorf("after a refusal it goes on with %d, want the key frame held", p[0].seq)
	}
	if s := k.c.Status(); s.Refused == 0 {
		t.Error("refusals are not counted")
	}
}

// TestSlowReportsDoNotPutToSleep: the decoder is five seconds behind, and what
// it then reports is life.
func TestSlowReportsDoNotPutToSleep(t *testing.T) {
	k := newCamera(t, cascade.Config{})
	k.run(81, func(seq uint64) ([]analyze.Region, bool) { return thing(0.4), seq >= 60 })
	for range 50 {
		_ = k.c.Unit(k.unit())
		k.seq++
	}
	if s := k.c.Status(); !s.Awake {
		t.Errorf("asleep without a report: %+v", s)
	}
}

func TestHeldIsBounded(t *testing.T) {
	k := newCamera(t, cascade.Config{HoldBytes: 50_000})
	k.gop = 100000
	k.run(5000, nil)
	if n := k.c.Held(); n > 50_000 {
		t.Errorf("%d bytes held, bound 50000", n)
	}
}

func TestAuditCountsWhatWasMissed(t *testing.T) {
	k := newCamera(t, cascade.Config{})
	k.run(41, nil)
	k.c.Audit(true)
	k.run(100, func(seq uint64) ([]analyze.Region, bool) {
		switch { // one event between key frames, one across
		case seq > 62 && seq < 75:
			return thing(0.5), true
		case seq > 95 && seq < 125:
			return thing(0.5), true
		}
		return nil, false
	})
	if s := k.c.Status(); s.Audited != 2 || s.AuditMissed != 1 || s.Chained < 100 {
		t.Errorf("status %+v", s)
	}
}

func TestWait(t *testing.T) {
	k := newCamera(t, cascade.Config{})
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	var wg sync.WaitGroup
	wg.Go(func() {
		for seq := range uint64(50) {
			k.c.Seen(&analyze.Observation{Seq: seq, Key: true, Decoded: true}, cascade.Sight{})
		}
	})
	for seq := range uint64(50) {
		if err := k.c.Wait(ctx, seq); err != nil {
			t.Fatal(err)
		}
	}
	wg.Wait()
	cancel()
	if err := k.c.Wait(ctx, 1000); !errors.Is(err, context.Canceled) {
		t.Errorf("a wait that is cancelled returns %v", err)
	}
}

func TestUnitAllocatesNothing(t *testing.T) {
	k := newCamera(t, cascade.Config{})
	k.run(100, nil)
	k.pushed = make([]push, 0, 1<<16)
	units := make([]*shouwang.AccessUnit, 2000)
	for i := range units {
		units[i] = k.unit()
		k.seq++
	}
	i := 0
	n := testing.AllocsPerRun(len(units)-2, func() {
		_ = k.c.Unit(units[i])
		i++
	})
	if n > 0 {
		t.Errorf("%v allocations a unit, want none", n)
	}
}

// TestShedStepsInOrder: a live group is decoded to its end, then key frames
// only, then fewer of them.
func TestShedStepsInOrder(t *testing.T) {
	k := newCamera(t, cascade.Config{})
	alive := func(uint64) ([]analyze.Region, bool) { return thing(0.4), true }
	k.run(90, alive)
	k.took()
	k.c.Shed(cascade.StepPresence) // in the middle of the group of key frame 80
	k.run(50, alive)
	for i, u := range k.took() {
		want := push{90 + uint64(i), analyze.ModeChain}
		if i >= 10 {
			want = push{100 + 20*uint64(i-10), analyze.ModeKey}
		}
		if u != want {
			t.Fatalf("unit %d is %v, want %v", i, u, want)
		}
	}
	for _, c := range []struct {
		step  cascade.Step
		looks int
	}{{cascade.StepPresence, 40}, {cascade.StepSparse, 20}, {cascade.StepRare, 10}} {
		k.c.Shed(c.step)
		k.run(20, nil)
		k.took()
		k.run(800, alive)
		if n := len(k.took()); n < c.looks-1 || n > c.looks+1 {
			t.Errorf("%s: %d looks in 80 s, want %d", c.step, n, c.looks)
		}
		if s := k.c.Status(); s.Step != c.step || s.Policy != cascade.Presence {
			t.Errorf("%s: %+v", c.step, s)
		}
	}
	k.c.Shed(cascade.StepNone)
	k.run(60, alive)
	if s := k.c.Status(); !s.Awake || s.Step != cascade.StepNone {
		t.Errorf("the load fell: %+v", s)
	}
}

// TestDoubtIsPeekedAt: with key frames alone a doubt has the pictures around it
// decoded, from the key frame before to the one after, and then it is over; what
// comes to nothing makes the next one wait longer, and where key frames are passed
// over there is no time for any.
func TestDoubtIsPeekedAt(t *testing.T) {
	k := newCamera(t, cascade.Config{Policy: cascade.Presence})
	doubt := func(seq uint64) {
		k.c.Seen(&analyze.Observation{Seq: seq, PTS: k.pts(seq), Key: true, Decoded: true, Regions: thing(0.5)}, cascade.Sight{Doubt: true, Stirring: true})
	}
	k.run(101, nil)
	k.took()
	doubt(100)
	k.run(60, nil)
	p := k.took()
	if len(p) != 43 || p[0] != (push{80, analyze.ModeChain}) || p[39] != (push{119, analyze.ModeChain}) || p[40] != (push{120, analyze.ModeKey}) {
		t.Fatalf("peeked at %d units: %v", len(p), p)
	}
	chained := func(key uint64) (n int) {
		k.run(int(key-k.seq)+1, nil)
		k.took()
		doubt(key)
		k.run(20, nil)
		for _, u := range k.took() {
			if u.mode == analyze.ModeChain {
				n++
			}
		}
		return n
	}
	if n := chained(180); n > 0 {
		t.Errorf("%d pictures 6 s after a peek for nothing", n)
	}
	if n := chained(400); n == 0 {
		t.Error("no peek half a minute later")
	}
	k.c.Shed(cascade.StepSparse)
	k.c.Set(cascade.Config{})
	if n := chained(2000); n > 0 {
		t.Errorf("%d pictures where even key frames are passed over", n)
	}
}

// TestManyAtOnceAreMeasuredByKeyFrames: under load a camera that is new does
// not begin with decoding everything.
func TestManyAtOnceAreMeasuredByKeyFrames(t *testing.T) {
	k := newCamera(t, cascade.Config{})
	k.c.Shed(cascade.StepAudit)
	k.run(21, nil)
	for _, u := range k.took() {
		if u.mode != analyze.ModeKey {
			t.Fatalf("unit %v", u)
		}
	}
	k = newCamera(t, cascade.Config{})
	k.gop = 1 << 20
	k.c.Shed(cascade.StepAudit)
	k.run(60, nil) // no second key frame: caught up from the first
	if s := k.c.Status(); s.Policy != cascade.Full || s.Chained != 60 {
		t.Errorf("%+v", s)
	}
}
