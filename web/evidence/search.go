package evidence

import (
	"context"
	"fmt"
	"slices"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/front"
)

const (
	// longest is the longest stretch of a search.
	longest = 92 * 24 * time.Hour
	// steps is how many columns a camera's strip of activity has.
	steps = 96
	// mostGaps is how many gaps of a camera are told one by one.
	mostGaps = 200
)

type searchInput struct {
	Body struct {
		Cameras  []shouwang.CameraID  `json:"cameras,omitempty" maxItems:"500" doc:"None: every camera one may know of"`
		Place    shouwang.PlaceID     `json:"place,omitempty" maxLength:"64" doc:"Only cameras in this place"`
		Kinds    []shouwang.EventKind `json:"kinds,omitempty" maxItems:"20" doc:"Of any of these kinds, or"`
		Labels   []string             `json:"labels,omitempty" maxItems:"20" doc:"labelled as any of these"`
		From     time.Time            `json:"from"`
		To       time.Time            `json:"to"`
		MinArea  float64              `json:"min_area,omitempty" minimum:"0" maximum:"1" doc:"Least share of the picture covered"`
		MaxArea  float64              `json:"max_area,omitempty" minimum:"0" maximum:"1"`
		Headings []string             `json:"headings,omitempty" maxItems:"4" enum:"left,right,up,down" doc:"Any of these directions in the picture"`
		Region   shouwang.Polygon     `json:"region,omitempty" maxItems:"64" doc:"Where in the picture it must have been; fractions of width and height"`
		Before   shouwang.EventID     `json:"before,omitempty" maxLength:"128" doc:"The last event of the page before"`
		Limit    int                  `json:"limit,omitempty" minimum:"0" maximum:"500" doc:"100 when 0"`
		Case     string               `json:"case,omitempty" maxLength:"64" doc:"The case whose history is to tell of this search"`
	}
}

// Found is one event as a result shows it.
type Found struct {
	shouwang.Event
	CameraName string `json:"camera_name"`
	Verdict    string `json:"verdict,omitempty" enum:"seen,false_alarm"`
}

// Missing is a stretch that was not recorded, with its cause.
type Missing struct {
	shouwang.Span
	Cause string `json:"cause" doc:"A gap's cause, or erased"`
}

// Searched is what one camera had to say.
type Searched struct {
	ID       shouwang.CameraID `json:"id"`
	Name     string            `json:"name"`
	Place    shouwang.PlaceID  `json:"place"`
	Searched bool              `json:"searched"`
	// Reasons and Text say why it was not searched.
	Reasons []policy.Reason `json:"reasons,omitempty"`
	Text    string          `json:"text,omitempty"`
	// Activity counts matching events by steps of the span; Recorded is how much
	// of each step can be played, 0..1.
	Activity []int     `json:"activity,omitempty"`
	Recorded []float64 `json:"recorded,omitempty"`
	// RecordedS and ErasedS are seconds of the span.
	RecordedS float64   `json:"recorded_s"`
	ErasedS   float64   `json:"erased_s"`
	Missing   []Missing `json:"missing,omitempty"`
}

type searchOutput struct {
	Body struct {
		Events  []Found    `json:"events"`
		More    bool       `json:"more"`
		Cameras []Searched `json:"cameras"`
		StepS   float64    `json:"step_s" doc:"Length of one step of a strip, in seconds"`
		Zone    string     `json:"zone" doc:"The township's time zone (IANA name)"`
	}
}

