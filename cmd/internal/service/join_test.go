package service

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"shouwang"
	"shouwang/policy"
	"shouwang/policy/papers"
	"shouwang/web/auth"
	"shouwang/web/front"
	"shouwang/web/front/fronttest"
	"shouwang/web/join"
)

// office is the register, the gate, the access log and the store as the service
// joins them, with the consent rooms on an HTTP server, and no cameras.
type office struct {
	t    *testing.T
	s    *Service
	http *httptest.Server

	mu  sync.Mutex
	now time.Time
}

var novemberMorning = time.Date(2026, 11, 18, 9, 30, 0, 0, time.FixedZone("CST", 8*3600))

func (o *office) clock() time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.now
}

func (o *office) pass(d time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.now = o.now.Add(d)
}

const street = `
timezone: Asia/Shanghai
purposes: [public_safety, emergency]
audiences: [dispatch-centre, police-station]
places:
  - {id: zhanyi, kind: district, parent: "", name: 沾益区, name_en: Zhanyi}
  - {id: lingjiao, kind: township, parent: zhanyi, name: 菱角乡}
  - {id: village, kind: community, parent: lingjiao}
  - {id: grid-3, kind: grid, parent: village}
  - {id: house-12, kind: building, parent: grid-3, name: 12号院}
  - {id: other, kind: township, parent: zhanyi}
units:
  - {id: township, name: 乡政府, name_en: Township, kind: department, contact: 0874-000000}
  - {id: shop, name: 超市, kind: enterprise}
people:
  - {id: "officer:grid", type: officer, name: 罗, unit: township, roles: [grid_worker], jurisdiction: lingjiao, home_grid: "-", on_duty: true}
  - {id: "officer:chen", type: officer, unit: township, roles: [dispatcher], audiences: [dispatch-centre], jurisdiction: lingjiao, home_grid: "-", on_duty: true}
  - {id: "officer:far", type: officer, roles: [grid_worker], jurisdiction: other, home_grid: "-", on_duty: true}
  - {id: "officer:shop", type: officer, unit: shop, roles: [approver], jurisdiction: lingjiao, home_grid: "-", on_duty: true}
  - {id: "resident:gao", type: resident, name: 高, home: house-12}
cameras:
  - {id: door-1, name: 门口, place: house-12, position: [25.7, 103.8], legal_class: resident, mount: own_premises, owner: "", sign: true, sources: []}
  - {id: door-2, place: house-12, position: [25.7, 103.8], legal_class: resident, mount: own_premises, owner: "resident:gao", sign: true, sources: []}
  - {id: shop-1, place: house-12, position: [25.7, 103.8], legal_class: premises, mount: shared_premises, owner: "unit:shop", sign: true, sources: [], consents: [&C]}
  - {id: shop-2, place: house-12, position: [25.7, 103.8], legal_class: premises, mount: shared_premises, owner: "unit:shop", sign: true, sources: [], consents: [&C]}
`

const shopTerms = `{purpose: public_safety, state: given, basis: consent, modes: [live, playback], audiences: [dispatch-centre], area_scope: township, slots: daily 6-23, limits: {clip_min: 60, lookback_days: 7, looks_per_day: 20}, min_obligations: [mask, blur_people], retention_days: 30, not_before: 2026-11-01T00:00:00+08:00, not_after: 2027-10-31T00:00:00+08:00}`

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{t: t, now: novemberMorning}
	cfg := Defaults()
	cfg.Data = t.TempDir()
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	o.s = &Service{cfg: cfg, log: log, clock: o.clock, metrics: prometheus.NewRegistry()}
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(func() { cancel(); o.s.close() })
	for _, open := range []func(context.Context) error{o.s.openData, o.s.openPolicy, o.s.openStorage} {
		if err := open(ctx); err != nil {
			t.Fatal(err)
		}
	}
	o.s.auth = auth.New(o.s.node.registry, auth.Config{Clock: o.clock, Params: auth.Params{MemoryKiB: 64, Passes: 1, Lanes: 1}})
	o.fill(ctx)
	o.serve()
	return o
}

