package eval

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"
)

// Found is one event that the engine reported, in media time from the clip's
// first picture.
type Found struct {
	From, To time.Duration
	Score    float64
	Kind     string
	// Told is when it was known; Boxes is where it was seen, if that is known.
	Told  time.Duration
	Boxes []Placed
	// Things is how many things it is of, 0 where that is not told.
	Things int
}

// Score is how one clip's events compare with its labels.
type Score struct {
	Clip      string
	Labels    int        // labelled events
	Hit       int        // of them, overlapped by a found one
	Missed    []Interval // the rest
	Found     int        // events reported
	Quiet     time.Duration
	False     []Found // events that begin in a labelled quiet stretch and touch no label
	FirstSeen time.Duration
}

// Compare scores found events against a clip's labels. An event is false when
// it overlaps no labelled event, tolerance included, and most of its overlap
// with the clip lies in labelled quiet; what lies outside labels and quiet
// counts neither way.
func Compare(c Clip, found []Found) Score {
	s := Score{Clip: c.Name, Labels: len(c.Events), Found: len(found)}
	for _, l := range c.Events {
		if touched(l, found, c.Tolerance) {
			s.Hit++
		} else {
			s.Missed = append(s.Missed, l)
		}
	}
	for _, q := range c.Quiet {
		s.Quiet += q.To - q.From
	}
	for _, f := range found {
		if c.false(f) {
			s.False = append(s.False, f)
		}
	}
	return s
}

func (c Clip) false(f Found) bool {
	for _, l := range c.Events {
		if l.Meets(&f, c.Tolerance) {
			return false
		}
	}
	for _, q := range c.Quiet {
		if f.From >= q.From && f.From <= q.To {
			return true
		}
	}
	return false
}

// Total adds up scores.
func Total(scores []Score) Score {
	t := Score{Clip: "all"}
	for _, s := range scores {
		t.Labels += s.Labels
		t.Hit += s.Hit
		t.Found += s.Found
		t.Quiet += s.Quiet
		t.Missed = append(t.Missed, s.Missed...)
		t.False = append(t.False, s.False...)
	}
	return t
}

// Recall is the share of labelled events that were found, 1 if there are none.
func (s Score) Recall() float64 {
	if s.Labels == 0 {
		return 1
	}
	return float64(s.Hit) / float64(s.Labels)
}

// FalsePerHour is the rate of false events over labelled quiet time.
func (s Score) FalsePerHour() float64 {
	if s.Quiet <= 0 {
		return 0
	}
	return float64(len(s.False)) / s.Quiet.Hours()
}

// Print writes the scores as a table with the total in the last row.
func Print(w io.Writer, scores []Score) error {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "clip\tlabels\thit\tfound\tquiet s\tfalse\tfalse/h")
	for _, s := range append(scores, Total(scores)) {
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%.0f\t%d\t%.1f\n", s.Clip, s.Labels, s.Hit, s.Found, s.Quiet.Seconds(), len(s.False), s.FalsePerHour())
	}
	return t.Flush()
}
