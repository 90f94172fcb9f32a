package transparency

import (
	"context"
	"net/http"
	"slices"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/front"
)

// freshFactor is how old the approver's second factor may be, as in the rules.
const freshFactor = 5 * time.Minute

type deferInput struct {
	Body struct {
		Case    string              `json:"case" maxLength:"64"`
		Cameras []shouwang.CameraID `json:"cameras" minItems:"1" maxItems:"64"`
		Reason  string              `json:"reason" minLength:"8" maxLength:"500" doc:"Why the owners are told later; they read it when the notice opens"`
		Until   time.Time           `json:"until" doc:"At most 90 days from now"`
	}
}

type revealInput struct {
	Body struct {
		Case    string              `json:"case" maxLength:"64"`
		Cameras []shouwang.CameraID `json:"cameras" minItems:"1" maxItems:"64"`
	}
}

type deferOutput struct {
	Body struct {
		Until time.Time `json:"until"`
		Index []uint64  `json:"index" doc:"The entries of the access log, one a camera"`
	}
}

// DeferralView is a notice put off at one camera, as approvers see it.
type DeferralView struct {
	Index      uint64            `json:"index" doc:"Its entry of the access log"`
	Case       string            `json:"case"`
	CaseTitle  string            `json:"case_title,omitempty"`
	Camera     shouwang.CameraID `json:"camera"`
	CameraName string            `json:"camera_name"`
	By         string            `json:"by"`
	ByName     string            `json:"by_name"`
	At         time.Time         `json:"at"`
	Until      time.Time         `json:"until"`
	Reason     string            `json:"reason"`
	Open       bool              `json:"open" doc:"The owner is not told yet"`
	Ended      time.Time         `json:"ended,omitzero" doc:"When somebody ended it before its time"`
}

// DeferrableCase is an open case of others, whose notices one may put off.
type DeferrableCase struct {
	ID    string `json:"id"`
	Title string `json:"title,omitempty"`
	Type  string `json:"type"`
}

type deferralsOutput struct {
	Body struct {
		Deferrals []DeferralView   `json:"deferrals" doc:"Newest first"`
		Cases     []DeferrableCase `json:"cases" doc:"Open cases that the caller does not work"`
	}
}

func (r *room) deferralRoutes() {
	front.Route(r.Front, front.Op{
		ID: "listDeferrals", Method: http.MethodGet, Path: "/api/deferrals", Tag: "log",
		Summary: "Notices put off in one's area, for approvers",
	}, front.Officers, r.listDeferrals)
	front.Route(r.Front, front.Op{
		ID: "deferNotice", Method: http.MethodPost, Path: "/api/deferrals", Tag: "log", Status: http.StatusCreated,
		Summary: "Put off the notice of looks still to come, at cameras and for a case",
	}, front.Officers, r.deferNotice)
	front.Route(r.Front, front.Op{
		ID: "revealLooks", Method: http.MethodPost, Path: "/api/deferrals/reveal", Tag: "log",
		Summary: "End a deferral before its time",
	}, front.Officers, r.reveal)
}

// approver checks that the caller may put a case's notices off: an approver on
// duty, with a fresh second factor, who does not work the case.
func (r *room) approver(c *front.Caller, name string) (*policy.Case, error) {
	if err := c.Works(policy.RoleApprover); err != nil {
		return nil, err
	}
	cs, ok := c.World.Case(name)
	if !ok || !cs.Open {
		return nil, shouwang.Errorf(shouwang.CodeNotFound, "no open case %q", name)
	}
	deny := func(why policy.Reason) error {
		d := policy.Decision{Reasons: []policy.Reason{why}}
		return front.Denial(&d, r.TextFor(c, &d))
	}
	if slices.Contains(cs.Members, c.Who.ID) {
		return nil, deny(policy.ReasonSecondNotFree)
	}
	if age := c.Session.SecondFactorAge(r.Now()); age <= 0 || age > freshFactor.Seconds() {
		return nil, deny(policy.ReasonSecondFactor)
	}
	return cs, nil
}

