package bus

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"shouwang"
)

// ID is a message's place in the log: milliseconds of Unix time and a counter
// within them, the form Redis Streams use, so that both adapters speak alike.
type ID struct{ Milli, Seq uint64 }

func (id ID) String() string {
	return strconv.FormatUint(id.Milli, 10) + "-" + strconv.FormatUint(id.Seq, 10)
}

// Less reports whether id comes before other.
func (id ID) Less(other ID) bool {
	return id.Milli < other.Milli || id.Milli == other.Milli && id.Seq < other.Seq
}

// After returns the ID of a message published at the time given, larger than
// id even when the clock went back.
func (id ID) After(now time.Time) ID {
	if ms := uint64(max(0, now.UnixMilli())); ms > id.Milli {
		return ID{Milli: ms}
	}
	return ID{Milli: id.Milli, Seq: id.Seq + 1}
}

// ParseID reads what String wrote; anything else is CodeBadUsage, since it
// comes from a browser's Last-Event-ID.
func ParseID(s string) (ID, error) {
	ms, seq, ok := strings.Cut(s, "-")
	if ok && len(s) <= 41 {
		a, errA := parseDigits(ms)
		b, errB := parseDigits(seq)
		if errA == nil && errB == nil {
			return ID{Milli: a, Seq: b}, nil
		}
	}
	return ID{}, shouwang.Errorf(shouwang.CodeBadUsage,
		"read messages: %.48q is not a message id; leave it out to read from now", s)
}

// parseDigits refuses the signs and underscores that ParseUint's relatives let
// through and leading zeros, so that one ID has one spelling.
func parseDigits(s string) (uint64, error) {
	n, err := strconv.ParseUint(s, 10, 64)
	if err == nil && strconv.FormatUint(n, 10) != s {
		return 0, fmt.Errorf("parse id: %q is not canonical", s)
	}
	return n, err
}
