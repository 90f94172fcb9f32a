package policy

import (
	"slices"
	"time"

	"shouwang"
)

// RestAfterRefusal is how long nobody may ask an owner again who said no.
const RestAfterRefusal = 90 * 24 * time.Hour

// bySystem is who acts when time alone does.
const bySystem = "service:shouwang"

// Step is the name of a change in a consent's life.
type Step string

// The steps. Amend changes the terms, Erase notes what became of the keys;
// both leave the state.
const (
	StepRequest    Step = "request"
	StepGive       Step = "give"
	StepRefuse     Step = "refuse"
	StepRenew      Step = "renew"
	StepPause      Step = "pause"
	StepResume     Step = "resume"
	StepExpire     Step = "expire"
	StepWithdraw   Step = "withdraw"
	StepTerminate  Step = "terminate"
	StepInvalidate Step = "invalidate"
	StepAmend      Step = "amend"
	StepErase      Step = "erase"
)

// same marks a step that leaves the state as it is; before marks Resume,
// which goes back to the state before the pause.
const (
	same   ConsentState = "="
	before ConsentState = "<"
)

// allowedSteps is the life of a consent: from a state, by a step, to a state.
// "" is a camera and purpose that nobody asked about yet.
var allowedSteps = map[ConsentState]map[Step]ConsentState{
	"":          {StepRequest: Requested, StepGive: Given},
	Requested:   {StepRequest: Requested, StepGive: Given, StepRefuse: Refused, StepTerminate: Terminated, StepInvalidate: Invalidated},
	Refused:     {StepRequest: Requested, StepGive: Given, StepErase: same},
	Given:       liveSteps(),
	Renewed:     liveSteps(),
	Paused:      pausedSteps(),
	Expired:     {StepRenew: Renewed, StepRequest: Requested, StepWithdraw: Withdrawn, StepTerminate: Terminated, StepInvalidate: Invalidated, StepErase: same},
	Withdrawn:   {StepRequest: Requested, StepGive: Given, StepErase: same},
	Terminated:  {StepRequest: Requested, StepErase: same},
	Invalidated: {StepRequest: Requested, StepErase: same},
}

func liveSteps() map[Step]ConsentState {
	return map[Step]ConsentState{
		StepRenew: Renewed, StepPause: Paused, StepExpire: Expired, StepWithdraw: Withdrawn,
		StepTerminate: Terminated, StepInvalidate: Invalidated, StepAmend: same,
	}
}

func pausedSteps() map[Step]ConsentState {
	return map[Step]ConsentState{
		StepResume: before, StepPause: Paused, StepExpire: Expired, StepWithdraw: Withdrawn,
		StepTerminate: Terminated, StepInvalidate: Invalidated, StepAmend: same,
	}
}

// Change is who brings a new version about, when and how.
type Change struct {
	At            time.Time
	By            string // a principal's id
	Channel       string // app, paper, visit, …
	NoticeVersion string
	LogIndex      uint64
}

// NewConsent returns version 1 of a record, in state requested, from the
// terms proposed. The id, camera and purpose must be set.
func NewConsent(terms Consent, ch Change) (*Consent, error) {
	if terms.ID == "" || terms.Camera == "" || terms.Purpose == "" {
		return nil, shouwang.Errorf(shouwang.CodeBadUsage, "request consent: name the consent, the camera and the purpose")
	}
	terms.Version, terms.State, terms.Events, terms.PrevHash, terms.RecordHash = 0, "", nil, "", ""
	return terms.step(StepRequest, ch, nil)
}

// Request asks the owner again. After a refusal it is an error (code
// conflict) for 90 days.
func (c *Consent) Request(ch Change) (*Consent, error) { return c.Propose(ch, nil) }

// Propose is Request for the terms that propose sets; who agreed to what, and
// under which notice, is asked anew.
func (c *Consent) Propose(ch Change, propose func(*Consent)) (*Consent, error) {
	if c.State == Refused && ch.At.Before(c.since().Add(RestAfterRefusal)) {
		return nil, shouwang.Errorf(shouwang.CodeConflict, "request consent %s: the owner refused; ask again from %s",
			c.Ref(), c.since().Add(RestAfterRefusal).Format(time.DateOnly))
	}
	return c.step(StepRequest, ch, func(n *Consent) error {
		if propose != nil {
			n.Notice, n.Principal = nil, nil
			propose(n)
		}
		return nil
	})
}

