package policy

import (
	"time"

	"shouwang"
)

// RecordMode says how much of a camera is recorded.
type RecordMode string

// The modes of recording.
const (
	RecordNone    RecordMode = "none"
	RecordEvents  RecordMode = "events"
	RecordRolling RecordMode = "rolling"
)

// Recording is how an allowed recording is to be made.
type Recording struct {
	Mode   RecordMode
	Stream shouwang.StreamKind
	// Retention is how long the footage is kept; zero keeps nothing.
	Retention time.Duration
}

// StatutoryDays is how long a department's camera is kept at least (2025
// Regulation, art. 7).
const StatutoryDays = 30

// DefaultRetentionDays is how long a resident's footage is kept where the
// owner named no number.
const DefaultRetentionDays = 7

// RecordMode is what the owner chose, else event clips where something may be
// played back at all. Finding an event takes motion analysis: choosing event
// clips chooses that.
func (c *Consent) RecordMode() RecordMode {
	if c.Recording != "" {
		return c.Recording
	}
	if c.Allows(ModePlayback) || c.Allows(ModeExport) {
		return RecordEvents
	}
	return RecordNone
}

// KeepDays is what the owner picked, 3 to 30 days for a resident's
// camera (art. 33 knows no floor; the bounds are the form's).
func (c *Consent) KeepDays(class shouwang.LegalClass) int {
	n := c.RetentionDays
	if n <= 0 {
		n = DefaultRetentionDays
	}
	if class == shouwang.ClassResident {
		n = max(3, min(n, 30))
	}
	return n
}

// FiledDays is how many days a department's camera is kept at least.
func (c *Camera) FiledDays() int {
	if c.Filing == nil {
		return StatutoryDays
	}
	return max(StatutoryDays, c.Filing.RetentionDays)
}
