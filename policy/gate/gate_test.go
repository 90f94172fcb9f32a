package gate

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"shouwang"
	"shouwang/policy"
)

func lookRequest() policy.Request {
	return policy.Request{
		Principal: "officer:ding", Action: policy.ViewLive, Resource: "camera:door-4", Purpose: "public_safety", Incident: "fire-1",
	}
}

func TestLookHandsOutWhatItDecided(t *testing.T) {
	now := inHours
	g, err := NewGate(readWorld(t, "../testdata"), func() time.Time { return now }, Options{Language: policy.English})
	if err != nil {
		t.Fatal(err)
	}
	d, grant := g.Look(lookRequest())
	if !d.Allowed() || grant.ID() != d.DecisionID || grant.Camera() != "door-4" || d.Consent != "c-4@2" {
		t.Fatalf("look: %+v", d)
	}
	for at, want := range map[time.Time]bool{
		now: true, now.Add(-29 * time.Second): true, now.Add(-31 * time.Second): false,
		now.Add(899 * time.Second): true, now.Add(900 * time.Second): false,
	} {
		if grant.Covers(policy.ViewLive, "door-4", at) != want {
			t.Errorf("covers %s: %v", at, !want)
		}
	}
	if grant.Covers(policy.Playback, "door-4", now) || grant.Covers(policy.ViewLive, "door-6", now) || grant.Recording().Mode != policy.RecordNone {
		t.Error("a grant for one thing serves another")
	}
	mark := d.Obligations[slices.IndexFunc(d.Obligations, func(o policy.Obligation) bool { return o.ID == policy.ObligeWatermark })].Properties
	if mark["viewer"] != "officer:ding" || mark["decision"] != d.DecisionID || mark["time"] != "2026-11-18T14:10:00+08:00" {
		t.Errorf("watermark %v", mark)
	}
	old := lookRequest()
	old.At = atNight // what the caller says about the time does not count
	if d, _ := g.Look(old); !d.Allowed() {
		t.Error("the caller's time was taken for the time")
	}
	denied := lookRequest()
	denied.Incident = ""
	if d, grant := g.Look(denied); d.Allowed() || grant.Covers(policy.ViewLive, "door-4", now) || grant.ID() != "" ||
		!strings.Contains(d.TextForOfficer, "reason precedes") || d.Denial() == nil {
		t.Errorf("denied: %+v", d)
	}
}

func TestLiveGrantNeverReachesBackOutOfTheHours(t *testing.T) {
	now := time.Date(2026, 11, 18, 7, 0, 10, 0, china)
	g, _ := NewGate(readWorld(t, "../testdata"), func() time.Time { return now }, Options{})
	req := lookRequest()
	req.Incident, req.Case = "", "case-1"
	_, grant := g.Look(req)
	if !grant.Covers(policy.ViewLive, "door-4", now.Add(-10*time.Second)) || grant.Covers(policy.ViewLive, "door-4", now.Add(-11*time.Second)) {
		t.Error("the agreed hours began ten seconds ago")
	}
}

func TestPlaybackGrantIsItsFootage(t *testing.T) {
	g, _ := NewGate(readWorld(t, "../testdata"), func() time.Time { return inHours }, Options{})
	from := time.Date(2026, 11, 17, 20, 0, 0, 0, china)
	req := policy.Request{
		Principal: "officer:ivy", Action: policy.Playback, Resource: "camera:door-4", Purpose: "public_safety", Case: "case-1",
		Footage: &policy.Footage{Camera: "camera:door-4", From: from, To: from.Add(time.Minute), KeyState: policy.KeyLive},
	}
	d, grant := g.Look(req)
	if !d.Allowed() || !grant.Covers(policy.Playback, "door-4", from) || grant.Covers(policy.Playback, "door-4", from.Add(time.Minute)) {
		t.Errorf("a span of a camera: %v", d.Reasons)
	}
	req.Resource = "camera:door-6"
	if d, _ := g.Look(req); d.Allowed() || d.Reasons[0] != policy.ReasonBadRequest {
		t.Errorf("footage of another camera than named: %v", d.Reasons)
	}
}

