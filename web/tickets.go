package web

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/front"
	"shouwang/web/look"
	"shouwang/web/watch"
)

// Why a live view ended; a denial's own reason stands in their place.
const (
	EndTTL      = "ttl"          // the decision's time is over: ask again
	EndChanged  = "duties"       // the picture must be shown differently now: ask again
	EndSignOut  = "signed_out"   // the session ended
	EndViewer   = "viewer"       // the viewer closed it or went away
	EndShutdown = "shutdown"     // the service stops
	EndCamera   = "camera"       // the camera's pictures ended
	EndFailed   = "failed"       // rendering or sending failed
	EndReplaced = "out_of_reach" // the camera is gone from the township's list
	// EndUnlogged is the end of everything while the access log cannot be written.
	EndUnlogged = string(shouwang.CodeAuditUnavailable)
)

// defaultTTL is used for a decision that names none.
const defaultTTL = 5 * time.Minute

// ended is the cause with which a ticket's context ends.
type ended struct{ reason string }

func (e ended) Error() string { return "view ended: " + e.reason }

// ticket is one live view under way: a look that is judged again and again.
type ticket struct {
	id      string
	look    *look.Look
	viewer  string // principal
	token   string
	expires time.Time

	ctx    context.Context
	cancel context.CancelCauseFunc
	bytes  atomic.Int64
	mark   atomic.Pointer[watch.Mark] // of the newest picture sent
}

// sent notes that a picture left.
func (t *ticket) sent(bytes int, m watch.Mark) {
	t.bytes.Add(int64(bytes))
	t.mark.Store(&m)
}

// end ends the view at once; the first reason counts.
func (t *ticket) end(reason string) { t.cancel(ended{reason}) }

// tickets are the live views of this process.
type tickets struct {
	s *Server

	mu   sync.Mutex
	open map[string]*ticket
	wg   sync.WaitGroup

	changed chan shouwang.CameraID // asks run to judge a camera's views anew
	every   atomic.Bool            // set when changed overflowed: judge all
}

func newTickets(s *Server) *tickets {
	return &tickets{s: s, open: map[string]*ticket{}, changed: make(chan shouwang.CameraID, 256)}
}

// add registers a view for a look. CodeOverloaded when there are too many.
func (ts *tickets) add(l *look.Look, c *front.Caller) (*ticket, error) {
	ttl := time.Duration(l.Decision.TTL) * time.Second
	if ttl <= 0 {
		ttl = defaultTTL
	}
	t := &ticket{id: front.NewID("t"), look: l, viewer: c.Who.ID, token: c.Token, expires: ts.s.Now().Add(ttl)}
	t.ctx, t.cancel = context.WithCancelCause(context.Background())
	ts.mu.Lock()
	defer ts.mu.Unlock()
	mine := 0
	for _, o := range ts.open {
		if o.viewer == t.viewer {
			mine++
		}
	}
	if len(ts.open) >= ts.s.cfg.MaxViews || mine >= ts.s.cfg.MaxViewsPerson {
		return nil, shouwang.Errorf(shouwang.CodeOverloaded, "%d live views are open, %d of them yours; close one first", len(ts.open), mine)
	}
	ts.open[t.id] = t
	ts.change(l.Camera) // something may have changed between the answer and now
	return t, nil
}

// drop forgets a view that never began.
func (ts *tickets) drop(t *ticket) {
	t.end(EndFailed)
	ts.mu.Lock()
	defer ts.mu.Unlock()
	delete(ts.open, t.id)
}

// serve runs a view until it ends, logs its end and tells the viewer's pages
// why. play gets a context that ends with the ticket, and returns why it ended.
func (ts *tickets) serve(t *ticket, play func(ctx context.Context) error) {
	timer := time.AfterFunc(t.expires.Sub(ts.s.Now()), func() { t.end(EndTTL) })
	err := play(t.ctx)
	timer.Stop()
	reason := EndViewer
	var cause ended
	switch {
	case errors.As(context.Cause(t.ctx), &cause):
		reason = cause.reason
	case err == nil:
		reason = EndCamera
	case !errors.Is(err, errViewerGone):
		reason = EndFailed
		ts.s.Log.Info("live view failed", "camera", t.look.Camera, "ticket", t.id, "code", shouwang.CodeOf(err), "error", err)
	}
	t.end(reason)
	ts.mu.Lock()
	delete(ts.open, t.id)
	ts.mu.Unlock()
	t.look.End(t.bytes.Load(), reason)
	if reason != EndViewer {
		ts.tell(t, reason)
	}
}

// errViewerGone is what play returns when the viewer left.
var errViewerGone = errors.New("viewer is gone")