func (o *office) fill(ctx context.Context) {
	o.t.Helper()
	text := strings.ReplaceAll(street, "&C", shopTerms)
	hash := func(p string) (string, error) { return o.s.auth.HashPassword(ctx, p) }
	if _, err := o.s.node.registry.Import(ctx, strings.NewReader(text), hash); err != nil {
		o.t.Fatal(err)
	}
	if err := o.s.node.refresh(ctx); err != nil {
		o.t.Fatal(err)
	}
}

func (o *office) serve() {
	o.http = fronttest.Serve(o.t, o.s.auth, o.s.node.gate.World, o.clock, o.s.log, join.Routes(o.s.join()))
}

// as signs a principal in and returns the cookie.
func (o *office) as(principal string) string {
	o.t.Helper()
	if principal == "" {
		return ""
	}
	ctx := context.Background()
	_, login, _ := strings.Cut(principal, ":")
	hash, err := o.s.auth.HashPassword(ctx, "a long pass phrase")
	if err != nil {
		o.t.Fatal(err)
	}
	err = o.s.node.registry.UpdateAccount(ctx, login, func(a *shouwang.Account) error {
		a.PasswordHash, a.MustChange, a.PasswordSet = hash, false, o.clock().Add(-time.Hour)
		return nil
	})
	if err != nil {
		o.t.Fatal(err)
	}
	token, _, err := o.s.auth.SignIn(ctx, login, "a long pass phrase", "127.0.0.1")
	if err != nil {
		o.t.Fatal(err)
	}
	return token
}

// call returns the status, the body and the session cookie of an answer.
func (o *office) call(cookie, method, path string, body any) (int, []byte, string) {
	o.t.Helper()
	var in io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			o.t.Fatal(err)
		}
		in = bytes.NewReader(raw)
	}
	req, err := http.NewRequest(method, o.http.URL+path, in)
	if err != nil {
		o.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if cookie != "" {
		req.AddCookie(&http.Cookie{Name: front.CookieName, Value: cookie})
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		o.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		o.t.Fatal(err)
	}
	for _, c := range resp.Cookies() {
		if c.Name == front.CookieName {
			return resp.StatusCode, raw, c.Value
		}
	}
	return resp.StatusCode, raw, ""
}

// ok decodes an answer that must be a success.
func ok[T any](o *office, cookie, method, path string, body any) (out T) {
	o.t.Helper()
	status, raw, _ := o.call(cookie, method, path, body)
	if status >= 300 {
		o.t.Fatalf("%s %s: %d %s", method, path, status, raw)
	}
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &out); err != nil {
			o.t.Fatalf("%s %s: %v in %s", method, path, err, raw)
		}
	}
	return out
}

// refused checks that an answer is the problem given and returns its words.
func (o *office) refused(status int, cookie, method, path string, body any) front.Problem {
	o.t.Helper()
	got, raw, _ := o.call(cookie, method, path, body)
	var p front.Problem
	if err := json.Unmarshal(raw, &p); err != nil || got != status {
		o.t.Fatalf("%s %s: got %d %s, want %d", method, path, got, raw, status)
	}
	return p
}

type invited struct {
	Invitation join.InvitationView `json:"invitation"`
	Token      string              `json:"token"`
	Path       string              `json:"path"`
}

func (o *office) invite(camera string, more map[string]any) invited {
	o.t.Helper()
	body := map[string]any{"camera": camera}
	for k, v := range more {
		body[k] = v
	}
	return ok[invited](o, o.as("officer:grid"), "POST", "/api/invitations", body)
}

