package people

import (
	"context"
	"slices"
	"strings"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/front"
)

// PersonBody is a person as an administrator wants them.
type PersonBody struct {
	Type         policy.PrincipalType `json:"type" enum:"officer,resident,kiosk,administrator"`
	Name         string               `json:"name" maxLength:"64"`
	NameEn       string               `json:"name_en,omitempty" maxLength:"64"`
	Unit         string               `json:"unit,omitempty" maxLength:"64"`
	Roles        []policy.Role        `json:"roles,omitempty" maxItems:"8"`
	Audiences    []string             `json:"audiences,omitempty" maxItems:"16"`
	Jurisdiction shouwang.PlaceID     `json:"jurisdiction,omitempty" maxLength:"64"`
	Home         shouwang.PlaceID     `json:"home,omitempty" maxLength:"64" doc:"Building that a resident lives in"`
	HomeGrid     shouwang.PlaceID     `json:"home_grid,omitempty" maxLength:"64" doc:"Grid that an officer lives in; - for outside the township"`
	Superior     string               `json:"superior,omitempty" maxLength:"64"`
	Site         string               `json:"site,omitempty" maxLength:"64"`
	Attended     bool                 `json:"attended,omitempty"`
	OnDuty       bool                 `json:"on_duty,omitempty"`
	New          bool                 `json:"new,omitempty" doc:"Somebody new is meant: refused where there is somebody by that id"`
	Login        string               `json:"login,omitempty" maxLength:"64" doc:"Sign-in name of somebody new; none is made when empty"`
	Language     string               `json:"language,omitempty" enum:"zh-CN,en"`
	Reason       string               `json:"reason,omitempty" maxLength:"500" doc:"Why, for who signs and for the log"`
}

type personInput struct {
	ID   string `path:"id" maxLength:"64" doc:"officer:NAME, resident:NAME, kiosk:NAME or admin:NAME"`
	Body PersonBody
}

type personChangedOutput struct {
	Body struct {
		Applied  bool          `json:"applied" doc:"It is in force; else it waits for a second person"`
		Gives    []string      `json:"gives" doc:"What the person would have more"`
		Proposal *ProposalView `json:"proposal,omitempty"`
	}
}

// principal is the person as the body wants them.
func (b *PersonBody) principal(id string) policy.Principal {
	return policy.Principal{
		ID: id, Type: b.Type, Name: strings.TrimSpace(b.Name), NameEn: strings.TrimSpace(b.NameEn), Unit: b.Unit, Roles: b.Roles, Audiences: b.Audiences,
		Jurisdiction: b.Jurisdiction, Home: b.Home, HomeGrid: b.HomeGrid, OnDuty: b.OnDuty, Superior: b.Superior, Site: b.Site, Attended: b.Attended,
	}
}

func (r *Room) change(ctx context.Context, c *front.Caller, in *personInput) (*personChangedOutput, error) {
	next := in.Body.principal(in.ID)
	old, there := c.World.Principal(in.ID)
	if there && old.Type == policy.TypeService || in.ID == c.Who.ID && next.Type != c.Who.Type {
		return nil, shouwang.Errorf(shouwang.CodeBadUsage, "%s cannot be changed here", in.ID)
	}
	if !there {
		old = nil
	}
	out := &personChangedOutput{}
	out.Body.Gives = append([]string{}, Gives(c.World, old, &next)...)
	if err := r.faults(ctx, c, in, old, &next, len(out.Body.Gives) > 0); err != nil {
		return nil, err
	}
	if len(out.Body.Gives) == 0 {
		if err := r.log(ctx, c, "changed "+in.ID+": "+differs(old, &next)); err != nil {
			return nil, err
		}
		out.Body.Applied = true
		return out, r.Register.PutPrincipal(ctx, next)
	}
	p := Proposal{Kind: KindPerson, Person: next, Before: old, Reason: in.Body.Reason}
	if !there {
		p.Login, p.Language = in.Body.Login, in.Body.Language
	}
	v, err := r.propose(ctx, c, p)
	out.Body.Proposal = v
	return out, err
}

// faults is everything that is wrong with the form, at once; old is nil for
// somebody new.
func (r *Room) faults(ctx context.Context, c *front.Caller, in *personInput, old, next *policy.Principal, gives bool) error {
	faults := check(c.World, next)
	if old != nil && in.Body.New {
		faults.add(shouwang.CodeConflict, "id", "taken", "there is a %q already; choose another short name, or change that person", in.ID)
	}
	if old == nil {
		faults.useful(next)
		if err := r.freeLogin(ctx, &faults, in.Body.Login, in.ID); err != nil {
			return err
		}
	}
	if gives {
		faults.reason(in.Body.Reason)
	}
	return shouwang.Faulty(faults)
}

// differs names the fields that change; values stay out of the log, which
// outsiders count.
func differs(old, next *policy.Principal) string {
	var fields []string
	for _, f := range []struct {
		is   bool
		name string
	}{
		{old.Name != next.Name || old.NameEn != next.NameEn, "name"},
		{old.OnDuty != next.OnDuty, "duty"},
		{!slices.Equal(old.Roles, next.Roles), "roles"},
		{!slices.Equal(old.Audiences, next.Audiences), "audiences"},
		{old.Jurisdiction != next.Jurisdiction, "jurisdiction"},
		{old.Unit != next.Unit, "unit"},
		{old.Site != next.Site || old.Attended != next.Attended, "site"},
	} {
		if f.is {
			fields = append(fields, f.name)
		}
	}
	if len(fields) == 0 {
		return "nothing"
	}
	return strings.Join(fields, ", ")
}

