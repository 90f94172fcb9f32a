package people_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/front/fronttest"
	"shouwang/web/people"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"))
}

type link struct {
	account string
	expires time.Time
}

// roll is a register in memory. PutPrincipal is in force at once.
type roll struct {
	people    map[string]policy.Principal
	accounts  []shouwang.Account
	proposals []people.Proposal
	links     map[string]link
	ended     []string
	house     *fronttest.House
	room      *people.Room
}

func none(what string) error {
	return shouwang.Errorf(shouwang.CodeNotFound, "there is no such %s", what)
}

func (r *roll) PutPrincipal(_ context.Context, p policy.Principal) error {
	r.people[p.ID] = p
	r.house.Gate.Swap(world(r.people))
	return nil
}

func (r *roll) Accounts(context.Context) ([]shouwang.Account, error) {
	return slices.Clone(r.accounts), nil
}

func (r *roll) AddAccount(_ context.Context, a shouwang.Account) error {
	r.accounts = append(r.accounts, a)
	return nil
}

func (r *roll) UpdateAccount(_ context.Context, name string, f func(*shouwang.Account) error) error {
	for i := range r.accounts {
		if r.accounts[i].Name == name {
			return f(&r.accounts[i])
		}
	}
	return none("account")
}

func (r *roll) EndSessions(_ context.Context, account string) error {
	r.ended = append(r.ended, account)
	return nil
}

func (r *roll) PutProposal(_ context.Context, p people.Proposal) error {
	r.proposals = slices.DeleteFunc(r.proposals, func(q people.Proposal) bool { return q.ID == p.ID })
	r.proposals = append(r.proposals, p)
	return nil
}

func (r *roll) Proposals(context.Context) ([]people.Proposal, error) {
	return slices.Clone(r.proposals), nil
}

func (r *roll) PutWelcome(_ context.Context, hash, account string, expires time.Time) error {
	for h, l := range r.links {
		if l.account == account {
			delete(r.links, h)
		}
	}
	r.links[hash] = link{account, expires}
	return nil
}

func (r *roll) Welcome(_ context.Context, hash string, now time.Time) (string, error) {
	if l, ok := r.links[hash]; ok && now.Before(l.expires) {
		return l.account, nil
	}
	return "", none("link")
}

func (r *roll) UseWelcome(ctx context.Context, hash string, now time.Time) error {
	_, err := r.Welcome(ctx, hash, now)
	delete(r.links, hash)
	return err
}

// plain hashes a password so that the test can read it.
type plain struct{}

func (plain) HashPassword(_ context.Context, password string) (string, error) {
	return "hash of " + password, nil
}

func world(all map[string]policy.Principal) *policy.World {
	d := policy.WorldData{
		Timezone: "Asia/Shanghai", Purposes: []string{"public_safety"}, Audiences: []string{"dispatch-centre"},
		Places: []shouwang.Place{{ID: "town", Kind: "township"}, {ID: "east", Kind: "community", Parent: "town"}},
		Units:  []policy.Unit{{ID: "enforcement", Kind: "department"}},
	}
	for _, p := range all {
		d.Principals = append(d.Principals, &p)
	}
	w, err := policy.NewWorld(d)
	if err != nil {
		panic(err)
	}
	return w
}

func house(t *testing.T) (*fronttest.House, *roll) {
	r := &roll{people: map[string]policy.Principal{}, links: map[string]link{}}
	for _, p := range []policy.Principal{
		{ID: "admin:ops", Type: policy.TypeAdministrator, Name: "运维", NameEn: "Operations"},
		{ID: "admin:other", Type: policy.TypeAdministrator},
		{ID: "officer:chen", Type: policy.TypeOfficer, Name: "陈静", Roles: []policy.Role{policy.RoleDispatcher}, Audiences: []string{"dispatch-centre"}, Jurisdiction: "town", OnDuty: true},
		{ID: "officer:audit", Type: policy.TypeOfficer, Name: "监督员", NameEn: "Oversight", Roles: []policy.Role{policy.RoleOversight}, OnDuty: true},
		{ID: "officer:both", Type: policy.TypeOfficer, Roles: []policy.Role{policy.RoleOversight, policy.RoleDispatcher}, OnDuty: true},
		{ID: "officer:home", Type: policy.TypeOfficer, Roles: []policy.Role{policy.RoleOversight}},
	} {
		r.people[p.ID] = p
	}
	for _, login := range []string{"chen", "audit"} {
		r.accounts = append(r.accounts, shouwang.Account{Name: login, Principal: "officer:" + login, PasswordHash: "old", TOTPSecret: []byte("secret"), Passkeys: 2})
	}
	r.house = fronttest.Open(t, fronttest.Options{World: world(r.people), At: time.Date(2026, 11, 18, 4, 0, 0, 0, time.UTC)})
	r.room = people.New(people.Deps{Register: r, Places: r, Cameras: r, Passwords: plain{}})
	r.house.Add(r.room.Routes)
	return r.house, r
}