// Give returns the version in which the owner agrees. Choose, if not nil, sets
// the owner's choices on it; an empty term starts now and lasts 12 months, and
// a longer one is an error.
func (c *Consent) Give(ch Change, choose func(*Consent)) (*Consent, error) {
	return c.step(StepGive, ch, func(n *Consent) error {
		n.NotBefore, n.NotAfter, n.PauseUntil, n.Erasure = time.Time{}, time.Time{}, nil, nil
		if choose != nil {
			choose(n)
		}
		if n.NotBefore.IsZero() {
			n.NotBefore = ch.At
		}
		if n.NotAfter.IsZero() {
			n.NotAfter = n.NotBefore.AddDate(1, 0, 0)
		}
		return n.checkTerms()
	})
}

// Refuse returns the version in which the owner says no.
func (c *Consent) Refuse(ch Change) (*Consent, error) { return c.step(StepRefuse, ch, nil) }

// Renew returns the version that lasts until the time given, at most 12
// months from the change.
func (c *Consent) Renew(ch Change, until time.Time) (*Consent, error) {
	return c.RenewWith(ch, until, nil)
}

// RenewWith is Renew with the choices that choose sets.
func (c *Consent) RenewWith(ch Change, until time.Time, choose func(*Consent)) (*Consent, error) {
	return c.step(StepRenew, ch, func(n *Consent) error {
		n.NotAfter = until
		if choose != nil {
			choose(n)
		}
		return n.checkTerms()
	})
}

// Amend returns the version with other terms; it prolongs nothing.
func (c *Consent) Amend(ch Change, choose func(*Consent)) (*Consent, error) {
	return c.step(StepAmend, ch, func(n *Consent) error {
		choose(n)
		if n.NotAfter.After(c.NotAfter) {
			return shouwang.Errorf(shouwang.CodeConflict, "amend consent %s: to prolong it, renew it", c.Ref())
		}
		return n.checkTerms()
	})
}

// Pause returns the version that stops everything until the time given, or
// until Resume where that is zero.
func (c *Consent) Pause(ch Change, until time.Time) (*Consent, error) {
	return c.step(StepPause, ch, func(n *Consent) error {
		n.PauseUntil = nil
		if until.IsZero() {
			return nil
		}
		if !until.After(ch.At) {
			return shouwang.Errorf(shouwang.CodeBadUsage, "pause consent %s: the end lies in the past", c.Ref())
		}
		n.PauseUntil = &until
		return nil
	})
}

// Resume returns the version that goes on as before the pause.
func (c *Consent) Resume(ch Change) (*Consent, error) {
	return c.step(StepResume, ch, func(n *Consent) error { n.PauseUntil = nil; return nil })
}

// Expire returns the version whose term is over; before its end it is an error.
func (c *Consent) Expire(ch Change) (*Consent, error) {
	if ch.At.Before(c.NotAfter) {
		return nil, shouwang.Errorf(shouwang.CodeConflict, "expire consent %s: it lasts until %s", c.Ref(), c.NotAfter.Format(time.DateOnly))
	}
	return c.step(StepExpire, ch, nil)
}

// Withdraw returns the version in which the owner takes the consent back.
func (c *Consent) Withdraw(ch Change) (*Consent, error) { return c.step(StepWithdraw, ch, nil) }

// Terminate returns the version in which the other side ends the sharing.
func (c *Consent) Terminate(ch Change) (*Consent, error) { return c.step(StepTerminate, ch, nil) }

// Invalidate returns the version found never to have been valid.
func (c *Consent) Invalidate(ch Change) (*Consent, error) { return c.step(StepInvalidate, ch, nil) }

// Erased returns the version that notes what became of the keys.
func (c *Consent) Erased(ch Change, e Erasure) (*Consent, error) {
	return c.step(StepErase, ch, func(n *Consent) error { n.Erasure = &e; return nil })
}

// Due returns the version that time alone brings about at now (the end of
// the term, or of a pause), or nil where nothing is due.
func (c *Consent) Due(now time.Time) (*Consent, error) {
	ch := Change{At: now, By: bySystem, Channel: "timer"}
	switch {
	case (c.State.Live() || c.State == Paused) && !now.Before(c.NotAfter):
		return c.Expire(ch)
	case c.State == Paused && c.PauseUntil != nil && !now.Before(*c.PauseUntil):
		return c.Resume(ch)
	}
	return nil, nil
}

