package passkey

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/front"
)

// PasskeyView is a key as its person sees it.
type PasskeyView struct {
	ID       string    `json:"id"`
	Name     string    `json:"name"`
	Created  time.Time `json:"created"`
	Used     time.Time `json:"used,omitzero" doc:"Absent when it was never used"`
	BackedUp bool      `json:"backed_up" doc:"The maker of the phone keeps a copy for the person's other devices"`
	Site     string    `json:"site" doc:"Domain it is good at"`
}

type passkeysOutput struct {
	Body struct {
		Keys   []PasskeyView `json:"keys"`
		Most   int           `json:"most" doc:"As many may be kept"`
		Origin string        `json:"origin,omitempty" doc:"Address at which one signs in by touch; absent for nowhere"`
		SiteID string        `json:"site_id,omitempty" doc:"Domain of that address"`
	}
}

func viewOf(k *shouwang.Passkey) PasskeyView {
	return PasskeyView{ID: k.ID, Name: k.Name, Created: k.Created, Used: k.Used, BackedUp: k.BackedUp, Site: k.Site}
}

func (r *room) list(ctx context.Context, c *front.Caller, _ *struct{}) (*passkeysOutput, error) {
	keys, err := r.deps.Keys.Passkeys(ctx, c.Session.Account)
	if err != nil {
		return nil, err
	}
	s, _ := here(ctx, r.deps.Address)
	out := &passkeysOutput{}
	out.Body.Keys, out.Body.Most, out.Body.Origin, out.Body.SiteID = []PasskeyView{}, most, s.origin, s.id
	for i := range keys {
		out.Body.Keys = append(out.Body.Keys, viewOf(&keys[i]))
	}
	return out, nil
}

// holderOf is the caller with the keys that are good at the site.
func (r *room) holderOf(ctx context.Context, c *front.Caller, s site) (*holder, error) {
	keys, err := r.deps.Keys.Passkeys(ctx, c.Session.Account)
	if err != nil {
		return nil, err
	}
	handle, err := r.deps.Keys.PasskeyHandle(ctx, c.Session.Account)
	if err != nil {
		return nil, err
	}
	keys = slices.DeleteFunc(keys, func(k shouwang.Passkey) bool { return k.Site != s.id })
	return &holder{handle: handle, login: c.Session.Account, name: c.Name(), keys: keys}, nil
}

// persons keeps keys from walls: nobody stands at one all day, everybody does.
func persons(c *front.Caller) error {
	if c.Who.Type == policy.TypeKiosk || c.Who.Type == policy.TypeService {
		return shouwang.Errorf(shouwang.CodeDenied, "keys are for people: a wall signs in with its password")
	}
	return nil
}

type newPasskeyOutput struct{ Body NewKey }

// begin makes a challenge for a new key.
func (r *room) begin(ctx context.Context, c *front.Caller, _ *struct{}) (*newPasskeyOutput, error) {
	if err := persons(c); err != nil {
		return nil, err
	}
	if _, _, err := r.deps.Accounts.MayAddPasskey(ctx, c.Token); err != nil {
		return nil, err
	}
	w, s, err := r.relyingHere(ctx)
	if err != nil {
		return nil, err
	}
	h, err := r.holderOf(ctx, c, s)
	if err != nil {
		return nil, err
	}
	asks, session, err := w.BeginRegistration(h)
	if err != nil {
		return nil, err
	}
	r.challenges.keep(session, register, c.Token)
	out := &newPasskeyOutput{NewKey{
		Challenge: asks.Response.Challenge.String(), SiteID: s.id, SiteName: asks.Response.RelyingParty.Name,
		Handle: keyID(h.handle), Login: h.login, Name: h.name, Known: refs(h.keys), TimeoutMS: int(challengeLife.Milliseconds()),
	}}
	for _, p := range asks.Response.Parameters {
		out.Body.Algorithms = append(out.Body.Algorithms, int64(p.Algorithm))
	}
	return out, nil
}