type changed struct {
	Applied  bool                 `json:"applied"`
	Gives    []string             `json:"gives"`
	Proposal *people.ProposalView `json:"proposal"`
}

type signed struct {
	Proposal people.ProposalView `json:"proposal"`
	Token    string              `json:"token"`
	Path     string              `json:"path"`
}

func chen(change ...func(map[string]any)) map[string]any {
	in := map[string]any{"type": "officer", "name": "陈静", "roles": []string{"dispatcher"}, "audiences": []string{"dispatch-centre"}, "jurisdiction": "town", "on_duty": true, "reason": "new post"}
	for _, f := range change {
		f(in)
	}
	return in
}

func set(key string, v any) func(map[string]any) {
	return func(in map[string]any) { in[key] = v }
}

func newOfficer() map[string]any {
	return map[string]any{
		"type": "officer", "name": "王磊", "unit": "enforcement", "roles": []string{"investigator"}, "jurisdiction": "east", "home_grid": "-",
		"on_duty": true, "login": "wang", "reason": "joins the team on Monday",
	}
}

func TestAnOfficerTakesTwoPeopleAndAFirstPassword(t *testing.T) {
	h, r := house(t)
	made := fronttest.Want[changed](h, 200, "admin:ops", "PUT", "/api/people/officer:wang", newOfficer())
	if made.Applied || made.Proposal == nil || made.Proposal.State != "asked" || r.people["officer:wang"].ID != "" {
		t.Fatalf("an administrator alone made an officer: %+v", made)
	}
	if p := made.Proposal; p.ByName != "运维" || p.ByNameEn != "Operations" {
		t.Errorf("proposed by %q, in English %q", p.ByName, p.ByNameEn)
	}
	path := "/api/proposals/" + made.Proposal.ID
	h.Factor("admin:ops")
	for _, who := range []string{"admin:ops", "admin:other", "officer:chen", "officer:both", "officer:home", "officer:audit"} { // audit without a fresh factor
		if got, body := h.Do(who, "POST", path+"/sign", map[string]any{}); got != http.StatusForbidden {
			t.Errorf("%s signs: %d %s", who, got, body)
		}
	}
	h.Factor("officer:audit")
	h.Log.Break(true)
	if got, _ := h.Do("officer:audit", "POST", path+"/sign", map[string]any{}); got < 500 || r.people["officer:wang"].ID != "" {
		t.Errorf("signed though it cannot be logged: %d", got)
	}
	h.Log.Break(false)
	done := fronttest.Want[signed](h, 200, "officer:audit", "POST", path+"/sign", map[string]any{"note": "seen the letter"})
	if w := r.people["officer:wang"]; done.Token == "" || done.Path != "/welcome/"+done.Token || !slices.Contains(w.Roles, policy.RoleInvestigator) {
		t.Fatalf("signed: %+v, %+v", done, w)
	}
	if p := done.Proposal; p.Answerer != "监督员" || p.AnswererEn != "Oversight" {
		t.Errorf("signed by %q, in English %q", p.Answerer, p.AnswererEn)
	}
	for hash := range r.links {
		if strings.Contains(hash, done.Token) {
			t.Error("the link's token is kept in clear")
		}
	}
	if got, _ := h.Do("officer:audit", "POST", path+"/sign", map[string]any{}); got != http.StatusConflict {
		t.Errorf("signed twice: %d", got)
	}
	welcome := "/api/welcome/" + done.Token
	whose := fronttest.Want[struct{ Name, Login string }](h, 200, "", "GET", welcome, nil)
	if whose.Name != "王磊" || whose.Login != "wang" {
		t.Errorf("the link is for %+v", whose)
	}
	if got, _ := h.Do("", "POST", welcome, map[string]any{"password": "password1234"}); got != http.StatusUnprocessableEntity {
		t.Errorf("a password that is tried first: %d", got)
	}
	fronttest.Want[any](h, 204, "", "POST", welcome, map[string]any{"password": "vier-Haelften-Apfel-7"})
	if a := r.accounts[2]; a.PasswordHash != "hash of vier-Haelften-Apfel-7" || a.MustChange {
		t.Errorf("the account is %+v", a)
	}
	if got, _ := h.Do("", "POST", welcome, map[string]any{"password": "fuenf-Haelften-Apfel-8"}); got != http.StatusNotFound {
		t.Errorf("the link works twice: %d", got)
	}
	if log := h.Log.Of("admin"); len(log) != 2 || log[0].Principal != "admin:ops" || log[1].Principal != "officer:audit" {
		t.Errorf("logged: %+v", log)
	}
}