// yes is an answer that gives consent to what was read.
func yes(read join.ReadBody, login string, more map[string]any) map[string]any {
	zh := read.Notice.Texts["zh-CN"]
	body := map[string]any{
		"answer": "give", "name": "李秀兰", "login": login, "password": "春天的花园很美丽啊真好", "cohabitants_informed": true,
		"notice": map[string]any{"id": read.Notice.ID, "version": read.Notice.Version, "hash": zh.Hash, "language": "zh-CN", "read_aloud": true},
	}
	for k, v := range more {
		body[k] = v
	}
	return body
}

func TestAnOwnerIsInvitedAndAgrees(t *testing.T) {
	o := newOffice(t)
	inv := o.invite("door-1", map[string]any{"terms": map[string]any{"audiences": []string{"dispatch-centre", "police-station"}}})
	if inv.Path != "/join/"+inv.Token || inv.Invitation.Kind != papers.InviteNew || inv.Invitation.State != papers.InvitationOpen {
		t.Fatalf("%+v", inv)
	}
	if c, found := o.s.node.gate.World().Consent("camera:door-1", "public_safety"); !found || c.State != policy.Requested || c.Asked == nil {
		t.Fatalf("asked: %+v", c)
	}
	read := ok[join.ReadBody](o, "", "GET", "/api/join/"+inv.Token, nil)
	if read.Account != "new" || read.AskedBy.Name != "罗" || read.Controllers[0].Name != "乡政府" || len(read.Proposal.Slots) != 119 || len(read.Notice.Texts) != 2 || read.Camera.Place[2].Kind != "community" {
		t.Errorf("read: %+v", read)
	}
	path := "/api/join/" + inv.Token + "/answer"
	for name, spoil := range map[string]map[string]any{
		"household":   {"cohabitants_informed": false},
		"notice":      {"notice": map[string]any{"id": "sharing", "version": "1", "hash": "sha256:0", "language": "zh-CN"}},
		"no notice":   {"notice": map[string]any{}},
		"password":    {"password": "short"},
		"no name":     {"name": " "},
		"too much":    {"choices": map[string]any{"retention_days": 30}},
		"wider hours": {"choices": map[string]any{"slots": []string{"mon-03"}}},
		"bad mask":    {"choices": map[string]any{"masks": [][][2]float64{{{0, 0}, {2, 2}, {0, 1}}}}},
	} {
		if status, raw, _ := o.call("", "POST", path, yes(read, "li", spoil)); status < 400 || status >= 500 {
			t.Errorf("%s: %d %s", name, status, raw)
		}
	}
	answer := yes(read, "Li", map[string]any{"choices": map[string]any{
		"slots": []string{"mon-08", "mon-09"}, "audiences": []string{"dispatch-centre"}, "retention_days": 3,
		"masks": [][][2]float64{{{0, 0}, {0.5, 0}, {0.5, 0.5}}},
	}})
	status, raw, cookie := o.call("", "POST", path, answer)
	var settled join.Settled
	if status != 200 || json.Unmarshal(raw, &settled) != nil || cookie == "" || settled.Login != "li" || settled.Receipt == "" {
		t.Fatalf("%d %s cookie %q", status, raw, cookie)
	}
	world := o.s.node.gate.World()
	c, _ := world.Consent("camera:door-1", "public_safety")
	cam, _ := world.Camera("camera:door-1")
	if c.State != policy.Given || c.Slots.Count() != 2 || c.RetentionDays != 3 || len(c.Device.Masks) != 1 || cam.Owner != c.Principal.ID ||
		c.Notice.Hash != read.Notice.Texts["zh-CN"].Hash || !c.Notice.ReadAloud || !c.Principal.CohabitantsInformed || c.Controllers[0].Contact != "0874-000000" {
		t.Errorf("given: %+v", c)
	}
	o.refused(http.StatusConflict, "", "POST", path, answer) // a token is good once
	o.ownerKeepsTheRecord(cookie, c)
}

