package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/cameras"
	"shouwang/web/front"
)

// heartbeat is how often a stream says that it is alive when nothing happens.
const heartbeat = 10 * time.Second

type streamInput struct {
	Last  string `header:"Last-Event-ID" maxLength:"64" doc:"Goes on after this message"`
	After string `query:"after" maxLength:"64" doc:"The same, for those who cannot set a header"`
}

func (s *Server) streamRoutes() {
	front.Route(s.Front, front.Op{
		ID: "events", Method: http.MethodGet, Path: "/api/events/stream", Tag: "events", Media: "text/event-stream",
		Summary: "What happens, as server-sent events: event, camera, consent, ticket, look, desk, missed",
	}, front.SignedIn, s.stream)
}

var streamTopics = []shouwang.Topic{
	shouwang.TopicEvent, shouwang.TopicCamera, shouwang.TopicConsent, shouwang.TopicTicket, shouwang.TopicLook,
	shouwang.TopicDesk,
}

func (s *Server) stream(ctx context.Context, c *front.Caller, in *streamInput) (*huma.StreamResponse, error) {
	after := in.Last
	if after == "" {
		after = in.After
	}
	reader, err := s.deps.Bus.Read(ctx, streamTopics, after)
	missed := false
	if shouwang.CodeOf(err) == shouwang.CodeBadUsage {
		// An id of another bus: go on from now, and say that something is missing.
		missed = true
		reader, err = s.deps.Bus.Read(ctx, streamTopics, "")
	}
	if err != nil {
		return nil, fmt.Errorf("read bus: %w", err)
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		defer reader.Close()
		r, w := humago.Unwrap(hc)
		h := w.Header()
		h.Set("Content-Type", "text/event-stream")
		h.Set("Cache-Control", "no-store")
		h.Set("X-Accel-Buffering", "no")
		out := &sse{w: w, control: http.NewResponseController(w)}
		out.comment("hello")
		if missed {
			out.send("missed", "", []byte("{}"))
		}
		streaming, cancel := s.untilShutdown(r.Context())
		defer cancel()
		s.follow(streaming, c, reader, out)
	}}, nil
}

// untilShutdown returns a context that ends with the request or the service,
// whichever is first.
func (s *Server) untilShutdown(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(s.stopping, cancel)
	return ctx, func() { stop(); cancel() }
}

// follow sends messages until the reader, the session or the listener ends.
func (s *Server) follow(ctx context.Context, c *front.Caller, reader shouwang.MessageReader, out *sse) {
	for out.err == nil {
		wait, cancel := context.WithTimeout(ctx, heartbeat)
		m, err := reader.Next(wait)
		cancel()
		switch {
		case ctx.Err() != nil:
			return
		case errors.Is(err, context.DeadlineExceeded):
			if !s.stillSignedIn(ctx, c) {
				return
			}
			out.comment("")
		case errors.Is(err, shouwang.ErrMissed):
			out.send("missed", "", []byte("{}"))
		case err != nil:
			s.Log.Warn("read bus for stream", "error", err)
			return
		default:
			s.pass(ctx, c, m, out)
		}
	}
}

func (s *Server) stillSignedIn(ctx context.Context, c *front.Caller) bool {
	session, err := s.deps.Accounts.Session(ctx, c.Token)
	return err == nil && session.Principal == c.Who.ID
}

// pass sends one message if the listener may be told. Rights are judged anew
// for each message, since they change while a stream is open.
func (s *Server) pass(ctx context.Context, c *front.Caller, m shouwang.Message, out *sse) {
	now := *c
	now.World = s.deps.World()
	who, ok := now.World.Principal(c.Who.ID)
	if !ok {
		return
	}
	now.Who = who
	if body, ok := s.tellable(ctx, &now, m); ok {
		out.send(string(m.Topic), m.ID, body)
	}
}