func TestWithdrawalReachesEveryAnswerAtOnce(t *testing.T) {
	g, _ := NewGate(readWorld(t, "../testdata"), func() time.Time { return inHours }, Options{})
	var told []shouwang.CameraID
	cancel := g.OnChange(func(id shouwang.CameraID) {
		told = append(told, id)
		if g.Analyze(id, inHours).Decision().Allowed() {
			t.Error("the listener was told before the world changed")
		}
	})
	if !g.Analyze("door-4", inHours).Decision().Allowed() || !g.Record("door-4", inHours).Decision().Allowed() {
		t.Fatal("not allowed to begin with")
	}
	withdraw := func(w *policy.World) (*policy.World, error) {
		c, _ := w.Consent("camera:door-4", "public_safety")
		n, err := c.Withdraw(policy.Change{At: inHours, By: "resident:mei"})
		if err != nil {
			return nil, err
		}
		return w.WithConsent(n)
	}
	if err := g.Update(withdraw); err != nil {
		t.Fatal(err)
	}
	if d, _ := g.Look(lookRequest()); d.Allowed() || d.Reasons[0] != policy.ReasonConsentWithdrawn {
		t.Errorf("after withdrawal: %v", d.Reasons)
	}
	if g.Record("door-4", inHours).Decision().Allowed() || !slices.Equal(told, []shouwang.CameraID{"door-4"}) {
		t.Errorf("recording goes on, or the wrong cameras were told of: %v", told)
	}
	if err := g.Update(withdraw); shouwang.CodeOf(err) != shouwang.CodeConflict || len(told) != 1 {
		t.Errorf("withdrawn twice: %v", err)
	}
	cancel()
	g.Swap(readWorld(t, "../testdata"))
	if len(told) != 1 || !g.Record("door-4", inHours).Decision().Allowed() {
		t.Error("a listener that left was told, or the swap did nothing")
	}
}

func TestEveryChangeIsToldOf(t *testing.T) {
	w := readWorld(t, "../testdata")
	p, _ := w.Principal("officer:ding")
	off := *p
	off.OnDuty = false
	duty, err := w.WithPrincipal(&off)
	if err != nil {
		t.Fatal(err)
	}
	hold := policy.Hold{ID: "h", Case: "case-1", Camera: "camera:shop", From: inHours, To: atNight, PlacedBy: "a", ApprovedBy: "b", Placed: inHours, Until: atNight}
	held, err := w.WithHold(&hold)
	if err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct {
		next *policy.World
		want shouwang.CameraID
	}{
		"duty":     {duty, ""},
		"incident": {w.WithIncident(&policy.Incident{ID: "i"}), ""},
		"case":     {w.WithCase(&policy.Case{ID: "c"}), ""},
		"order":    {w.WithOrder(&policy.Order{ID: "o"}), ""},
		"subject":  {w.WithSubjectRequest(&policy.SubjectRequest{ID: "s"}), ""},
		"left":     {w.WithoutPrincipal("officer:ding"), ""},
		"hold":     {held, "shop"},
		"gone":     {w.WithoutCamera("camera:shop"), "shop"},
	} {
		if got := w.Changed(row.next); !slices.Equal(got, []shouwang.CameraID{row.want}) {
			t.Errorf("%s: told of %q, want %q", name, got, row.want)
		}
	}
	if got := w.Changed(w.WithFootage(&policy.Footage{ID: "footage:x"})); got != nil {
		t.Errorf("new footage changes no answer given, told of %q", got)
	}
}

func TestLooksADayAreBounded(t *testing.T) {
	w := readWorld(t, "../testdata")
	c, _ := w.Consent("camera:door-4", "public_safety")
	few := *c
	few.Version, few.Limits.LooksPerDay = 9, 2
	w, err := w.WithConsent(&few)
	if err != nil {
		t.Fatal(err)
	}
	now := inHours
	g, _ := NewGate(w, func() time.Time { return now }, Options{})
	look := func(who string) bool {
		req := lookRequest()
		req.Principal = who
		d, _ := g.Look(req)
		if !d.Allowed() && d.Reasons[0] != policy.ReasonTooManyLooks {
			t.Fatal(d.Reasons)
		}
		return d.Allowed()
	}
	if !look("officer:ding") || !look("officer:ivy") || look("officer:boss") {
		t.Error("two people may look, the third not")
	}
	if now = now.Add(15 * time.Second); !look("officer:ding") {
		t.Error("asking again during a look is still the same look")
	}
	if g.Decide(policy.Request{At: atNight.AddDate(0, 0, -9)}); look("officer:boss") {
		t.Error("a question about another day reset the count")
	}
}

