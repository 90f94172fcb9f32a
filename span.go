package shouwang

import "time"

// Span is a half-open stretch of wall time, From included, To not.
type Span struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// Duration returns the span's length, never negative.
func (s Span) Duration() time.Duration { return max(0, s.To.Sub(s.From)) }

// Empty reports whether the span holds no instant.
func (s Span) Empty() bool { return !s.From.Before(s.To) }

// Contains reports whether t lies in the span.
func (s Span) Contains(t time.Time) bool { return !t.Before(s.From) && t.Before(s.To) }

// Overlaps reports whether the two spans share an instant.
func (s Span) Overlaps(o Span) bool {
	return s.From.Before(o.To) && o.From.Before(s.To) && !s.Empty() && !o.Empty()
}

// Intersect returns the instants in both; it is empty when there are none.
func (s Span) Intersect(o Span) Span {
	if o.From.After(s.From) {
		s.From = o.From
	}
	if o.To.Before(s.To) {
		s.To = o.To
	}
	return s
}
