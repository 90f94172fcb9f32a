package evidence

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/front"
	"shouwang/web/look"
)

const (
	// most is how many cameras one play may show.
	most = 9
	// longestPlay is the longest stretch of one play; the rules and the owner
	// may say less.
	longestPlay = time.Hour
	// pieceSpan is how much one piece covers, and keysSpan a piece of key
	// pictures only, for fast and backward playing.
	pieceSpan = 4 * time.Second
	keysSpan  = 20 * time.Second
	// fresh is how long a segment may be under way before it stands in the index.
	fresh = 2 * time.Minute
	// playsPerson is how many plays one person may have open.
	playsPerson = 40
)

// play is one look a camera at one stretch of time.
type play struct {
	id     string
	caller *front.Caller
	why    front.Why
	action policy.Action // playback, or unmask for a clear look
	looks  *look.Looks
	// subject is the request of a filmed person, to whom the caller shows this;
	// nil for the caller's own looks.
	subject *policy.SubjectRequest
	span    shouwang.Span
	width   int
	views   map[shouwang.CameraID]*view
	last    atomic.Int64 // unix nanoseconds of the newest request
}

// view is one camera of a play.
type view struct {
	look    *look.Look
	span    shouwang.Span // what the look is for: what is recorded of the play's
	expires time.Time
	bytes   atomic.Int64
	over    atomic.Pointer[string] // why nothing more may leave, nil while it may

	life   context.Context //nolint:containedctx // renderings outlive the request that began them
	cancel context.CancelFunc

	mu   sync.Mutex // one piece at a time
	runs [2]*run    // every picture; key pictures only
}

type playInput struct {
	Body struct {
		Cameras []shouwang.CameraID `json:"cameras" minItems:"1" maxItems:"9"`
		From    time.Time           `json:"from"`
		To      time.Time           `json:"to"`
		// Width bounds the pictures: small tiles cost less.
		Width        int    `json:"width,omitempty" minimum:"0" maximum:"1920" doc:"Widest picture wanted, in pixels"`
		Purpose      string `json:"purpose,omitempty" maxLength:"64"`
		Case         string `json:"case,omitempty" maxLength:"64"`
		SecondPerson string `json:"second_person,omitempty" maxLength:"64"`
		Approval     string `json:"approval,omitempty" maxLength:"64" doc:"A second person's approval, where the rules ask for one"`
		// Clear asks to see people and plates unblurred.
		Clear bool `json:"clear,omitempty" doc:"A clear look: people and plates unblurred, the owner's masks kept. Takes a case, a second person's approval and a second factor shown within five minutes; logged as unmask"`
	}
}

// ClockNote is how well the times of a stretch of recording are known.
type ClockNote struct {
	shouwang.Span
	OffsetMS      float64 `json:"offset_ms" doc:"The camera's clock minus ours; already corrected"`
	UncertaintyMS float64 `json:"uncertainty_ms" doc:"One-sided"`
	Source        string  `json:"source" enum:"sender_report,arrival"`
}

// Played is one camera of a play: what may be fetched, or why nothing may.
type Played struct {
	ID          shouwang.CameraID     `json:"id"`
	Name        string                `json:"name"`
	Allowed     bool                  `json:"allowed"`
	Code        shouwang.Code         `json:"code,omitempty"`
	Reasons     []policy.Reason       `json:"reasons,omitempty"`
	Text        string                `json:"text,omitempty"`
	Obligations []policy.ObligationID `json:"obligations,omitempty"`
	Tells       bool                  `json:"tells" doc:"Whether the owner is told at once"`
	Recorded    []shouwang.Span       `json:"recorded"`
	Missing     []Missing             `json:"missing"`
	Clocks      []ClockNote           `json:"clocks"`
}

