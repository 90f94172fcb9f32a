package gate

import (
	"testing"
	"time"

	"shouwang/policy"
)

func TestKeep(t *testing.T) {
	w := readWorld(t, "../testdata")
	day := 24 * time.Hour
	for name, row := range map[string]struct {
		camera string
		age    time.Duration // of the end, from inHours
		key    policy.KeyState
		keep   bool
		reason policy.Reason
	}{
		"young":             {"door-4", 9 * day, policy.KeyLive, true, policy.ReasonWithinRetention},
		"old":               {"door-4", 10 * day, policy.KeyLive, false, policy.ReasonRetentionOver},
		"withdrawn":         {"door-6", 20 * day, policy.KeyLive, false, policy.ReasonConsentWithdrawn},
		"withdrawn, held":   {"door-6", 6*day + 4*time.Hour, policy.KeyHeld, true, policy.ReasonOnHold},
		"withdrawn, order":  {"door-6", 10 * day, policy.KeyFrozen, true, policy.ReasonOrder},
		"expired":           {"expired", 9 * day, policy.KeyLive, true, policy.ReasonWithinRetention},
		"paused":            {"paused", day, policy.KeyLive, true, policy.ReasonWithinRetention},
		"public":            {"square", 29 * day, policy.KeyLive, true, policy.ReasonStatutoryPeriod},
		"public, over":      {"square", 30 * day, policy.KeyLive, false, policy.ReasonRetentionOver},
		"destroyed":         {"square", day, policy.KeyShredded, false, policy.ReasonKeyDestroyed},
		"camera is no more": {"none", day, policy.KeyLive, false, policy.ReasonUnknownResource},
	} {
		g, _ := NewGate(w, func() time.Time { return inHours }, Options{})
		end := inHours.Add(-row.age)
		keep, reason := g.Keep(policy.Footage{Camera: "camera:" + row.camera, From: end.Add(-time.Minute), To: end, KeyState: row.key})
		if keep != row.keep || reason != row.reason {
			t.Errorf("%s: %v %s, want %v %s", name, keep, reason, row.keep, row.reason)
		}
	}
}

func TestHoldLapsesByItself(t *testing.T) {
	h := policy.Hold{Case: "c", PlacedBy: "a", ApprovedBy: "b", Placed: inHours, Until: inHours.Add(time.Hour)}
	if !h.Active(inHours) || h.Active(inHours.Add(time.Hour)) || h.Active(inHours.Add(-time.Second)) {
		t.Error("a hold stands from its placing to its end")
	}
	if h.Released = inHours.Add(time.Minute); h.Active(inHours.Add(time.Minute)) {
		t.Error("a released hold still stands")
	}
	h.Released, h.ApprovedBy = time.Time{}, "a"
	if h.Active(inHours) {
		t.Error("one person held alone")
	}
}