// ownerKeepsTheRecord narrows, widens inside what was asked, and exports.
func (o *office) ownerKeepsTheRecord(cookie string, c *policy.Consent) {
	o.t.Helper()
	type changed struct {
		Consent join.ConsentTerms `json:"consent"`
	}
	terms := "/api/my/consents/" + c.ID + "/terms"
	narrow := ok[changed](o, cookie, "PUT", terms, map[string]any{"modes": []string{"live"}, "recording": "none"})
	if len(narrow.Consent.Modes) != 1 || narrow.Consent.Recording != policy.RecordNone || narrow.Consent.Version != 3 || len(narrow.Consent.Slots) != 2 {
		o.t.Errorf("narrowed: %+v", narrow.Consent)
	}
	wide := ok[changed](o, cookie, "PUT", terms, map[string]any{"audiences": []string{"police-station"}, "slots": []string{"tue-10"}})
	if wide.Consent.Audiences[0] != "police-station" {
		o.t.Errorf("widened: %+v", wide.Consent)
	}
	o.refused(http.StatusConflict, cookie, "PUT", terms, map[string]any{"modes": []string{"wall"}})
	o.refused(http.StatusConflict, cookie, "PUT", terms, map[string]any{"min_obligations": []string{}})
	o.refused(http.StatusUnprocessableEntity, cookie, "PUT", terms, map[string]any{"audiences": []string{"everybody"}})
	o.refused(http.StatusNotFound, o.as("resident:gao"), "PUT", terms, map[string]any{"modes": []string{"live"}})
	record := ok[join.MyRecord](o, cookie, "GET", "/api/my/consents/"+c.ID+"/record", nil)
	versions := make([]*policy.Consent, len(record.Versions))
	for i, raw := range record.Versions {
		if err := json.Unmarshal(raw, &versions[i]); err != nil {
			o.t.Fatal(err)
		}
	}
	if err := policy.VerifyChain(versions); err != nil || !record.Intact || len(versions) != 4 || record.Head != versions[3].RecordHash || len(record.Notices) != 1 {
		o.t.Errorf("record: %v, %d versions, intact %v", err, len(versions), record.Intact)
	}
	versions[1].RetentionDays = 30
	if policy.VerifyChain(versions) == nil {
		o.t.Error("a changed record verifies")
	}
}

// What a new owner can put right themselves has a code of its own, and the
// invitation stays open.
func TestATakenNameAndAWeakPasswordAreSaid(t *testing.T) {
	o := newOffice(t)
	inv := o.invite("door-1", nil)
	read := ok[join.ReadBody](o, "", "GET", "/api/join/"+inv.Token, nil)
	path := "/api/join/" + inv.Token + "/answer"
	if p := o.refused(http.StatusConflict, "", "POST", path, yes(read, "Gao ", nil)); p.Code != shouwang.CodeLoginTaken {
		t.Errorf("a taken name: %+v", p)
	}
	for _, weak := range []string{"short", "password1234", "李秀兰李秀兰李秀兰李秀兰"} {
		if p := o.refused(http.StatusUnprocessableEntity, "", "POST", path, yes(read, "li", map[string]any{"password": weak})); p.Code != shouwang.CodeWeakPassword {
			t.Errorf("%q: %+v", weak, p)
		}
	}
	if ok[join.ReadBody](o, "", "GET", "/api/join/"+inv.Token, nil).State != papers.InvitationOpen {
		t.Error("a mistake used the invitation up")
	}
}

