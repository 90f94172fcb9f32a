package people

import (
	"context"
	"crypto/rand"
	"reflect"
	"slices"
	"strings"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/policy/papers"
	"shouwang/web/front"
)

// freshFactor is how old the second factor of who signs may be, as in the rules.
const freshFactor = 5 * time.Minute

// ProposalView is a proposal as both sides see it.
type ProposalView struct {
	ID         string             `json:"id"`
	Kind       string             `json:"kind" enum:"person,sign_in,enable,places,subject,standing"`
	State      string             `json:"state" enum:"asked,signed,refused,withdrawn,lapsed"`
	Person     policy.Principal   `json:"person" doc:"As it is to be"`
	Before     *policy.Principal  `json:"before,omitempty"`
	Gives      []string           `json:"gives" doc:"What the person would have more"`
	UnitName   string             `json:"unit_name,omitempty"`
	UnitNameEn string             `json:"unit_name_en,omitempty"`
	Login      string             `json:"login,omitempty"`
	Places     *policy.PlacesPlan `json:"places,omitempty" doc:"What a change of the tree would do, as it was proposed"`
	Camera     *policy.CameraPlan `json:"camera,omitempty" doc:"What another standing of a camera would do, as it was proposed"`
	Reason     string             `json:"reason"`
	By         string             `json:"by"`
	ByName     string             `json:"by_name"`
	ByNameEn   string             `json:"by_name_en,omitempty"`
	Asked      time.Time          `json:"asked"`
	Expires    time.Time          `json:"expires"`
	AnswererID string             `json:"answerer,omitempty"`
	Answerer   string             `json:"answerer_name,omitempty"`
	AnswererEn string             `json:"answerer_name_en,omitempty"`
	Answered   time.Time          `json:"answered,omitzero"`
	Note       string             `json:"note,omitempty"`
	MaySign    bool               `json:"may_sign" doc:"The caller may answer it"`
}

type proposalsOutput struct {
	Body struct {
		Proposals []ProposalView `json:"proposals"`
	}
}

func (r *Room) stateOf(p *Proposal) string {
	if p.State == Asked && !r.Now().Before(p.Expires) {
		return "lapsed"
	}
	return p.State
}

func (r *Room) view(c *front.Caller, p *Proposal) ProposalView {
	v := ProposalView{
		ID: p.ID, Kind: p.Kind, State: r.stateOf(p), Person: p.Person, Before: p.Before, Login: p.Login, Reason: p.Reason, By: p.By,
		Asked: p.Asked, Expires: p.Expires, AnswererID: p.Answerer, Answered: p.Answered, Note: p.Note, Gives: []string{},
	}
	v.ByName, v.ByNameEn = namesOf(c.World, p.By)
	v.Places, v.Camera = p.Plan, p.Camera
	if p.Kind == KindPlaces || p.Kind == KindStanding {
		v.Gives = append(v.Gives, p.Kind)
	} else if p.Kind == KindPerson {
		v.Gives = append(v.Gives, Gives(c.World, p.Before, &p.Person)...)
	} else {
		v.Gives = append(v.Gives, "sign_in")
	}
	if u, ok := c.World.Unit(p.Person.Unit); ok {
		v.UnitName, v.UnitNameEn = u.Name, u.NameEn
	}
	if p.Answerer != "" {
		v.Answerer, v.AnswererEn = namesOf(c.World, p.Answerer)
	}
	v.MaySign = v.State == Asked && oversees(c.Who) && c.Who.OnDuty && !p.concerns(c.Who.ID)
	return v
}

// namesOf returns what people call somebody, in Chinese and in English where
// there is one; their id where they have no name.
func namesOf(w *policy.World, id string) (name, english string) {
	if p, ok := w.Principal(id); ok && p.Name != "" {
		return p.Name, p.NameEn
	}
	return id, ""
}

// oversees reports whether somebody may be the second person: of the
// oversight, and of nothing that looks.
func oversees(p *policy.Principal) bool {
	return p.Type == policy.TypeOfficer && p.Has(policy.RoleOversight) && !slices.ContainsFunc(p.Roles, func(r policy.Role) bool { return r != policy.RoleOversight })
}

