// Package receipt is the paper that a resident holds after a change of consent:
// what was changed, what was destroyed, what a hold keeps and until when. Its
// text is canonical, one line a fact in a fixed order, so that it is signed as
// it reads.
package receipt

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"

	"shouwang"
	"shouwang/storage/notary"
)

// Title is the first line of every receipt.
const Title = "守望回执 shouwang receipt v1"

// Receipt is what the paper says.
type Receipt struct {
	ID      string
	At      time.Time // to the second, UTC
	Camera  string    // "camera:door-17"
	Consent string    // "c-17@4"
	State   string    // of the consent
	Record  string    // "sha256:…" of the consent record, "" when it has none
	// Keys is how many keys were destroyed, KeysHash over their ids (HashKeys).
	Keys     int
	KeysHash string
	Segments int   // recordings made unreadable
	Bytes    int64 // their size
	Held     []Held
	// Log is the place of the destruction's entry in the access log, -1 where
	// nothing was destroyed.
	Log int64
}

// Held is a stretch that outlives the change, and until when.
type Held struct {
	Case  string
	Until time.Time
}

// HashKeys returns "sha256:…" over the ids of destroyed keys, sorted, a line
// each.
func HashKeys(ids []string) string {
	sorted := slices.Sorted(slices.Values(ids))
	sum := sha256.Sum256([]byte(strings.Join(sorted, "\n") + "\n"))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// Text returns the canonical text. A value that would break a line is an error
// with CodeBadUsage.
func (r *Receipt) Text() (string, error) {
	lines := []string{Title}
	add := func(name, value string) { lines = append(lines, name+": "+value) }
	add("id", r.ID)
	add("at", r.At.UTC().Format(time.RFC3339))
	add("camera", r.Camera)
	add("consent", r.Consent)
	add("state", r.State)
	add("record", r.Record)
	add("keys destroyed", strconv.Itoa(r.Keys))
	add("keys", r.KeysHash)
	add("recordings erased", strconv.Itoa(r.Segments))
	add("bytes erased", strconv.FormatInt(r.Bytes, 10))
	for _, h := range r.Held {
		add("held", h.Until.UTC().Format(time.RFC3339)+" "+h.Case)
	}
	add("log entry", strconv.FormatInt(r.Log, 10))
	for _, line := range lines {
		if strings.ContainsFunc(line, func(c rune) bool { return c < 0x20 || c == 0x7f || c == 0xfffd }) {
			return "", shouwang.Errorf(shouwang.CodeBadUsage, "write receipt: a value holds a control character")
		}
	}
	return strings.Join(lines, "\n") + "\n", nil
}

// Parse reads a canonical text; anything else is CodeTampered.
func Parse(text string) (*Receipt, error) {
	bad := shouwang.Errorf(shouwang.CodeTampered, "this is no receipt of Shouwang")
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(lines) < 12 || lines[0] != Title {
		return nil, bad
	}
	var r Receipt
	for _, line := range lines[1:] {
		name, value, ok := strings.Cut(line, ": ")
		if !ok || !r.set(name, value) {
			return nil, bad
		}
	}
	if again, err := r.Text(); err != nil || again != text {
		return nil, bad
	}
	return &r, nil
}

// set takes one line; false for one that a receipt does not have.
func (r *Receipt) set(name, value string) bool {
	var err error
	switch name {
	case "id":
		r.ID = value
	case "at":
		r.At, err = time.Parse(time.RFC3339, value)
	case "camera":
		r.Camera = value
	case "consent":
		r.Consent = value
	case "state":
		r.State = value
	case "record":
		r.Record = value
	case "keys destroyed":
		r.Keys, err = strconv.Atoi(value)
	case "keys":
		r.KeysHash = value
	case "recordings erased":
		r.Segments, err = strconv.Atoi(value)
	case "bytes erased":
		r.Bytes, err = strconv.ParseInt(value, 10, 64)
	case "held":
		until, name, _ := strings.Cut(value, " ")
		h := Held{Case: name}
		h.Until, err = time.Parse(time.RFC3339, until)
		r.Held = append(r.Held, h)
	case "log entry":
		r.Log, err = strconv.ParseInt(value, 10, 64)
	default:
		return false
	}
	return err == nil
}

// Verify returns what a signed receipt says, if one of the public keys signed
// it. It needs nothing else: no service, no network.
func Verify(signed string, keys ...string) (*Receipt, error) {
	text, err := notary.Verify(signed, keys...)
	if err != nil {
		return nil, err
	}
	return Parse(text)
}
