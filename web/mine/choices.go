package mine

import (
	"time"

	"shouwang"
	"shouwang/policy"
)

// nextVersion makes the version that follows a consent.
type nextVersion func(old *policy.Consent, ch policy.Change) (*policy.Consent, error)

func pausing(until time.Time) nextVersion {
	return func(old *policy.Consent, ch policy.Change) (*policy.Consent, error) { return old.Pause(ch, until) }
}

// giving is the owner's yes with the choices in the body; what the body leaves
// out stays as it was. Where the yes stands already it changes the terms; where
// it is paused and nothing else is chosen it goes on.
func giving(in *giveBody) nextVersion {
	return func(old *policy.Consent, ch policy.Change) (*policy.Consent, error) {
		slots, err := slotsOf(in.Slots)
		if err != nil {
			return nil, err
		}
		choose := func(c *policy.Consent) { in.choose(c, slots) }
		switch {
		case old.State == policy.Paused && in.empty():
			return old.Resume(ch)
		case old.State.Live() || old.State == policy.Paused:
			return old.Amend(ch, choose)
		}
		return old.Give(ch, func(c *policy.Consent) {
			choose(c)
			c.NotBefore, c.NotAfter = time.Time{}, time.Time{} // from now, for 12 months
			if in.Months > 0 {
				c.NotBefore, c.NotAfter = ch.At, ch.At.AddDate(0, in.Months, 0)
			}
		})
	}
}

func slotsOf(names []string) (out policy.Slots, err error) {
	for _, name := range names {
		slot, err := policy.ParseSlot(name)
		if err != nil {
			return out, shouwang.Errorf(shouwang.CodeBadUsage, "%w", err)
		}
		out = out.With(slot)
	}
	return out, nil
}

func (in *giveBody) empty() bool {
	return in.Slots == nil && in.Modes == nil && in.Audiences == nil && in.RetentionDays == 0 && in.Months == 0
}

func (in *giveBody) choose(c *policy.Consent, slots policy.Slots) {
	if in.Slots != nil {
		c.Slots = slots
	}
	if in.Modes != nil {
		c.Modes = in.Modes
	}
	if in.Audiences != nil {
		c.Audiences = in.Audiences
	}
	if in.RetentionDays > 0 {
		c.RetentionDays = in.RetentionDays
	}
}
