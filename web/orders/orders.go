// Package orders is where a statutory order for stored footage is entered by
// one person and reviewed by another; it opens nothing before. It is answered
// with an evidence package (POST /api/exports with order and approval).
package orders

import (
	"context"
	"net/http"
	"slices"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/front"
	"shouwang/web/look"
)

// Store keeps orders and puts them in force before it returns.
type Store interface {
	PutOrder(ctx context.Context, o policy.Order) error
}

// Deps are what the room needs from its neighbours; all are needed.
type Deps struct{ Store Store }

const (
	maxValid    = 90 * 24 * time.Hour
	freshFactor = 5 * time.Minute // as in the rules
)

type room struct {
	*front.Front
	Deps
	looks *look.Looks // keeps the access log
}

// Routes returns what registers the room's operations.
func Routes(deps Deps) func(*front.Front, *look.Looks) {
	return func(f *front.Front, l *look.Looks) { (&room{f, deps, l}).routes() }
}

func (r *room) routes() {
	op := func(id, method, path, summary string) front.Op {
		return front.Op{ID: id, Method: method, Path: path, Tag: "orders", Summary: summary}
	}
	front.Route(r.Front, op("listOrders", http.MethodGet, "/api/orders", "Statutory orders of one's area, newest first"), front.Officers, r.list)
	front.Route(r.Front, op("enterOrder", http.MethodPost, "/api/orders", "Enter a statutory order; it counts once somebody else has reviewed it"), front.Officers, r.enter)
	front.Route(r.Front, op("reviewOrder", http.MethodPost, "/api/orders/{id}/review", "Review an order that somebody else entered; takes a fresh second factor"), front.Officers, r.review)
}

// OrderView is an order as a page shows it.
type OrderView struct {
	policy.Order
	State     string `json:"state" enum:"entered,in_force,over,refused"`
	MayReview bool   `json:"may_review"`
}

type orderOutput struct{ Body OrderView }

type ordersOutput struct {
	Body struct {
		Orders []OrderView `json:"orders"`
	}
}

func (r *room) view(c *front.Caller, o *policy.Order) OrderView {
	v := OrderView{Order: *o, State: "over"}
	switch {
	case o.Refused:
		v.State = "refused"
	case o.InForce(r.Now()):
		v.State = "in_force"
	case o.EnteredBy != "" && o.ReviewedBy == "" && r.Now().Before(o.ValidTo):
		v.State = "entered"
		v.MayReview = r.mayReview(c, o) == ""
	}
	return v
}

// knows reports whether the officer works with orders and one of the order's
// cameras hangs in their area.
func (r *room) knows(c *front.Caller, o *policy.Order) bool {
	if c.Works(policy.RoleInvestigator, policy.RoleSupervisor, policy.RoleApprover, policy.RoleOversight) != nil {
		return false
	}
	return slices.ContainsFunc(o.Cameras, func(id string) bool {
		cam, ok := c.World.Camera(id)
		return ok && c.Knows(cam)
	})
}

func (r *room) list(_ context.Context, c *front.Caller, _ *struct{}) (*ordersOutput, error) {
	out := &ordersOutput{}
	out.Body.Orders = []OrderView{}
	for _, o := range c.World.Orders() {
		if r.knows(c, o) {
			out.Body.Orders = append(out.Body.Orders, r.view(c, o))
		}
	}
	slices.SortFunc(out.Body.Orders, func(a, b OrderView) int { return b.ValidFrom.Compare(a.ValidFrom) })
	return out, nil
}

type enterInput struct {
	Body struct {
		Authority string              `json:"authority" minLength:"2" maxLength:"200" doc:"Who orders"`
		Number    string              `json:"number" minLength:"1" maxLength:"100" doc:"The authority's own number"`
		Cameras   []shouwang.CameraID `json:"cameras" minItems:"1" maxItems:"64"`
		From      time.Time           `json:"from" doc:"Capture time covered"`
		To        time.Time           `json:"to"`
		ValidTo   time.Time           `json:"valid_to" doc:"Until when it may be answered; 90 days at most"`
	}
}

func (r *room) enter(ctx context.Context, c *front.Caller, in *enterInput) (*orderOutput, error) {
	if err := c.Works(policy.RoleInvestigator, policy.RoleSupervisor); err != nil {
		return nil, err
	}
	b, now := &in.Body, r.Now()
	o := policy.Order{
		ID: front.NewID("order"), Authority: b.Authority, Number: b.Number, ValidFrom: now, ValidTo: b.ValidTo, From: b.From, To: b.To,
		EnteredBy: c.Who.ID, Entered: now,
	}
	if !o.From.Before(o.To) || o.From.After(now) || !o.ValidTo.After(now) || o.ValidTo.Sub(now) > maxValid {
		return nil, shouwang.Errorf(shouwang.CodeBadUsage, "an order covers a past stretch, from before to, and is valid for 90 days at most")
	}
	for _, id := range b.Cameras {
		cam, err := c.Camera(id)
		if err != nil {
			return nil, err
		}
		o.Cameras = append(o.Cameras, cam.ID)
	}
	return r.put(ctx, c, &o, "entered")
}

type reviewInput struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Accept bool   `json:"accept"`
		Note   string `json:"note,omitempty" maxLength:"500"`
	}
}

// mayReview returns why the caller may not review the order, "" if they may:
// they are the second person the rules ask for, for every camera it names.
func (r *room) mayReview(c *front.Caller, o *policy.Order) policy.Reason {
	for _, camera := range o.Cameras {
		if ok, why := c.World.MayApprove(c.Who.ID, o.EnteredBy, camera); !ok {
			return why
		}
	}
	return ""
}

func (r *room) review(ctx context.Context, c *front.Caller, in *reviewInput) (*orderOutput, error) {
	old, ok := c.World.Order(in.ID)
	if !ok || !r.knows(c, old) {
		return nil, shouwang.Errorf(shouwang.CodeNotFound, "no order %q that you may know of", in.ID)
	}
	if r.view(c, old).State != "entered" {
		return nil, shouwang.Errorf(shouwang.CodeConflict, "this order was reviewed already, or is over")
	}
	why := r.mayReview(c, old)
	if age := c.Session.SecondFactorAge(r.Now()); why == "" && in.Body.Accept && (age <= 0 || age > freshFactor.Seconds()) {
		why = policy.ReasonSecondFactor
	}
	if why != "" {
		d := policy.Decision{Reasons: []policy.Reason{why}}
		return nil, front.Denial(&d, r.TextFor(c, &d))
	}
	o := *old
	o.ReviewedBy, o.Reviewed, o.Refused = c.Who.ID, r.Now(), !in.Body.Accept
	step := "accepted"
	if o.Refused {
		step = "refused"
	}
	return r.put(ctx, c, &o, step)
}

// put logs a step, an entry for each camera, and then carries it out.
func (r *room) put(ctx context.Context, c *front.Caller, o *policy.Order, step string) (*orderOutput, error) {
	for _, camera := range o.Cameras {
		_, err := r.looks.Append(ctx, policy.Entry{
			At: r.Now(), Kind: "order", Principal: c.Who.ID, Person: c.Who.Name, Unit: c.Who.Unit, Action: policy.Export, Camera: camera,
			From: o.From, To: o.To, Detail: step + " " + o.ID,
		})
		if err != nil {
			return nil, err
		}
	}
	if err := r.Store.PutOrder(context.WithoutCancel(ctx), *o); err != nil {
		return nil, err
	}
	return &orderOutput{Body: r.view(c, o)}, nil
}