// propose keeps a proposal; the log has it first.
func (r *Room) propose(ctx context.Context, c *front.Caller, p Proposal) (*ProposalView, error) {
	var faults wrong
	faults.reason(p.Reason)
	if err := shouwang.Faulty(faults); err != nil {
		return nil, err
	}
	r.changing.Lock()
	defer r.changing.Unlock()
	all, err := r.Register.Proposals(ctx)
	if err != nil {
		return nil, err
	}
	for i := range all {
		if all[i].about() == p.about() && all[i].Kind == p.Kind && r.stateOf(&all[i]) == Asked {
			return nil, shouwang.Errorf(shouwang.CodeConflict, "a proposal about %s waits already; withdraw it first", p.about()).At("id", "waiting")
		}
	}
	p.ID, p.State, p.By, p.Asked = front.NewID("pp"), Asked, c.Who.ID, r.Now()
	p.Expires = p.Asked.Add(answerWithin)
	if err := r.logOf(ctx, c, "proposed", &p); err != nil {
		return nil, err
	}
	if err := r.Register.PutProposal(ctx, p); err != nil {
		return nil, err
	}
	v := r.view(c, &p)
	return &v, nil
}

type wayInInput struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Login    string `json:"login" minLength:"1" maxLength:"64" doc:"A sign-in name of the person, or a new one"`
		Language string `json:"language,omitempty" enum:"zh-CN,en"`
		Reason   string `json:"reason" minLength:"2" maxLength:"500"`
	}
}

type proposalOutput struct{ Body ProposalView }

func (r *Room) proposeSignIn(ctx context.Context, c *front.Caller, in *wayInInput) (*proposalOutput, error) {
	who, ok := c.World.Principal(in.ID)
	if !ok || who.Type == policy.TypeService {
		return nil, nothing("person", in.ID)
	}
	var faults wrong
	if err := r.freeLogin(ctx, &faults, in.Body.Login, who.ID); err != nil {
		return nil, err
	}
	if err := shouwang.Faulty(faults); err != nil {
		return nil, err
	}
	v, err := r.propose(ctx, c, Proposal{Kind: KindSignIn, Person: *who, Before: who, Login: in.Body.Login, Language: in.Body.Language, Reason: in.Body.Reason})
	if err != nil {
		return nil, err
	}
	return &proposalOutput{*v}, nil
}

// ownerOf returns whose sign-in name it is, "" for nobody's.
func (r *Room) ownerOf(ctx context.Context, login string) (string, error) {
	accounts, err := r.Register.Accounts(ctx)
	for _, a := range accounts {
		if a.Name == login {
			return a.Principal, err
		}
	}
	return "", err
}

type accountChangeInput struct {
	Login string `path:"login" maxLength:"64"`
	Body  struct {
		Disabled     *bool  `json:"disabled,omitempty" doc:"true shuts the sign-in and ends its sessions"`
		ForgetFactor bool   `json:"forget_factor,omitempty" doc:"The person sets a new second factor up"`
		NewSubject   bool   `json:"new_subject,omitempty" doc:"Lets another person at the identity provider open the sign-in: proposed"`
		Reason       string `json:"reason,omitempty" maxLength:"500" doc:"Needed for what is proposed"`
	}
}

func (r *Room) changeAccount(ctx context.Context, c *front.Caller, in *accountChangeInput) (*personChangedOutput, error) {
	owner, err := r.ownerOf(ctx, in.Login)
	if err != nil {
		return nil, err
	}
	who, ok := c.World.Principal(owner)
	if !ok {
		return nil, nothing("sign-in", in.Login)
	}
	out := &personChangedOutput{}
	out.Body.Gives = []string{}
	kind := ""
	if in.Body.Disabled != nil && !*in.Body.Disabled {
		kind = KindEnable
	} else if in.Body.NewSubject {
		kind = KindSubject
	}
	if kind != "" {
		out.Body.Gives = append(out.Body.Gives, "sign_in")
		out.Body.Proposal, err = r.propose(ctx, c, Proposal{Kind: kind, Person: *who, Before: who, Login: in.Login, Reason: in.Body.Reason})
		return out, err
	}
	if in.Body.Disabled != nil && owner == c.Who.ID {
		return nil, shouwang.Errorf(shouwang.CodeBadUsage, "nobody shuts their own sign-in: another administrator does")
	}
	return out, r.takeAway(ctx, c, in, out)
}

// takeAway shuts a sign-in or forgets its second factor, and ends its sessions;
// passkeys go with either.
func (r *Room) takeAway(ctx context.Context, c *front.Caller, in *accountChangeInput, out *personChangedOutput) error {
	what := ""
	if in.Body.Disabled != nil {
		what = "shut sign-in "
	} else if in.Body.ForgetFactor {
		what = "forgot the second factor of "
	} else {
		return shouwang.Errorf(shouwang.CodeBadUsage, "say what to change: disabled or forget_factor")
	}
	if err := r.log(ctx, c, what+in.Login); err != nil {
		return err
	}
	err := r.Register.UpdateAccount(ctx, in.Login, func(a *shouwang.Account) error {
		a.Disabled = a.Disabled || in.Body.Disabled != nil
		if in.Body.ForgetFactor {
			a.TOTPSecret, a.TOTPPending, a.TOTPLast = nil, nil, 0
		}
		a.Passkeys = 0 // a factor too, and a way in
		return nil
	})
	if err != nil {
		return err
	}
	out.Body.Applied = true
	return r.Register.EndSessions(ctx, in.Login)
}
