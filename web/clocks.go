package web

import (
	"cmp"
	"context"
	"slices"
	"time"

	"shouwang"
	"shouwang/web/front"
)

// LiveClock ties a time stamp that a player tells to when its picture was
// taken, so that a page can say how old what it shows is.
type LiveClock struct {
	Ticket string            `json:"ticket"`
	Camera shouwang.CameraID `json:"camera"`
	// Media is the presentation time in 90 kHz ticks: of the MP4's line, or the
	// RTP time stamp (32 bits).
	Media int64     `json:"media"`
	Wall  time.Time `json:"wall"`
	// Source is sender_report where the camera's own clock is known, else
	// arrival: then the way from the camera to here is not in it.
	Source        string  `json:"source" enum:"sender_report,arrival"`
	UncertaintyMS float64 `json:"uncertainty_ms"`
}

type clocksOutput struct {
	Body struct {
		Now    time.Time   `json:"now" doc:"This service's clock"`
		Clocks []LiveClock `json:"clocks"`
	}
}

func (s *Server) liveClocks(_ context.Context, c *front.Caller, _ *struct{}) (*clocksOutput, error) {
	out := &clocksOutput{}
	out.Body.Clocks = []LiveClock{}
	for _, t := range s.tickets.list("") {
		m := t.mark.Load()
		if t.token != c.Token || m == nil || m.Wall.At.IsZero() {
			continue
		}
		out.Body.Clocks = append(out.Body.Clocks, LiveClock{
			Ticket: t.id, Camera: t.look.Camera, Media: m.Media, Wall: m.Wall.At,
			Source: m.Wall.Source.String(), UncertaintyMS: float64(m.Wall.Uncertainty) / float64(time.Millisecond),
		})
	}
	slices.SortFunc(out.Body.Clocks, func(a, b LiveClock) int { return cmp.Compare(a.Ticket, b.Ticket) })
	out.Body.Now = s.Now()
	return out, nil
}
