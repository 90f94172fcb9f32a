package cascade

import (
	"context"

	"shouwang"
	"shouwang/analyze"
)

// Sight is what the eventer made of an observation.
type Sight struct {
	// Live says that an event lives, Promising that something is followed that
	// moves as things do and may soon be one, Stirring that anything is.
	Live, Promising, Stirring bool
	// Doubt says that a key frame, seen by itself, showed what may be something
	// and may not.
	Doubt bool
	// Been reports whether what is in the event is or has been at a place; it
	// may be nil and is called before Seen returns.
	Been func(shouwang.Box) bool
}

// Seen takes an observation together with what the eventer made of it. It
// never calls the decoder: a wake takes effect with the next Unit.
func (c *Controller) Seen(o *analyze.Observation, s Sight) {
	c.mu.Lock()
	defer c.mu.Unlock()
	// Any report says that all units up to its own were dealt with: a key frame
	// that cannot be decoded brings no picture and must not be waited for.
	c.dealtWith(o.Seq)
	if !o.Decoded {
		return
	}
	c.seenAt = max(c.seenAt, o.PTS)
	reason := c.reason(o)
	c.auditSeen(o, s.Live, reason)
	if c.active {
		c.awake(o, s)
		return
	}
	if c.status.Policy == Presence {
		reason = reason && s.Doubt
	} else {
		reason = reason || s.Live
	}
	if o.Key && !c.wake && reason {
		c.wake, c.wakeFrom = true, o.Seq
		c.causes = c.causes[:0]
		for i := range o.Regions {
			if o.Regions[i].Moving >= leastMoving && !o.Regions[i].Gone {
				c.causes = append(c.causes, cause{box: o.Regions[i].Box})
			}
		}
	}
}

// dealtWith notes that units up to seq were. Called with mu held.
func (c *Controller) dealtWith(seq uint64) {
	if seq+1 <= c.answered {
		return
	}
	c.answered = seq + 1
	select {
	case c.answer <- struct{}{}:
	default:
	}
}

// awake notes the signs of life of a camera that is awake.
func (c *Controller) awake(o *analyze.Observation, s Sight) {
	if s.Live {
		c.useful, c.since = true, max(c.since, o.PTS)
		for i := range c.causes {
			k := &c.causes[i]
			k.useful = k.useful || s.Been == nil || s.Been(k.box)
		}
	}
	// Stirring alone is not for long: leaves and burned-in clocks would keep
	// a camera awake. What goes its way is followed until it is something.
	if s.Live || s.Promising || s.Stirring && 2*(o.PTS-c.since).Duration() < 3*c.cfg.Settle {
		c.lifeAt = max(c.lifeAt, o.PTS)
	}
}

// cause is a place that woke the camera; it is useful when an event came of
// it.
type cause struct {
	box    shouwang.Box
	useful bool
}

// reason reports whether an observation is reason to wake.
func (c *Controller) reason(o *analyze.Observation) bool {
	for i := range o.Regions {
		if c.places.wakes(&o.Regions[i], o.PTS) {
			return true
		}
	}
	return false
}

// auditSeen counts, while everything is decoded, the events during which no
// key frame gave reason to wake.
func (c *Controller) auditSeen(o *analyze.Observation, live, reason bool) {
	if !c.audit {
		c.auditing = false
		return
	}
	if live && !c.auditing {
		c.auditing, c.auditHit = true, false
		c.status.Audited++
	}
	if o.Key && reason {
		c.auditHit = true
	}
	if !live && c.auditing {
		c.auditing = false
		if !c.auditHit {
			c.status.AuditMissed++
		}
	}
}

// Wait blocks until the unit with that sequence number, pushed before, has
// been dealt with, or ctx ends. A file read faster than real time calls it after
// each key frame, so that the cascade decides there as it would live.
func (c *Controller) Wait(ctx context.Context, seq uint64) error {
	for {
		c.mu.Lock()
		done := c.answered > seq
		c.mu.Unlock()
		if done {
			return nil
		}
		select {
		case <-c.answer:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Set changes how the camera is looked at; it takes effect with the next unit.
func (c *Controller) Set(cfg Config) {
	c.mu.Lock()
	c.cfg = cfg.withDefaults()
	c.mu.Unlock()
}

// Audit decodes everything for a while and counts what the cascade would have
// missed; a small rotating share of cameras is always under audit.
func (c *Controller) Audit(on bool) {
	c.mu.Lock()
	c.audit = on
	c.mu.Unlock()
}

// Policy returns the policy in force; it is cheap enough to ask every time.
func (c *Controller) Policy() Policy {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.status.Policy
}

// Status returns what the cascade does and has done.
func (c *Controller) Status() Status {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.status
	s.Reason = explain(s.Reason, c.reasonGOP)
	return s
}

// Held returns how many bytes are kept for catching up. It is for the reader's
// goroutine, like Unit.
func (c *Controller) Held() int { return c.heldBytes }