// step makes the next version: a copy, changed, hashed. The record it starts
// from is left as it is.
func (c *Consent) step(step Step, ch Change, change func(*Consent) error) (*Consent, error) {
	to, ok := allowedSteps[c.State][step]
	if !ok {
		return nil, shouwang.Errorf(shouwang.CodeConflict, "%s consent %s: it is %s", step, c.Ref(), c.State)
	}
	if ch.At.IsZero() || ch.By == "" || ch.At.Before(c.since()) {
		return nil, shouwang.Errorf(shouwang.CodeBadUsage, "%s consent %s: say who and when, no earlier than its last change", step, c.Ref())
	}
	n := c.copied()
	n.Version, n.PrevHash = c.Version+1, c.RecordHash
	switch to {
	case same:
		to = c.State
	case before:
		to = c.beforePause()
	}
	n.State = to
	n.Events = append(n.Events, ConsentEvent{
		Time: ch.At, Type: string(step), State: to, By: ch.By, Channel: ch.Channel,
		NoticeVersion: ch.NoticeVersion, LogIndex: ch.LogIndex,
	})
	if change != nil {
		if err := change(n); err != nil {
			return nil, err
		}
	}
	if n.ID != c.ID || n.Camera != c.Camera || n.Purpose != c.Purpose {
		return nil, shouwang.Errorf(shouwang.CodeBadUsage, "%s consent %s: a record keeps its camera and purpose; ask for a new one", step, c.Ref())
	}
	return n, n.seal()
}

// since is when the record last changed.
func (c *Consent) since() time.Time {
	if len(c.Events) == 0 {
		return time.Time{}
	}
	return c.Events[len(c.Events)-1].Time
}

func (c *Consent) beforePause() ConsentState {
	for _, e := range slices.Backward(c.Events) {
		if e.State.Live() {
			return e.State
		}
	}
	return Given
}

// termStart is the moment from which the 12 months count: the last time the
// owner said yes.
func (c *Consent) termStart() time.Time {
	for _, e := range slices.Backward(c.Events) {
		if e.Type == string(StepGive) || e.Type == string(StepRenew) {
			if c.NotBefore.After(e.Time) {
				return c.NotBefore
			}
			return e.Time
		}
	}
	return c.NotBefore
}

// checkTerms reports terms that no owner can agree to.
func (c *Consent) checkTerms() error {
	switch start := c.termStart(); {
	case !start.Before(c.NotAfter):
		return shouwang.Errorf(shouwang.CodeBadUsage, "consent %s: ends before it begins", c.Ref())
	case c.NotAfter.After(start.AddDate(1, 0, 0)):
		return shouwang.Errorf(shouwang.CodeBadUsage, "consent %s: lasts at most 12 months", c.Ref())
	case c.Device != nil && c.Device.Audio:
		return shouwang.Errorf(shouwang.CodeBadUsage, "consent %s: audio is never taken in", c.Ref())
	case c.Device != nil && !LawfulMount(c.Device.LegalClass, c.Device.Mount):
		return CheckOnboarding(c.Device.LegalClass, c.Device.Mount)
	}
	return c.within()
}

// Standing is the state that decides about what was recorded: asking again
// changes nothing about that until it is answered.
func (c *Consent) Standing() ConsentState {
	if c.State != Requested {
		return c.State
	}
	for _, e := range slices.Backward(c.Events) {
		if e.State != Requested {
			return e.State
		}
	}
	return Requested
}

// CheckOnboarding reports whether a camera of the legal class may be taken in
// where it hangs: own_premises, shared_premises or public. A resident's camera
// over a public place may not (2025 Regulation, art. 33); code denied.
func CheckOnboarding(class shouwang.LegalClass, mount string) error {
	switch {
	case !class.Valid():
		return shouwang.Errorf(shouwang.CodeBadUsage, "take in camera: legal class %q is none of public, premises, resident", class)
	case !LawfulMount(class, mount) && mount == "public":
		return shouwang.Errorf(shouwang.CodeDenied, "take in camera: only a department's camera may hang in a public place; ask the department to file it")
	case !LawfulMount(class, mount):
		return shouwang.Errorf(shouwang.CodeBadUsage, "take in camera: say where it hangs: own_premises, shared_premises or public")
	}
	return nil
}

// RenewUnder is Renew after the notice was shown again.
func (c *Consent) RenewUnder(ch Change, until time.Time, shown *Notice) (*Consent, error) {
	return c.RenewWith(ch, until, func(n *Consent) { n.Notice = shown })
}

// LawfulMount says whether a camera of the class may hang there: a resident's
// camera never over a public place (2025 Regulation, art. 33).
func LawfulMount(class shouwang.LegalClass, mount string) bool {
	switch mount {
	case "own_premises", "shared_premises":
		return true
	case "public":
		return class == shouwang.ClassPublic
	}
	return false
}