func TestRulesAreRefusedWhole(t *testing.T) {
	whole := mutated(t, mutant{})
	if _, err := ParseRules(whole); err != nil {
		t.Fatal(err)
	}
	good := string(whole["4-permits.cedar"].Data)
	for name, text := range map[string]string{
		"syntax":     "permit (",
		"schema":     strings.Replace(good, "context.manages", "context.manager", 1),
		"type":       strings.Replace(good, "context.basis == \"own\"", "context.basis", 1),
		"id":         strings.Replace(good, `@id("own")`, "", 1),
		"twice":      strings.Replace(good, `@id("own")`, `@id("order")`, 1),
		"reason":     strings.Replace(good, `@reason("own_camera")`, `@reason("because")`, 1),
		"obligation": strings.Replace(good, "watermark", "watermarks", 1),
		"ttl":        strings.Replace(good, `@ttl("900")`, `@ttl("ever")`, 1),
	} {
		files := mutated(t, mutant{})
		files["4-permits.cedar"] = &fstest.MapFile{Data: []byte(text)}
		if _, err := ParseRules(files); shouwang.CodeOf(err) != shouwang.CodeBadConfig || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := ParseRules(fstest.MapFS{}); err == nil {
		t.Error("no files at all")
	}
}

func TestSwapRulesTakesEffect(t *testing.T) {
	g := newGate(t, readWorld(t, "../testdata"))
	files := mutated(t, mutant{})
	delete(files, "4-permits.cedar")
	strict, err := ParseRules(files)
	if err != nil {
		t.Fatal(err)
	}
	req, before := lookRequest(), g.PolicySet()
	req.At = inHours
	g.SwapRules(strict)
	if d := g.Decide(req); d.Allowed() || d.PolicySet != strict.Hash() || d.PolicySet == before {
		t.Errorf("without permits: %+v", d)
	}
}

func TestGateNeedsWorldAndClock(t *testing.T) {
	if _, err := NewGate(nil, time.Now, Options{}); err == nil {
		t.Error("no world")
	}
	if _, err := NewGate(readWorld(t, "../testdata"), nil, Options{}); err == nil {
		t.Error("no clock")
	}
	g := newGate(t, readWorld(t, "../testdata"))
	if err := g.Update(func(*policy.World) (*policy.World, error) { return nil, errors.New("no") }); err == nil || g.World() == nil {
		t.Error("a change that failed took the world away")
	}
}

func TestEntrySaysWhoSawWhatAndWhy(t *testing.T) {
	w := readWorld(t, "../testdata")
	req := policy.Request{Principal: "officer:ivy", Action: policy.Playback, Resource: "footage:d-1", Purpose: "public_safety", Case: "case-1", At: inHours}
	d := newGate(t, w).Decide(req)
	e := policy.NewEntry("look", inHours, w, req, d)
	if e.Camera != "camera:door-4" || e.From.IsZero() || e.Unit != "watch" || e.DecisionID != d.DecisionID || len(e.Obligations) != 4 {
		t.Errorf("entry %+v", e)
	}
	if e := policy.NewEntry("denial", inHours, nil, req, policy.Decision{}); e.Camera != "footage:d-1" || e.Principal != "officer:ivy" {
		t.Errorf("entry without a world %+v", e)
	}
}

// TestAskingWhileChanging is for the race detector, and for the promise that
// an answer is of one world: allowed before the withdrawal, never after it.
func TestAskingWhileChanging(t *testing.T) {
	g, _ := NewGate(readWorld(t, "../testdata"), func() time.Time { return inHours }, Options{})
	var withdrawn atomic.Bool
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 500 {
				late := withdrawn.Load()
				d, _ := g.Look(lookRequest())
				r := g.Record("door-4", inHours)
				if late && (d.Allowed() || r.Covers(policy.Record, "door-4", inHours)) {
					t.Error("allowed after the withdrawal")
					return
				}
			}
		})
	}
	err := g.Update(func(w *policy.World) (*policy.World, error) {
		c, _ := w.Consent("camera:door-4", "public_safety")
		n, err := c.Withdraw(policy.Change{At: inHours, By: "resident:mei"})
		if err != nil {
			return nil, err
		}
		return w.WithConsent(n)
	})
	withdrawn.Store(true)
	wg.Wait()
	if err != nil {
		t.Error(err)
	}
}
