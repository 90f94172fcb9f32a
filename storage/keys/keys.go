// Package keys keeps the keys that open stored segments, apart from the
// segments and from the catalog, so that destroying a key here ends what both
// of those hold, and every backup of them.
//
// Three layers: the master key, in a file of its own, wraps camera keys; a
// camera key wraps the data keys of the segments that began in its slot of half
// an hour; a data key seals one segment. A camera-day is 48 slots: withdrawal
// destroys all of a camera's, retention destroys each when the last picture
// under it has expired, which is why a slot is half an hour and not a day: an
// expired picture must be unreadable within the hour, in a restored backup
// too.
//
// A destroyed key leaves a tombstone and never comes back. Recording under
// a renewed consent in the same half hour makes a new key of the next
// generation.
package keys

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"shouwang"
)

// Slot is how long one camera key serves.
const Slot = 30 * time.Minute

// MaxOverhang is how far a segment may reach past the end of the slot it began
// in; a slot's key is due for destruction that much after its end.
const MaxOverhang = 2 * time.Minute

// DataKey is a fresh key for one segment.
type DataKey struct {
	ID      string // of the camera key it is wrapped under
	Plain   []byte // 32 bytes; forget it when the segment is closed
	Wrapped []byte
}

// Use is one use of a key, told to Options.OnUse. It is what ties the key
// store's life to the access log.
type Use struct {
	Key      string
	Decision string // id of the policy's decision or grant
	What     string // new, unwrap, rewrap, destroy
	At       time.Time
}

// Receipt says which keys were destroyed.
type Receipt struct {
	Camera    string    `json:"camera"`
	Keys      []string  `json:"keys"`
	Destroyed time.Time `json:"destroyed"`
	Decision  string    `json:"decision"`
}

// slotOf returns the camera-day and slot of a capture time, both UTC.
func slotOf(at time.Time) (day string, slot int) {
	at = at.UTC()
	midnight := at.Truncate(24 * time.Hour)
	return at.Format("20060102"), int(at.Sub(midnight) / Slot)
}

// keyID names a camera key: CAMERA/DAY/SLOT/GENERATION. A case key is
// "case:ID/0/0/1".
func keyID(owner, day string, slot, generation int) string {
	return fmt.Sprintf("%s/%s/%d/%d", owner, day, slot, generation)
}

func parseID(id string) (owner, day string, slot, generation int, err error) {
	parts := strings.Split(id, "/")
	n := len(parts)
	if n < 4 {
		return "", "", 0, 0, fmt.Errorf("parse key id: %q has not four parts", id)
	}
	slot, err = strconv.Atoi(parts[n-2])
	if err == nil {
		generation, err = strconv.Atoi(parts[n-1])
	}
	if err != nil {
		return "", "", 0, 0, fmt.Errorf("parse key id %q: %w", id, err)
	}
	return strings.Join(parts[:n-3], "/"), parts[n-3], slot, generation, nil // a case's name may hold a slash
}

// SlotSpan returns the capture times that a camera key serves, false for a
// case key.
func SlotSpan(id string) (shouwang.Span, bool) {
	_, day, slot, _, err := parseID(id)
	if err != nil {
		return shouwang.Span{}, false
	}
	midnight, err := time.Parse("20060102", day)
	if err != nil {
		return shouwang.Span{}, false
	}
	from := midnight.Add(time.Duration(slot) * Slot)
	return shouwang.Span{From: from, To: from.Add(Slot)}, true
}

func caseOwner(id string) string { return "case:" + id }
