// Package export is where an evidence package leaves the house: for a case or a
// statutory order, by two people, under a second factor just shown. The gate
// judges it once; the entry in the access log is durable before the first byte.
package export

import (
	"context"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/policy/gate"
	"shouwang/web/front"
	"shouwang/web/look"
	"shouwang/web/watch"
)

// Gate judges an export and uses up the approval it rests on.
type Gate interface {
	Look(req policy.Request) (policy.Decision, gate.Grant)
	Decide(req policy.Request) policy.Decision
}

// Job is everything that a package says of itself.
type Job struct {
	ID        string
	Made      time.Time
	Camera    *policy.Camera
	Place     []string
	Span      shouwang.Span
	Request   policy.Request
	Decision  policy.Decision
	Grant     gate.Grant
	Reason    string
	Recipient string
	LogEntry  uint64
	Form      Form
	Veil      watch.Options // what is done to a veiled copy
}

// Form is what of the pictures leaves; it is part of what the gate is asked and
// of what a second person approved.
type Form = policy.ExportForm

// The forms.
const (
	Veiled   = policy.FormVeiled
	Original = policy.FormOriginal
)

// Store packs evidence and keeps what a case needs. Errors: CodeKeyDestroyed,
// CodeNotFound, CodeStorageAway.
type Store interface {
	KeyState(ctx context.Context, camera shouwang.CameraID, span shouwang.Span) (policy.KeyState, error)
	// Hold keeps the stretch for the case of the job.
	Hold(ctx context.Context, j *Job) error
	// Pack writes the package.
	Pack(ctx context.Context, w io.Writer, j *Job) error
	// Keep keeps the list of granted packages over a restart; Kept returns it,
	// nil when there is none.
	Keep(ctx context.Context, list []byte) error
	Kept(ctx context.Context) ([]byte, error)
}

// Deps are what the room needs from its neighbours; all are needed.
type Deps struct {
	Gate  Gate
	Store Store
}

// fetchWithin is how long a package may be fetched after it was granted, where
// the decision does not end before.
const fetchWithin = 15 * time.Minute

type room struct {
	*front.Front
	Deps
	looks *look.Looks

	mu   sync.Mutex
	jobs map[string]*job // nil until read from the store
}

// job is an export that was granted and waits to be fetched.
type job struct {
	Job
	session string // hash of the session's token
	expires time.Time
	busy    bool
}

// Routes returns what registers the room's operations.
func Routes(deps Deps) func(*front.Front, *look.Looks) {
	return func(f *front.Front, l *look.Looks) {
		(&room{Front: f, Deps: deps, looks: l}).routes()
	}
}

func (r *room) routes() {
	front.Route(r.Front, front.Op{
		ID: "makeExport", Method: http.MethodPost, Path: "/api/exports", Tag: "export", Picture: true,
		Summary: "Have an evidence package made; takes an approval and a fresh second factor",
	}, front.Officers, r.grant)
	front.Route(r.Front, front.Op{
		ID: "myExports", Method: http.MethodGet, Path: "/api/exports", Tag: "export",
		Summary: "The packages that this session was granted and may still fetch, newest first",
	}, front.Officers, r.mine)
	front.Route(r.Front, front.Op{
		ID: "fetchExport", Method: http.MethodGet, Path: "/api/exports/{id}/package.zip", Tag: "export", Media: "application/zip", Picture: true,
		Summary: "Fetch the package one was granted, within its time",
	}, front.Officers, r.fetch)
}

type grantInput struct {
	Body GrantBody
}

// GrantBody says what is to be packed, for whom and why.
type GrantBody struct {
	Camera    shouwang.CameraID `json:"camera" minLength:"1" maxLength:"64"`
	From      time.Time         `json:"from" doc:"Capture time"`
	To        time.Time         `json:"to"`
	Case      string            `json:"case,omitempty" maxLength:"64"`
	Order     string            `json:"order,omitempty" maxLength:"64" doc:"The statutory order it rests on, in place of consent"`
	Purpose   string            `json:"purpose,omitempty" maxLength:"64"`
	Reason    string            `json:"reason" minLength:"4" maxLength:"500"`
	Recipient string            `json:"recipient" minLength:"2" maxLength:"200" doc:"Whom the package is made for; it says so"`
	Approval  string            `json:"approval" minLength:"1" maxLength:"64" doc:"A second person's approval of export over this stretch, in this form"`
	Form      Form              `json:"form,omitempty" enum:"veiled,original" default:"veiled" doc:"A copy with masks, people and vehicles pixelated and marked for its recipient, or what the camera sent, bit for bit"`
}

// ExportView is a package that may be fetched.
type ExportView struct {
	ID         string            `json:"id"`
	URL        string            `json:"url"`
	Expires    time.Time         `json:"expires"`
	Decision   string            `json:"decision"`
	LogEntry   uint64            `json:"log_entry"`
	Camera     shouwang.CameraID `json:"camera"`
	CameraName string            `json:"camera_name"`
	From       time.Time         `json:"from"`
	To         time.Time         `json:"to"`
	Case       string            `json:"case,omitempty"`
	Recipient  string            `json:"recipient"`
	Form       Form              `json:"form" enum:"veiled,original"`
}