func (r *Room) denied(c *front.Caller, why policy.Reason) error {
	d := policy.Decision{Reasons: []policy.Reason{why}}
	return front.Denial(&d, r.TextFor(c, &d))
}

func (r *Room) listProposals(ctx context.Context, c *front.Caller, _ *struct{}) (*proposalsOutput, error) {
	if c.Who.Type != policy.TypeAdministrator && !oversees(c.Who) {
		return nil, r.denied(c, policy.ReasonRole)
	}
	all, err := r.Register.Proposals(ctx)
	if err != nil {
		return nil, err
	}
	out := &proposalsOutput{}
	out.Body.Proposals = []ProposalView{}
	for i := range all {
		out.Body.Proposals = append(out.Body.Proposals, r.view(c, &all[i]))
	}
	return out, nil
}

type proposalAnswerInput struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Note string `json:"note,omitempty" maxLength:"500"`
	}
}

type proposalSignedOutput struct {
	Body struct {
		Proposal ProposalView `json:"proposal"`
		Token    string       `json:"token,omitempty" doc:"For the first password; told once, to who signs, to be handed to the person"`
		Path     string       `json:"path,omitempty" doc:"Path of the page; put this service's address before it for the QR code"`
		Until    time.Time    `json:"until,omitzero"`
	}
}

// waiting finds a proposal that waits for an answer.
func (r *Room) waiting(ctx context.Context, id string) (*Proposal, error) {
	all, err := r.Register.Proposals(ctx)
	if err != nil {
		return nil, err
	}
	for i := range all {
		if all[i].ID != id {
			continue
		}
		if state := r.stateOf(&all[i]); state != Asked {
			return nil, shouwang.Errorf(shouwang.CodeConflict, "this was answered already, or too late: it is %s", state)
		}
		return &all[i], nil
	}
	return nil, nothing("proposal", id)
}

// may says, as a denial, why the caller cannot answer.
func (r *Room) may(c *front.Caller, p *Proposal, signs bool) error {
	switch age := c.Session.SecondFactorAge(r.Now()); {
	case !oversees(c.Who):
		return r.denied(c, policy.ReasonRole)
	case !c.Who.OnDuty:
		return r.denied(c, policy.ReasonOffDuty)
	case p.concerns(c.Who.ID) || p.By == c.Who.ID:
		return r.denied(c, policy.ReasonSecondNotFree)
	case signs && (age <= 0 || age > freshFactor.Seconds()):
		return r.denied(c, policy.ReasonSecondFactor)
	}
	return nil
}

