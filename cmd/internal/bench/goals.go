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

// reached is what a stream was measured to reach.
type reached struct {
	presence, track       float64
	presenceX, trackTimes float64
}

// printGoals says of each goal whether it was reached.
func printGoals(out io.Writer, measured map[string]reached, whole *outcome) {
	fmt.Fprintf(out, "\ngoals, one core, receiving included, 10 %% of the time busy, GOP 2 s:\n")
	line := func(what string, got, want float64, format string) {
		verdict := "reached"
		if got < want {
			verdict = fmt.Sprintf("MISSED, %.0f %% of it", 100*got/want)
		}
		fmt.Fprintf(out, "  %-52s goal "+format+"  measured "+format+"  %s\n", what, want, got, verdict)
	}
	for _, g := range goals {
		m, ok := measured[g.stream]
		if !ok {
			continue
		}
		line(g.stream+" presence, cameras a core", m.presence, g.presence, "%6.0f")
		line(g.stream+" track, cameras a core", m.track, g.track, "%6.0f")
		line(g.stream+" presence, times cheaper than full decode + MOG2", m.presenceX, g.presenceX, "%6.1f")
		if g.trackTimes > 0 {
			line(g.stream+" track, times cheaper than full decode + MOG2", m.trackTimes, g.trackTimes, "%6.1f")
		}
	}
	if whole == nil {
		return
	}
	line("A whole service, recording events, cameras a core", whole.perCore, wholeGoal, "%6.0f")
	if whole.others > quietly {
		fmt.Fprintf(out, "  (other programs took %.2f cores meanwhile: that figure is of a busy machine and claims nothing)\n", whole.others)
	}
	verdict := "reached"
	if whole.megabytes > memoryGoal {
		verdict = "MISSED"
	}
	fmt.Fprintf(out, "  %-52s goal %6.2f  measured %6.2f  %s\n", "A whole service, MB a camera (marginal), at most", memoryGoal, whole.megabytes, verdict)
	if whole.broken != nil {
		fmt.Fprintf(out, "  (the whole service did not keep a promise: %v)\n", whole.broken)
	}
	if whole.cut > 0 {
		fmt.Fprintf(out, "  (of the whole service's cameras %d were cut under load, so its figure flatters: run it on a quiet machine)\n", whole.cut)
	}
}
