package join

import (
	"context"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/front"
)

type setTermsInput struct {
	ID   string `path:"id" maxLength:"64"`
	Body Choices
}

// Changed is a consent after a change, with the receipt of it.
type Changed struct {
	Consent ConsentTerms `json:"consent"`
	Receipt string       `json:"receipt" doc:"Id of the receipt, at /api/my/receipts/{id}"`
}

type changedOutput struct{ Body Changed }

type setManyInput struct {
	Body struct {
		Consents []string `json:"consents" minItems:"1" maxItems:"500" doc:"Which records to change"`
		Terms    Choices  `json:"terms"`
	}
}

// OneOfMany is what became of one record of several.
type OneOfMany struct {
	ID      string        `json:"id"`
	Consent *ConsentTerms `json:"consent,omitempty"`
	Receipt string        `json:"receipt,omitempty"`
	Code    shouwang.Code `json:"code,omitempty" doc:"Why this one was left as it was"`
	Detail  string        `json:"detail,omitempty"`
}

type manyOutput struct {
	Body struct {
		Changed int         `json:"changed"`
		Results []OneOfMany `json:"results"`
	}
}

type renewInput struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Months int         `json:"months,omitempty" minimum:"1" maximum:"12" doc:"From now; 12 when absent"`
		Notice NoticeShown `json:"notice" doc:"The notice that was shown"`
	}
}

// mine finds a consent that the caller manages; any other is not found.
func (r *room) mine(c *front.Caller, id string) (*policy.Consent, *policy.Camera, error) {
	for _, cam := range c.World.Cameras() {
		for _, consent := range c.World.CurrentConsents(cam.ID) {
			if consent.ID != id || !c.Knows(cam) {
				continue
			}
			if d := r.deps.Gate.Decide(r.question(c, policy.ManageConsent, cam)); d.Allowed() {
				return consent, cam, nil
			}
		}
	}
	return nil, nil, shouwang.Errorf(shouwang.CodeNotFound, "no consent %q of yours", id)
}

func (r *room) setTerms(ctx context.Context, c *front.Caller, in *setTermsInput) (*changedOutput, error) {
	made, receipt, err := r.amend(ctx, c, in.ID, &in.Body)
	if err != nil {
		return nil, err
	}
	return &changedOutput{Body: Changed{Consent: termsOf(c.World, made), Receipt: receipt}}, nil
}

// setTermsOfMany changes each record by itself: one that cannot be changed does
// not keep the others waiting, and says why.
func (r *room) setTermsOfMany(ctx context.Context, c *front.Caller, in *setManyInput) (*manyOutput, error) {
	out := &manyOutput{}
	out.Body.Results = []OneOfMany{}
	seen := map[string]bool{}
	for _, id := range in.Body.Consents {
		if seen[id] {
			continue
		}
		seen[id] = true
		one := OneOfMany{ID: id}
		made, receipt, err := r.amend(ctx, c, id, &in.Body.Terms)
		switch {
		case shouwang.CodeOf(err) == shouwang.CodeAuditUnavailable:
			return nil, err
		case err != nil:
			p := front.ProblemOf(err)
			one.Code, one.Detail = p.Code, p.Detail
		default:
			terms := termsOf(c.World, made)
			one.Consent, one.Receipt = &terms, receipt
			out.Body.Changed++
		}
		out.Body.Results = append(out.Body.Results, one)
	}
	return out, nil
}

// amend makes the next version with other terms. Narrowing never waits for the
// access log; anything else is logged before it counts.
func (r *room) amend(ctx context.Context, c *front.Caller, id string, choices *Choices) (*policy.Consent, string, error) {
	old, cam, err := r.mine(c, id)
	if err != nil {
		return nil, "", err
	}
	if err := checkMasks(choices.Masks); err != nil {
		return nil, "", err
	}
	terms := policy.TermsOf(old)
	if err := choices.into(&terms); err != nil {
		return nil, "", err
	}
	if err := terms.Check(c.World); err != nil {
		return nil, "", err
	}
	made, err := old.Amend(policy.Change{At: r.Now(), By: c.Who.ID, Channel: "app"}, func(n *policy.Consent) {
		terms.Apply(n)
		choices.cover(n, cam)
	})
	if err != nil {
		return nil, "", err
	}
	receipt, err := r.carry(ctx, c, cam, made, made.Narrows(old))
	return made, receipt, err
}

// carry logs a version and has it carried out. What only narrows is done first
// and logged then.
func (r *room) carry(ctx context.Context, c *front.Caller, cam *policy.Camera, made *policy.Consent, narrows bool) (string, error) {
	entry := policy.Entry{
		At: r.Now(), Kind: "consent", Principal: c.Who.ID, Person: c.Who.Name, Unit: c.Who.Unit, Action: policy.ManageConsent,
		Camera: cam.ID, Purpose: made.Purpose, Consent: made.Ref(), Detail: made.Events[len(made.Events)-1].Type,
	}
	if !narrows {
		if err := r.logged(ctx, entry); err != nil {
			return "", err
		}
	}
	receipt, err := r.deps.Consents.Append(context.WithoutCancel(ctx), made)
	if err != nil {
		return "", err
	}
	r.deps.Changed(ctx, made)
	if narrows {
		if err := r.logged(ctx, entry); err != nil {
			r.Log.Error("log change of terms", "consent", made.Ref(), "error", err)
		}
	}
	return receipt, nil
}

// renew prolongs a consent within its last thirty days, or one that has ended
// by itself. The notice is shown again.
func (r *room) renew(ctx context.Context, c *front.Caller, in *renewInput) (*changedOutput, error) {
	old, cam, err := r.mine(c, in.ID)
	if err != nil {
		return nil, err
	}
	now := r.Now()
	if old.NotAfter.After(now.Add(policy.RenewWithin)) {
		return nil, shouwang.Errorf(shouwang.CodeConflict, "the consent lasts until %s; renew it within its last 30 days", old.NotAfter.In(c.World.Zone()).Format(time.DateOnly))
	}
	notice, err := r.notice(ctx, in.Body.Notice.ID+"@"+in.Body.Notice.Version)
	if err != nil {
		return nil, err
	}
	shown := &policy.Notice{
		ID: in.Body.Notice.ID, Version: in.Body.Notice.Version, Hash: in.Body.Notice.Hash, Language: in.Body.Notice.Language,
		ShownAt: now, Channel: "app", ReadAloud: in.Body.Notice.ReadAloud, Witness: in.Body.Notice.Witness,
	}
	if err := notice.Check(shown); err != nil {
		return nil, err
	}
	ch := policy.Change{At: now, By: c.Who.ID, Channel: "app", NoticeVersion: shown.Version}
	made, err := old.RenewUnder(ch, now.AddDate(0, or(in.Body.Months, 12), 0), shown)
	if err != nil {
		return nil, err
	}
	receipt, err := r.carry(ctx, c, cam, made, false)
	if err != nil {
		return nil, err
	}
	return &changedOutput{Body: Changed{Consent: termsOf(c.World, made), Receipt: receipt}}, nil
}
