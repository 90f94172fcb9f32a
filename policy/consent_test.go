package policy

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"shouwang"
)

var spring = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

func by(day int) Change {
	return Change{At: spring.AddDate(0, 0, day), By: "resident:mei", Channel: "app", NoticeVersion: "n-3"}
}

func proposed(t *testing.T) *Consent {
	t.Helper()
	c, err := NewConsent(Consent{ID: "c-1", Camera: "camera:door-4", Purpose: "public_safety", Basis: "consent", RetentionDays: 7}, by(0))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// must fails the test on an error; it is made for must(t)(c.Give(…)).
func must(t *testing.T) func(*Consent, error) *Consent {
	return func(c *Consent, err error) *Consent {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
}

func TestConsentLivesAndItsChainVerifies(t *testing.T) {
	c1 := proposed(t)
	c2 := must(t)(c1.Give(by(1), func(c *Consent) { c.Modes = []Mode{ModeLive}; c.Slots = DailyHours(6, 22) }))
	c3 := must(t)(c2.Pause(by(2), spring.AddDate(0, 0, 3)))
	c4 := must(t)(c3.Due(spring.AddDate(0, 0, 3)))
	c5 := must(t)(c4.Amend(by(4), func(c *Consent) { c.Modes = nil }))
	c6 := must(t)(c5.Renew(by(300), spring.AddDate(0, 0, 660)))
	c7 := must(t)(c6.Pause(by(301), time.Time{}))
	c8 := must(t)(c7.Resume(by(302)))
	c9 := must(t)(c8.Withdraw(by(303)))
	c10 := must(t)(c9.Erased(by(303), Erasure{Keys: []string{"k-1"}, Receipt: "r-1", DestroyedAt: by(303).At}))
	chain := []*Consent{c1, c2, c3, c4, c5, c6, c7, c8, c9, c10}
	want := []ConsentState{Requested, Given, Paused, Given, Given, Renewed, Paused, Renewed, Withdrawn, Withdrawn}
	for i, c := range chain {
		if c.State != want[i] || c.Version != i+1 || len(c.Events) != i+1 {
			t.Errorf("version %d: %s@%d with %d events, want %s", i+1, c.State, c.Version, len(c.Events), want[i])
		}
	}
	if err := VerifyChain(chain); err != nil {
		t.Error(err)
	}
	if !c2.NotAfter.Equal(by(1).At.AddDate(1, 0, 0)) || len(c2.Modes) != 1 {
		t.Error("a term that was left empty lasts 12 months; a record is never edited")
	}
	raw, _ := json.Marshal(chain)
	var again []*Consent
	if err := json.Unmarshal(raw, &again); err != nil || VerifyChain(again) != nil {
		t.Errorf("the chain does not survive being written down: %v %v", err, VerifyChain(again))
	}
}

func TestTamperedChainsAreFound(t *testing.T) {
	make3 := func() []*Consent {
		c1 := proposed(t)
		c2 := must(t)(c1.Give(by(1), nil))
		return []*Consent{c1, c2, must(t)(c2.Withdraw(by(2)))}
	}
	reseal := func(c *Consent) { _ = c.seal() }
	for name, tamper := range map[string]func([]*Consent) []*Consent{
		"none":             func([]*Consent) []*Consent { return nil },
		"a field":          func(c []*Consent) []*Consent { c[1].RetentionDays = 30; return c },
		"a resealed field": func(c []*Consent) []*Consent { c[1].RetentionDays = 30; reseal(c[1]); return c },
		"dropped":          func(c []*Consent) []*Consent { return []*Consent{c[0], c[2]} },
		"first dropped":    func(c []*Consent) []*Consent { return c[1:] },
		"swapped":          func(c []*Consent) []*Consent { return []*Consent{c[0], c[2], c[1]} },
		"state":            func(c []*Consent) []*Consent { c[2].State = Given; reseal(c[2]); return c },
		"event":            func(c []*Consent) []*Consent { c[2].Events[0].By = "x"; reseal(c[2]); return c },
		"event time":       func(c []*Consent) []*Consent { c[2].Events[0].Time = by(9).At; reseal(c[2]); return c },
		"no event":         func(c []*Consent) []*Consent { c[2].Events = nil; reseal(c[2]); return c },
		"another camera":   func(c []*Consent) []*Consent { c[2].Camera = "camera:x"; reseal(c[2]); return c },
		"step":             func(c []*Consent) []*Consent { c[2].Events[2].Type = "resume"; reseal(c[2]); return c },
		"to another":       func(c []*Consent) []*Consent { c[2].Events[2].Type = "expire"; reseal(c[2]); return c },
	} {
		if err := VerifyChain(tamper(make3())); shouwang.CodeOf(err) != shouwang.CodeTampered {
			t.Errorf("%s: got %v, want tampered", name, err)
		}
	}
}

func TestOnlyTheTableOfStepsIsAllowed(t *testing.T) {
	long := by(0).At.AddDate(3, 0, 0)
	steps := map[Step]func(*Consent, Change) (*Consent, error){
		StepRequest: (*Consent).Request, StepRefuse: (*Consent).Refuse, StepResume: (*Consent).Resume,
		StepExpire: (*Consent).Expire, StepWithdraw: (*Consent).Withdraw, StepTerminate: (*Consent).Terminate,
		StepInvalidate: (*Consent).Invalidate,
		StepGive:       func(c *Consent, ch Change) (*Consent, error) { return c.Give(ch, nil) },
		StepRenew:      func(c *Consent, ch Change) (*Consent, error) { return c.Renew(ch, ch.At.AddDate(0, 6, 0)) },
		StepPause:      func(c *Consent, ch Change) (*Consent, error) { return c.Pause(ch, time.Time{}) },
		StepErase:      func(c *Consent, ch Change) (*Consent, error) { return c.Erased(ch, Erasure{}) },
	}
	allowed := map[ConsentState]string{
		Requested: "request give refuse terminate invalidate", Refused: "request give erase",
		Given: "renew pause expire withdraw terminate invalidate", Renewed: "renew pause expire withdraw terminate invalidate",
		Paused:    "resume pause expire withdraw terminate invalidate",
		Expired:   "renew request withdraw terminate invalidate erase",
		Withdrawn: "request give erase", Terminated: "request erase", Invalidated: "request erase",
	}
	for _, from := range consentStates {
		for step, do := range steps {
			c := proposed(t)
			c.State, c.NotAfter = from, by(400).At
			n, err := do(c, Change{At: long, By: "resident:mei"})
			if may := strings.Contains(" "+allowed[from]+" ", " "+string(step)+" "); may != (err == nil) {
				t.Errorf("%s when %s: %v", step, from, err)
			} else if !may && shouwang.CodeOf(err) != shouwang.CodeConflict {
				t.Errorf("%s when %s: code %s", step, from, shouwang.CodeOf(err))
			} else if may && n == c {
				t.Errorf("%s when %s edits the record", step, from)
			}
		}
	}
}

func TestConsentTerms(t *testing.T) {
	c := proposed(t)
	refused := must(t)(c.Refuse(by(1)))
	if _, err := refused.Request(by(90)); shouwang.CodeOf(err) != shouwang.CodeConflict {
		t.Error("asked again within 90 days of a refusal")
	}
	must(t)(refused.Request(by(91)))
	for name, err := range map[string]error{
		"13 months": second2(c.Give(by(1), func(c *Consent) { c.NotAfter = spring.AddDate(1, 1, 0) })),
		"backwards": second2(c.Give(by(1), func(c *Consent) { c.NotAfter = spring.AddDate(0, 0, -1) })),
		"audio": second2(c.Give(by(1), func(c *Consent) {
			c.Device = &ConsentDevice{Audio: true, LegalClass: "resident", Mount: "own_premises"}
		})),
		"street":  second2(c.Give(by(1), func(c *Consent) { c.Device = &ConsentDevice{LegalClass: "resident", Mount: "public"} })),
		"camera":  second2(c.Give(by(1), func(c *Consent) { c.Camera = "camera:other" })),
		"nobody":  second2(c.Give(Change{At: spring}, nil)),
		"earlier": second2(c.Give(by(-1), nil)),
		"unnamed": second2(NewConsent(Consent{ID: "c"}, by(0))),
	} {
		if err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	given := must(t)(c.Give(by(1), nil))
	if _, err := given.Expire(by(300)); err == nil {
		t.Error("expired before its time")
	}
	if _, err := given.Amend(by(2), func(c *Consent) { c.NotAfter = c.NotAfter.AddDate(0, 0, 1) }); err == nil {
		t.Error("prolonged without a renewal")
	}
	if _, err := given.Pause(by(3), by(2).At); err == nil {
		t.Error("paused until yesterday")
	}
	if n, err := given.Due(by(10).At); n != nil || err != nil {
		t.Error("something is due at once")
	}
	if n := must(t)(given.Due(given.NotAfter)); n.State != Expired || n.Events[2].By != bySystem {
		t.Errorf("at its end: %+v", n)
	}
}

func second2(_ *Consent, err error) error { return err }

func TestOnboarding(t *testing.T) {
	for _, row := range []struct {
		class shouwang.LegalClass
		mount string
		code  shouwang.Code
	}{
		{"resident", "own_premises", ""},
		{"resident", "public", shouwang.CodeDenied},
		{"premises", "public", shouwang.CodeDenied},
		{"premises", "shared_premises", ""},
		{"public", "public", ""},
		{"resident", "", shouwang.CodeBadUsage},
		{"", "public", shouwang.CodeBadUsage},
	} {
		if got := shouwang.CodeOf(CheckOnboarding(row.class, row.mount)); got != row.code {
			t.Errorf("%s at %s: %q, want %q", row.class, row.mount, got, row.code)
		}
	}
}

func TestSlots(t *testing.T) {
	china := time.FixedZone("CST", 8*3600)
	s := DailyHours(6, 8).Without(6)
	if s.Count() != 13 || s.Has(6) || !s.Has(7) || s.Has(-1) || s.Has(Week) || EveryHour().Count() != Week {
		t.Errorf("slots %v", s.Names())
	}
	raw, _ := json.Marshal(s)
	var again Slots
	if err := json.Unmarshal(raw, &again); err != nil || again != s {
		t.Errorf("%s came back as %v: %v", raw, again.Names(), err)
	}
	for _, bad := range []string{`["mon-24"]`, `["mon-6"]`, `["Mon-06"]`, `["mon_06"]`, `["mon--1"]`, `["mon-+1"]`, `[""]`, `"mon-06"`, `["mon-0x"]`} {
		if json.Unmarshal([]byte(bad), &again) == nil {
			t.Errorf("%s: accepted", bad)
		}
	}
	if SlotOf(time.Date(2026, 11, 23, 5, 59, 0, 0, china)) != 5 || SlotOf(time.Date(2026, 11, 22, 23, 0, 0, 0, china)) != Week-1 {
		t.Error("Monday comes first")
	}
}
