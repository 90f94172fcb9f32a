package load

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path"
	"strings"
	"time"

	"shouwang"
	"shouwang/analyze/cascade"
)

// Attention says how closely cameras are looked at during some hours.
type Attention struct {
	// Cameras are ids, or patterns such as "gate-*".
	Cameras []string `json:"cameras"`
	// From and To are times of day, "22:00"; To may be of the next day. Both
	// empty is the whole day.
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`
	// Days are mon to sun, of the day on which it begins; none is every day.
	Days []string `json:"days,omitempty"`
	// Look is urgent (decoded fully, and not cut under overload), full, track,
	// presence or auto.
	Look string `json:"look"`

	from, to int // minutes of the day
	days     [7]bool
}

const day = 24 * 60

var weekdays = [...]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// Schedule is a list of attention; the first entry that fits counts.
type Schedule []Attention

// ParseSchedule reads a schedule from JSON. Errors are CodeBadConfig and name
// the entry and what it must be.
func ParseSchedule(raw []byte) (Schedule, error) {
	var s Schedule
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&s); err != nil {
		return nil, shouwang.Errorf(shouwang.CodeBadConfig, "attention cannot be read: %w", err)
	}
	if len(s) > 1000 {
		return nil, shouwang.Errorf(shouwang.CodeBadConfig, "attention has %d entries; write at most 1000, with patterns", len(s))
	}
	for i := range s {
		if err := s[i].check(); err != nil {
			return nil, shouwang.Errorf(shouwang.CodeBadConfig, "attention entry %d: %w", i+1, err)
		}
	}
	return s, nil
}

func (a *Attention) check() (err error) {
	if len(a.Cameras) == 0 {
		return fmt.Errorf("name cameras, or \"*\" for all")
	}
	for _, p := range a.Cameras {
		if _, err := path.Match(p, ""); err != nil {
			return fmt.Errorf("%q is no camera id or pattern", p)
		}
	}
	if _, ok := looks[a.Look]; !ok {
		return fmt.Errorf("look %q: write urgent, full, track, presence or auto", a.Look)
	}
	a.to = day
	if a.From != "" || a.To != "" {
		if a.from, err = minutes(a.From); err != nil {
			return err
		}
		if a.to, err = minutes(a.To); err != nil {
			return err
		}
	}
	return a.checkDays()
}

func (a *Attention) checkDays() error {
	for i := range a.days {
		a.days[i] = len(a.Days) == 0
	}
next:
	for _, d := range a.Days {
		for i, name := range weekdays {
			if strings.ToLower(d) == name {
				a.days[i] = true
				continue next
			}
		}
		return fmt.Errorf("day %q: write mon, tue, wed, thu, fri, sat or sun", d)
	}
	return nil
}

func minutes(text string) (int, error) {
	if text == "24:00" {
		return day, nil
	}
	t, err := time.Parse("15:04", text)
	if err != nil {
		return 0, fmt.Errorf("time %q: write hours and minutes, as 22:00, for both from and to", text)
	}
	return t.Hour()*60 + t.Minute(), nil
}

// covers reports whether a moment, in the place's zone, is within the hours.
func (a *Attention) covers(at time.Time) bool {
	m, today := at.Hour()*60+at.Minute(), int(at.Weekday())
	if a.from < a.to {
		return a.days[today] && m >= a.from && m < a.to
	}
	return a.days[today] && m >= a.from || a.days[(today+6)%7] && m < a.to
}

// looks are what an entry may ask for.
var looks = map[string]cascade.Config{
	"urgent": {Urgent: true}, "full": {Policy: cascade.Full}, "track": {Policy: cascade.Track},
	"presence": {Policy: cascade.Presence}, "auto": {},
}

// For returns how a camera is to be looked at, at a moment in the place's time
// zone; otherwise is for a camera that no entry fits.
func (s Schedule) For(camera shouwang.CameraID, at time.Time, otherwise cascade.Config) cascade.Config {
	for i := range s {
		if !s[i].covers(at) {
			continue
		}
		for _, p := range s[i].Cameras {
			if ok, _ := path.Match(p, string(camera)); ok {
				cfg := otherwise
				look := looks[s[i].Look]
				cfg.Policy, cfg.Urgent = look.Policy, look.Urgent
				return cfg
			}
		}
	}
	return otherwise
}
