package cascade

import (
	"sync"
	"time"

	"shouwang"
	"shouwang/analyze"
)

// Decoder takes the units that are to be decoded, in order. The pool's session
// is one: Push must not call back into the Controller before it returns.
type Decoder interface {
	Push(au *shouwang.AccessUnit, mode analyze.Mode) error
}

// Status is what operators and metrics see of one camera.
type Status struct {
	Policy Policy
	Reason string
	Awake  bool
	GOP    time.Duration // observed distance of key frames, 0 while unknown
	// Units were seen, Chained and Keys of them handed on for decoding.
	Units, Chained, Keys uint64
	// Woken counts wakes, WokenBySize those that the gate caused, and Useless
	// those that came to nothing.
	Woken, WokenBySize, Useless uint64
	// Refused counts units that the decoder had no room for.
	Refused uint64
	// Audited counts events under audit, AuditMissed those that key frames
	// alone would not have shown.
	Audited, AuditMissed uint64
	// Step is how far the camera is cut for want of CPU time; StepNone for one
	// that is not cut, whatever is asked of others. Spared counts the key frames
	// passed over for it.
	Step   Step
	Spared uint64
	// Fixed says that overload leaves the camera as it is.
	Fixed bool
}

// Controller is the cascade of one camera. Unit is called by one goroutine, in
// stream order; Seen and the rest by any.
type Controller struct {
	decoder Decoder

	// The reader's goroutine alone.
	held      []*shouwang.AccessUnit // from a key frame on
	heldBytes int
	gate      gate
	epoch     uint32
	begun     bool
	lastKey   shouwang.MediaTime
	keys      int
	chain     bool               // units go to the camera's own decoder
	apart     time.Duration      // between key frames looked at, at least
	looked    shouwang.MediaTime // the last of them
	chained   uint64             // sequence number of the newest that went to that decoder

	mu        sync.Mutex
	cfg       Config
	status    Status
	gops      [4]time.Duration
	shed      Step
	reasonGOP time.Duration
	audit     bool
	wake      bool // asked for by Seen
	wakeFrom  uint64
	wakeSize  bool
	causes    []cause
	active    bool
	useful    bool               // this wake became an event
	since     shouwang.MediaTime // of the wake, or the last life in it
	lifeAt    shouwang.MediaTime // last sign of life while active
	seenAt    shouwang.MediaTime // of the newest picture reported
	places    places
	peeks     gate // how long until the next peek may be
	auditing  bool
	auditHit  bool
	answered  uint64        // seq+1 of the newest unit reported on
	answer    chan struct{} // wakes Wait
}

// New returns the cascade of a camera in front of its decoder.
func New(cfg Config, d Decoder) *Controller {
	return &Controller{decoder: d, cfg: cfg.withDefaults(), answer: make(chan struct{}, 1)}
}

// Unit takes the camera's next access unit and hands on what is to be decoded:
// the unit, nothing, or all that is held since a key frame. The error is the
// decoder's; the stream goes on at the next key frame.
func (c *Controller) Unit(au *shouwang.AccessUnit) error {
	if !c.begun || au.Epoch != c.epoch || au.Lost > 0 && au.Key {
		c.restart(au)
	}
	if au.Key {
		c.measure(au)
	}
	c.mu.Lock()
	cfg := c.cfg
	c.mu.Unlock()
	bySize := !au.Key && !cfg.NoGate && c.gate.look(au.Size(), au.PTS)
	full, from, catch := c.plan(au, bySize)
	c.hold(au, &cfg)
	switch {
	case full && c.chain:
		return c.push(au, analyze.ModeChain)
	case full:
		return c.catchUp(from, catch)
	case au.Key && !c.spare(au.PTS):
		c.chain = false
		return c.push(au, analyze.ModeKey)
	case au.Key:
		c.passOver(au.Seq)
	}
	c.chain = false
	return nil
}

// passOver counts a key frame that is not looked at, for which nobody is to
// wait either.
func (c *Controller) passOver(seq uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.status.Spared++
	c.dealtWith(seq)
}

// restart forgets what belongs to another session of the stream.
func (c *Controller) restart(au *shouwang.AccessUnit) {
	fresh := !c.begun || au.Epoch != c.epoch
	c.epoch, c.begun, c.chain, c.chained = au.Epoch, true, false, 0
	c.drop(len(c.held))
	if fresh {
		c.keys = 0
		c.gate.restart()
		c.peeks.restart()
		c.looked = au.PTS - shouwang.MediaTimeOf(StepRare.Apart())
		c.mu.Lock()
		c.wake, c.active, c.lifeAt, c.seenAt, c.answered = false, false, 0, 0, 0
		c.mu.Unlock()
	}
}

// measure keeps the distance of key frames: the longest of the last four.
func (c *Controller) measure(au *shouwang.AccessUnit) {
	if c.keys > 0 && au.PTS > c.lastKey {
		c.mu.Lock()
		c.gops[c.keys%len(c.gops)] = (au.PTS - c.lastKey).Duration()
		c.status.GOP = max(c.gops[0], c.gops[1], c.gops[2], c.gops[3])
		c.mu.Unlock()
	}
	c.lastKey = au.PTS
	c.keys++
}