func TestALinkGrowsOldAndTriesAreSlowed(t *testing.T) {
	h, _ := house(t)
	made := fronttest.Want[changed](h, 200, "admin:ops", "PUT", "/api/people/officer:wang", newOfficer())
	h.Factor("officer:audit")
	done := fronttest.Want[signed](h, 200, "officer:audit", "POST", "/api/proposals/"+made.Proposal.ID+"/sign", map[string]any{})
	h.Advance(8 * 24 * time.Hour)
	if got, _ := h.Do("", "GET", "/api/welcome/"+done.Token, nil); got != http.StatusNotFound {
		t.Errorf("a link of last week: %d", got)
	}
	last := 0
	for range 40 {
		last, _ = h.Do("", "GET", "/api/welcome/ABCDEFGHIJKLMNOPQRSTUVWXYZ", nil)
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("forty guesses: %d", last)
	}
}

func TestWhatTakesAwayIsDoneAtOnce(t *testing.T) {
	h, r := house(t)
	for name, in := range map[string]map[string]any{
		"off duty": chen(set("on_duty", false)), "fewer roles": chen(set("roles", []string{})), "smaller area": chen(set("jurisdiction", "east")),
		"another name": chen(set("name", "陈敬")), "fewer audiences": chen(set("audiences", []string{})),
	} {
		r.house.Gate.Swap(world(r.people))
		if got := fronttest.Want[changed](h, 200, "admin:ops", "PUT", "/api/people/officer:chen", in); !got.Applied {
			t.Errorf("%s waits for a second person: %v", name, got.Gives)
		}
		r.people["officer:chen"] = policy.Principal{ID: "officer:chen", Type: policy.TypeOfficer, Name: "陈静", Roles: []policy.Role{policy.RoleDispatcher}, Audiences: []string{"dispatch-centre"}, Jurisdiction: "town", OnDuty: true}
	}
}

func TestWhatGivesMoreWaits(t *testing.T) {
	h, r := house(t)
	for what, in := range map[string]map[string]any{
		"roles": chen(set("roles", []string{"dispatcher", "approver"})), "unit": chen(set("unit", "enforcement")),
		"home_grid": chen(set("home_grid", "-")), "superior": chen(set("superior", "officer:audit")),
	} {
		got := fronttest.Want[changed](h, 200, "admin:ops", "PUT", "/api/people/officer:chen", in)
		if got.Applied || !slices.Equal(got.Gives, []string{what}) || slices.Contains(r.people["officer:chen"].Roles, policy.RoleApprover) {
			t.Errorf("%s: %+v", what, got)
			continue
		}
		fronttest.Want[any](h, 200, "admin:ops", "POST", "/api/proposals/"+got.Proposal.ID+"/withdraw", map[string]any{})
	}
	first := fronttest.Want[changed](h, 200, "admin:ops", "PUT", "/api/people/officer:chen", chen(set("unit", "enforcement")))
	if got, _ := h.Do("admin:ops", "PUT", "/api/people/officer:chen", chen(set("roles", []string{"dispatcher", "approver"}))); got != http.StatusConflict {
		t.Errorf("two proposals about one person wait: %d", got)
	}
	// What was proposed is not what would be signed any more.
	fronttest.Want[changed](h, 200, "admin:other", "PUT", "/api/people/officer:chen", chen(set("jurisdiction", "east")))
	h.Factor("officer:audit")
	if got, body := h.Do("officer:audit", "POST", "/api/proposals/"+first.Proposal.ID+"/sign", map[string]any{}); got != http.StatusConflict {
		t.Errorf("a stale proposal is signed: %d %s", got, body)
	}
}

