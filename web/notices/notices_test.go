package notices_test

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/front/fronttest"
	"shouwang/web/health"
	"shouwang/web/notices"
)

// eight in the morning in the township
var morning = time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC)

func world(t *testing.T, change func(*policy.WorldData)) *policy.World {
	t.Helper()
	d := policy.WorldData{
		Timezone: "Asia/Shanghai", Purposes: []string{"public_safety"}, Places: []shouwang.Place{{ID: "town", Kind: "township"}},
		Principals: []*policy.Principal{
			{ID: "resident:li", Type: policy.TypeResident, Name: "李"},
			{ID: "resident:gao", Type: policy.TypeResident},
			{ID: "officer:chen", Type: policy.TypeOfficer, Roles: []policy.Role{policy.RoleDispatcher}, Jurisdiction: "town", OnDuty: true},
		},
		Units: []policy.Unit{{ID: "east", Name: "东门派出所", NameEn: "East Gate Station"}},
		Cameras: []*policy.Camera{
			{ID: "camera:door", Name: "门口", NameEn: "Door", Owner: "resident:li", Place: "town", LegalClass: "premises", Mount: "shared_premises"},
			{ID: "camera:yard", Name: "院子", Owner: "resident:gao", Place: "town", LegalClass: "premises", Mount: "shared_premises"},
		},
	}
	if change != nil {
		change(&d)
	}
	w, err := policy.NewWorld(d)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// town is the teller's neighbours, all of them.
type town struct {
	t        *testing.T
	now      time.Time
	world    *policy.World
	people   []notices.Subscriber
	told     map[string]bool
	letters  []notices.Letter
	log      []policy.Numbered
	troubles []health.Trouble
	receipt  string
	teller   *notices.Teller
}

func open(t *testing.T, people ...notices.Subscriber) *town {
	t.Helper()
	s := &town{t: t, now: morning, world: world(t, nil), people: people, told: map[string]bool{}}
	s.restart()
	return s
}

func (s *town) restart() {
	s.t.Helper()
	teller, err := notices.NewTeller(notices.TellerDeps{
		World: func() *policy.World { return s.world }, Now: func() time.Time { return s.now }, Log: slog.New(slog.DiscardHandler),
		Outbox: s, Journal: s, Service: s, Link: "https://shouwang.example/", Lang: "en", Staff: []string{"ops@town.example"}, Hook: true, After: 10 * time.Minute,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.teller = teller
}

func (s *town) Post(_ context.Context, letters []notices.Letter, told notices.Told) error {
	s.letters = append(s.letters, letters...)
	for _, k := range told.Keys {
		s.told[k] = true
	}
	for _, k := range told.Forget {
		delete(s.told, k)
	}
	for i := range s.people {
		if p := &s.people[i]; p.Person == told.Person {
			if !told.Daily.IsZero() {
				p.Daily = told.Daily
			}
			if !told.AtOnce.IsZero() {
				p.AtOnce = told.AtOnce
			}
		}
	}
	return nil
}

func (s *town) Told(_ context.Context, prefix string) (map[string]bool, error) {
	out := map[string]bool{}
	for k := range s.told {
		if strings.HasPrefix(k, prefix) {
			out[k] = true
		}
	}
	return out, nil
}

func (s *town) Subscribers(context.Context) ([]notices.Subscriber, error) {
	return slices.Clone(s.people), nil
}

func (s *town) Forget(_ context.Context, person string) error {
	s.people = slices.DeleteFunc(s.people, func(p notices.Subscriber) bool { return p.Person == person })
	return nil
}

func (s *town) entries(camera string, span shouwang.Span, kinds ...string) (out []policy.Numbered, err error) {
	for _, e := range s.log {
		if e.Camera == camera && span.Contains(e.At) && slices.Contains(kinds, e.Kind) {
			out = append(out, e)
		}
	}
	return out, nil
}

func (s *town) Looks(_ context.Context, camera string, span shouwang.Span) ([]policy.Numbered, error) {
	return s.entries(camera, span, "look", "export")
}

func (s *town) Deferrals(_ context.Context, camera string, span shouwang.Span) ([]policy.Numbered, error) {
	return s.entries(camera, span, policy.KindDefer, policy.KindReveal)
}

func (s *town) Troubles(context.Context) ([]health.Trouble, error) { return s.troubles, nil }

func (s *town) Withdrawn(context.Context, *policy.Consent) (string, error) {
	return s.receipt, nil
}

func (s *town) note(e policy.Entry) {
	if e.At.IsZero() {
		e.At = s.now
	}
	e.Camera, e.Decision = "camera:door", "allow"
	s.log = append(s.log, policy.Numbered{Index: uint64(len(s.log)), Entry: &e})
}

// look is one by somebody with a name.
func (s *town) look(caseID string) {
	s.note(policy.Entry{Kind: "look", Principal: "officer:chen", Person: "陈警官", Unit: "east", Case: caseID})
}

// tick moves the clock minute by minute, as the service does, and returns what
// was written meanwhile.
func (s *town) tick(d time.Duration) []notices.Letter {
	s.t.Helper()
	s.letters = nil
	for end := s.now.Add(d); s.now.Before(end); {
		s.now = s.now.Add(time.Minute)
		if err := s.teller.Tick(s.t.Context()); err != nil {
			s.t.Fatal(err)
		}
	}
	return s.letters
}

func li(looks, lang string) notices.Subscriber {
	return notices.Subscriber{Person: "resident:li", Address: "li@home.example", Lang: lang, Looks: looks, Since: morning, Daily: morning, AtOnce: morning}
}

func TestADayOfLooksIsOneLetterThatNamesNobody(t *testing.T) {
	s := open(t, li(notices.Daily, "en"))
	s.look("")
	s.look("")
	s.note(policy.Entry{Kind: "look", Principal: "resident:li"}) // one's own
	s.note(policy.Entry{Kind: "denial", Principal: "officer:chen", Unit: "east"})
	if got := s.tick(9 * time.Hour); len(got) != 0 {
		t.Errorf("before the evening: %+v", got)
	}
	got := s.tick(3 * time.Hour)
	if len(got) != 1 || got[0].To != "li@home.example" || got[0].Person != "resident:li" || !strings.Contains(got[0].Text, "Door: 2 by East Gate Station") {
		t.Fatalf("the evening's: %+v", got)
	}
	if strings.Contains(got[0].Text+got[0].Subject, "陈") || strings.Contains(got[0].Text, "chen") || got[0].Link != "https://shouwang.example/my" {
		t.Errorf("it names a person: %+v", got[0])
	}
	if got := s.tick(48 * time.Hour); len(got) != 0 {
		t.Errorf("told again: %+v", got)
	}
}

func TestLooksAtOnceComeTogetherWithinAQuarterOfAnHour(t *testing.T) {
	s := open(t, li(notices.Once, "zh-CN"))
	s.tick(30 * time.Minute)
	s.look("")
	got := s.tick(2 * time.Minute)
	if len(got) != 1 || !strings.Contains(got[0].Text, "门口：1 次，查看单位：东门派出所") {
		t.Fatalf("at once: %+v", got)
	}
	for range 10 {
		s.look("")
	}
	if got := s.tick(10 * time.Minute); len(got) != 0 {
		t.Errorf("a flood: %+v", got)
	}
	got = s.tick(10 * time.Minute)
	if len(got) != 1 || !strings.Contains(got[0].Text, "10 次") {
		t.Errorf("together: %+v", got)
	}
	if got := s.tick(24 * time.Hour); len(got) != 0 {
		t.Errorf("told again by the digest: %+v", got)
	}
}

// TestTheFirstLookAfterSubscribingIsToldAtOnce, and none from before.
func TestTheFirstLookAfterSubscribingIsToldAtOnce(t *testing.T) {
	p := li(notices.Once, "en")
	p.Since, p.Daily, p.AtOnce = morning.Add(5*time.Minute), morning.Add(5*time.Minute), time.UnixMilli(0)
	s := open(t, p)
	s.look("")
	s.tick(6 * time.Minute)
	s.look("")
	if got := s.tick(2 * time.Minute); len(got) != 1 || !strings.Contains(got[0].Text, "Door: 1 by") {
		t.Errorf("told %+v", got)
	}
}

func TestADeferralHoldsTheNoticeUntilItOpens(t *testing.T) {
	for _, looks := range []string{notices.Once, notices.Daily} {
		s := open(t, li(looks, "en"))
		s.note(policy.Entry{Kind: policy.KindDefer, Principal: "officer:lead", Case: "case-1", To: morning.Add(60 * time.Hour)})
		s.tick(time.Minute)
		s.look("case-1")
		if got := s.tick(57 * time.Hour); len(got) != 0 { // two digests pass
			t.Errorf("%s: told while it was put off: %+v", looks, got)
		}
		got := s.tick(30 * time.Hour)
		if len(got) != 1 || !strings.Contains(got[0].Text, "put the notice off") {
			t.Errorf("%s: when it opens: %+v", looks, got)
		}
		if got := s.tick(48 * time.Hour); len(got) != 0 {
			t.Errorf("%s: told again: %+v", looks, got)
		}
	}
}

func TestWhoWantsNoLooksGetsNone(t *testing.T) {
	s := open(t, li(notices.Off, "en"))
	s.look("")
	if got := s.tick(48 * time.Hour); len(got) != 0 {
		t.Errorf("told: %+v", got)
	}
	s.people[0].Person = "resident:gone"
	s.tick(time.Minute)
	if len(s.people) != 0 {
		t.Error("the address of somebody who is gone is kept")
	}
}

func TestWhatStandsIsToldOnce(t *testing.T) {
	s := open(t, li(notices.Daily, "en"), notices.Subscriber{Person: "resident:gao", Address: "gao@home.example", Lang: "zh-CN", Looks: notices.Daily, Since: morning, Daily: morning, AtOnce: morning})
	s.world = world(t, func(d *policy.WorldData) {
		d.Cameras[0].Quarantined = true
		d.Cameras[0].Name, d.Cameras[0].NameEn = "门\r\nBcc: x@y.example", "Door\r\nBcc: x@y.example"
	})
	got := s.tick(30 * time.Minute)
	if len(got) != 1 || got[0].Kind != "view" || got[0].To != "li@home.example" || strings.ContainsAny(got[0].Subject, "\r\n") {
		t.Fatalf("a view that changed: %+v", got)
	}
	s.world = world(t, nil)
	s.tick(time.Minute)
	s.world = world(t, func(d *policy.WorldData) { d.Cameras[0].Quarantined = true })
	s.restart()
	if got := s.tick(5 * time.Minute); len(got) != 1 {
		t.Errorf("approved, and changed again: %+v", got)
	}
}

// agreed is the world with an agreement for the door.
func agreed(t *testing.T, state policy.ConsentState, until time.Time, events ...policy.ConsentEvent) *policy.World {
	t.Helper()
	return world(t, func(d *policy.WorldData) {
		d.Cameras[0].Consents = []*policy.Consent{{
			ID: "c-1", Version: 2, Camera: "camera:door", Purpose: "public_safety", State: state, Basis: "consent", Modes: []policy.Mode{policy.ModeLive},
			AreaScope: "township", NotBefore: morning.AddDate(0, -1, 0), NotAfter: until, Events: events,
		}}
	})
}

// TestAnAgreementsEndIsToldOnceAndForgotten: what was told is kept no longer
// than it stands, and a term that was made longer is news when it ends.
func TestAnAgreementsEndIsToldOnceAndForgotten(t *testing.T) {
	const day = 24 * time.Hour
	s := open(t, li(notices.Off, "zh-CN"))
	s.told["my/resident:gone/renew/c-9/1"] = true
	s.world = agreed(t, policy.Given, morning.Add(31*day))
	if got := s.tick(time.Hour); len(got) != 0 || len(s.told) != 0 {
		t.Errorf("a month and a day before: %+v, told %v", got, s.told)
	}
	got := s.tick(day)
	if len(got) != 1 || got[0].Kind != "renew" || !strings.Contains(got[0].Subject, "2026年12月29日") || len(s.told) != 1 {
		t.Fatalf("within the month: %+v, told %v", got, s.told)
	}
	s.world = agreed(t, policy.Given, morning.Add(40*day))
	if got := s.tick(time.Hour); len(got) != 0 || len(s.told) != 0 {
		t.Errorf("renewed: %+v, told %v", got, s.told)
	}
	if got := s.tick(10 * day); len(got) != 1 {
		t.Errorf("the new end: %+v", got)
	}
	if got := s.tick(40 * day); len(got) != 0 || len(s.told) != 0 {
		t.Errorf("past its end: %+v, told %v", got, s.told)
	}
}

// TestAWithdrawalsReceiptGoesAlong: the letter waits for the receipt, holds it
// as it was signed and comes once.
func TestAWithdrawalsReceiptGoesAlong(t *testing.T) {
	s := open(t, li(notices.Off, "en"))
	s.tick(time.Minute)
	s.world = agreed(t, policy.Withdrawn, morning.AddDate(1, 0, 0), policy.ConsentEvent{Type: string(policy.StepWithdraw), Time: s.now, By: "resident:li"})
	if got := s.tick(time.Hour); len(got) != 0 {
		t.Errorf("before it is carried out: %+v", got)
	}
	s.receipt = "a line\nanother\n\n— key sig\n"
	got := s.tick(time.Hour)
	if len(got) != 1 || got[0].Kind != "withdrawn" || got[0].Paper != s.receipt || got[0].Link != "https://shouwang.example/my/door/papers" {
		t.Fatalf("carried out: %+v", got)
	}
	s.restart()
	if got := s.tick(24 * time.Hour); len(got) != 0 || len(s.told) != 1 {
		t.Errorf("again: %+v, told %v", got, s.told)
	}
}

func TestStaffAreToldOfWhatLastsAndOfItsEnd(t *testing.T) {
	s := open(t)
	s.troubles = []health.Trouble{{Code: health.CamerasOffline, Level: health.Warn, Subject: "Door"}, {Code: health.DiskLow, Level: health.Warn}}
	if got := s.tick(9 * time.Minute); len(got) != 0 {
		t.Errorf("at once: %+v", got)
	}
	got := s.tick(5 * time.Minute)
	if len(got) != 2 || got[0].To != "ops@town.example" || got[1].To != "" || got[1].Facts == nil || !strings.Contains(got[0].Text, "Door sends no picture") || !strings.Contains(got[0].Text, "disk is nearly full") {
		t.Fatalf("after ten minutes: %+v", got)
	}
	s.restart()
	if got := s.tick(time.Hour); len(got) != 0 {
		t.Errorf("again after a restart: %+v", got)
	}
	s.troubles = s.troubles[1:]
	s.restart()
	if got := s.tick(9 * time.Minute); len(got) != 0 {
		t.Errorf("its end, at once: %+v", got)
	}
	if got := s.tick(2 * time.Minute); len(got) != 2 || !strings.Contains(got[0].Text, "Over:\n- Door sends no picture") {
		t.Errorf("its end: %+v", got)
	}
}

func TestEveryTroubleHasWordsInBothLanguages(t *testing.T) {
	for _, lang := range []string{"en", "zh-CN"} {
		texts := notices.Texts()[lang]
		for _, code := range health.Codes {
			if texts["code."+code] == "" {
				t.Errorf("%s has no words for %s", lang, code)
			}
		}
		for key := range notices.Texts()["en"] {
			if texts[key] == "" {
				t.Errorf("%s lacks %s", lang, key)
			}
		}
	}
}

// book is the people's addresses in memory.
type book struct {
	mails bool
	of    map[string]notices.Mine
}

func (b *book) Mails() bool { return b.mails }
func (b *book) Of(_ context.Context, person string) (notices.Mine, error) {
	return b.of[person], nil
}

func (b *book) Ask(_ context.Context, person, address, _ string) (string, error) {
	b.of[person] = notices.Mine{Pending: address}
	return "12345678", nil
}

func (b *book) Confirm(_ context.Context, person, code string) error {
	if code != "12345678" {
		return shouwang.Errorf(shouwang.CodeConflict, "that is not the code that was sent")
	}
	b.of[person] = notices.Mine{Address: b.of[person].Pending, Looks: notices.Daily}
	return nil
}

func (b *book) Choose(_ context.Context, person, looks, _ string) error {
	m := b.of[person]
	m.Looks = looks
	b.of[person] = m
	return nil
}

func (b *book) Forget(_ context.Context, person string) error { delete(b.of, person); return nil }

func TestAResidentGivesAnAddressAndChooses(t *testing.T) {
	h := fronttest.Open(t, fronttest.Options{World: world(t, nil), At: morning})
	b, s := &book{of: map[string]notices.Mine{}}, open(t)
	h.Add(notices.Routes(notices.Deps{People: b, Outbox: s}))
	address := map[string]any{"address": " li@home.example "}
	if v := fronttest.Want[notices.MailView](h, http.StatusOK, "resident:li", "GET", "/api/my/mail", nil); v.Available || v.Looks != notices.Daily {
		t.Errorf("without a server: %+v", v)
	}
	fronttest.Want[any](h, http.StatusNotFound, "resident:li", "PUT", "/api/my/mail/address", address)
	b.mails = true
	v := fronttest.Want[notices.MailView](h, http.StatusOK, "resident:li", "PUT", "/api/my/mail/address", address)
	if v.Address != "" || v.Pending != "li@home.example" || len(s.letters) != 1 || s.letters[0].To != "li@home.example" || !strings.Contains(s.letters[0].Text, "12345678") {
		t.Errorf("asked: %+v, %+v", v, s.letters)
	}
	fronttest.Want[any](h, http.StatusConflict, "resident:li", "POST", "/api/my/mail/confirm", map[string]any{"code": "1"})
	fronttest.Want[any](h, http.StatusUnprocessableEntity, "resident:li", "PUT", "/api/my/mail/looks", map[string]any{"looks": "hourly"})
	fronttest.Want[any](h, http.StatusForbidden, "officer:chen", "PUT", "/api/my/mail/address", address)
	if v := fronttest.Want[notices.MailView](h, http.StatusOK, "resident:li", "POST", "/api/my/mail/confirm", map[string]any{"code": "1234 5678"}); v.Address != "li@home.example" {
		t.Errorf("confirmed: %+v", v)
	}
	if v := fronttest.Want[notices.MailView](h, http.StatusOK, "resident:li", "PUT", "/api/my/mail/looks", map[string]any{"looks": notices.Once}); v.Looks != notices.Once {
		t.Errorf("chosen: %+v", v)
	}
	if status, body := h.Do("resident:li", "DELETE", "/api/my/mail", nil); status != http.StatusNoContent || len(b.of) != 0 {
		t.Errorf("forgotten: %d %s", status, body)
	}
}
