package cascade

import (
	"time"

	"shouwang"
)

// Step is how far the looking at one camera is cut for want of CPU time. The
// order is the order in which it is cut; recording is never touched, and a
// group of pictures that is being decoded is decoded to its end.
type Step uint8

const (
	// StepNone cuts nothing.
	StepNone Step = iota
	// StepAudit ends audits and measures new cameras by key frames alone.
	StepAudit
	// StepPresence looks at key frames only, whatever they show.
	StepPresence
	// StepSparse looks at a key frame every 4 s at most.
	StepSparse
	// StepRare looks at a key frame every 8 s at most: none goes unseen for
	// longer.
	StepRare
)

// Steps are all of them, in order.
var Steps = [...]Step{StepNone, StepAudit, StepPresence, StepSparse, StepRare}

func (s Step) String() string {
	return [...]string{"none", "audit", "presence", "sparse", "rare"}[min(s, StepRare)]
}

// Apart is how far apart the key frames looked at are at least.
func (s Step) Apart() time.Duration {
	switch s {
	case StepSparse:
		return 4 * time.Second
	case StepRare:
		return 8 * time.Second
	}
	return 0
}

func (s Step) why() string {
	switch s {
	case StepSparse:
		return whySparse
	case StepRare:
		return whyRare
	}
	return whyShed
}

// Shed tells the cascade how far to cut while the machine is overloaded. A
// camera that is urgent, or set to Full, is not cut.
func (c *Controller) Shed(s Step) {
	c.mu.Lock()
	c.shed = s
	c.mu.Unlock()
}

// Asked returns the step that was asked for last, the observed distance of key
// frames, and whether the camera is exempt: what deciding about it takes.
func (c *Controller) Asked() (s Step, gop time.Duration, fixed bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.shed, c.status.GOP, c.cfg.Fixed()
}

// spare reports whether a key frame is passed over, and notes when one was
// looked at. A tenth is allowed for, as key frames do not come to the tick.
func (c *Controller) spare(pts shouwang.MediaTime) bool {
	apart := c.apart
	if apart > 0 && pts >= c.looked && (pts-c.looked).Duration() < apart-apart/10 {
		return true
	}
	c.looked = pts
	return false
}