// listDeferrals goes by the log alone, as the seals do.
func (r *room) listDeferrals(ctx context.Context, c *front.Caller, _ *struct{}) (*deferralsOutput, error) {
	if err := c.Works(policy.RoleApprover); err != nil {
		return nil, err
	}
	now := r.Now()
	about, err := r.Journal.Notices(ctx, now.Add(-2*policy.LongestDeferral), now.Add(time.Second))
	if err != nil {
		return nil, err
	}
	out := &deferralsOutput{}
	out.Body.Deferrals, out.Body.Cases = []DeferralView{}, []DeferrableCase{}
	for _, d := range about {
		cam, ok := c.World.Camera(d.Camera)
		if d.Kind == policy.KindDefer && ok && c.Knows(cam) {
			out.Body.Deferrals = append(out.Body.Deferrals, deferralView(c, cam, d, about, now))
		}
	}
	slices.SortStableFunc(out.Body.Deferrals, func(a, b DeferralView) int { return b.At.Compare(a.At) })
	for _, cs := range c.World.Cases() {
		if cs.Open && !slices.Contains(cs.Members, c.Who.ID) {
			out.Body.Cases = append(out.Body.Cases, DeferrableCase{ID: cs.ID, Title: cs.Title, Type: cs.Type})
		}
	}
	return out, nil
}

func deferralView(c *front.Caller, cam *policy.Camera, d policy.Numbered, about []policy.Numbered, now time.Time) DeferralView {
	v := DeferralView{
		Index: d.Index, Case: d.Case, Camera: cam.CameraID(), CameraName: cam.Name, By: d.Principal, ByName: d.Person, At: d.At, Until: d.To, Reason: d.Detail,
	}
	if c.Lang == "en" && cam.NameEn != "" {
		v.CameraName = cam.NameEn
	}
	if cs, ok := c.World.Case(d.Case); ok {
		v.CaseTitle = cs.Title
	}
	for _, e := range about {
		if e.Kind == policy.KindReveal && e.Case == d.Case && e.Camera == d.Camera && e.Index > d.Index && (v.Ended.IsZero() || e.At.Before(v.Ended)) {
			v.Ended = e.At
		}
	}
	v.Open = now.Before(v.Until) && v.Ended.IsZero()
	return v
}

// deferNotice logs the deferral for each camera; the entries themselves are
// what seals, so nothing else is kept.
func (r *room) deferNotice(ctx context.Context, c *front.Caller, in *deferInput) (*deferOutput, error) {
	now, until := r.Now(), in.Body.Until
	if !until.After(now) || until.After(now.Add(policy.LongestDeferral)) {
		return nil, shouwang.Errorf(shouwang.CodeBadUsage, "until %s: a notice is put off to a time between now and 90 days from now", until.Format(time.RFC3339))
	}
	return r.log(ctx, c, policy.KindDefer, in.Body.Case, in.Body.Cameras, until, in.Body.Reason)
}

func (r *room) reveal(ctx context.Context, c *front.Caller, in *revealInput) (*deferOutput, error) {
	return r.log(ctx, c, policy.KindReveal, in.Body.Case, in.Body.Cameras, r.Now(), "")
}

func (r *room) log(ctx context.Context, c *front.Caller, kind, name string, cameras []shouwang.CameraID, until time.Time, reason string) (*deferOutput, error) {
	cs, err := r.approver(c, name)
	if err != nil {
		return nil, err
	}
	out := &deferOutput{}
	out.Body.Until, out.Body.Index = until, []uint64{}
	for _, id := range cameras { // all of them first: half a deferral would be a trap
		if _, err := c.Camera(id); err != nil {
			return nil, err
		}
	}
	for _, id := range cameras {
		index, err := r.looks.Append(ctx, policy.Entry{
			At: r.Now(), Kind: kind, Principal: c.Who.ID, Person: c.Who.Name, Unit: c.Who.Unit, Action: policy.ReadAccessLog,
			Camera: policy.CameraResource(id), From: r.Now(), To: until, Case: cs.ID, Decision: "allow", Detail: reason,
		})
		if err != nil {
			return nil, err
		}
		out.Body.Index = append(out.Body.Index, index)
	}
	return out, nil
}
