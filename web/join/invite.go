package join

import (
	"context"
	"fmt"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/policy/papers"
	"shouwang/web/front"
)

// TermsInput is what somebody chooses; what is absent stays as it was, or as
// the township proposes.
type TermsInput struct {
	Slots          []string              `json:"slots,omitempty" maxItems:"168" doc:"Weekday hours, as mon-06"`
	Modes          []policy.Mode         `json:"modes,omitempty" maxItems:"32"`
	Audiences      []string              `json:"audiences,omitempty" maxItems:"32"`
	Incident       *policy.IncidentTerms `json:"incident,omitempty"`
	Limits         *policy.Limits        `json:"limits,omitempty"`
	MinObligations []policy.ObligationID `json:"min_obligations,omitempty" maxItems:"16"`
	Recording      policy.RecordMode     `json:"recording,omitempty" enum:"none,events,rolling"`
	RetentionDays  *int                  `json:"retention_days,omitempty" minimum:"0" maximum:"90"`
}

type inviteInput struct {
	Body struct {
		Camera  shouwang.CameraID `json:"camera" minLength:"1" maxLength:"64"`
		Purpose string            `json:"purpose,omitempty" maxLength:"64" doc:"public_safety when absent"`
		Channel string            `json:"channel,omitempty" enum:"app,paper,visit" doc:"How it reaches the owner: a code on a screen, a letter, a visit; app when absent"`
		Notice  string            `json:"notice,omitempty" maxLength:"100" doc:"ID@VERSION; the newest of the township when absent"`
		Days    int               `json:"days,omitempty" minimum:"1" maximum:"60" doc:"How long it can be answered; 14 when absent"`
		Months  int               `json:"months,omitempty" minimum:"1" maximum:"12" doc:"How long a yes would last; 12 when absent"`
		Terms   TermsInput        `json:"terms,omitempty" doc:"What is proposed, at the same time the widest that is asked for"`

		Controllers []policy.Controller `json:"controllers,omitempty" maxItems:"8" doc:"Who answers for the processing; the township's departments when absent"`
	}
}

// InvitationView is an invitation as the officers of its area see it.
type InvitationView struct {
	ID       string                 `json:"id"`
	Kind     papers.InvitationKind  `json:"kind" enum:"new,renew"`
	Camera   JoinCamera             `json:"camera"`
	Purpose  string                 `json:"purpose"`
	Consent  string                 `json:"consent"`
	Channel  string                 `json:"channel"`
	Notice   string                 `json:"notice" doc:"ID@VERSION"`
	By       string                 `json:"by"`
	ByName   string                 `json:"by_name,omitempty"`
	ByNameEn string                 `json:"by_name_en,omitempty"`
	Created  time.Time              `json:"created"`
	Expires  time.Time              `json:"expires"`
	State    papers.InvitationState `json:"state" enum:"open,given,refused,revoked,lapsed"`
	Answered time.Time              `json:"answered,omitzero"`
	// RestUntil is until when this owner may not be asked again.
	RestUntil time.Time `json:"rest_until,omitzero"`
}

type inviteOutput struct {
	Body struct {
		Invitation InvitationView `json:"invitation"`
		Token      string         `json:"token" doc:"Told once; the register keeps its hash"`
		Path       string         `json:"path" doc:"Path of the owner's page; put this service's address before it for the QR code"`
	}
}

type invitationsOutput struct {
	Body struct {
		Invitations []InvitationView `json:"invitations"`
	}
}

type invitationID struct {
	ID string `path:"id" maxLength:"64"`
}

func (r *room) invite(ctx context.Context, c *front.Caller, in *inviteInput) (*inviteOutput, error) {
	cam, err := c.Camera(in.Body.Camera)
	if err != nil {
		return nil, err
	}
	decision, err := r.mayInvite(c, cam)
	if err != nil {
		return nil, err
	}
	i, err := r.propose(ctx, c, cam, in)
	if err != nil {
		return nil, err
	}
	asked, err := r.asking(ctx, c, cam, i)
	if err != nil {
		return nil, err
	}
	token, hash := papers.NewInvitationToken()
	i.TokenHash = hash
	entry := policy.NewEntry("consent", i.Created, c.World, r.question(c, policy.Invite, cam), decision)
	entry.Purpose, entry.Consent, entry.Detail = i.Purpose, i.Consent, "invited: "+i.ID
	if err := r.logged(ctx, entry); err != nil {
		return nil, err
	}
	if err := r.deps.Register.Invite(ctx, i, asked); err != nil {
		return nil, fmt.Errorf("invite owner: %w", err)
	}
	if asked != nil {
		r.deps.Changed(ctx, asked)
	}
	out := &inviteOutput{}
	out.Body.Invitation, out.Body.Token, out.Body.Path = r.view(c.World, i, nil), token, "/join/"+token
	return out, nil
}

// mayInvite asks the gate whether the caller may ask owners about the camera.
func (r *room) mayInvite(c *front.Caller, cam *policy.Camera) (policy.Decision, error) {
	d := r.deps.Gate.Decide(r.question(c, policy.Invite, cam))
	if !d.Allowed() {
		return d, front.Denial(&d, r.TextFor(c, &d))
	}
	return d, nil
}

func (r *room) question(c *front.Caller, action policy.Action, cam *policy.Camera) policy.Request {
	return c.Request(action, cam, front.Why{Purpose: "public_safety"}, r.Now())
}

