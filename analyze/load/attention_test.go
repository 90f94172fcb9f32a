package load

import (
	"strings"
	"testing"
	"time"

	"shouwang"
	"shouwang/analyze/cascade"
)

func TestScheduleByHourAndDay(t *testing.T) {
	s, err := ParseSchedule([]byte(`[
		{"cameras": ["gate-north"], "from": "22:00", "to": "06:00", "days": ["fri", "sat"], "look": "urgent"},
		{"cameras": ["gate-*"], "from": "08:00", "to": "16:30", "look": "presence"},
		{"cameras": ["school"], "look": "full"}]`))
	if err != nil {
		t.Fatal(err)
	}
	usual := cascade.Config{LongGOP: time.Second}
	for _, c := range []struct {
		camera, at string
		want       cascade.Config
	}{
		{"gate-north", "2026-11-27 23:00", cascade.Config{Urgent: true}}, // a Friday
		{"gate-north", "2026-11-28 05:59", cascade.Config{Urgent: true}},
		{"gate-north", "2026-11-28 06:00", cascade.Config{}},
		{"gate-north", "2026-11-30 03:00", cascade.Config{}},
		{"gate-south", "2026-11-30 08:00", cascade.Config{Policy: cascade.Presence}},
		{"gate-south", "2026-11-30 16:30", cascade.Config{}},
		{"school", "2026-11-30 00:00", cascade.Config{Policy: cascade.Full}},
		{"other", "2026-11-30 12:00", cascade.Config{}},
	} {
		at, err := time.Parse("2006-01-02 15:04", c.at)
		if err != nil {
			t.Fatal(err)
		}
		c.want.LongGOP = usual.LongGOP
		if got := s.For(shouwang.CameraID(c.camera), at, usual); got != c.want {
			t.Errorf("%s at %s: %+v", c.camera, c.at, got)
		}
	}
}

func TestBadSchedulesSayWhatToWrite(t *testing.T) {
	for raw, want := range map[string]string{
		`{}`:                                   "cannot be read",
		`[{"look": "full"}]`:                   "name cameras",
		`[{"cameras": ["["], "look": "full"}]`: "no camera id",
		`[{"cameras": ["a"], "look": "hard"}]`: "write urgent",
		`[{"cameras": ["a"], "look": "full", "from": "22:00"}]`:    "both from and to",
		`[{"cameras": ["a"], "look": "full", "days": ["monday"]}]`: "write mon",
		`[{"cameras": ["a"], "look": "full", "weight": 3}]`:        "unknown field",
	} {
		if _, err := ParseSchedule([]byte(raw)); err == nil || !strings.Contains(err.Error(), want) || shouwang.CodeOf(err) != shouwang.CodeBadConfig {
			t.Errorf("%s: %v", raw, err)
		}
	}
}
