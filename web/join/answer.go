package join

import (
	"context"
	"net/http"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/policy/papers"
	"shouwang/web/front"
)

// Answer is what an invitation comes to, all of it or nothing.
type Answer struct {
	Invitation string // id
	State      papers.InvitationState
	At         time.Time
	// Consent is the version that the answer makes; nil leaves the record as it is.
	Consent *policy.Consent
	// Owner is who answered ("resident:…"); a camera without an owner becomes theirs.
	Owner string
	// Person and Account are set where the register does not know the owner yet.
	Person  *policy.Principal
	Account *shouwang.Account
}

type tokenInput struct {
	Token string `path:"token" minLength:"1" maxLength:"64"`
}

// ReadBody is all that an owner is told before they answer.
type ReadBody struct {
	Kind    papers.InvitationKind  `json:"kind" enum:"new,renew"`
	State   papers.InvitationState `json:"state" enum:"open,given,refused,revoked,lapsed"`
	Expires time.Time              `json:"expires"`
	Purpose string                 `json:"purpose"`
	AskedBy AskedBy                `json:"asked_by"`
	Camera  JoinCamera             `json:"camera"`
	// Account says how a yes is signed: new chooses a sign-in name and a
	// password, sign_in gives those one has.
	Account     string      `json:"account" enum:"new,sign_in"`
	Controllers []PartyView `json:"controllers"`
	Notice      NoticeView  `json:"notice"`
	Proposal    TermsView   `json:"proposal" doc:"What is asked for; any of it can be left out"`
	// Present are the terms in force, where the owner is asked to renew.
	Present *ConsentTerms `json:"present,omitempty"`
	// RestDays is for how long nobody asks again after a no.
	RestDays int `json:"rest_days"`
}

// AskedBy is who asks.
type AskedBy struct {
	Name   string `json:"name"`
	NameEn string `json:"name_en,omitempty"`
	Unit   string `json:"unit,omitempty"`
	UnitEn string `json:"unit_en,omitempty"`
}

type readOutput struct{ Body ReadBody }

// AnswerBody is an owner's answer. For a no, nothing but the answer is needed.
type AnswerBody struct {
	Answer string `json:"answer" enum:"give,refuse"`
	// Name, Login and Password open an account for an owner who has none; who
	// has one and is not signed in gives Login and Password.
	Name                string      `json:"name,omitempty" maxLength:"64"`
	Login               string      `json:"login,omitempty" maxLength:"64"`
	Password            string      `json:"password,omitempty" maxLength:"256"`
	Capacity            string      `json:"capacity,omitempty" enum:"owner,tenant,household,guardian,committee" doc:"owner when absent"`
	CohabitantsInformed bool        `json:"cohabitants_informed,omitempty" doc:"The people one lives with know; a yes needs it"`
	Notice              NoticeShown `json:"notice,omitempty" doc:"The notice that was shown; a yes needs it"`
	Choices             Choices     `json:"choices,omitempty" doc:"What is absent is as proposed"`
}

// NoticeShown names the notice that was shown, word for word.
type NoticeShown struct {
	ID        string `json:"id,omitempty" maxLength:"64"`
	Version   string `json:"version,omitempty" maxLength:"64"`
	Hash      string `json:"hash,omitempty" maxLength:"80"`
	Language  string `json:"language,omitempty" maxLength:"16"`
	ReadAloud bool   `json:"read_aloud,omitempty"`
	Witness   string `json:"witness,omitempty" maxLength:"64" doc:"Who stood by, where it was read aloud on a visit"`
}

// Choices are an owner's terms with the areas they cover.
type Choices struct {
	TermsInput
	Masks []shouwang.Polygon `json:"masks,omitempty" maxItems:"16" doc:"Areas nobody sees, in fractions of width and height; unchanged when absent"`
}

type answerInput struct {
	Token string `path:"token" minLength:"1" maxLength:"64"`
	Body  AnswerBody
}

// Settled is what an answer came to.
type Settled struct {
	State   papers.InvitationState `json:"state" enum:"given,refused"`
	Consent *ConsentTerms          `json:"consent,omitempty"`
	Receipt string                 `json:"receipt,omitempty" doc:"Id of the receipt, at /api/my/receipts/{id} for its owner"`
	// Login is the name to sign in with from now on.
	Login     string    `json:"login,omitempty"`
	RestUntil time.Time `json:"rest_until,omitzero" doc:"After a no: nobody asks again until then"`
}

type answerOutput struct {
	SetCookie []http.Cookie `header:"Set-Cookie"`
	Body      Settled
}