// propose fills the invitation in and checks all that is chosen in it.
func (r *room) propose(ctx context.Context, c *front.Caller, cam *policy.Camera, in *inviteInput) (*papers.Invitation, error) {
	b, now := &in.Body, r.Now()
	notice, err := r.notice(ctx, b.Notice)
	if err != nil {
		return nil, err
	}
	terms := policy.DefaultTerms(cam.LegalClass)
	terms.Audiences = c.World.Audiences()
	if len(terms.Audiences) > 1 {
		terms.Audiences = terms.Audiences[:1]
	}
	terms.AreaScope = c.World.DefaultArea(cam.Place)
	if err := b.Terms.into(&terms); err != nil {
		return nil, err
	}
	terms.Months = or(b.Months, terms.Months)
	if err := terms.Check(c.World); err != nil {
		return nil, err
	}
	i := &papers.Invitation{
		ID: front.NewID("inv"), Kind: papers.InviteNew, Camera: cam.ID, Purpose: orText(b.Purpose, "public_safety"),
		Channel: orText(b.Channel, "app"), Notice: notice.ID, NoticeVersion: notice.Version, Asked: terms,
		Controllers: b.Controllers, By: c.Who.ID, Created: now, Expires: now.AddDate(0, 0, or(b.Days, papers.InvitationDays)),
		State: papers.InvitationOpen,
	}
	i.Consent = "c-" + string(cam.CameraID()) + "-" + i.Purpose
	if len(i.Controllers) == 0 {
		i.Controllers = papers.DefaultControllers(c.World)
	}
	if owner, ok := c.World.Principal(cam.Owner); ok && owner.Type == policy.TypeResident {
		i.For = owner.ID
	}
	return i, r.askable(c.World, cam, i)
}

// askable reports what keeps this camera's owner from being asked at all.
func (r *room) askable(w *policy.World, cam *policy.Camera, i *papers.Invitation) error {
	if err := policy.CheckOnboarding(cam.LegalClass, cam.Mount); err != nil {
		return err
	}
	switch {
	case cam.LegalClass == shouwang.ClassPublic:
		return shouwang.Errorf(shouwang.CodeConflict, "camera %s is a department's in a public place: it is filed, nobody is asked for consent", cam.ID)
	case i.For == "" && cam.Owner != "":
		return shouwang.Errorf(shouwang.CodeConflict, "camera %s belongs to %s, which gives its consent signed in, not by invitation", cam.ID, cam.Owner)
	case !contains(w.Purposes(), i.Purpose):
		return shouwang.Errorf(shouwang.CodeBadUsage, "purpose %q is not on the township's list", i.Purpose)
	case len(i.Controllers) == 0:
		return shouwang.Errorf(shouwang.CodeBadUsage, "say who answers for the processing: name controllers, or file a unit of kind department")
	}
	return nil
}

// asking returns the version of the record in which the owner is asked, or nil
// where the record stays as it is until the answer: a renewal. An owner who
// refused within ninety days is not asked.
func (r *room) asking(ctx context.Context, c *front.Caller, cam *policy.Camera, i *papers.Invitation) (*policy.Consent, error) {
	past, err := r.deps.Register.Invitations(ctx)
	if err != nil {
		return nil, err
	}
	if until := papers.RestUntil(c.World, cam.ID, past, i.Created); !until.IsZero() {
		return nil, shouwang.Errorf(shouwang.CodeConflict, "this owner refused; they may be asked again from %s", until.In(c.World.Zone()).Format(time.DateOnly))
	}
	old, there := c.World.Consent(cam.ID, i.Purpose)
	ch := policy.Change{At: i.Created, By: c.Who.ID, Channel: i.Channel, NoticeVersion: i.NoticeVersion}
	if !there {
		return i.Ask(nil, cam, ch)
	}
	i.Consent = old.ID
	if !old.State.Live() && old.State != policy.Paused {
		return i.Ask(old, cam, ch)
	}
	if old.NotAfter.After(i.Created.Add(policy.RenewWithin)) {
		return nil, shouwang.Errorf(shouwang.CodeConflict, "the consent is in force until %s; invite to renew it within its last 30 days", old.NotAfter.In(c.World.Zone()).Format(time.DateOnly))
	}
	i.Kind = papers.InviteRenew
	return nil, nil
}

// into writes the choices over the terms.
func (in *TermsInput) into(t *policy.Terms) error {
	if in.Slots != nil {
		t.Slots = policy.Slots{}
		for _, name := range in.Slots {
			slot, err := policy.ParseSlot(name)
			if err != nil {
				return shouwang.Errorf(shouwang.CodeBadUsage, "%w", err)
			}
			t.Slots = t.Slots.With(slot)
		}
	}
	if in.Modes != nil {
		t.Modes = in.Modes
	}
	if in.Audiences != nil {
		t.Audiences = in.Audiences
	}
	if in.Incident != nil {
		t.Incident = in.Incident
	}
	if in.Limits != nil {
		t.Limits = *in.Limits
	}
	if in.MinObligations != nil {
		t.MinObligations = in.MinObligations
	}
	if in.Recording != "" {
		t.Recording = in.Recording
	}
	if in.RetentionDays != nil {
		t.RetentionDays = *in.RetentionDays
	}
	return nil
}

func or(n, otherwise int) int {
	if n == 0 {
		return otherwise
	}
	return n
}

func orText(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func contains(list []string, s string) bool {
	for _, have := range list {
		if have == s {
			return true
		}
	}
	return false
}
