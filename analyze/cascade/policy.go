package cascade

import (
	"fmt"
	"strings"
	"time"
)

// Policy is how much of a camera's stream is decoded.
type Policy string

const (
	// Auto lets the cascade choose Full or Track from what it observes.
	Auto Policy = ""
	// Full decodes every picture, always. Only this guarantees events shorter
	// than the distance of key frames.
	Full Policy = "full"
	// Track decodes key frames, and every picture while something happens.
	Track Policy = "track"
	// Presence decodes key frames only.
	Presence Policy = "presence"
)

// Config is how one camera is to be looked at.
type Config struct {
	// Policy forces a policy; Auto chooses.
	Policy Policy
	// Urgent makes Auto choose Full.
	Urgent bool
	// LongGOP is the distance of key frames from which Auto chooses Full;
	// 2.5 s, since an event is seen by chance, duration over distance.
	LongGOP time.Duration
	// Settle is how long after the last sign of life every picture is still
	// decoded; 2 s.
	Settle time.Duration
	// HoldUnits and HoldBytes bound what is kept for catching up; 600 units
	// and 8 MiB.
	HoldUnits, HoldBytes int
	// NoGate leaves sizes out of account.
	NoGate bool
}

func (c Config) withDefaults() Config {
	if c.LongGOP <= 0 {
		c.LongGOP = 2500 * time.Millisecond
	}
	if c.Settle <= 0 {
		c.Settle = 2 * time.Second
	}
	if c.HoldUnits <= 0 {
		c.HoldUnits = 600
	}
	if c.HoldBytes <= 0 {
		c.HoldBytes = 8 << 20
	}
	return c
}

// The reasons for a policy, as operators read them; %.1f is the distance of key
// frames in seconds.
const (
	whyShed      = "overload: key frames only until the load falls"
	whySparse    = "overload: one key frame every 4 s at most until the load falls"
	whyRare      = "overload: one key frame every 8 s at most until the load falls"
	whySet       = "set by the operator"
	whyUrgent    = "marked urgent"
	whyMeasuring = "measuring the distance of key frames"
	whyAudit     = "audit: decoded fully to count what key frames alone would miss"
	whyLong      = "key frames are %.1f s apart: between them a short event would be missed"
	whyShort     = "key frames every %.1f s are enough to notice what begins"
)

// Fixed reports whether overload leaves the camera as it is.
func (c *Config) Fixed() bool { return c.Policy == Full || c.Urgent }

// choose returns the policy in force and the reason. gop is the observed
// distance of key frames, 0 while it is unknown.
func (c *Config) choose(gop time.Duration, shed Step) (Policy, string) {
	switch {
	case shed >= StepPresence && !c.Fixed():
		return Presence, shed.why()
	case c.Policy != Auto:
		return c.Policy, whySet
	case c.Urgent:
		return Full, whyUrgent
	case gop == 0 && shed == StepNone:
		return Full, whyMeasuring
	case gop == 0:
		return Track, whyMeasuring
	case gop > c.LongGOP:
		return Full, whyLong
	}
	return Track, whyShort
}

// explain fills in a reason.
func explain(why string, gop time.Duration) string {
	if strings.Contains(why, "%") {
		return fmt.Sprintf(why, gop.Seconds())
	}
	return why
}