func (j *job) view(lang string) ExportView {
	return ExportView{
		CameraName: j.Camera.NameIn(lang), ID: j.ID, URL: "/api/exports/" + j.ID + "/package.zip", Expires: j.expires, Decision: j.Decision.DecisionID, LogEntry: j.LogEntry,
		Camera: j.Camera.CameraID(), From: j.Span.From, To: j.Span.To, Case: j.Request.Case, Recipient: j.Recipient, Form: j.Form,
	}
}

type grantOutput struct{ Body ExportView }

// grant judges an export, logs it, and holds the stretch where that is owed.
func (r *room) grant(ctx context.Context, c *front.Caller, in *grantInput) (*grantOutput, error) {
	cam, err := c.Camera(in.Body.Camera)
	if err != nil {
		return nil, err
	}
	j, err := r.judge(ctx, c, cam, &in.Body)
	if err != nil {
		return nil, err
	}
	entry := policy.NewEntry("export", j.Request.At, c.World, j.Request, j.Decision)
	entry.Detail = j.ID + " for " + j.Recipient + ", approved by " + j.Grant.SecondPerson() + ": " + j.Reason + "; " + string(j.Form)
	if j.LogEntry, err = r.looks.Append(ctx, entry); err != nil {
		return nil, err
	}
	if j.Decision.Has(policy.ObligeHold) {
		if err := r.Store.Hold(context.WithoutCancel(ctx), &j.Job); err != nil {
			return nil, err
		}
	}
	r.keep(ctx, j)
	return &grantOutput{Body: j.view(c.Lang)}, nil
}

// duties are the obligations that this room knows how to carry out. A veiled
// copy carries masks and blurring out; an original that leaves stays as
// recorded, under a case, two names and a mark. The notice to the owner and the report to
// oversight are the entry in the log that both read.
var duties = []policy.ObligationID{
	policy.ObligeMask, policy.ObligeBlurPeople, policy.ObligeBlurPlates, policy.ObligeWatermark, policy.ObligePackage, policy.ObligeHold,
	policy.ObligeNotifyOwner, policy.ObligeNotifyDeferred, policy.ObligeReport,
}

func (r *room) judge(ctx context.Context, c *front.Caller, cam *policy.Camera, b *GrantBody) (*job, error) {
	span := shouwang.Span{From: b.From, To: b.To}
	if span.Empty() {
		return nil, shouwang.Errorf(shouwang.CodeBadUsage, "say which stretch of time: from before to")
	}
	state, err := r.Store.KeyState(ctx, cam.CameraID(), span)
	if err != nil {
		return nil, err
	}
	req := c.Request(policy.Export, cam, front.Why{Purpose: b.Purpose, Case: b.Case, Order: b.Order, Approval: b.Approval}, r.Now())
	req.Form = b.Form.OrVeiled()
	req.Footage = &policy.Footage{Camera: cam.ID, From: b.From, To: b.To, KeyState: state, Quarantined: cam.Quarantined}
	d, grant := r.Gate.Look(req)
	for _, o := range d.Obligations {
		if d.Allowed() && !slices.Contains(duties, o.ID) {
			d.Decision, d.Reasons = "deny", []policy.Reason{look.ReasonObligation}
		}
	}
	if d.Allowed() && !(grant.Covers(policy.Export, cam.CameraID(), b.From) && grant.Covers(policy.Export, cam.CameraID(), b.To.Add(-1))) {
		d.Decision, d.Reasons = "deny", []policy.Reason{look.ReasonNoGrant}
	}
	if !d.Allowed() {
		r.looks.Owe(ctx, policy.NewEntry("denial", req.At, c.World, req, d))
		return nil, front.Denial(&d, r.TextFor(c, &d))
	}
	j := &job{session: sessionOf(c), expires: r.Now().Add(min(fetchWithin, time.Duration(d.TTL)*time.Second))}
	j.Job = Job{
		ID: front.NewID("ex"), Made: r.Now().UTC(), Camera: cam, Place: placeOf(c, cam), Span: span, Request: req, Decision: d,
		Grant: grant, Reason: b.Reason, Recipient: b.Recipient, Form: req.Form,
	}
	return j, r.veil(c, cam, j)
}

// placeOf lists the places from the widest to the camera's own.
func placeOf(c *front.Caller, cam *policy.Camera) (out []string) {
	places := c.World.Places()
	for at, ok := places[cam.Place]; ok && len(out) < 16; at, ok = places[at.Parent] {
		name := at.Name
		if name == "" {
			name = string(at.ID)
		}
		out = append([]string{name}, out...)
	}
	return out
}

// veil notes what is done to a veiled copy; one that cannot be made is refused
// now and not when it is fetched.
func (r *room) veil(c *front.Caller, cam *policy.Camera, j *job) error {
	if j.Form == Original {
		return nil
	}
	options, refused := r.looks.Veiled(c, cam, j.ID+" "+j.Request.Case)
	if refused != "" {
		d := j.Decision
		d.Decision, d.Reasons = "deny", []policy.Reason{refused}
		return front.Denial(&d, r.TextFor(c, &d))
	}
	j.Veil = options
	return nil
}