// plan decides under the lock: whether every picture is decoded now, and if
// that begins now, from which unit on.
func (c *Controller) plan(au *shouwang.AccessUnit, bySize bool) (full bool, from uint64, catch bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.status.Units++
	gop := c.status.GOP
	if open := (au.PTS - c.lastKey).Duration(); gop > 0 || open > c.cfg.LongGOP {
		gop = max(gop, open)
	}
	c.reasonGOP = gop
	c.status.Policy, c.status.Reason = c.cfg.choose(gop, c.shed)
	c.status.Fixed, c.status.Step = c.cfg.Fixed(), c.shed
	if c.status.Fixed {
		c.status.Step = StepNone
	}
	c.apart = c.status.Step.Apart()
	audit := c.audit && c.shed == StepNone
	if audit {
		c.status.Reason = whyAudit
	}
	switch {
	case c.status.Policy == Full || audit:
		full = true
	case c.status.Policy == Presence:
		full = c.peek(au)
	default:
		full = c.decide(au, bySize)
	}
	from, catch = c.wakeFrom, c.wake
	c.wake = false
	c.status.Awake = full
	return full, from, catch
}

// decide is plan for Track.
func (c *Controller) decide(au *shouwang.AccessUnit, bySize bool) bool {
	if c.active {
		// By what was seen, not by what was read: a file, or a busy worker, may
		// be far behind.
		if (c.seenAt - c.lifeAt).Duration() > c.cfg.Settle {
			c.sleep(au.PTS)
		}
		return c.active
	}
	if !c.wake && !bySize {
		return false
	}
	c.wakeSize = !c.wake
	if c.wakeSize {
		c.causes = c.causes[:0]
		c.status.WokenBySize++
	}
	c.active, c.useful, c.since, c.lifeAt = true, false, au.PTS, au.PTS
	c.status.Woken++
	return true
}

// peek is plan for Presence: when a key frame leaves a doubt, the pictures
// around it are decoded, from the key frame before to the one after it.
func (c *Controller) peek(au *shouwang.AccessUnit) bool {
	switch {
	case c.active && !au.Key:
		return true
	case c.active:
		c.sleep(au.PTS)
		c.peeks.learned(c.useful)
		c.peeks.notBefore = au.PTS + c.peeks.patience
	case c.wake && c.status.Step < StepSparse && au.PTS >= c.peeks.notBefore:
		c.active, c.useful, c.wakeSize, c.since, c.lifeAt = true, false, false, au.PTS, au.PTS
		c.status.Woken++
		return true
	}
	c.wake = false
	// What refers to pictures decoded already is decoded: a group is cut
	// between groups.
	return c.chain && !au.Key
}

// sleep ends a wake and learns from what it came to.
func (c *Controller) sleep(pts shouwang.MediaTime) {
	c.active = false
	if !c.useful {
		c.status.Useless++
	}
	if c.wakeSize {
		c.gate.learned(c.useful)
	}
	for i := range c.causes {
		c.places.judge(c.causes[i].box, pts, c.causes[i].useful)
	}
}

// hold keeps the unit for catching up: two groups of pictures at most, within
// the bounds.
func (c *Controller) hold(au *shouwang.AccessUnit, cfg *Config) {
	if len(c.held) == 0 && !au.Key {
		return
	}
	if au.Key {
		c.drop(c.newestKey())
	}
	c.held = append(c.held, au)
	c.heldBytes += au.Size()
	if len(c.held) > cfg.HoldUnits || c.heldBytes > cfg.HoldBytes {
		if k := c.newestKey(); k > 0 {
			c.drop(k)
		} else {
			c.drop(len(c.held))
		}
	}
}

// newestKey is the index of the newest key frame held.
func (c *Controller) newestKey() int {
	for i := len(c.held) - 1; i >= 0; i-- {
		if c.held[i].Key {
			return i
		}
	}
	return 0
}

func (c *Controller) drop(n int) {
	for _, au := range c.held[:n] {
		c.heldBytes -= au.Size()
	}
	m := copy(c.held, c.held[n:])
	clear(c.held[m:])
	c.held = c.held[:m]
}

// catchUp gives the camera's own decoder all that is held from the key frame
// before the one that woke it: what woke it came in between, and the event is
// to begin where it did. A wake by size begins at the newest, and so does one
// soon after another: what was decoded is not decoded again.
func (c *Controller) catchUp(from uint64, known bool) error {
	at, before := c.newestKey(), 0
	for i, au := range c.held {
		if known && au.Key && au.Seq == from {
			if at = before; c.held[before].Seq < c.chained {
				at = i
			}
			break
		}
		if au.Key {
			before = i
		}
	}
	if len(c.held) == 0 {
		return nil // in the middle of a group whose key frame is gone
	}
	c.chain = true
	for _, au := range c.held[at:] {
		if err := c.push(au, analyze.ModeChain); err != nil {
			return err
		}
	}
	return nil
}

func (c *Controller) push(au *shouwang.AccessUnit, mode analyze.Mode) error {
	err := c.decoder.Push(au, mode)
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case err != nil:
		c.status.Refused++
		c.chain = false
	case mode == analyze.ModeKey:
		c.status.Keys++
	default:
		c.chained = max(c.chained, au.Seq)
		c.status.Chained++
	}
	return err
}