func (r *Room) sign(ctx context.Context, c *front.Caller, in *proposalAnswerInput) (*proposalSignedOutput, error) {
	r.changing.Lock()
	defer r.changing.Unlock()
	p, err := r.waiting(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if err := r.may(c, p, true); err != nil {
		return nil, err
	}
	if err := r.unchanged(c, p); err != nil {
		return nil, err
	}
	if err := r.logOf(ctx, c, "signed", p); err != nil {
		return nil, err
	}
	out := &proposalSignedOutput{}
	if out.Body.Token, err = r.carryOut(ctx, p); err != nil {
		return nil, err
	}
	if out.Body.Token != "" {
		out.Body.Path, out.Body.Until = "/welcome/"+out.Body.Token, r.Now().Add(linkFor)
	}
	p.State, p.Answerer, p.Answered, p.Note = Signed, c.Who.ID, r.Now(), in.Body.Note
	err = r.Register.PutProposal(ctx, *p)
	out.Body.Proposal = r.view(c, p)
	return out, err
}

// unchanged refuses a proposal about somebody who is another by now: what was
// signed must be what was proposed.
func (r *Room) unchanged(c *front.Caller, p *Proposal) error {
	if p.Kind == KindPlaces || p.Kind == KindStanding {
		return p.asPlanned(c.World)
	}
	now, there := c.World.Principal(p.Person.ID)
	if p.Before == nil && !there || p.Before != nil && there && sameRights(*p.Before, *now) {
		return shouwang.Faulty(check(c.World, &p.Person))
	}
	return shouwang.Errorf(shouwang.CodeConflict, "%s was changed meanwhile; have it proposed again", p.Person.ID)
}

// sameRights leaves out what an administrator changes alone every day.
func sameRights(a, b policy.Principal) bool {
	a.OnDuty, b.OnDuty, a.Name, b.Name, a.NameEn, b.NameEn = false, false, "", "", "", ""
	for _, p := range []*policy.Principal{&a, &b} {
		if len(p.Roles) == 0 {
			p.Roles = nil
		}
		if len(p.Audiences) == 0 {
			p.Audiences = nil
		}
	}
	return reflect.DeepEqual(a, b)
}

// carryOut does what was signed; doing it twice after a crash does no harm (a
// change of places that was done is refused then: the tree is another). It
// returns the token of the link where there is one.
func (r *Room) carryOut(ctx context.Context, p *Proposal) (token string, err error) {
	switch p.Kind {
	case KindPlaces:
		return "", r.Places.ChangePlaces(ctx, *p.Places, p.asPlanned)
	case KindStanding:
		return "", r.Cameras.HangCamera(ctx, p.Camera.Is, p.asPlanned)
	case KindPerson:
		if err := r.Register.PutPrincipal(ctx, p.Person); err != nil || p.Login == "" {
			return "", err
		}
	case KindEnable:
		return "", r.Register.UpdateAccount(ctx, p.Login, func(a *shouwang.Account) error { a.Disabled = false; return nil })
	case KindSubject:
		err := r.Register.UpdateAccount(ctx, p.Login, func(a *shouwang.Account) error { a.Issuer, a.Subject, a.Passkeys = "", "", 0; return nil })
		if err != nil {
			return "", err
		}
		return "", r.Register.EndSessions(ctx, p.Login)
	}
	owner, err := r.ownerOf(ctx, p.Login)
	if err != nil {
		return "", err
	}
	if owner == "" {
		err = r.open(ctx, p)
	} else if owner != p.Person.ID {
		err = shouwang.Errorf(shouwang.CodeLoginTaken, "sign-in name %q was taken meanwhile; have another proposed", p.Login)
	}
	if err != nil {
		return "", err
	}
	token, hash := papers.NewInvitationToken()
	return token, r.Register.PutWelcome(ctx, hash, p.Login, r.Now().Add(linkFor))
}

// open makes a sign-in that no password opens until its link was used.
func (r *Room) open(ctx context.Context, p *Proposal) error {
	hash, err := r.Passwords.HashPassword(ctx, rand.Text()+rand.Text())
	if err != nil {
		return err
	}
	language := p.Language
	if language == "" {
		language = "zh-CN"
	}
	return r.Register.AddAccount(ctx, shouwang.Account{
		Name: strings.ToLower(p.Login), Principal: p.Person.ID, PasswordHash: hash, PasswordSet: r.Now(), MustChange: true, Language: language,
	})
}

func (r *Room) refuse(ctx context.Context, c *front.Caller, in *proposalAnswerInput) (*proposalOutput, error) {
	return r.end(ctx, c, in, Refused, func(p *Proposal) error { return r.may(c, p, false) })
}

func (r *Room) withdraw(ctx context.Context, c *front.Caller, in *proposalAnswerInput) (*proposalOutput, error) {
	return r.end(ctx, c, in, Withdrawn, func(p *Proposal) error {
		if p.By != c.Who.ID {
			return shouwang.Errorf(shouwang.CodeDenied, "only who proposed takes it back")
		}
		return nil
	})
}

func (r *Room) end(ctx context.Context, c *front.Caller, in *proposalAnswerInput, to string, may func(*Proposal) error) (*proposalOutput, error) {
	r.changing.Lock()
	defer r.changing.Unlock()
	p, err := r.waiting(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if err := may(p); err != nil {
		return nil, err
	}
	if err := r.logOf(ctx, c, to, p); err != nil {
		return nil, err
	}
	p.State, p.Answerer, p.Answered, p.Note = to, c.Who.ID, r.Now(), in.Body.Note
	if err := r.Register.PutProposal(ctx, *p); err != nil {
		return nil, err
	}
	return &proposalOutput{r.view(c, p)}, nil
}
