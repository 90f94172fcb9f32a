package join

import (
	"context"
	"net/http"
	"strings"

	"shouwang"
	"shouwang/policy"
	"shouwang/policy/papers"
	"shouwang/web/auth"
	"shouwang/web/front"
)

// give takes a yes: it checks that the notice was shown word for word and that
// the household knows, makes the version, and signs the owner in.
func (r *room) give(ctx context.Context, i *papers.Invitation, cam *policy.Camera, b *AnswerBody) (*answerOutput, error) {
	if !b.CohabitantsInformed {
		return nil, shouwang.Errorf(shouwang.CodeBadUsage, "cohabitants_informed: tell the people you live with first, and say so")
	}
	shown, err := r.shown(ctx, i, b)
	if err != nil {
		return nil, err
	}
	a := Answer{Invitation: i.ID, State: papers.InvitationGiven, At: r.Now()}
	cookies, err := r.whoAnswers(ctx, i, cam, b, &a)
	if err != nil {
		return nil, err
	}
	party := policy.ConsentParty{ID: a.Owner, Capacity: orText(b.Capacity, "owner"), CohabitantsInformed: true}
	if err := r.version(i, cam, b, shown, party, &a); err != nil {
		return nil, err
	}
	entry := policy.Entry{
		At: a.At, Kind: "consent", Principal: a.Owner, Person: b.Name, Action: policy.ManageConsent, Camera: cam.ID, Purpose: i.Purpose,
		Consent: a.Consent.Ref(), Detail: string(a.Consent.State),
	}
	if err := r.logged(ctx, entry); err != nil {
		return nil, err
	}
	receipt, err := r.deps.Consents.Settle(context.WithoutCancel(ctx), a)
	if err != nil {
		return nil, err
	}
	r.deps.Changed(ctx, a.Consent)
	if a.Account != nil {
		if cookies, err = r.signIn(ctx, b, a.Owner); err != nil {
			return nil, err
		}
	}
	terms := termsOf(r.World(), a.Consent)
	out := &answerOutput{SetCookie: cookies, Body: Settled{State: papers.InvitationGiven, Consent: &terms, Receipt: receipt}}
	if a.Account != nil {
		out.Body.Login = a.Account.Name
	}
	return out, nil
}

// shown is the notice as the record will name it.
func (r *room) shown(ctx context.Context, i *papers.Invitation, b *AnswerBody) (*policy.Notice, error) {
	notice, err := r.notice(ctx, i.Notice+"@"+i.NoticeVersion)
	if err != nil {
		return nil, err
	}
	n := &policy.Notice{
		ID: b.Notice.ID, Version: b.Notice.Version, Hash: b.Notice.Hash, Language: b.Notice.Language, ShownAt: r.Now(),
		Channel: i.Channel, ReadAloud: b.Notice.ReadAloud, Witness: b.Notice.Witness,
	}
	return n, notice.Check(n)
}

// whoAnswers finds out who says yes: whoever is signed in, who signs in now, or
// a new person where the camera belongs to nobody yet.
func (r *room) whoAnswers(ctx context.Context, i *papers.Invitation, cam *policy.Camera, b *AnswerBody, a *Answer) ([]http.Cookie, error) {
	if c, err := r.Caller(ctx); err == nil && c.Who.Type == policy.TypeResident && (cam.Owner == "" || cam.Owner == c.Who.ID) {
		a.Owner = c.Who.ID
		return nil, nil
	}
	if cam.Owner == "" {
		return nil, r.newPerson(ctx, cam, b, a)
	}
	cookies, err := r.signIn(ctx, b, cam.Owner)
	a.Owner = cam.Owner
	return cookies, err
}