func TestANoIsEasyAndGivesRest(t *testing.T) {
	o := newOffice(t)
	inv := o.invite("door-2", nil)
	no := ok[join.Settled](o, "", "POST", "/api/join/"+inv.Token+"/answer", map[string]any{"answer": "refuse"})
	if no.State != papers.InvitationRefused || no.RestUntil.Sub(o.clock()) < 89*24*time.Hour {
		t.Errorf("%+v", no)
	}
	c, _ := o.s.node.gate.World().Consent("camera:door-2", "public_safety")
	if c.State != policy.Refused || c.Events[1].By != "resident:gao" {
		t.Errorf("%+v", c)
	}
	worker := o.as("officer:grid")
	o.refused(http.StatusConflict, worker, "POST", "/api/invitations", map[string]any{"camera": "door-2"})
	o.refused(http.StatusConflict, worker, "POST", "/api/invitations", map[string]any{"camera": "door-2", "purpose": "emergency"})
	list := ok[struct {
		Invitations []join.InvitationView `json:"invitations"`
	}](o, worker, "GET", "/api/invitations", nil)
	if len(list.Invitations) != 1 || list.Invitations[0].RestUntil.IsZero() {
		t.Errorf("%+v", list)
	}
	o.pass(policy.RestAfterRefusal - time.Second)
	o.refused(http.StatusConflict, o.as("officer:grid"), "POST", "/api/invitations", map[string]any{"camera": "door-2"})
	o.pass(time.Second)
	if again := o.invite("door-2", nil); again.Invitation.Kind != papers.InviteNew {
		t.Errorf("%+v", again)
	}
}

func TestWhoMayInvite(t *testing.T) {
	o := newOffice(t)
	for who, status := range map[string]int{"officer:chen": 403, "officer:far": 404, "resident:gao": 403, "": 401} {
		o.refused(status, o.as(who), "POST", "/api/invitations", map[string]any{"camera": "door-1"})
	}
	worker := o.as("officer:grid")
	for name, body := range map[string]map[string]any{
		"purpose":   {"camera": "door-1", "purpose": "advertising"},
		"audience":  {"camera": "door-1", "terms": map[string]any{"audiences": []string{"everybody"}}},
		"mode":      {"camera": "door-1", "terms": map[string]any{"modes": []string{"face_match"}}},
		"hours":     {"camera": "door-1", "terms": map[string]any{"slots": []string{}}},
		"notice":    {"camera": "door-1", "notice": "none@1"},
		"a unit's":  {"camera": "shop-1"},
		"no camera": {"camera": "none"},
	} {
		if status, raw, _ := o.call(worker, "POST", "/api/invitations", body); status < 400 || status >= 500 {
			t.Errorf("%s: %d %s", name, status, raw)
		}
	}
}

func TestInvitationsLapseAreRevokedAndReplaced(t *testing.T) {
	o := newOffice(t)
	first := o.invite("door-1", map[string]any{"days": 2})
	second := o.invite("door-1", map[string]any{"days": 2})
	refuse := map[string]any{"answer": "refuse"}
	if p := o.refused(http.StatusConflict, "", "POST", "/api/join/"+first.Token+"/answer", refuse); !strings.Contains(p.Detail, "revoked") {
		t.Error(p.Detail)
	}
	if status, raw, _ := o.call(o.as("officer:grid"), "DELETE", "/api/invitations/"+second.Invitation.ID, nil); status != 204 {
		t.Fatalf("%d %s", status, raw)
	}
	if c, _ := o.s.node.gate.World().Consent("camera:door-1", "public_safety"); c.State != policy.Terminated {
		t.Errorf("the asking goes on: %s", c.State)
	}
	third := o.invite("door-1", map[string]any{"days": 2})
	o.pass(49 * time.Hour)
	if read := ok[join.ReadBody](o, "", "GET", "/api/join/"+third.Token, nil); read.State != papers.InvitationLapsed {
		t.Errorf("state %s", read.State)
	}
	o.refused(http.StatusConflict, "", "POST", "/api/join/"+third.Token+"/answer", refuse)
	for range 40 {
		o.call("", "GET", "/api/join/guess", nil)
	}
	o.refused(http.StatusTooManyRequests, "", "GET", "/api/join/guess", nil)
}

