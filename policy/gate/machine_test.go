package gate

import (
	"testing"
	"time"

	"shouwang"
	"shouwang/policy"
)

var china = time.FixedZone("CST", 8*3600)

// inHours and atNight are moments inside and outside the own world's hours.
var (
	inHours = time.Date(2026, 11, 18, 14, 10, 0, 0, china)
	atNight = time.Date(2026, 11, 19, 2, 10, 0, 0, china)
)

func nowForTests() time.Time { return inHours }

// machineTable says what the machine may do with which camera of the own
// world, when.
var machineTable = []struct {
	camera    shouwang.CameraID
	at        time.Time
	analyze   bool
	mode      policy.RecordMode
	retention int // days
}{
	{"door-4", inHours, true, policy.RecordEvents, 10},
	{"door-4", atNight, false, policy.RecordNone, 0},
	{"door-6", inHours, false, policy.RecordNone, 0},  // withdrawn
	{"hall-5", inHours, false, policy.RecordNone, 0},  // live view only
	{"paused", inHours, false, policy.RecordNone, 0},  // paused
	{"expired", inHours, false, policy.RecordNone, 0}, // ran out
	{"moved", inHours, false, policy.RecordNone, 0},   // quarantined
	{"nosign", inHours, false, policy.RecordNone, 0},
	{"square", inHours, true, policy.RecordRolling, 30},
	{"square", atNight, true, policy.RecordRolling, 30},
	{"lapsed", inHours, false, policy.RecordNone, 0},
	{"shop", inHours, false, policy.RecordRolling, 10}, // rolling takes no analysis
	{"none", inHours, false, policy.RecordNone, 0},
}

func machineGate(t testing.TB, w *policy.World, rules *Rules, at time.Time) *Gate {
	g, err := NewGate(w, func() time.Time { return at }, Options{Rules: rules})
	if err != nil && t != nil {
		t.Fatal(err)
	}
	return g
}

// machineDiffers reports whether the rules break the table.
func machineDiffers(w *policy.World, rules *Rules) bool {
	for _, row := range machineTable {
		g := machineGate(nil, w, rules, row.at)
		a, r := g.Analyze(row.camera, row.at), g.Record(row.camera, row.at)
		if a.Covers(policy.Analyze, row.camera, row.at) != row.analyze || r.Recording().Mode != row.mode ||
			row.analyze && a.Decision().TTL != 900 {
			return true
		}
	}
	return false
}

func TestMachineDoesWhatTheOwnerAgreedTo(t *testing.T) {
	w := readWorld(t, "../testdata")
	for _, row := range machineTable {
		g := machineGate(t, w, nil, row.at)
		a, r := g.Analyze(row.camera, row.at), g.Record(row.camera, row.at)
		if got := a.Covers(policy.Analyze, row.camera, row.at); got != row.analyze {
			t.Errorf("analyze %s: %v for %v", row.camera, got, a.Decision().Reasons)
		}
		rec := r.Recording()
		if rec.Mode != row.mode || rec.Retention != days(row.retention) {
			t.Errorf("record %s: %+v for %v, want %s for %d days", row.camera, rec, r.Decision().Reasons, row.mode, row.retention)
		}
		if r.Covers(policy.Record, row.camera, row.at) != (row.mode != policy.RecordNone) {
			t.Errorf("record %s: the grant and the recording disagree", row.camera)
		}
		if len(a.Decision().Reasons) == 0 || len(r.Decision().Reasons) == 0 {
			t.Errorf("%s: an answer without a reason", row.camera)
		}
	}
}

func TestMachineGrantEndsWithTheHourOfCapture(t *testing.T) {
	w := readWorld(t, "../testdata")
	last := time.Date(2026, 11, 18, 21, 59, 59, 0, china)
	now := last
	g, err := NewGate(w, func() time.Time { return now }, Options{})
	if err != nil {
		t.Fatal(err)
	}
	grant := g.Record("door-4", last)
	if !grant.Covers(policy.Record, "door-4", last) || grant.Covers(policy.Record, "door-4", last.Add(time.Second)) {
		t.Error("the grant covers its hour and no more")
	}
	now = last.Add(2 * time.Second)
	if g.Record("door-4", now).Covers(policy.Record, "door-4", now) {
		t.Error("recording goes on after the agreed hours")
	}
	if !g.Record("door-4", last).Covers(policy.Record, "door-4", last) {
		t.Error("a picture captured inside the hours that arrives late is covered")
	}
	if g.Record("door-4", now.Add(time.Hour*12)).Covers(policy.Record, "door-4", now.Add(time.Hour*12)) {
		t.Error("a picture from the future is covered")
	}
}

func TestMachineNoticesTimeAlone(t *testing.T) {
	w := readWorld(t, "../testdata")
	now := time.Date(2026, 11, 19, 21, 59, 0, 0, china)
	end := time.Date(2026, 11, 19, 21, 59, 30, 0, china)
	c, _ := w.Consent("camera:door-4", "public_safety")
	next := *c
	next.Version, next.NotAfter = c.Version+1, end
	w, err := w.WithConsent(&next)
	if err != nil {
		t.Fatal(err)
	}
	g, _ := NewGate(w, func() time.Time { return now }, Options{})
	if grant := g.Analyze("door-4", now); !grant.Covers(policy.Analyze, "door-4", now) || grant.Covers(policy.Analyze, "door-4", end) {
		t.Error("the grant ends with the consent")
	}
	early := now
	if now = end; g.Analyze("door-4", early).Decision().Allowed() {
		t.Error("a remembered grant outlived the consent")
	}
	paused := time.Date(2026, 11, 20, 0, 0, 0, 0, china)
	if now = paused.Add(-time.Second); g.Record("paused", now).Decision().Allowed() {
		t.Error("recorded while paused")
	}
	if now = paused.Add(8 * time.Hour); !g.Record("paused", now).Decision().Allowed() {
		t.Error("a remembered denial outlived the pause", g.Record("paused", now).Decision().Reasons)
	}
}

func TestMachineAnswersAreCheap(t *testing.T) {
	g := machineGate(t, bigWorld(t, 100), nil, inHours)
	g.Analyze("bulk-7", inHours)
	if n := testing.AllocsPerRun(100, func() { g.Analyze("bulk-7", inHours) }); n != 0 {
		t.Errorf("%v allocations for a remembered answer", n)
	}
}

func TestNoGateNoGrant(t *testing.T) {
	var g *Gate
	if g.Analyze("door-4", inHours).Covers(policy.Analyze, "door-4", inHours) || g.Record("door-4", inHours).Recording().Mode != policy.RecordNone {
		t.Error("a nil gate lets the machine work")
	}
	if d := g.Decide(policy.Request{ID: "1"}); d.Allowed() || d.ID != "1" || len(d.Reasons) != 1 {
		t.Errorf("a nil gate says %+v", d)
	}
	if d, grant := g.Look(policy.Request{}); d.Allowed() || grant.Covers(policy.ViewLive, "", inHours) {
		t.Error("a nil gate hands out a look")
	}
	var zero Grant
	if zero.Covers("", "", time.Time{}) || zero.Recording().Mode != policy.RecordNone {
		t.Error("the zero grant covers something")
	}
	if keep, _ := g.Keep(policy.Footage{}); !keep {
		t.Error("a nil gate erases")
	}
}