// Play is a play as the page gets it.
type Play struct {
	ID    string    `json:"id,omitempty"`
	From  time.Time `json:"from"`
	To    time.Time `json:"to"`
	Zone  string    `json:"zone"`
	Piece float64   `json:"piece_s" doc:"Seconds that one piece covers: piece n begins n times that after from"`
	Keys  float64   `json:"keys_s" doc:"The same for pieces of key pictures"`
	// Watermark says who will be read in the picture.
	Cameras []Played `json:"cameras"`
}

type playOutput struct{ Body Play }

// wanted checks what is asked and returns an empty play for it.
func (r *Room) wanted(c *front.Caller, in *playInput) (*play, error) {
	b := &in.Body
	p := &play{
		id: front.NewID("play"), caller: c, span: shouwang.Span{From: b.From, To: b.To}, width: b.Width, views: map[shouwang.CameraID]*view{},
		why:    front.Why{Purpose: b.Purpose, Case: b.Case, SecondPerson: b.SecondPerson, Approval: b.Approval},
		action: policy.Playback, looks: r.looks,
	}
	if b.Clear {
		p.action = policy.Unmask
	}
	if p.span.Empty() || p.span.Duration() > longestPlay || len(b.Cameras) > most {
		return nil, shouwang.Errorf(shouwang.CodeBadUsage, "play at most %d cameras over at most %s between from and to", most, longestPlay)
	}
	return p, nil
}

func (p *play) answer() *playOutput {
	return &playOutput{Body: Play{
		From: p.span.From, To: p.span.To, Zone: p.caller.World.Zone().String(), Piece: pieceSpan.Seconds(), Keys: keysSpan.Seconds(),
		Cameras: []Played{},
	}}
}

// foresee answers as open would, and looks at nothing.
func (r *Room) foresee(ctx context.Context, c *front.Caller, in *playInput) (*playOutput, error) {
	p, err := r.wanted(c, in)
	if err != nil {
		return nil, err
	}
	out := p.answer()
	for _, id := range in.Body.Cameras {
		played, req, cam, err := r.recorded(ctx, p, id)
		if err != nil {
			return nil, err
		}
		if req != nil {
			d := r.deps.Gate.Decide(*req)
			if _, refused := p.looks.Carry(&d, c, cam); d.Allowed() && refused != "" {
				d.Decision, d.Reasons = "deny", []policy.Reason{refused}
			}
			played.decided(&d, r.front.TextFor(c, &d))
		}
		out.Body.Cameras = append(out.Body.Cameras, *played)
	}
	return out, nil
}

func (p *Played) decided(d *policy.Decision, text string) {
	p.Allowed, p.Tells = d.Allowed(), d.Has(policy.ObligeNotifyOwner)
	for _, duty := range d.Obligations {
		p.Obligations = append(p.Obligations, duty.ID)
	}
	if !p.Allowed {
		p.Code, p.Reasons, p.Text = shouwang.CodeDenied, d.Reasons, text
	}
}

