package web

import (
	"context"
	"errors"
	"io"
	"net/http"
	"reflect"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/fragment"
	"shouwang/web/front"
	"shouwang/web/live"
	"shouwang/web/watch"
)

// firstPictureWithin is how long a viewer waits for the first picture: a key
// frame interval of the slowest cameras and some.
const firstPictureWithin = 12 * time.Second

type whepInput struct {
	ID shouwang.CameraID `path:"id" maxLength:"64"`
	front.Why
	Clearly
	RawBody []byte `contentType:"application/sdp"`
}

type liveInput struct {
	ID shouwang.CameraID `path:"id" maxLength:"64"`
	front.Why
	Clearly
	Transport string `query:"transport" enum:"mse" doc:"Only mse, which is the default"`
}

// Clearly asks for a live view in which people and plates are not blurred.
type Clearly struct {
	Clear bool `query:"clear" doc:"A clear look: takes a case, a second person's approval and a second factor shown within five minutes; logged as unmask"`
}

func (c Clearly) action() policy.Action {
	if c.Clear {
		return policy.Unmask
	}
	return policy.ViewLive
}

type ticketInput struct {
	Ticket string `path:"ticket" maxLength:"64"`
}

func (s *Server) liveRoutes() {
	front.Route(s.Front, front.Op{
		ID: "liveClocks", Method: http.MethodGet, Path: "/api/live/clocks", Tag: "live",
		Summary: "When the newest picture of each of one's own live views was taken, to measure the delay on the screen",
	}, front.SignedIn, s.liveClocks)
	front.Route(s.Front, front.Op{
		ID: "openLive", Method: http.MethodPost, Path: "/api/cameras/{id}/whep", Tag: "live",
		Summary: "Watch a camera over WebRTC (WHEP): SDP offer in, SDP answer out",
		Status:  http.StatusCreated, Media: "application/sdp", Picture: true, Body: maxOffer,
	}, front.SignedIn, s.whep)
	front.Route(s.Front, front.Op{
		ID: "closeLive", Method: http.MethodDelete, Path: "/api/live/{ticket}", Tag: "live",
		Summary: "End a live view of one's own", Status: http.StatusNoContent,
	}, front.SignedIn, s.closeLive)
	front.Route(s.Front, front.Op{
		ID: "liveMP4", Method: http.MethodGet, Path: "/api/cameras/{id}/live.mp4", Tag: "live",
		Summary: "Watch a camera as fragmented MP4 for Media Source, while the response lasts",
		Media:   "video/mp4", Picture: true,
	}, front.SignedIn, s.liveMP4)
}

// maxOffer bounds an SDP offer, in bytes.
const maxOffer = 64 << 10

// openView does everything up to the first picture but the audit entry.
func (s *Server) openView(ctx context.Context, c *front.Caller, id shouwang.CameraID, why front.Why, action policy.Action) (*ticket, watch.Units, error) {
	cam, err := c.Watched(id)
	if err != nil {
		return nil, nil, err
	}
	l, err := s.looks.Decide(ctx, c, c.Request(action, cam, why, s.Now()), cam)
	if err != nil {
		return nil, nil, err
	}
	t, err := s.tickets.add(l, c)
	if err != nil {
		return nil, nil, err
	}
	opening, cancel := context.WithTimeout(ctx, firstPictureWithin)
	defer cancel()
	units, err := s.feeds.Open(opening, watch.Spec{Camera: id, Stream: shouwang.StreamMain, Options: l.Options})
	if err != nil {
		s.tickets.drop(t)
		return nil, nil, noPicture(err)
	}
	return t, units, nil
}

// noPicture says why a view did not begin.
func noPicture(err error) error {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, io.EOF) {
		return &shouwang.Error{Code: shouwang.CodeStalled, Err: err, Message: "the camera sent no picture in time; try again"}
	}
	return err
}

func (s *Server) whep(ctx context.Context, c *front.Caller, in *whepInput) (*huma.StreamResponse, error) {
	t, units, err := s.openView(ctx, c, in.ID, in.Why, in.action())
	if err != nil {
		return nil, err
	}
	peer, answer, err := s.deps.Media.Answer(ctx, string(in.RawBody))
	if err == nil {
		if err = t.look.Commit(ctx); err != nil {
			peer.Close()
		}
	}
	if err != nil {
		units.Close()
		s.tickets.drop(t)
		return nil, err
	}
	s.tickets.wg.Go(func() {
		s.tickets.serve(t, func(ctx context.Context) error {
			defer units.Close()
			defer peer.Close()
			return viewerError(peer.Play(ctx, t.guarded(units), t.sent))
		})
	})
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		_, w := humago.Unwrap(hc)
		t.headers(w.Header())
		w.Header().Set("Content-Type", "application/sdp")
		w.Header().Set("Location", "/api/live/"+t.id)
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, answer) // a viewer that left ends the ticket
	}}, nil
}

