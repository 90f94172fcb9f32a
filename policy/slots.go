package policy

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// Slots is the set of weekday hours, in the World's time zone, in which a
// consent holds: 7 × 24 = 168 bits, Monday 00:00 first. The zero value holds
// no hour. It is comparable and reads and writes JSON as ["mon-06", …].
type Slots [3]uint64

var weekdays = [7]string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}

// Week is how many weekday hours there are.
const Week = 7 * 24

// SlotOf returns the weekday hour 0..167 of a moment; the caller has put t
// into the World's time zone.
func SlotOf(t time.Time) int { return (int(t.Weekday())+6)%7*24 + t.Hour() }

// EveryHour returns all 168 weekday hours.
func EveryHour() (s Slots) {
	for i := range Week {
		s = s.With(i)
	}
	return s
}

// DailyHours returns the hours from..to-1 of every day, 0 <= from < to <= 24.
func DailyHours(from, to int) (s Slots) {
	for day := range 7 {
		for h := from; h < to; h++ {
			s = s.With(day*24 + h)
		}
	}
	return s
}

// Has reports whether the weekday hour 0..167 is in the set.
func (s Slots) Has(slot int) bool {
	return slot >= 0 && slot < Week && s[slot/64]>>(slot%64)&1 == 1
}

// With returns the set with one more weekday hour 0..167.
func (s Slots) With(slot int) Slots {
	if slot >= 0 && slot < Week {
		s[slot/64] |= 1 << (slot % 64)
	}
	return s
}

// Without returns the set with one weekday hour 0..167 less.
func (s Slots) Without(slot int) Slots {
	if slot >= 0 && slot < Week {
		s[slot/64] &^= 1 << (slot % 64)
	}
	return s
}

// Count returns the number of weekday hours in the set.
func (s Slots) Count() (n int) {
	for i := range Week {
		if s.Has(i) {
			n++
		}
	}
	return n
}

// Names returns the weekday hours in order, as "mon-06".
func (s Slots) Names() []string {
	names := make([]string, 0, Week)
	for i := range Week {
		if s.Has(i) {
			names = append(names, fmt.Sprintf("%s-%02d", weekdays[i/24], i%24))
		}
	}
	return names
}

// ParseSlot returns the weekday hour that a name as "mon-06" stands for.
func ParseSlot(name string) (int, error) {
	if len(name) == 6 && name[3] == '-' {
		hour, err := strconv.ParseUint(name[4:], 10, 8)
		day := slices.Index(weekdays[:], name[:3])
		if err == nil && hour < 24 && day >= 0 {
			return day*24 + int(hour), nil
		}
	}
	return 0, fmt.Errorf("slot %q: write a weekday and an hour, as mon-06", name)
}

// MarshalJSON writes the names of the hours.
func (s Slots) MarshalJSON() ([]byte, error) { return json.Marshal(s.Names()) }

// UnmarshalJSON reads a list of names; a name that is none is an error.
func (s *Slots) UnmarshalJSON(raw []byte) error {
	var names []string
	if err := json.Unmarshal(raw, &names); err != nil {
		return fmt.Errorf("slots: write a list as [\"mon-06\", …]")
	}
	*s = Slots{}
	for _, name := range names {
		slot, err := ParseSlot(name)
		if err != nil {
			return err
		}
		*s = s.With(slot)
	}
	return nil
}
