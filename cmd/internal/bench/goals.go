package bench

import (
	"fmt"
	"io"
)

// goal is what a stream is to reach on one core, receiving included, and
// against full decoding with MOG2 in the same run.
type goal struct {
	stream                string // the letter that its name begins with
	presence, track       float64
	presenceX, trackTimes float64 // 0 for none
}

// goals are the design's.
var goals = []goal{
	{"A", 860, 450, 10, 5},
	{"B", 2000, 1200, 10, 6},
	{"C", 240, 120, 8, 0},
	{"D", 100, 42, 9, 0},
	{"E", 700, 350, 7, 0},
}

// wholeGoal is cameras a core of the whole service with stream A, recording of
// events and 10 s before them.
const wholeGoal = 500

// memoryGoal is megabytes a camera at 640x360, all in.
const memoryGoal = 1.5

// allocationGoal is allocations a picture on the way from the socket to the
// history.
const allocationGoal = 0

// reached is what a stream was measured to reach.
type reached struct {
	presence, track       float64
	presenceX, trackTimes float64
	allocations           float64 // a picture received
}

// printGoals says of each goal whether it was reached; what was not measured is
// a line too.
func printGoals(out io.Writer, measured map[string]reached, whole *outcome) {
	fmt.Fprintf(out, "\ngoals, one core, receiving included, 10 %% of the time busy, GOP 2 s:\n")
	for _, g := range goals {
		m, ok := measured[g.stream]
		line := func(what string, got, want float64, format string) {
			printGoal(out, g.stream+" "+what, got, want, format, ok, got >= want)
		}
		line("presence, cameras a core", m.presence, g.presence, "%6.0f")
		line("track, cameras a core", m.track, g.track, "%6.0f")
		line("presence, times cheaper than full decode + MOG2", m.presenceX, g.presenceX, "%6.1f")
		if g.trackTimes > 0 {
			line("track, times cheaper than full decode + MOG2", m.trackTimes, g.trackTimes, "%6.1f")
		}
	}
	a, ok := measured["A"]
	printGoal(out, "A allocations a picture, receiving", a.allocations, allocationGoal, "%6.1f", ok, a.allocations < allocationGoal+.05)
	printWhole(out, whole)
}

func printGoal(out io.Writer, what string, got, want float64, format string, measured, reached bool) {
	verdict := "reached"
	switch {
	case !measured:
		fmt.Fprintf(out, "  %-52s goal "+format+"  NOT MEASURED\n", what, want)
		return
	case !reached && want > 0:
		verdict = fmt.Sprintf("MISSED, %.0f %% of it", 100*got/want)
	case !reached:
		verdict = "MISSED"
	}
	fmt.Fprintf(out, "  %-52s goal "+format+"  measured "+format+"  %s\n", what, want, got, verdict)
}

// printWhole prints the lines of the whole service, nil when it was not run.
func printWhole(out io.Writer, whole *outcome) {
	ok := whole != nil
	if !ok {
		whole = &outcome{}
	}
	printGoal(out, "A whole service, recording events, cameras a core", whole.perCore, wholeGoal, "%6.0f", ok, whole.perCore >= wholeGoal)
	printGoal(out, "A whole service, MB a camera (marginal), at most", whole.megabytes, memoryGoal, "%6.2f", ok, whole.megabytes <= memoryGoal)
	if whole.others > quietly {
		fmt.Fprintf(out, "  NOT VALID: other programs took %.2f cores meanwhile; the whole service's two lines claim nothing\n", whole.others)
	}
	if whole.cut > 0 {
		fmt.Fprintf(out, "  NOT VALID: %d of the whole service's cameras were cut under load, which flatters it; run it on a quiet machine\n", whole.cut)
	}
	if whole.broken != nil {
		fmt.Fprintf(out, "  the whole service did not keep a promise: %v\n", whole.broken)
	}
}
