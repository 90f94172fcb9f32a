package subjects

import (
	"context"
	"fmt"
	"time"

	"shouwang"
	"shouwang/web/front"
)

// Mark is where the person is at a moment, as the custodian marked it by hand.
type Mark struct {
	At  time.Time  `json:"at"`
	Box [4]float64 `json:"box" doc:"Left, top, width and height, fractions of the picture"`
}

// Bounds of marks: what a person fills of a picture, and how many a minute of
// walking takes.
const (
	mostMarks   = 600
	largestMark = 0.4 // of the picture
)

type marksInput struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Marks []Mark `json:"marks" maxItems:"600" doc:"In order; none takes all away. Between two the person is taken to walk straight on, for five seconds at most; for a minute where they stand"`
	}
}

// mark keeps where the person is. It is logged first: whom the custodian takes for
// the person is theirs to answer for.
func (r *room) mark(ctx context.Context, c *front.Caller, in *marksInput) (*subjectOutput, error) {
	old, err := r.find(c, in.ID, "look")
	if err != nil {
		return nil, err
	}
	marks, err := marked(in.Body.Marks, shouwang.Span{From: old.From, To: old.To})
	if err != nil {
		return nil, err
	}
	s := *old
	s.Marks = marks
	return r.put(ctx, c, &s, fmt.Sprintf("marked %d times", len(marks)))
}

// marked checks marks against the stretch of the request.
func marked(list []Mark, span shouwang.Span) ([]shouwang.TrackPoint, error) {
	bad := func(i int, what string) error {
		return shouwang.Errorf(shouwang.CodeBadUsage, "mark %d %s", i+1, what)
	}
	if len(list) > mostMarks {
		return nil, shouwang.Errorf(shouwang.CodeTooLarge, "%d marks: %d are taken", len(list), mostMarks)
	}
	out := make([]shouwang.TrackPoint, 0, len(list))
	for i, m := range list {
		b := shouwang.Box(m.Box)
		switch {
		case m.At.Before(span.From) || m.At.After(span.To):
			return nil, bad(i, "lies outside the minutes asked for")
		case i > 0 && !m.At.After(list[i-1].At):
			return nil, bad(i, "is not later than the one before")
		case !(b[0] >= 0 && b[1] >= 0 && b[2] > 0.005 && b[3] > 0.005 && b[0]+b[2] <= 1.0001 && b[1]+b[3] <= 1.0001):
			return nil, bad(i, "is no box within the picture")
		case b.Area() > largestMark:
			return nil, bad(i, "covers more than a person does; mark the one person alone")
		}
		out = append(out, shouwang.TrackPoint{At: m.At, Box: b})
	}
	return out, nil
}

func marksOf(list []shouwang.TrackPoint) []Mark {
	out := make([]Mark, 0, len(list))
	for _, p := range list {
		out = append(out, Mark{p.At, p.Box})
	}
	return out
}