// headers says under which decision the view runs, and for how long.
func (t *ticket) headers(h http.Header) {
	h.Set("X-Shouwang-Ticket", t.id)
	h.Set("X-Shouwang-Decision", t.look.Decision.DecisionID)
	h.Set("X-Shouwang-Ttl", strconv.Itoa(t.look.Decision.TTL))
	h.Set("Cache-Control", "no-store")
}

func viewerError(err error) error {
	if errors.Is(err, live.ErrGone) {
		return errViewerGone
	}
	return err
}

// guarded hands on only what the ticket's grant covers now, so that the hour
// in which a consent ends is its end on the screen, whoever forgot to say so.
func (t *ticket) guarded(units watch.Units) watch.Units {
	return &guarded{Units: units, t: t}
}

type guarded struct {
	watch.Units
	t *ticket
}

func (g *guarded) Next(ctx context.Context) (*shouwang.AccessUnit, error) {
	au, err := g.Units.Next(ctx)
	if err != nil {
		return nil, err
	}
	if !g.t.look.LiveNow() {
		g.t.end(EndTTL)
		return nil, ended{EndTTL}
	}
	return au, nil
}

// Refresh implements watch.Refresher.
func (g *guarded) Refresh() { watch.Refresh(g.Units) }

func (s *Server) closeLive(_ context.Context, c *front.Caller, in *ticketInput) (*struct{}, error) {
	if !s.tickets.close(in.Ticket, c.Who.ID) {
		return nil, shouwang.Errorf(shouwang.CodeNotFound, "no live view of yours has this ticket")
	}
	return nil, nil
}

func (s *Server) liveMP4(ctx context.Context, c *front.Caller, in *liveInput) (*huma.StreamResponse, error) {
	t, units, err := s.openView(ctx, c, in.ID, in.Why, in.action())
	if err != nil {
		return nil, err
	}
	fail := func(err error) (*huma.StreamResponse, error) {
		units.Close()
		s.tickets.drop(t)
		return nil, err
	}
	opening, cancel := context.WithTimeout(ctx, firstPictureWithin)
	defer cancel()
	first, err := firstKey(opening, units)
	if err != nil {
		return fail(noPicture(err))
	}
	mime, err := fragment.Mime(first.Params)
	if err != nil {
		return fail(err)
	}
	if err := t.look.Commit(ctx); err != nil {
		return fail(err)
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		r, w := humago.Unwrap(hc)
		defer units.Close()
		t.headers(w.Header())
		w.Header().Set("Content-Type", "video/mp4")
		w.Header().Set("X-Shouwang-Mime", mime)
		s.tickets.wg.Add(1)
		defer s.tickets.wg.Done()
		s.tickets.serve(t, func(ctx context.Context) error {
			return s.writeLive(ctx, r, w, first, t.guarded(units), t)
		})
	}}, nil
}

// writeLive sends fragments until the ticket, the viewer or the camera ends.
func (s *Server) writeLive(ctx context.Context, r *http.Request, w http.ResponseWriter, first *shouwang.AccessUnit, units watch.Units, t *ticket) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(r.Context(), func() { cancel(errViewerGone) })()
	control := http.NewResponseController(w)
	out := fragment.NewLive(w)
	for au := first; ; {
		_ = control.SetWriteDeadline(time.Now().Add(10 * time.Second))
		n, err := out.Write(au, time.Now())
		if err == nil {
			err = control.Flush()
		}
		t.sent(n, out.Mark())
		if err != nil {
			return errViewerGone
		}
		if au, err = nextUnit(ctx, units); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
	}
}

// nextUnit reads on over what was dropped.
func nextUnit(ctx context.Context, units watch.Units) (*shouwang.AccessUnit, error) {
	for {
		au, err := units.Next(ctx)
		var over *shouwang.Overrun
		if !errors.As(err, &over) {
			return au, err
		}
	}
}

func firstKey(ctx context.Context, units watch.Units) (*shouwang.AccessUnit, error) {
	for {
		au, err := nextUnit(ctx, units)
		if err != nil || au.Key {
			return au, err
		}
	}
}

func sameOptions(a, b watch.Options) bool { return reflect.DeepEqual(a, b) }
