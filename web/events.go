package web

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/front"
)

// EventView is an event as a page shows it.
type EventView struct {
	shouwang.Event
	CameraName string          `json:"camera_name"`
	Clip       shouwang.ClipID `json:"clip,omitempty"`
	Verdict    string          `json:"verdict,omitempty" enum:"seen,false_alarm"`
	By         string          `json:"by,omitempty"`
}

type eventsInput struct {
	Camera shouwang.CameraID  `query:"camera" maxLength:"64"`
	Kind   shouwang.EventKind `query:"kind" maxLength:"32"`
	SpanInput
	Before shouwang.EventID `query:"before" maxLength:"128" doc:"Only events older than this one"`
	Limit  int              `query:"limit" default:"100" minimum:"1" maximum:"500"`
}

type eventsOutput struct {
	Body struct {
		Events []EventView `json:"events"`
	}
}

type verdictInput struct {
	ID   shouwang.EventID `path:"id" maxLength:"128"`
	Body struct {
		Verdict string `json:"verdict" enum:"seen,false_alarm"`
	}
}

type eventOutput struct{ Body EventView }

type timelineInput struct {
	ID shouwang.CameraID `path:"id" maxLength:"64"`
	SpanInput
}

type timelineOutput struct {
	Body struct {
		Segments []Recorded     `json:"segments"`
		Gaps     []shouwang.Gap `json:"gaps"`
		Events   []EventView    `json:"events"`
	}
}

func (s *Server) eventRoutes() {
	front.Route(s.Front, front.Op{ID: "listEvents", Method: http.MethodGet, Path: "/api/events", Tag: "events", Summary: "Events before the cameras one may search, newest first"}, front.SignedIn, s.listEvents)
	front.Route(s.Front, front.Op{ID: "judgeEvent", Method: http.MethodPost, Path: "/api/events/{id}/verdict", Tag: "events", Summary: "Say that an event was seen, or was none"}, front.Officers, s.judgeEvent)
	front.Route(s.Front, front.Op{ID: "timeline", Method: http.MethodGet, Path: "/api/cameras/{id}/timeline", Tag: "clips", Summary: "What of a stretch of time is recorded, what is missing and why, what happened"}, front.SignedIn, s.timeline)
}

func (s *Server) listEvents(ctx context.Context, c *front.Caller, in *eventsInput) (*eventsOutput, error) {
	events, err := gather(s, c, in.Camera, in.Limit, func(camera shouwang.CameraID, limit int) ([]StoredEvent, error) {
		return s.deps.Events.Events(ctx, EventQuery{Camera: camera, Kind: in.Kind, Span: in.span(), Before: in.Before, Limit: limit})
	}, func(e *StoredEvent) (shouwang.CameraID, time.Time) { return e.Camera, e.Start })
	if err != nil {
		return nil, fmt.Errorf("list events: %w", err)
	}
	out := &eventsOutput{}
	out.Body.Events = s.eventViews(ctx, c, events)
	return out, nil
}

// eventViews shows events to a caller who may search their cameras, each with
// its clip where there is one.
func (s *Server) eventViews(ctx context.Context, c *front.Caller, events []StoredEvent) []EventView {
	ids := make([]shouwang.EventID, len(events))
	for i := range events {
		ids[i] = events[i].ID
	}
	clips, err := s.deps.Clips.ClipsOf(ctx, ids)
	if err != nil {
		s.Log.Warn("find clips of events", "error", err)
	}
	views := []EventView{}
	for i := range events {
		e := &events[i]
		v := EventView{Event: e.Event, Verdict: e.Verdict, By: e.By, Clip: clips[e.ID]}
		if cam, err := c.Camera(e.Camera); err == nil {
			v.CameraName = cam.NameIn(c.Lang)
		}
		views = append(views, v)
	}
	return views
}

func (s *Server) judgeEvent(ctx context.Context, c *front.Caller, in *verdictInput) (*eventOutput, error) {
	event, err := s.deps.Events.Event(ctx, in.ID)
	var cam *policy.Camera
	if err == nil {
		cam, err = c.Camera(event.Camera)
	}
	if err == nil && !s.maySearch(c, cam) {
		err = shouwang.Errorf(shouwang.CodeNotFound, "no event %q that you may know of", in.ID)
	}
	if err != nil {
		return nil, err
	}
	if err := s.deps.Events.SetVerdict(ctx, in.ID, in.Body.Verdict, c.Who.ID); err != nil {
		return nil, fmt.Errorf("keep verdict: %w", err)
	}
	event.Verdict, event.By = in.Body.Verdict, c.Who.ID
	return &eventOutput{Body: s.eventViews(ctx, c, []StoredEvent{event})[0]}, nil
}

// maxTimeline is the longest stretch a timeline covers.
const maxTimeline = 31 * 24 * time.Hour

func (s *Server) timeline(ctx context.Context, c *front.Caller, in *timelineInput) (*timelineOutput, error) {
	cam, err := c.Camera(in.ID)
	if err != nil {
		return nil, err
	}
	if !s.maySearch(c, cam) {
		return nil, shouwang.Errorf(shouwang.CodeNotFound, "no camera %q that you may search", in.ID)
	}
	span := in.span()
	if span.To.IsZero() {
		span.To = s.Now()
	}
	if span.From.IsZero() {
		span.From = span.To.Add(-24 * time.Hour)
	}
	if span.Empty() || span.Duration() > maxTimeline {
		return nil, shouwang.Errorf(shouwang.CodeBadUsage, "ask for a stretch of time between from and to of at most 31 days")
	}
	out := &timelineOutput{}
	segments, gaps, err := s.deps.Clips.Timeline(ctx, in.ID, span)
	if err != nil {
		return nil, fmt.Errorf("read timeline: %w", err)
	}
	events, err := s.deps.Events.Events(ctx, EventQuery{Camera: in.ID, Span: span, Limit: 500})
	if err != nil {
		return nil, fmt.Errorf("list events: %w", err)
	}
	out.Body.Segments, out.Body.Gaps = append([]Recorded{}, segments...), append([]shouwang.Gap{}, gaps...)
	out.Body.Events = s.eventViews(ctx, c, events)
	return out, nil
}
