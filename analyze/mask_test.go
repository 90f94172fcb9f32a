package analyze

import "testing"

func TestMaskInRuns(t *testing.T) {
	for want, cells := range map[string][]uint8{
		"4x2:8":       {0, 0, 0, 0, 0, 0, 0, 0},
		"4x2:0 8":     {1, 1, 1, 1, 1, 1, 1, 1},
		"4x2:3 2 3":   {0, 0, 0, 1, 1, 0, 0, 0},
		"4x2:0 1 6 1": {2, 0, 0, 0, 0, 0, 0, 1},
	} {
		if got := MaskOf(cells, 4).String(); got != want {
			t.Errorf("%v: %q, want %q", cells, got, want)
		}
	}
	if got := MaskOf(nil, 0).String(); got != "0x0" {
		t.Error(got)
	}
}