type addPasskeyInput struct {
	Body struct {
		Name string  `json:"name" minLength:"1" maxLength:"60" doc:"The person's word for the device"`
		Key  MadeKey `json:"key"`
	}
}

type passkeyOutput struct{ Body PasskeyView }

// add keeps a new key. For an account that had no factor this shows it, as
// confirming an authenticator does; the device has just verified the person.
func (r *room) add(ctx context.Context, c *front.Caller, in *addPasskeyInput) (*passkeyOutput, error) {
	name, err := named(in.Body.Name)
	if err == nil {
		err = persons(c)
	}
	if err != nil {
		return nil, err
	}
	account, first, err := r.deps.Accounts.MayAddPasskey(ctx, c.Token)
	if err != nil {
		return nil, err
	}
	k, err := r.made(ctx, c, &in.Body.Key)
	if err != nil {
		return nil, r.told("register", account.Name, err)
	}
	k.Account, k.Name, k.Created = account.Name, name, r.Now()
	if err := r.deps.Keys.AddPasskey(ctx, k, most); err != nil {
		if shouwang.CodeOf(err) == shouwang.CodeConflict {
			err = refuse(shouwang.CodeConflict, whyKnown, err.Error(), err.Error())
		}
		return nil, r.told("register", account.Name, err)
	}
	r.Log.Info("set up for signing in by touch", "account", account.Name, "key", name)
	if first {
		err = r.deps.Accounts.ShowPasskey(ctx, c.Token, func(string) error { return nil })
	}
	return &passkeyOutput{viewOf(&k)}, err
}

// made judges a browser's answer and returns the key in it.
func (r *room) made(ctx context.Context, c *front.Caller, in *MadeKey) (k shouwang.Passkey, err error) {
	w, s, err := r.relyingHere(ctx)
	if err != nil {
		return k, err
	}
	parsed, err := in.parse()
	if err != nil {
		return k, invalid(err)
	}
	session, ok := r.challenges.take(parsed.Response.CollectedClientData.Challenge, register, c.Token)
	if !ok {
		return k, again("no such challenge")
	}
	h, err := r.holderOf(ctx, c, s)
	if err != nil {
		return k, err
	}
	made, err := w.CreateCredential(h, session, parsed)
	if err != nil {
		return k, invalid(err)
	}
	return shouwang.Passkey{
		ID: keyID(made.ID), Handle: h.handle, PublicKey: made.PublicKey, Site: s.id, Count: made.Authenticator.SignCount,
		MayBackUp: made.Flags.BackupEligible, BackedUp: made.Flags.BackupState, Transports: in.Response.Transports,
	}, nil
}

// named tidies a name that people read.
func named(name string) (string, error) {
	name = strings.TrimSpace(name)
	if name == "" || strings.ContainsFunc(name, unicode.IsControl) {
		return "", shouwang.Errorf(shouwang.CodeBadUsage, "write a name for the device, as My phone").At("name", "malformed")
	}
	return name, nil
}

type namePasskeyInput struct {
	ID   string `path:"id" maxLength:"1400"`
	Body struct {
		Name string `json:"name" minLength:"1" maxLength:"60"`
	}
}

func (r *room) rename(ctx context.Context, c *front.Caller, in *namePasskeyInput) (*struct{}, error) {
	name, err := named(in.Body.Name)
	if err != nil {
		return nil, err
	}
	return nil, r.deps.Keys.NamePasskey(ctx, c.Session.Account, in.ID, name)
}

type removePasskeyInput struct {
	ID string `path:"id" maxLength:"1400"`
}

func (r *room) remove(ctx context.Context, c *front.Caller, in *removePasskeyInput) (*struct{}, error) {
	r.changing.Lock()
	defer r.changing.Unlock()
	account, err := r.deps.Accounts.MayRemovePasskey(ctx, c.Token)
	if err != nil {
		return nil, err
	}
	if err := r.deps.Keys.RemovePasskey(ctx, account.Name, in.ID, c.Session.ID); err != nil {
		return nil, err
	}
	r.Log.Info("removed a key for signing in by touch", "account", account.Name, "session", c.Session.ID)
	return nil, nil
}
