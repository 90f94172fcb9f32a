package web

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"shouwang"
)

type found struct {
	camera shouwang.CameraID
	at     time.Time
}

// However unevenly events fall on cameras, the newest are found, and where they
// fall evenly not much more than those is read.
func TestGatherFindsTheNewestAndReadsLittleMore(t *testing.T) {
	begin := time.Date(2026, 11, 28, 8, 0, 0, 0, time.UTC)
	at := func(f *found) (shouwang.CameraID, time.Time) { return f.camera, f.at }
	for name, weight := range map[string]func(i int) int{
		"evenly": func(int) int { return 40 }, "one has all": func(i int) int { return max(0, 1000-1000*i) },
		"few and many": func(i int) int { return 3 + 300*(i%5/4) }, "hardly any": func(i int) int { return i % 2 },
	} {
		rng := rand.New(rand.NewPCG(1, 2))
		of := map[shouwang.CameraID][]found{}
		var cameras []shouwang.CameraID
		var all []found
		for i := range 25 {
			id := shouwang.CameraID(fmt.Sprintf("cam-%02d", i))
			cameras = append(cameras, id)
			for range weight(i) {
				of[id] = append(of[id], found{id, begin.Add(time.Duration(rng.IntN(1e9)) * time.Microsecond)})
			}
			slices.SortFunc(of[id], func(a, b found) int { return b.at.Compare(a.at) })
			all = append(all, of[id]...)
		}
		read := 0
		got, err := newestOf(cameras, 100, func(id shouwang.CameraID, limit int) ([]found, error) {
			out := of[id][:min(limit, len(of[id]))]
			read += len(out)
			return slices.Clone(out), nil
		}, at)
		if err != nil {
			t.Fatal(err)
		}
		slices.SortStableFunc(all, func(a, b found) int { return cmp.Or(b.at.Compare(a.at), cmp.Compare(a.camera, b.camera)) })
		if got, want := newest(got, 100, at), all[:min(100, len(all))]; !slices.Equal(got, want) {
			t.Errorf("%s: other than the newest hundred", name)
		}
		if name == "evenly" && read > 500 {
			t.Errorf("%s: %d read for 100", name, read)
		}
	}
}