// find returns the invitation of a token. Wrong tokens are slowed down by
// address, and told nothing but that there is none.
func (r *room) find(ctx context.Context, token string) (*papers.Invitation, *policy.Camera, error) {
	address := front.HostOf(front.TransportOf(ctx).Remote)
	if wait := r.addresses.Take(address); wait > 0 {
		return nil, nil, rateLimited(wait)
	}
	i, err := r.deps.Register.InvitationByToken(ctx, papers.HashInvitationToken(token))
	if err != nil {
		return nil, nil, err
	}
	r.addresses.Forgive(address)
	cam, ok := r.World().Camera(i.Camera)
	if !ok {
		return nil, nil, shouwang.Errorf(shouwang.CodeNotFound, "the camera of this invitation is no longer filed; ask who invited you")
	}
	return i, cam, nil
}

func (r *room) read(ctx context.Context, in *tokenInput) (*readOutput, error) {
	i, cam, err := r.find(ctx, in.Token)
	if err != nil {
		return nil, err
	}
	notice, err := r.notice(ctx, i.Notice+"@"+i.NoticeVersion)
	if err != nil {
		return nil, err
	}
	w := r.World()
	out := &readOutput{Body: ReadBody{
		Kind: i.Kind, State: i.At(r.Now()), Expires: i.Expires, Purpose: i.Purpose, AskedBy: askedBy(w, i.By), Camera: cameraOf(w, cam),
		Account: "new", Controllers: partiesOf(w, i.Controllers), Notice: noticeView(notice), Proposal: Proposal(w, &i.Asked),
		RestDays: int(policy.RestAfterRefusal / (24 * time.Hour)),
	}}
	if cam.Owner != "" {
		out.Body.Account = "sign_in"
	}
	if old, ok := w.Consent(i.Camera, i.Purpose); ok && i.Kind == papers.InviteRenew && out.Body.State == papers.InvitationOpen {
		present := termsOf(w, old)
		out.Body.Present = &present
	}
	return out, nil
}

func askedBy(w *policy.World, id string) AskedBy {
	v := AskedBy{Name: id}
	if p, ok := w.Principal(id); ok {
		v.Name, v.NameEn = orText(p.Name, id), p.NameEn
		if u, ok := w.Unit(p.Unit); ok {
			v.Unit, v.UnitEn = u.Name, u.NameEn
		}
	}
	return v
}

func (r *room) answer(ctx context.Context, in *answerInput) (*answerOutput, error) {
	if wait := r.tokens.Take(in.Token); wait > 0 {
		return nil, rateLimited(wait)
	}
	i, cam, err := r.find(ctx, in.Token)
	if err != nil {
		return nil, err
	}
	if state := i.At(r.Now()); state != papers.InvitationOpen {
		return nil, shouwang.Errorf(shouwang.CodeConflict, "this invitation is %s; ask for a new one", state)
	}
	if in.Body.Answer == "refuse" {
		return r.refuse(ctx, i, cam)
	}
	return r.give(ctx, i, cam, &in.Body)
}

// refuse takes a no. It needs no name and is never kept waiting by a log that
// is away.
func (r *room) refuse(ctx context.Context, i *papers.Invitation, cam *policy.Camera) (*answerOutput, error) {
	by := orText(i.For, "invitation:"+i.ID)
	a := Answer{Invitation: i.ID, State: papers.InvitationRefused, At: r.Now(), Owner: i.For}
	if old, ok := r.World().Consent(cam.ID, i.Purpose); ok && old.State == policy.Requested {
		var err error
		if a.Consent, err = old.Refuse(policy.Change{At: a.At, By: by, Channel: i.Channel, NoticeVersion: i.NoticeVersion}); err != nil {
			return nil, err
		}
	}
	receipt, err := r.deps.Consents.Settle(context.WithoutCancel(ctx), a)
	if err != nil {
		return nil, err
	}
	if a.Consent != nil {
		r.deps.Changed(ctx, a.Consent)
	}
	entry := policy.Entry{
		At: a.At, Kind: "consent", Principal: by, Action: policy.ManageConsent, Camera: cam.ID, Purpose: i.Purpose, Consent: i.Consent,
		Detail: "refused: " + i.ID,
	}
	if err := r.logged(ctx, entry); err != nil {
		r.Log.Error("log refusal", "invitation", i.ID, "error", err)
	}
	return &answerOutput{Body: Settled{
		State: papers.InvitationRefused, Receipt: receipt, RestUntil: a.At.Add(policy.RestAfterRefusal),
	}}, nil
}
