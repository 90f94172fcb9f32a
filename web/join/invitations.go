package join

import (
	"context"
	"strings"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/policy/papers"
	"shouwang/web/front"
)

// auditWithin is how long a change waits for its entry to be durable.
const auditWithin = 5 * time.Second

// logged writes one entry of the access log and waits until it is durable.
func (r *room) logged(ctx context.Context, e policy.Entry) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), auditWithin)
	defer cancel()
	if _, err := r.deps.Audit.Append(ctx, e); err != nil {
		return &shouwang.Error{
			Code: shouwang.CodeAuditUnavailable, Err: err,
			Message: "the access log cannot be written, so nothing is shared anew; the log of the service says why",
		}
	}
	return nil
}

// view shows an invitation to officers; past are all invitations, nil where no
// rest is to be told.
func (r *room) view(w *policy.World, i *papers.Invitation, past []*papers.Invitation) InvitationView {
	v := InvitationView{
		ID: i.ID, Kind: i.Kind, Purpose: i.Purpose, Consent: i.Consent, Channel: i.Channel, Notice: i.Notice + "@" + i.NoticeVersion,
		By: i.By, Created: i.Created, Expires: i.Expires, State: i.At(r.Now()), Answered: i.Answered,
	}
	if by, ok := w.Principal(i.By); ok {
		v.ByName, v.ByNameEn = by.Name, by.NameEn
	}
	if cam, ok := w.Camera(i.Camera); ok {
		v.Camera = cameraOf(w, cam)
	}
	if i.State == papers.InvitationRefused {
		v.RestUntil = papers.RestUntil(w, i.Camera, past, r.Now())
	}
	return v
}

func (r *room) listInvitations(ctx context.Context, c *front.Caller, _ *struct{}) (*invitationsOutput, error) {
	all, err := r.deps.Register.Invitations(ctx)
	if err != nil {
		return nil, err
	}
	out := &invitationsOutput{}
	out.Body.Invitations = []InvitationView{}
	for _, i := range all {
		if cam, ok := c.World.Camera(i.Camera); ok && c.Knows(cam) && len(out.Body.Invitations) < 500 {
			if _, err := r.mayInvite(c, cam); err == nil {
				out.Body.Invitations = append(out.Body.Invitations, r.view(c.World, i, all))
			}
		}
	}
	return out, nil
}

// revoke takes an open invitation back. Where the owner had not answered, the
// asking ends in the record as well: nobody is waited for.
func (r *room) revoke(ctx context.Context, c *front.Caller, in *invitationID) (*struct{}, error) {
	all, err := r.deps.Register.Invitations(ctx)
	if err != nil {
		return nil, err
	}
	for _, i := range all {
		cam, ok := c.World.Camera(i.Camera)
		if i.ID != in.ID || !ok || !c.Knows(cam) {
			continue
		}
		if _, err := r.mayInvite(c, cam); err != nil {
			return nil, err
		}
		return nil, r.takeBack(ctx, c, i)
	}
	return nil, shouwang.Errorf(shouwang.CodeNotFound, "no invitation %q in your area", in.ID)
}

func (r *room) takeBack(ctx context.Context, c *front.Caller, i *papers.Invitation) error {
	a := Answer{Invitation: i.ID, State: papers.InvitationRevoked, At: r.Now()}
	entry := policy.Entry{
		At: a.At, Kind: "consent", Principal: c.Who.ID, Person: c.Who.Name, Unit: c.Who.Unit, Action: policy.Invite, Camera: i.Camera,
		Purpose: i.Purpose, Consent: i.Consent, Detail: "invitation revoked: " + i.ID,
	}
	if err := r.logged(ctx, entry); err != nil {
		return err
	}
	if old, ok := c.World.Consent(i.Camera, i.Purpose); ok && old.State == policy.Requested {
		var err error
		if a.Consent, err = old.Terminate(policy.Change{At: a.At, By: c.Who.ID, Channel: "app"}); err != nil {
			return err
		}
	}
	if _, err := r.deps.Consents.Settle(ctx, a); err != nil {
		return err
	}
	if a.Consent != nil {
		r.deps.Changed(ctx, a.Consent)
	}
	return nil
}

type noticesOutput struct {
	Body struct {
		Notices []NoticeView `json:"notices"`
	}
}

func (r *room) listNotices(ctx context.Context, _ *front.Caller, _ *struct{}) (*noticesOutput, error) {
	all, err := r.deps.Register.Notices(ctx)
	if err != nil {
		return nil, err
	}
	out := &noticesOutput{}
	out.Body.Notices = []NoticeView{}
	for _, n := range all {
		out.Body.Notices = append(out.Body.Notices, noticeView(n))
	}
	return out, nil
}

// notice finds a notice by "ID@VERSION"; "" is the newest there is.
func (r *room) notice(ctx context.Context, ref string) (*papers.NoticeText, error) {
	all, err := r.deps.Register.Notices(ctx)
	if err != nil {
		return nil, err
	}
	if ref == "" && len(all) > 0 {
		return all[len(all)-1], nil
	}
	for _, n := range all {
		if n.Ref() == strings.TrimSpace(ref) {
			return n, nil
		}
	}
	return nil, shouwang.Errorf(shouwang.CodeBadUsage, "notice %q: there is none; GET /api/notices lists them", ref)
}