// tellable returns the message as this listener may read it.
func (s *Server) tellable(ctx context.Context, c *front.Caller, m shouwang.Message) ([]byte, bool) {
	switch m.Topic {
	case shouwang.TopicEvent:
		return s.tellEvent(ctx, c, m)
	case shouwang.TopicTicket:
		var t shouwang.TicketEnd
		return m.Body, json.Unmarshal(m.Body, &t) == nil && t.Viewer == c.Who.ID
	case shouwang.TopicLook:
		var l shouwang.LookNotice
		cam, ok := s.cameraOf(c, m, &l, func() shouwang.CameraID { return l.Camera })
		return m.Body, ok && c.Owns(cam)
	case shouwang.TopicDesk:
		var change shouwang.DeskChange
		ok := json.Unmarshal(m.Body, &change) == nil && (c.Who.Type == policy.TypeOfficer || c.Who.Type == policy.TypeKiosk)
		if ok && change.Camera != "" {
			_, err := c.Camera(change.Camera)
			ok = err == nil
		}
		return m.Body, ok
	case shouwang.TopicConsent:
		var change shouwang.ConsentChange
		_, ok := s.cameraOf(c, m, &change, func() shouwang.CameraID { return change.Camera })
		return m.Body, ok
	case shouwang.TopicCamera:
		var st shouwang.StreamStatus
		if _, ok := s.cameraOf(c, m, &st, func() shouwang.CameraID { return st.Camera }); !ok {
			return nil, false
		}
		body, err := json.Marshal(struct {
			Camera shouwang.CameraID   `json:"camera"`
			Stream shouwang.StreamKind `json:"stream"`
			cameras.Link
		}{st.Camera, st.Stream, cameras.LinkOf(st)})
		return body, err == nil
	}
	return nil, false
}

func (s *Server) tellEvent(ctx context.Context, c *front.Caller, m shouwang.Message) ([]byte, bool) {
	var e shouwang.Event
	cam, ok := s.cameraOf(c, m, &e, func() shouwang.CameraID { return e.Camera })
	if !ok || !s.maySearch(c, cam) {
		return nil, false
	}
	view := EventView{Event: e, CameraName: cam.NameIn(c.Lang)}
	if e.Phase == shouwang.PhaseEnd {
		view = s.eventViews(ctx, c, []StoredEvent{{Event: e}})[0]
	}
	body, err := json.Marshal(view)
	return body, err == nil
}

// cameraOf reads a message and returns its camera, if the listener may know
// of it.
func (s *Server) cameraOf(c *front.Caller, m shouwang.Message, into any, id func() shouwang.CameraID) (*policy.Camera, bool) {
	if err := json.Unmarshal(m.Body, into); err != nil {
		s.Log.Warn("read message", "topic", m.Topic, "id", m.ID, "error", err)
		return nil, false
	}
	cam, err := c.Camera(id())
	return cam, err == nil
}

// sse writes server-sent events (HTML standard, section 9.2); its first error
// stays.
type sse struct {
	w       http.ResponseWriter
	control *http.ResponseController
	buf     bytes.Buffer
	err     error
}

func (o *sse) comment(text string) {
	o.buf.Reset()
	fmt.Fprintf(&o.buf, ": %s\n\n", text)
	o.flush()
}

// send writes one event; data is JSON without line breaks.
func (o *sse) send(event, id string, data []byte) {
	o.buf.Reset()
	fmt.Fprintf(&o.buf, "event: %s\n", event)
	if id != "" {
		fmt.Fprintf(&o.buf, "id: %s\n", id)
	}
	o.buf.WriteString("data: ")
	if json.Compact(&o.buf, data) != nil {
		return
	}
	o.buf.WriteString("\n\n")
	o.flush()
}

func (o *sse) flush() {
	if o.err != nil {
		return
	}
	_ = o.control.SetWriteDeadline(time.Now().Add(heartbeat))
	if _, o.err = o.w.Write(o.buf.Bytes()); o.err == nil {
		o.err = o.control.Flush()
	}
}