// signIn opens a session and makes sure that it is the owner's.
func (r *room) signIn(ctx context.Context, b *AnswerBody, owner string) ([]http.Cookie, error) {
	t := front.TransportOf(ctx)
	token, session, err := r.deps.Accounts.SignIn(ctx, b.Login, b.Password, front.HostOf(t.Remote))
	if err != nil {
		return nil, err
	}
	if session.Principal != owner {
		return nil, shouwang.Errorf(shouwang.CodeUnauthenticated, "this camera is another person's: sign in as its owner")
	}
	return []http.Cookie{front.SessionCookie(token, session.Expires, t.Secure)}, nil
}

// newPerson prepares an account for an owner whom the register does not know.
// Their id says nothing about them.
func (r *room) newPerson(ctx context.Context, cam *policy.Camera, b *AnswerBody, a *Answer) error {
	name, login := strings.TrimSpace(b.Name), strings.ToLower(strings.TrimSpace(b.Login))
	if name == "" || login == "" || strings.ContainsFunc(name+login, func(c rune) bool { return c < ' ' || c == 0x7f || c == 0xfffd }) {
		return shouwang.Errorf(shouwang.CodeBadUsage, "name and login: say your name and choose a name to sign in with")
	}
	if err := auth.CheckPassword(b.Password, login, name); err != nil {
		return err
	}
	hash, err := r.deps.Accounts.HashPassword(ctx, b.Password)
	if err != nil {
		return err
	}
	_, random, _ := strings.Cut(front.NewID("r"), "-")
	a.Owner = "resident:" + random[:12]
	a.Person = &policy.Principal{ID: a.Owner, Type: policy.TypeResident, Name: name, Home: cam.Place}
	a.Account = &shouwang.Account{
		Name: login, Principal: a.Owner, PasswordHash: hash, PasswordSet: a.At, Language: front.TransportOf(ctx).Lang,
	}
	return nil
}

// version makes the version in which the owner agrees, with their choices
// inside what was asked.
func (r *room) version(i *papers.Invitation, cam *policy.Camera, b *AnswerBody, shown *policy.Notice, party policy.ConsentParty, a *Answer) error {
	w := r.World()
	old, ok := w.Consent(cam.ID, i.Purpose)
	if !ok {
		return shouwang.Errorf(shouwang.CodeConflict, "nobody asked about this camera any more; ask for a new invitation")
	}
	terms := i.Asked
	if i.Kind == papers.InviteRenew {
		terms = policy.TermsOf(old)
		terms.Months = i.Asked.Months
	}
	if err := b.Choices.into(&terms); err != nil {
		return err
	}
	if err := terms.Check(w); err != nil {
		return err
	}
	if err := checkMasks(b.Choices.Masks); err != nil {
		return err
	}
	ch := policy.Change{At: a.At, By: a.Owner, Channel: i.Channel, NoticeVersion: i.NoticeVersion}
	var err error
	a.Consent, err = i.Answer(old, cam, ch, func(c *policy.Consent) {
		terms.Apply(c)
		c.Notice, c.Principal, c.Controllers = shown, &party, i.Controllers
		b.Choices.cover(c, cam)
	})
	return err
}

// cover writes the owner's masks into the record.
func (ch *Choices) cover(c *policy.Consent, cam *policy.Camera) {
	if ch.Masks == nil {
		return
	}
	device := policy.ConsentDevice{Camera: cam.ID, LegalClass: cam.LegalClass, Mount: cam.Mount, Sign: cam.Sign}
	if c.Device != nil {
		device = *c.Device
	}
	device.Masks = ch.Masks
	c.Device = &device
}

// checkMasks reports areas that enclose nothing or leave the picture.
func checkMasks(masks []shouwang.Polygon) error {
	for _, m := range masks {
		if len(m) < 3 || len(m) > 64 {
			return shouwang.Errorf(shouwang.CodeBadUsage, "masks: each has 3 to 64 points")
		}
		for _, p := range m {
			if !(p[0] >= 0 && p[0] <= 1 && p[1] >= 0 && p[1] <= 1) {
				return shouwang.Errorf(shouwang.CodeBadUsage, "masks: points are fractions of the picture's width and height, 0 to 1")
			}
		}
	}
	return nil
}