// recorded tells what of the play's stretch there is of a camera, and makes the
// question whether it may be played: of what is recorded, as nobody can look at
// the rest. The request is nil when nothing is.
func (r *Room) recorded(ctx context.Context, p *play, id shouwang.CameraID) (*Played, *policy.Request, *policy.Camera, error) {
	cam, err := p.caller.Camera(id)
	if err != nil {
		return nil, nil, nil, err
	}
	if p.span.To.After(r.front.Now().Add(-fresh)) {
		r.deps.Footage.Settle(ctx, id)
	}
	cover, err := r.deps.Index.Cover(ctx, id, p.span)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("read what is recorded: %w", err)
	}
	played := &Played{ID: id, Name: name(p.caller, cam), Recorded: append([]shouwang.Span{}, cover.Recorded...), Missing: missing(&cover), Clocks: []ClockNote{}}
	all := append(append([]shouwang.Span{}, cover.Recorded...), cover.Erased...)
	if len(all) == 0 {
		played.Code = shouwang.CodeNotFound
		return played, nil, cam, nil
	}
	hull := all[0]
	for _, s := range all[1:] {
		hull = shouwang.Span{From: earlier(hull.From, s.From), To: later(hull.To, s.To)}
	}
	hull = hull.Intersect(p.span)
	keys, err := r.deps.Index.Keys(ctx, id, hull)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("read keys: %w", err)
	}
	stamps, err := r.deps.Index.Stamps(ctx, id, hull)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("read clocks: %w", err)
	}
	for _, s := range stamps {
		played.Clocks = append(played.Clocks, ClockNote{s.Span, ms(s.Offset), ms(s.Uncertainty), s.Source.String()})
	}
	req := p.caller.Request(p.action, cam, p.why, r.front.Now())
	req.Resource = fmt.Sprintf("footage:%s/%d-%d", id, hull.From.UnixMilli(), hull.To.UnixMilli())
	req.Footage = &policy.Footage{ID: req.Resource, Camera: cam.ID, From: hull.From, To: hull.To, KeyState: keys, Quarantined: cam.Quarantined}
	if p.subject != nil {
		req.Principal, req.SubjectRequest = p.subject.Subject, p.subject.ID
	}
	return played, &req, cam, nil
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// open begins a play: each camera that may be shown is one look, in the access
// log before this answers.
func (r *Room) open(ctx context.Context, c *front.Caller, in *playInput) (*playOutput, error) {
	if c.Who.Type == policy.TypeAdministrator || c.Who.Type == policy.TypeService {
		d := policy.Decision{Reasons: []policy.Reason{policy.ReasonNeverAPicture}}
		return nil, front.Denial(&d, r.front.TextFor(c, &d))
	}
	p, err := r.wanted(c, in)
	if err != nil {
		return nil, err
	}
	out := p.answer()
	for _, id := range in.Body.Cameras {
		played, err := r.openView(ctx, p, id)
		if err != nil {
			r.drop(p, "failed")
			return nil, err
		}
		out.Body.Cameras = append(out.Body.Cameras, *played)
	}
	if len(p.views) > 0 {
		if err := r.keep(p); err != nil {
			r.drop(p, "failed")
			return nil, err
		}
		out.Body.ID = p.id
	}
	return out, nil
}

func (r *Room) openView(ctx context.Context, p *play, id shouwang.CameraID) (*Played, error) {
	played, req, cam, err := r.recorded(ctx, p, id)
	if err != nil || req == nil {
		return played, err
	}
	l, err := p.looks.Decide(ctx, p.caller, *req, cam)
	var denied *front.Problem
	if errors.As(err, &denied) {
		played.Code, played.Reasons, played.Text = denied.Code, denied.Reasons, denied.Text
		if req.Footage.KeyState == policy.KeyShredded {
			played.Code = shouwang.CodeKeyDestroyed
		}
		return played, nil
	}
	if err == nil {
		err = l.Commit(ctx)
	}
	if err != nil {
		return nil, err
	}
	played.decided(&l.Decision, "")
	v := &view{look: l, span: shouwang.Span{From: req.Footage.From, To: req.Footage.To}, expires: r.front.Now().Add(ttl(&l.Decision))}
	v.life, v.cancel = context.WithCancel(context.WithoutCancel(ctx))
	p.views[id] = v
	return played, nil
}

func ttl(d *policy.Decision) time.Duration {
	if d.TTL <= 0 {
		return 5 * time.Minute
	}
	return time.Duration(d.TTL) * time.Second
}

// keep takes a play in, and has it judged once more: something may have changed
// since the gate was asked.
func (r *Room) keep(p *play) error {
	p.last.Store(r.front.Now().UnixNano())
	r.mu.Lock()
	mine := 0
	for _, o := range r.plays {
		if o.caller.Who.ID == p.caller.Who.ID {
			mine++
		}
	}
	if r.closed || mine >= playsPerson {
		r.mu.Unlock()
		return shouwang.Errorf(shouwang.CodeOverloaded, "%d plays of yours are open; close one first", mine)
	}
	r.plays[p.id] = p
	r.mu.Unlock()
	for id := range p.views {
		r.changed(id)
	}
	return nil
}