func TestAConsentThatEndsSoonIsRenewed(t *testing.T) {
	o := newOffice(t)
	inv := o.invite("door-2", map[string]any{"months": 2})
	read := ok[join.ReadBody](o, "", "GET", "/api/join/"+inv.Token, nil)
	if read.Account != "sign_in" {
		t.Fatalf("account %s", read.Account)
	}
	gao := o.as("resident:gao")
	path := "/api/join/" + inv.Token + "/answer"
	o.refused(http.StatusUnauthorized, "", "POST", path, yes(read, "gao", nil))
	o.refused(http.StatusUnauthorized, "", "POST", path, yes(read, "grid", map[string]any{"password": "a long pass phrase"}))
	given := ok[join.Settled](o, gao, "POST", path, yes(read, "", nil))
	type renewals struct {
		Renewals []join.RenewalView `json:"renewals"`
	}
	if due := ok[renewals](o, gao, "GET", "/api/renewals", nil); len(due.Renewals) != 0 {
		t.Errorf("early: %+v", due)
	}
	renew := "/api/my/consents/" + given.Consent.ID + "/renew"
	shown := map[string]any{"notice": map[string]any{"id": "sharing", "version": "1", "hash": read.Notice.Texts["en"].Hash, "language": "en"}, "months": 2}
	o.refused(http.StatusConflict, gao, "POST", renew, shown)
	o.refused(http.StatusConflict, o.as("officer:grid"), "POST", "/api/invitations", map[string]any{"camera": "door-2"})
	o.pass(40 * 24 * time.Hour)
	gao = o.as("resident:gao")
	if due := ok[renewals](o, gao, "GET", "/api/renewals", nil); len(due.Renewals) != 1 || !due.Renewals[0].Mine || due.Renewals[0].Days > 30 {
		t.Errorf("due: %+v", due)
	}
	asked := o.invite("door-2", map[string]any{"months": 2})
	due := ok[renewals](o, o.as("officer:grid"), "GET", "/api/renewals", nil)
	if asked.Invitation.Kind != papers.InviteRenew || len(due.Renewals) != 1 || due.Renewals[0].Mine || due.Renewals[0].Invitation != asked.Invitation.ID {
		t.Errorf("asked to renew: %+v, %+v", asked, due)
	}
	shown["months"] = 3
	o.refused(http.StatusConflict, gao, "POST", renew, shown) // the notice asked for two months
	shown["months"] = 2
	ok[join.Changed](o, gao, "POST", renew, shown)
	c, _ := o.s.node.gate.World().Consent("camera:door-2", "public_safety")
	if c.State != policy.Renewed || c.Notice.Language != "en" || c.NotAfter.Sub(o.clock()) < 58*24*time.Hour {
		t.Errorf("renewed: %+v", c)
	}
}

func TestAnEnterpriseChangesManyCamerasAtOnce(t *testing.T) {
	o := newOffice(t)
	shop := o.as("officer:shop")
	got := ok[struct {
		Changed int              `json:"changed"`
		Results []join.OneOfMany `json:"results"`
	}](o, shop, "POST", "/api/my/terms", map[string]any{
		"consents": []string{"c-shop-1-public_safety", "c-shop-2-public_safety", "c-shop-1-public_safety", "c-none"},
		"terms":    map[string]any{"slots": []string{"mon-08"}, "audiences": []string{"dispatch-centre"}},
	})
	if got.Changed != 2 || len(got.Results) != 3 || got.Results[2].Code != shouwang.CodeNotFound {
		t.Fatalf("%+v", got)
	}
	for _, camera := range []string{"camera:shop-1", "camera:shop-2"} {
		c, _ := o.s.node.gate.World().Consent(camera, "public_safety")
		versions, err := o.s.node.registry.Consents(context.Background(), c.ID)
		if err != nil || c.Version != 2 || c.Slots.Count() != 1 || policy.VerifyChain(versions) != nil {
			t.Errorf("%s: version %d, %v", camera, c.Version, err)
		}
	}
}