func TestSignInsAreShutAtOnceAndOpenedByTwo(t *testing.T) {
	h, r := house(t)
	if got := fronttest.Want[changed](h, 200, "admin:ops", "PUT", "/api/accounts/chen", map[string]any{"disabled": true}); !got.Applied || !r.accounts[0].Disabled || !slices.Equal(r.ended, []string{"chen"}) {
		t.Fatalf("shut: %+v, %v", got, r.ended)
	}
	fronttest.Want[changed](h, 200, "admin:ops", "PUT", "/api/accounts/chen", map[string]any{"forget_factor": true})
	if r.accounts[0].TOTPSecret != nil || r.accounts[0].Passkeys != 0 {
		t.Error("the second factor is still there")
	}
	got := fronttest.Want[changed](h, 200, "admin:ops", "PUT", "/api/accounts/chen", map[string]any{"disabled": false, "reason": "back from leave"})
	if got.Applied || !r.accounts[0].Disabled {
		t.Fatal("an administrator alone opened a sign-in")
	}
	h.Factor("officer:audit")
	done := fronttest.Want[signed](h, 200, "officer:audit", "POST", "/api/proposals/"+got.Proposal.ID+"/sign", map[string]any{})
	if r.accounts[0].Disabled || done.Token != "" {
		t.Errorf("opened: %+v, token %q", r.accounts[0], done.Token)
	}
	reset := fronttest.Want[people.ProposalView](h, 200, "admin:ops", "POST", "/api/people/officer:chen/sign-in", map[string]any{"login": "chen", "reason": "forgot it"})
	if got, body := h.Do("officer:audit", "POST", "/api/proposals/"+reset.ID+"/refuse", map[string]any{"note": "ask in person"}); got != 200 {
		t.Errorf("refused: %d %s", got, body)
	}
	if r.accounts[0].PasswordHash != "old" || len(r.links) > 0 {
		t.Error("a refused reset left a link")
	}
}

// TestAnotherPersonAtTheProviderTakesTwo: an administrator alone cannot hand a
// sign-in to another account of the provider.
func TestAnotherPersonAtTheProviderTakesTwo(t *testing.T) {
	h, r := house(t)
	r.accounts[0].Issuer, r.accounts[0].Subject = "https://id.example", "4711"
	fronttest.Want[any](h, http.StatusUnprocessableEntity, "admin:ops", "PUT", "/api/accounts/chen", map[string]any{"new_subject": true})
	got := fronttest.Want[changed](h, 200, "admin:ops", "PUT", "/api/accounts/chen", map[string]any{"new_subject": true, "reason": "married, new account there"})
	if got.Applied || r.accounts[0].Subject != "4711" || got.Proposal.Kind != people.KindSubject {
		t.Fatalf("an administrator alone: %+v, %+v", got, r.accounts[0])
	}
	h.Factor("officer:audit")
	done := fronttest.Want[signed](h, 200, "officer:audit", "POST", "/api/proposals/"+got.Proposal.ID+"/sign", map[string]any{})
	if a := r.accounts[0]; a.Subject != "" || a.Issuer != "" || done.Token != "" || !slices.Equal(r.ended, []string{"chen"}) {
		t.Errorf("signed: %+v, token %q, ended %v", a, done.Token, r.ended)
	}
}

func TestNonsenseIsRefusedInWords(t *testing.T) {
	h, _ := house(t)
	for name, in := range map[string]map[string]any{
		"no such place": chen(set("jurisdiction", "mars")), "no such audience": chen(set("audiences", []string{"everybody"})),
		"no such unit": chen(set("unit", "x")), "no such role": chen(set("roles", []string{"king"})), "no reason": chen(set("unit", "enforcement"), set("reason", "")),
		"another kind": chen(set("type", "resident")),
	} {
		if got, body := h.Do("admin:ops", "PUT", "/api/people/officer:chen", in); got != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d %s", name, got, body)
		}
	}
	if got, _ := h.Do("admin:ops", "PUT", "/api/people/officer:Wang%20", newOfficer()); got != http.StatusUnprocessableEntity {
		t.Errorf("an id that nobody can type: %d", got)
	}
	if got, _ := h.Do("officer:chen", "GET", "/api/proposals", nil); got != http.StatusForbidden {
		t.Errorf("a dispatcher reads the proposals: %d", got)
	}
}