type playIDInput struct {
	ID string `path:"id" maxLength:"64"`
}

func (r *Room) end(_ context.Context, c *front.Caller, in *playIDInput) (*struct{}, error) {
	p, err := r.find(c, in.ID)
	if err != nil {
		return nil, err
	}
	r.drop(p, "viewer")
	return nil, nil
}

// find returns a play of the caller's own session.
func (r *Room) find(c *front.Caller, id string) (*play, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.plays[id]
	if p == nil || p.caller.Session.ID != c.Session.ID || p.caller.Who.ID != c.Who.ID {
		return nil, shouwang.Errorf(shouwang.CodeConflict, "this play is over; open it again")
	}
	return p, nil
}

// drop ends a play and its looks.
func (r *Room) drop(p *play, reason string) {
	r.mu.Lock()
	delete(r.plays, p.id)
	r.mu.Unlock()
	for _, v := range p.views {
		r.endView(v, reason)
	}
}

// endView stops a view at once; its end is logged beside, since who tells of a
// change must not wait for the log.
func (r *Room) endView(v *view, reason string) {
	if !v.over.CompareAndSwap(nil, &reason) {
		return
	}
	v.cancel() // a piece on its way does not leave
	r.ends.Go(func() {
		v.mu.Lock()
		v.stop()
		v.mu.Unlock()
		v.look.End(v.bytes.Load(), reason)
	})
}

// stop ends the renderings; call with mu held.
func (v *view) stop() {
	for i, run := range v.runs {
		if run != nil {
			run.close()
			v.runs[i] = nil
		}
	}
}

// sweep ends plays that nobody has fetched from for a while and renderings that
// wait for nobody.
func (r *Room) sweep() {
	now := r.front.Now()
	r.mu.Lock()
	plays := r.list()
	r.mu.Unlock()
	for _, p := range plays {
		idle := now.Sub(time.Unix(0, p.last.Load()))
		if idle > idlePlay {
			r.drop(p, "viewer")
			continue
		}
		for _, v := range p.views {
			if !now.Before(v.expires) {
				r.endView(v, "ttl")
			} else if idle > idleRun && v.mu.TryLock() {
				v.stop()
				v.mu.Unlock()
			}
		}
	}
}

// judge asks the gate again about views of cameras that may have changed.
func (r *Room) judge(ctx context.Context) {
	r.mu.Lock()
	stale := r.stale
	r.stale = map[shouwang.CameraID]bool{}
	plays := r.list()
	r.mu.Unlock()
	for _, p := range plays {
		for id, v := range p.views {
			if (stale[""] || stale[id]) && v.over.Load() == nil {
				if reason := r.still(ctx, p, v); reason != "" {
					r.endView(v, reason)
				}
			}
		}
	}
}

// still returns "" while the view may go on as it is, else why it must end.
func (r *Room) still(ctx context.Context, p *play, v *view) string {
	session, err := r.front.Session(ctx, p.caller.Token)
	if err != nil || session.Principal != p.caller.Who.ID {
		return "signed_out"
	}
	world := r.front.World()
	who, ok := world.Principal(p.caller.Who.ID)
	cam, ok2 := world.Camera(policy.CameraResource(v.look.Camera))
	if !ok || !ok2 {
		return "out_of_reach"
	}
	c := &front.Caller{Session: session, Token: p.caller.Token, Who: who, World: world, Lang: p.caller.Lang}
	req := v.look.Request
	req.ID, req.At, req.Within = front.NewID("r"), r.front.Now(), v.look.Decision.DecisionID
	d := r.deps.Gate.Decide(req)
	if !d.Allowed() {
		return "denied"
	}
	d.DecisionID = v.look.Decision.DecisionID // the watermark names the look's own
	if options, refused := p.looks.Carry(&d, c, cam); refused != "" || !reflect.DeepEqual(options, v.look.Options) {
		return "duties"
	}
	return ""
}
