package transparency

import (
	"fmt"
	"testing"
)

// Whoever knows the total and what is shown learns no small count.
func TestWhatIsHiddenCannotBeReckoned(t *testing.T) {
	for in, want := range map[string]string{
		"10 20 30": "10 20 30", "3 20 30": "- - 30", "3 4 30": "- - 30", "1 1 30": "- - -", "0 0 3": "- - -", "0 3 30": "0 - -",
		"0 0 0": "0 0 0", "": "", "2": "-", "5": "5", "1 0": "- -", "4 4 4 50": "- - - 50",
	} {
		var list []uint64
		for at := 0; at < len(in); {
			var n uint64
			var used int
			if _, err := fmt.Sscanf(in[at:], "%d", &n); err != nil {
				break
			}
			used = len(fmt.Sprint(n)) + 1
			list, at = append(list, n), at+used
		}
		got := ""
		for i, c := range hide(list) {
			if i > 0 {
				got += " "
			}
			if c.N == nil {
				got += "-"
			} else {
				got += fmt.Sprint(*c.N)
			}
		}
		if got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}