func (r *Room) search(ctx context.Context, c *front.Caller, in *searchInput) (*searchOutput, error) {
	b := &in.Body
	span := shouwang.Span{From: b.From, To: b.To}
	if span.Empty() || span.Duration() > longest {
		return nil, shouwang.Errorf(shouwang.CodeBadUsage, "search a stretch of time between from and to of at most 92 days")
	}
	if n := len(b.Region); n > 0 && n < 3 {
		return nil, shouwang.Errorf(shouwang.CodeBadUsage, "a region has at least three corners")
	}
	cameras, err := r.cameras(c, b.Cameras, b.Place)
	if err != nil {
		return nil, err
	}
	q := Query{
		Kinds: b.Kinds, Labels: b.Labels, Span: span, MinArea: b.MinArea, MaxArea: b.MaxArea,
		Headings: b.Headings, Region: b.Region, Before: b.Before, Limit: b.Limit,
	}
	out := &searchOutput{}
	out.Body.Zone = c.World.Zone().String()
	names := map[shouwang.CameraID]string{}
	for _, cam := range cameras {
		s := r.askSearch(c, cam)
		if names[s.ID] = s.Name; s.Searched {
			q.Cameras = append(q.Cameras, s.ID)
		}
		out.Body.Cameras = append(out.Body.Cameras, s)
	}
	found, more, err := r.deps.Index.Search(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	out.Body.Events, out.Body.More = make([]Found, len(found)), more
	for i, e := range found {
		out.Body.Events[i] = Found{Event: e.Event, CameraName: names[e.Camera], Verdict: e.Verdict}
	}
	if b.Before != "" {
		out.Body.Cameras = []Searched{} // a further page: the strips are there already
		return out, nil
	}
	if err := r.fillStrips(ctx, q, out); err != nil {
		return nil, err
	}
	return out, r.noteSearch(ctx, c, b.Case, len(q.Cameras), span)
}

// cameras returns those named, or all that lie in the place, that the caller
// may know of, by name.
func (r *Room) cameras(c *front.Caller, ids []shouwang.CameraID, place shouwang.PlaceID) ([]*policy.Camera, error) {
	var out []*policy.Camera
	for _, id := range ids {
		cam, err := c.Camera(id)
		if err != nil {
			return nil, err
		}
		out = append(out, cam)
	}
	if len(ids) == 0 {
		for _, cam := range c.World.Cameras() {
			if c.Knows(cam) {
				out = append(out, cam)
			}
		}
	}
	if place != "" {
		out = slices.DeleteFunc(out, func(cam *policy.Camera) bool { return !c.World.Places().Within(cam.Place, place) })
	}
	slices.SortFunc(out, func(a, b *policy.Camera) int {
		if a.ID < b.ID {
			return -1
		}
		return 1
	})
	return out, nil
}

func (r *Room) askSearch(c *front.Caller, cam *policy.Camera) Searched {
	s := Searched{ID: cam.CameraID(), Name: name(c, cam), Place: cam.Place}
	d := r.deps.Gate.Decide(c.Request(policy.Search, cam, front.Why{}, r.front.Now()))
	if s.Searched = d.Allowed(); !s.Searched {
		s.Reasons, s.Text = d.Reasons, r.front.TextFor(c, &d)
	}
	return s
}

// fillStrips adds to each camera searched what happened and what is recorded.
func (r *Room) fillStrips(ctx context.Context, q Query, out *searchOutput) error {
	step := max(q.Span.Duration()/steps, time.Second)
	out.Body.StepS = step.Seconds()
	activity, err := r.deps.Index.Activity(ctx, q, step)
	if err != nil {
		return fmt.Errorf("count activity: %w", err)
	}
	for i := range out.Body.Cameras {
		s := &out.Body.Cameras[i]
		if !s.Searched {
			continue
		}
		cover, err := r.deps.Index.Cover(ctx, s.ID, q.Span)
		if err != nil {
			return fmt.Errorf("read what is recorded: %w", err)
		}
		s.Activity = activity[s.ID]
		s.Recorded, s.RecordedS = shares(cover.Recorded, q.Span, step)
		_, s.ErasedS = shares(cover.Erased, q.Span, step)
		s.Missing = missing(&cover)
	}
	return nil
}

// shares spreads stretches over the steps of a span: how much of each step
// they fill, and their seconds in all.
func shares(list []shouwang.Span, span shouwang.Span, step time.Duration) (out []float64, seconds float64) {
	out = make([]float64, int((span.Duration()+step-1)/step))
	for _, s := range list {
		s = s.Intersect(span)
		seconds += s.Duration().Seconds()
		for i := max(0, int(s.From.Sub(span.From)/step)); i < len(out); i++ {
			one := shouwang.Span{From: span.From.Add(time.Duration(i) * step), To: span.From.Add(time.Duration(i+1) * step)}
			if !one.From.Before(s.To) {
				break
			}
			out[i] = min(1, out[i]+s.Intersect(one).Duration().Seconds()/step.Seconds())
		}
	}
	return out, seconds
}

func missing(c *Cover) []Missing {
	out := []Missing{}
	for _, s := range c.Erased {
		out = append(out, Missing{s, "erased"})
	}
	for _, g := range c.Gaps {
		out = append(out, Missing{g.Span, string(g.Cause)})
	}
	slices.SortFunc(out, func(a, b Missing) int { return a.From.Compare(b.From) })
	return out[:min(len(out), mostGaps)]
}

// noteSearch tells the case's history; a search for no case is told to nobody,
// as it shows no picture.
func (r *Room) noteSearch(ctx context.Context, c *front.Caller, kase string, cameras int, span shouwang.Span) error {
	if kase == "" {
		return nil
	}
	cs, ok := c.World.Case(kase)
	if !ok || !c.World.OnCase(c.Who, cs) {
		return shouwang.Errorf(shouwang.CodeNotFound, "no case %q of yours", kase)
	}
	what := fmt.Sprintf("%d cameras, %s to %s", cameras, span.From.In(c.World.Zone()).Format(time.RFC3339), span.To.In(c.World.Zone()).Format(time.RFC3339))
	return r.deps.Journal.Note(ctx, kase, c.Who.ID, "searched", what)
}

func name(c *front.Caller, cam *policy.Camera) string {
	if c.Lang == "en" && cam.NameEn != "" {
		return cam.NameEn
	}
	if cam.Name != "" {
		return cam.Name
	}
	return string(cam.CameraID())
}
