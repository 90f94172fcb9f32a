package bench

import (
	"strings"
	"testing"
)

// TestNoGoalIsSkipped: what was not measured has its line, and so has a figure
// that claims nothing.
func TestNoGoalIsSkipped(t *testing.T) {
	lines := func(measured map[string]reached, whole *outcome) string {
		var out strings.Builder
		printGoals(&out, measured, whole)
		return out.String()
	}
	none := lines(nil, nil)
	// Three for each stream, a fourth for A and B, allocations, two of the whole.
	if n := strings.Count(none, "NOT MEASURED"); n != 3*5+2+1+2 || strings.Count(none, "goal ") != n {
		t.Errorf("%d lines:\n%s", n, none)
	}
	some := lines(map[string]reached{"A": {presence: 860, track: 449, presenceX: 10, trackTimes: 5, allocations: .2}},
		&outcome{perCore: 501, megabytes: 1.51, others: .5, cut: 3})
	for want, n := range map[string]int{"reached\n": 4, "MISSED": 3, "NOT MEASURED": 3*4 + 1, "NOT VALID": 2} {
		if got := strings.Count(some, want); got != n {
			t.Errorf("%q %d times, want %d:\n%s", want, got, n, some)
		}
	}
}
