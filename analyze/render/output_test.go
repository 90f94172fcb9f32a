package render

import (
	"bytes"
	"slices"
	"testing"

	"shouwang"
	"shouwang/analyze/wire"
	"shouwang/analyze/worker"
)

// TestSharingShowsEachViewerWhatTheyWouldSeeAlone renders for three marks at
// once, of which one comes later and one leaves, and finds every picture equal,
// bit for bit, to that of a rendering for this mark alone: nothing of another
// viewer's mark, and all of the masks.
func TestSharingShowsEachViewerWhatTheyWouldSeeAlone(t *testing.T) {
	spec := wire.RenderSpec{Veil: true, Marked: true, Masks: []shouwang.Polygon{{{.05, .3}, {.4, .25}, {.5, .8}, {.1, .9}}}}
	names := []string{"chen 4711", "wang 0815", "kiosk:hall"}
	came, left := []int{0, 0, 12}, []int{40, 25, 40}
	play := func(want []int) map[uint32][][]byte {
		r, err := New(spec, still{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		got := map[uint32][][]byte{}
		for i := range 40 {
			for _, n := range want {
				switch i {
				case came[n]:
					if err := r.Mark(uint32(n), names[n]); err != nil {
						t.Fatal(err)
					}
				case left[n]:
					r.Unmark(uint32(n))
				}
			}
			err := r.Render(street(i*4), at(float64(i)/2), int64(i+1)*500_000, func(c *worker.Coded) {
				got[c.Mark] = append(got[c.Mark], bytes.Clone(c.Data))
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		return got
	}
	together := play([]int{0, 1, 2})
	for n := range names {
		alone := play([]int{n})[uint32(n)]
		if len(alone) != left[n]-came[n] || len(together[uint32(n)]) != len(alone) {
			t.Fatalf("%s saw %d pictures, alone %d", names[n], len(together[uint32(n)]), len(alone))
		}
		for i := range alone {
			if !bytes.Equal(alone[i], together[uint32(n)][i]) {
				t.Fatalf("%s: picture %d is another one than alone", names[n], i)
			}
		}
	}
	if bytes.Equal(together[0][0], together[1][0]) {
		t.Error("two marks look the same")
	}
}

func TestAFreshKeyFrameIsForItsOutputAlone(t *testing.T) {
	r, err := New(wire.RenderSpec{Marked: true, GOP: 50}, still{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for id, name := range []string{"chen", "wang"} {
		if err := r.Mark(uint32(id), name); err != nil {
			t.Fatal(err)
		}
	}
	keys := map[uint32][]int{}
	for i := range 20 {
		if i == 7 {
			r.Refresh(1)
			r.Refresh(4) // has left
		}
		err := r.Render(street(i*4), at(float64(i)/2), int64(i+1)*500_000, func(c *worker.Coded) {
			if c.Key {
				keys[c.Mark] = append(keys[c.Mark], i)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(keys[0], []int{0}) || !slices.Equal(keys[1], []int{0, 7}) {
		t.Errorf("key frames at %v", keys)
	}
}

func TestNothingLeavesWithoutTheMarkItOwes(t *testing.T) {
	for _, marked := range []bool{true, false} {
		r, err := New(wire.RenderSpec{Marked: marked}, still{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		text := map[bool]string{true: "", false: "chen"}[marked]
		if err := r.Mark(1, text); shouwang.CodeOf(err) != shouwang.CodeInternal {
			t.Errorf("marks owed: %v, and %q was taken", marked, text)
		}
		if err := r.Render(street(0), 0, 0, func(*worker.Coded) { t.Error("shown") }); err != nil {
			t.Error(err)
		}
	}
}
