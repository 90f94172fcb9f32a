package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"shouwang"
	"shouwang/policy/internal/canon"
)

// copied returns a deep copy, by way of JSON: that is the form that is hashed.
func (c *Consent) copied() *Consent {
	raw, err := json.Marshal(c)
	n := new(Consent)
	if err == nil {
		err = json.Unmarshal(raw, n)
	}
	if err != nil { // a time beyond year 9999: seal reports it
		*n = *c
		n.Events = slices.Clone(c.Events)
	}
	return n
}

// Hash returns "sha256:…" of the record in canonical JSON (RFC 8785), its own
// record_hash left empty.
func (c *Consent) Hash() (string, error) {
	bare := *c
	bare.RecordHash = ""
	text, err := canon.JSON(&bare)
	if err != nil {
		return "", fmt.Errorf("hash consent %s: %w", c.Ref(), err)
	}
	sum := sha256.Sum256(text)
	return "sha256:" + hex.EncodeToString(sum[:]), nil
}

func (c *Consent) seal() (err error) {
	c.RecordHash, err = c.Hash()
	return err
}

// VerifyChain reports the first break in a record's history, given all its
// versions from the first on: a missing version, a hash that does not fit, a
// step that the life of a consent does not have. The error has code tampered.
func VerifyChain(versions []*Consent) error {
	var prev Consent
	for i, c := range versions {
		if err := c.follows(&prev, i == 0); err != nil {
			return shouwang.Errorf(shouwang.CodeTampered, "consent %s: %w", c.Ref(), err)
		}
		prev = *c
	}
	if len(versions) == 0 {
		return shouwang.Errorf(shouwang.CodeTampered, "consent: there is no version at all")
	}
	return nil
}

func (c *Consent) follows(prev *Consent, first bool) error {
	hash, err := c.Hash()
	switch {
	case err != nil:
		return err
	case hash != c.RecordHash:
		return fmt.Errorf("the record was changed after it was written")
	case c.Version != prev.Version+1:
		return fmt.Errorf("version %d is missing", prev.Version+1)
	case c.PrevHash != prev.RecordHash:
		return fmt.Errorf("it does not follow version %d", prev.Version)
	case !first && (c.ID != prev.ID || c.Camera != prev.Camera || c.Purpose != prev.Purpose):
		return fmt.Errorf("it is another record than version %d", prev.Version)
	case len(c.Events) != len(prev.Events)+1:
		return fmt.Errorf("a version adds exactly one event")
	}
	return c.checkStep(prev)
}

func (c *Consent) checkStep(prev *Consent) error {
	last := c.Events[len(c.Events)-1]
	for i, e := range prev.Events {
		if !sameEvent(c.Events[i], e) {
			return fmt.Errorf("event %d was rewritten", i+1)
		}
	}
	to, ok := allowedSteps[prev.State][Step(last.Type)]
	switch {
	case !ok:
		return fmt.Errorf("%s does not follow %s", last.Type, prev.State)
	case last.State != c.State:
		return fmt.Errorf("the last event does not lead to state %s", c.State)
	case to != same && to != before && to != c.State, to == same && prev.State != c.State, to == before && !c.State.Live():
		return fmt.Errorf("%s does not lead from %s to %s", last.Type, prev.State, c.State)
	}
	return nil
}

// sameEvent compares without the pointers inside a time's zone.
func sameEvent(a, b ConsentEvent) bool {
	at := a.Time.Equal(b.Time)
	b.Time = a.Time
	return at && a == b
}