// TestAFormIsToldAtItsFields: everything that is wrong with it at once, field by
// field, by stable names.
func TestAFormIsToldAtItsFields(t *testing.T) {
	h, _ := house(t)
	waiting := newOfficer()
	fronttest.Want[changed](h, 200, "admin:ops", "PUT", "/api/people/officer:wang", waiting)
	for name, tt := range map[string]struct {
		id     string
		in     map[string]any
		status int
		want   []string
	}{
		"nothing is filled in":       {"officer:", map[string]any{"type": "officer", "name": "", "new": true}, 422, []string{"id missing", "name missing", "roles missing", "reason missing"}},
		"a short name with capitals": {"officer:Wu%20", newer(), 422, []string{"id malformed"}},
		"somebody there already":     {"officer:chen", newer(), 409, []string{"id taken"}},
		"names in use":               {"officer:wu", newer(set("login", "chen")), 409, []string{"login taken"}},
		"a name that waits":          {"officer:wu", newer(set("login", "wang")), 409, []string{"login taken"}},
		"a name with capitals":       {"officer:wu", newer(set("login", "Wu")), 422, []string{"login malformed"}},
		"a name that is too long":    {"officer:wu", newer(set("login", strings.Repeat("吴", 30))), 422, []string{"login malformed"}},
		"no such places":             {"officer:wu", newer(set("jurisdiction", "mars"), set("home_grid", "moon")), 422, []string{"jurisdiction unknown", "home_grid unknown"}},
		"no such ties":               {"officer:wu", newer(set("unit", "x"), set("superior", "resident:li"), set("audiences", []string{"everybody"})), 422, []string{"unit unknown", "superior unknown", "audiences unknown"}},
		"one's own superior":         {"officer:chen", chen(set("superior", "officer:chen")), 422, []string{"superior unknown"}},
		"a resident with roles":      {"resident:wu", newer(set("type", "resident")), 422, []string{"roles not_for_kind"}},
		"a role that is none":        {"officer:wu", newer(set("roles", []string{"king"})), 422, []string{"roles unknown"}},
		"no role":                    {"officer:wu", newer(set("roles", []string{})), 422, []string{"roles missing"}},
		"no reason":                  {"officer:wu", newer(set("reason", " ")), 422, []string{"reason missing"}},
		"too long a name":            {"officer:wu", newer(set("name", strings.Repeat("x", 65))), 422, []string{"name long"}},
		"no name at all":             {"officer:wu", map[string]any{"type": "officer", "roles": []string{"approver"}}, 422, []string{"name missing"}},
		"a kind that is none":        {"officer:wu", newer(set("type", "king")), 422, []string{"type unknown"}},
		"a second proposal":          {"officer:wang", waiting, 409, []string{"id waiting"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := fronttest.Want[struct{ Faults []shouwang.Fault }](h, tt.status, "admin:ops", "PUT", "/api/people/"+tt.id, tt.in)
			var told []string
			for _, f := range got.Faults {
				told = append(told, f.Field+" "+f.Why)
			}
			if !slices.Equal(told, tt.want) {
				t.Errorf("told %v, want %v", told, tt.want)
			}
		})
	}
	// A unit's officer needs no role: they answer for its cameras.
	fronttest.Want[changed](h, 200, "admin:ops", "PUT", "/api/people/officer:zhao", newer(set("roles", []string{}), set("unit", "enforcement"), set("login", "zhao")))
}

func newer(change ...func(map[string]any)) map[string]any {
	in := map[string]any{"type": "officer", "name": "吴", "roles": []string{"approver"}, "login": "wu", "reason": "joins the team", "new": true}
	for _, f := range change {
		f(in)
	}
	return in
}

// TestNobodyBecomesASecondPersonByLosingARole: who is of the oversight and looks
// cannot sign. Were the looking role taken away at once, an administrator would
// have made a signer alone.
func TestNobodyBecomesASecondPersonByLosingARole(t *testing.T) {
	both := &policy.Principal{Type: policy.TypeOfficer, Roles: []policy.Role{policy.RoleOversight, policy.RoleDispatcher}}
	alone := &policy.Principal{Type: policy.TypeOfficer, Roles: []policy.Role{policy.RoleOversight}}
	if got := people.Gives(&policy.World{}, both, alone); !slices.Equal(got, []string{"roles"}) {
		t.Errorf("oversight without its other role: gives %v", got)
	}
	if got := people.Gives(&policy.World{}, alone, alone); len(got) != 0 {
		t.Errorf("nothing changed: gives %v", got)
	}
}
