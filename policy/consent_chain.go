package policy

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"shouwang"
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
	text, err := canonical(&bare)
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

// canonical returns v as canonical JSON (RFC 8785): sorted keys, no white
// space, only the escapes that are needed. Numbers come out of encoding/json
// in the form of ECMAScript already.
func canonical(v any) ([]byte, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var tree any
	if err := dec.Decode(&tree); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	writeCanonical(&out, tree)
	return out.Bytes(), nil
}

func writeCanonical(out *bytes.Buffer, v any) {
	switch v := v.(type) {
	case map[string]any:
		out.WriteByte('{')
		for i, key := range slices.Sorted(maps.Keys(v)) {
			if i > 0 {
				out.WriteByte(',')
			}
			writeString(out, key)
			out.WriteByte(':')
			writeCanonical(out, v[key])
		}
		out.WriteByte('}')
	case []any:
		out.WriteByte('[')
		for i, item := range v {
			if i > 0 {
				out.WriteByte(',')
			}
			writeCanonical(out, item)
		}
		out.WriteByte(']')
	case string:
		writeString(out, v)
	case nil:
		out.WriteString("null")
	default:
		fmt.Fprint(out, v)
	}
}

var escapes = strings.NewReplacer(`"`, `\"`, `\`, `\\`, "\b", `\b`, "\f", `\f`, "\n", `\n`, "\r", `\r`, "\t", `\t`)

func writeString(out *bytes.Buffer, s string) {
	out.WriteByte('"')
	for _, r := range escapes.Replace(s) {
		if r < 0x20 {
			fmt.Fprintf(out, `\u%04x`, r)
		} else {
			out.WriteRune(r)
		}
	}
	out.WriteByte('"')
}