// tell publishes the end of a view, so that its tile can say why.
func (ts *tickets) tell(t *ticket, reason string) {
	ts.s.metrics.ended.WithLabelValues(reason).Inc()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	_, err := ts.s.deps.Bus.Publish(ctx, shouwang.TopicTicket, shouwang.TicketEnd{
		Camera: t.look.Camera, Viewer: t.viewer, Ticket: t.id, Reason: reason,
	})
	if err != nil {
		ts.s.Log.Warn("publish end of view", "ticket", t.id, "error", err)
	}
}

// close ends one of the viewer's own tickets; false when there is none.
func (ts *tickets) close(id, viewer string) bool {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	t := ts.open[id]
	if t == nil || t.viewer != viewer {
		return false
	}
	t.end(EndViewer)
	return true
}

// endSession ends every view that was opened under a session's token.
func (ts *tickets) endSession(token string) {
	for _, t := range ts.list("") {
		if t.token == token {
			t.end(EndSignOut)
		}
	}
}

// unlogged ends all that is shown, since the access log cannot be written.
func (s *Server) unlogged() {
	for _, t := range s.tickets.list("") {
		t.end(EndUnlogged)
	}
	s.plays.endWhere(EndUnlogged, func(*play) bool { return true })
}

// list returns the open views of one camera, or all for "".
func (ts *tickets) list(camera shouwang.CameraID) []*ticket {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	out := make([]*ticket, 0, len(ts.open))
	for _, t := range ts.open {
		if camera == "" || t.look.Camera == camera {
			out = append(out, t)
		}
	}
	return out
}

// change asks for a camera's views ("" for all) to be judged anew; it never
// blocks. What does not fit in the queue makes all be judged.
func (ts *tickets) change(camera shouwang.CameraID) {
	select {
	case ts.changed <- camera:
	default:
		ts.every.Store(true)
	}
}

// run judges views at once when something changed and all of them regularly,
// until ctx ends; then it ends them all and waits.
func (ts *tickets) run(ctx context.Context) {
	tick := time.NewTicker(ts.s.cfg.TicketCheck)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			for _, t := range ts.list("") {
				t.end(EndShutdown)
			}
			ts.wg.Wait()
			return
		case camera := <-ts.changed:
			if ts.every.Swap(false) {
				camera = ""
			}
			ts.judge(ctx, camera)
		case <-tick.C:
			ts.judge(ctx, "")
		}
	}
}

func (ts *tickets) judge(ctx context.Context, camera shouwang.CameraID) {
	for _, t := range ts.list(camera) {
		if reason := ts.stillGood(ctx, t); reason != "" {
			t.end(reason)
		}
	}
}

// stillGood asks the gate about a running view again; "" when it may go on as
// it is, else why it must end.
func (ts *tickets) stillGood(ctx context.Context, t *ticket) string {
	s := ts.s
	session, err := s.deps.Accounts.Session(ctx, t.token)
	if err != nil || session.Principal != t.viewer {
		return EndSignOut
	}
	world := s.deps.World()
	who, ok := world.Principal(t.viewer)
	cam, ok2 := world.Camera(t.look.Request.Resource)
	if !ok || !ok2 {
		return EndReplaced
	}
	c := &front.Caller{Session: session, Token: t.token, Who: who, World: world, Lang: "en"}
	req := t.look.Request
	req.ID, req.At = front.NewID("r"), s.Now()
	req.Within = t.look.Decision.DecisionID
	if req.Action != policy.Unmask { // that one was shown for this very look, which outlasts its five minutes
		req.SecondFactorAge = session.SecondFactorAge(req.At)
	}
	decision := s.deps.Gate.Decide(req)
	if !decision.Allowed() {
		return firstReason(decision.Reasons)
	}
	return ts.sameDuties(t, c, &decision, cam)
}

// sameDuties reports, as an end reason, that the picture would have to be
// shown differently from how it is.
func (ts *tickets) sameDuties(t *ticket, c *front.Caller, d *policy.Decision, cam *policy.Camera) string {
	d.DecisionID = t.look.Decision.DecisionID // the watermark names the look's own
	options, refused := ts.s.looks.Carry(d, c, cam)
	if refused != "" {
		return string(refused)
	}
	if !sameOptions(options, t.look.Options) {
		return EndChanged
	}
	return ""
}

func firstReason(list []policy.Reason) string {
	if len(list) == 0 {
		return "denied"
	}
	return string(list[0])
}

// strangers counts the live views of the camera that rest on sharing; the
// owner's own goes on.
func (ts *tickets) strangers(cam *policy.Camera) (n int) {
	for _, t := range ts.list(cam.CameraID()) {
		if t.viewer != cam.Owner {
			n++
		}
	}
	return n
}

// endSession ends everything that shows pictures under a token.
func (s *Server) endSession(token string) {
	s.tickets.endSession(token)
	s.plays.endWhere(EndSignOut, func(p *play) bool { return p.token == token })
}
