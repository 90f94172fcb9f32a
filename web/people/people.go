package people

import (
	"context"
	"net/http"
	"sync"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/auth"
	"shouwang/web/front"
	"shouwang/web/look"
)

// Room is the room of people; one that is registered takes proposals of others.
type Room struct {
	*front.Front
	Deps
	looks *look.Looks
	// changing is held over an answer, so that a proposal is answered once.
	changing sync.Mutex
	// tries slows whoever tries links that do not exist.
	tries *auth.Throttle
}

// The brake on links: an address may try thirty and then one every ten seconds.
const (
	tryBurst, tryRefill = 30, 10 * time.Second
	tryKeys             = 10_000
)

// New returns the room over its neighbours.
func New(d Deps) *Room { return &Room{Deps: d} }

// Routes adds the room's operations to the kernel.
func (r *Room) Routes(f *front.Front, l *look.Looks) {
	r.Front, r.looks = f, l
	r.tries = auth.NewThrottle(tryBurst, tryRefill, tryKeys, f.Now)
	op := func(id, method, path, summary string) front.Op {
		return front.Op{ID: id, Method: method, Path: path, Tag: "people", Summary: summary}
	}
	front.Route(f, op("listPeople", http.MethodGet, "/api/people", "Everybody on file, with roles and sign-ins"), front.Administrators, r.list)
	front.Route(f, op("changePerson", http.MethodPut, "/api/people/{id}", "Add or change a person: at once where it takes away, else proposed to the oversight"), front.Administrators, r.change)
	front.Route(f, op("proposeSignIn", http.MethodPost, "/api/people/{id}/sign-in", "Propose a way in for a person: a first or a new password"), front.Administrators, r.proposeSignIn)
	front.Route(f, op("changeAccount", http.MethodPut, "/api/accounts/{login}", "Shut a sign-in or forget its second factor, at once; opening it again, or to another person at the identity provider, is proposed"), front.Administrators, r.changeAccount)
	front.Route(f, op("listProposals", http.MethodGet, "/api/proposals", "Proposals about people, newest first"), front.SignedIn, r.listProposals)
	front.Route(f, op("signProposal", http.MethodPost, "/api/proposals/{id}/sign", "Sign as the second person; takes a second factor shown within five minutes"), front.Officers, r.sign)
	front.Route(f, op("refuseProposal", http.MethodPost, "/api/proposals/{id}/refuse", "Refuse a proposal"), front.Officers, r.refuse)
	front.Route(f, op("withdrawProposal", http.MethodPost, "/api/proposals/{id}/withdraw", "Take one's own proposal back"), front.Administrators, r.withdraw)
	r.placeRoutes(op)
	front.Open(f, op("readWelcome", http.MethodGet, "/api/welcome/{token}", "Whom a first-password link is for"), r.readWelcome)
	front.Open(f, op("answerWelcome", http.MethodPost, "/api/welcome/{token}", "Set one's password by a link; it works once"), r.answerWelcome)
}

// SignInView is a way in, without anything that opens it.
type SignInView struct {
	Login        string `json:"login"`
	Disabled     bool   `json:"disabled"`
	MustChange   bool   `json:"must_change" doc:"The password is still one that somebody else made"`
	SecondFactor bool   `json:"second_factor"`
	Passkeys     int    `json:"passkeys,omitempty" doc:"Phones and keys that sign in by touch"`
	Outside      bool   `json:"outside,omitempty" doc:"A person at the identity provider opens it, and no other"`
	Language     string `json:"language"`
}

// PersonOnFile is a person as an administrator sees one.
type PersonOnFile struct {
	policy.Principal
	SignIns []SignInView `json:"sign_ins"`
}

// UnitOnFile is an organisation by name.
type UnitOnFile struct {
	ID     string `json:"id"`
	Name   string `json:"name,omitempty"`
	NameEn string `json:"name_en,omitempty"`
	Kind   string `json:"kind,omitempty"`
}

type peopleOnFileOutput struct {
	Body struct {
		People    []PersonOnFile `json:"people"`
		Units     []UnitOnFile   `json:"units"`
		Audiences []string       `json:"audiences"`
		Overseers int            `json:"overseers" doc:"People who could sign a proposal now: none means that nothing can be given here"`
	}
}

func (r *Room) list(ctx context.Context, c *front.Caller, _ *struct{}) (*peopleOnFileOutput, error) {
	accounts, err := r.Register.Accounts(ctx)
	if err != nil {
		return nil, err
	}
	ways := map[string][]SignInView{}
	for _, a := range accounts {
		ways[a.Principal] = append(ways[a.Principal], SignInView{
			Login: a.Name, Disabled: a.Disabled, MustChange: a.MustChange, SecondFactor: len(a.TOTPSecret) > 0 || a.Passkeys > 0, Passkeys: a.Passkeys, Outside: a.Subject != "", Language: a.Language,
		})
	}
	out := &peopleOnFileOutput{}
	b := &out.Body
	b.People, b.Units, b.Audiences = []PersonOnFile{}, []UnitOnFile{}, append([]string{}, c.World.Audiences()...)
	for _, p := range c.World.Principals() {
		if p.Type == policy.TypeService {
			continue
		}
		b.People = append(b.People, PersonOnFile{Principal: *p, SignIns: append([]SignInView{}, ways[p.ID]...)})
		if oversees(p) && p.OnDuty && len(ways[p.ID]) > 0 {
			b.Overseers++
		}
	}
	for _, u := range c.World.Units() {
		b.Units = append(b.Units, UnitOnFile{ID: u.ID, Name: u.Name, NameEn: u.NameEn, Kind: u.Kind})
	}
	return out, nil
}

// log writes what was done about a person, before it counts.
func (r *Room) log(ctx context.Context, c *front.Caller, detail string) error {
	return r.append(ctx, c, policy.Entry{Detail: detail})
}

// logOf writes what was done with a proposal, before it counts. What is about a
// camera stands in its owner's log as well.
func (r *Room) logOf(ctx context.Context, c *front.Caller, what string, p *Proposal) error {
	e := policy.Entry{Detail: what + " " + p.Kind + " of " + p.about() + ": " + p.ID}
	if p.Camera != nil {
		e.Camera = p.Camera.Is.Camera
	}
	return r.append(ctx, c, e)
}

func (r *Room) append(ctx context.Context, c *front.Caller, e policy.Entry) error {
	e.At, e.Kind, e.Decision = r.Now(), "admin", "allow"
	e.Principal, e.Person, e.Unit = c.Who.ID, c.Who.Name, c.Who.Unit
	_, err := r.looks.Append(ctx, e)
	return err
}

func nothing(what, id string) error {
	return shouwang.Errorf(shouwang.CodeNotFound, "there is no %s %q", what, id)
}
