package join

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"shouwang/policy"
	"shouwang/policy/papers"
	"shouwang/web/front"
)

type recordInput struct {
	ID string `path:"id" maxLength:"64"`
}

// MyRecord is a person's own whole record, to be kept and checked without us.
type MyRecord struct {
	Consent  string    `json:"consent"`
	Camera   string    `json:"camera"`
	Exported time.Time `json:"exported"`
	// Versions are all versions as they are kept, oldest first. record_hash is
	// sha256 of the version's canonical JSON (RFC 8785) without record_hash;
	// prev_hash is the record_hash before it.
	Versions []json.RawMessage `json:"versions"`
	// Notices are the texts that the versions rest on, with the hash of each language.
	Notices []NoticeView `json:"notices"`
	// Intact says that the chain was verified just now; Head is its last hash.
	Intact bool   `json:"intact"`
	Head   string `json:"head"`
	// Signed is the head of the chain as a signed note, which shouwang consent
	// verify checks the versions against with the public key alone.
	Signed string `json:"signed"`
}

type recordOutput struct {
	Disposition string `header:"Content-Disposition"`
	Body        MyRecord
}

func (r *room) record(ctx context.Context, c *front.Caller, in *recordInput) (*recordOutput, error) {
	_, cam, err := r.mine(c, in.ID)
	if err != nil {
		return nil, err
	}
	versions, err := r.deps.Consents.Versions(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	out := &recordOutput{
		Disposition: `attachment; filename="shouwang-record.json"`,
		Body: MyRecord{
			Consent: in.ID, Camera: cam.ID, Exported: r.Now().UTC(), Versions: []json.RawMessage{}, Notices: []NoticeView{},
			Intact: policy.VerifyChain(versions) == nil,
		},
	}
	for _, v := range versions {
		raw, err := json.Marshal(v)
		if err != nil {
			return nil, fmt.Errorf("write record %s: %w", v.Ref(), err)
		}
		out.Body.Versions, out.Body.Head = append(out.Body.Versions, raw), v.RecordHash
	}
	if out.Body.Signed, err = r.signed(versions, out.Body.Exported); err != nil {
		return nil, err
	}
	return out, r.notesOf(ctx, versions, &out.Body)
}

// signed signs the end of the chain.
func (r *room) signed(versions []*policy.Consent, at time.Time) (string, error) {
	paper, err := papers.NewRecordPaper(versions, at)
	if err != nil {
		return "", err
	}
	text, err := paper.Text()
	if err != nil {
		return "", err
	}
	return r.deps.Sign(text)
}

// notesOf adds the notices that the versions name.
func (r *room) notesOf(ctx context.Context, versions []*policy.Consent, body *MyRecord) error {
	all, err := r.deps.Register.Notices(ctx)
	if err != nil {
		return err
	}
	for _, n := range all {
		for _, v := range versions {
			if v.Notice != nil && v.Notice.ID == n.ID && v.Notice.Version == n.Version {
				body.Notices = append(body.Notices, noticeView(n))
				break
			}
		}
	}
	return nil
}

// RenewalView is a consent that ends soon.
type RenewalView struct {
	Consent string              `json:"consent"`
	Camera  JoinCamera          `json:"camera"`
	Purpose string              `json:"purpose"`
	State   policy.ConsentState `json:"state"`
	Ends    time.Time           `json:"ends"`
	Days    int                 `json:"days" doc:"Whole days left"`
	Mine    bool                `json:"mine" doc:"One renews it oneself, at /api/my/consents/{id}/renew"`
	Owner   string              `json:"owner,omitempty"`
	// Invitation is one to renew it that is still open.
	Invitation string `json:"invitation,omitempty"`
}

type renewalsOutput struct {
	Body struct {
		Renewals []RenewalView `json:"renewals"`
	}
}

// listRenewals is the reminder: to owners for what is theirs, to officers who
// may invite for what hangs in their area.
func (r *room) listRenewals(ctx context.Context, c *front.Caller, _ *struct{}) (*renewalsOutput, error) {
	open, err := r.openRenewals(ctx)
	if err != nil {
		return nil, err
	}
	now := r.Now()
	out := &renewalsOutput{}
	out.Body.Renewals = []RenewalView{}
	for _, due := range c.World.Renewals(now, policy.RenewWithin) {
		if !c.Knows(due.Camera) || len(out.Body.Renewals) >= 1000 {
			continue
		}
		manages := r.deps.Gate.Decide(r.question(c, policy.ManageConsent, due.Camera))
		if !manages.Allowed() {
			if _, err := r.mayInvite(c, due.Camera); err != nil {
				continue
			}
		}
		out.Body.Renewals = append(out.Body.Renewals, RenewalView{
			Consent: due.Consent.ID, Camera: cameraOf(c.World, due.Camera), Purpose: due.Consent.Purpose, State: due.Consent.State,
			Ends: due.Ends, Days: int(due.Ends.Sub(now) / (24 * time.Hour)), Mine: manages.Allowed(),
			Owner: ownerName(c.World, due.Camera), Invitation: open[due.Consent.ID],
		})
	}
	return out, nil
}

func (r *room) openRenewals(ctx context.Context) (map[string]string, error) {
	all, err := r.deps.Register.Invitations(ctx)
	if err != nil {
		return nil, err
	}
	open := map[string]string{}
	for _, i := range all {
		if i.Kind == papers.InviteRenew && i.At(r.Now()) == papers.InvitationOpen {
			open[i.Consent] = i.ID
		}
	}
	return open, nil
}

func ownerName(w *policy.World, cam *policy.Camera) string {
	if p, ok := w.Principal(cam.Owner); ok && p.Name != "" {
		return p.Name
	}
	return cam.Owner
}
