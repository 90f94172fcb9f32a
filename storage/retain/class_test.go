package retain_test

import (
	"cmp"
	"slices"
	"strings"
	"testing"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/policy/gate"
	"shouwang/storage"
)

// kept is a camera, how long its owner or filing says, and how long the law and
// the form make of it, in days.
type kept struct {
	id         string
	class      shouwang.LegalClass
	says, kept int
}

var classes = []kept{
	{"resident-silent", shouwang.ClassResident, 0, 7},
	{"resident-one", shouwang.ClassResident, 1, 3},
	{"resident-ninety", shouwang.ClassResident, 90, 30},
	{"premises-one", shouwang.ClassPremises, 1, 1},
	{"public-ten", shouwang.ClassPublic, 10, 30},
	{"public-silent", shouwang.ClassPublic, 0, 30},
	{"public-more", shouwang.ClassPublic, 32, 32},
}

// classGate is a gate over a town of these cameras, all of them recorded.
func classGate(t *testing.T, clock func() time.Time) *gate.Gate {
	t.Helper()
	data := policy.WorldData{Timezone: "Asia/Shanghai", Purposes: []string{"public_safety"}, Places: []shouwang.Place{{ID: "town", Kind: "township"}}}
	for _, k := range classes {
		cam := &policy.Camera{ID: "camera:" + k.id, Place: "town", LegalClass: k.class, Mount: "own_premises", Owner: "unit:x", Sign: true}
		if k.class == shouwang.ClassPublic {
			cam.Mount, cam.Filing = "public", &policy.Filing{From: start.Add(-day), RetentionDays: k.says}
		} else {
			cam.Consents = []*policy.Consent{{
				ID: "c-" + k.id, Version: 1, Camera: cam.ID, Purpose: "public_safety", State: policy.Given, Modes: []policy.Mode{policy.ModePlayback},
				Recording: policy.RecordRolling, Slots: policy.DailyHours(0, 24), RetentionDays: k.says, NotBefore: start.Add(-day), NotAfter: start.Add(300 * day),
			}}
		}
		data.Cameras = append(data.Cameras, cam)
	}
	w, err := policy.NewWorld(data)
	if err != nil {
		t.Fatal(err)
	}
	g, err := gate.NewGate(w, clock, gate.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// TestRetentionGoesByLegalClass records a camera of each class as the gate says,
// and reads it until half an hour before its deadline and no later than an hour
// after it, with a clock that is right and with one that is set back for good.
func TestRetentionGoesByLegalClass(t *testing.T) {
	for name, spoil := range map[string]func(*world){"right": func(*world) {}, "set back": func(w *world) { w.set(start.Add(-400 * day)) }} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, nil)
			gate := classGate(t, w.clock)
			segments := map[string]*storage.Segment{}
			for _, k := range classes {
				id := shouwang.CameraID(k.id)
				as := gate.Record(id, start).Recording()
				if as.Mode != policy.RecordRolling || as.Retention != time.Duration(k.kept)*day {
					t.Fatalf("%s: %+v, want %d days", k.id, as, k.kept)
				}
				segments[k.id] = w.segment(t, id, start, as.Retention, marked)
			}
			began := w.monotonic()
			until := func(passed time.Duration) {
				w.pass(passed - (w.monotonic() - began))
				spoil(w)
				if _, err := w.Keeper.Sweep(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			byDeadline := slices.SortedFunc(slices.Values(classes), func(a, b kept) int { return cmp.Compare(a.kept, b.kept) })
			for _, days := range slices.Compact(slices.Collect(func(yield func(int) bool) {
				for _, k := range byDeadline {
					if !yield(k.kept) {
						return
					}
				}
			})) {
				deadline := time.Duration(days) * day
				until(deadline - 30*time.Minute)
				w.compare(t, segments, days, "half an hour before")
				for late := time.Duration(0); late <= time.Hour; late += 10 * time.Minute {
					until(deadline + late)
				}
				w.compare(t, segments, days+1, "an hour after")
			}
			for id := range segments {
				list, err := w.Catalog.Deletions(t.Context(), shouwang.CameraID(id), shouwang.Span{})
				if err != nil || len(list) != 1 || list[0].Cause != "expired" || list[0].Segment != segments[id].ID {
					t.Errorf("%s: deletions %+v, %v", id, list, err)
				}
			}
			for _, f := range w.findings(t) {
				if name == "right" || !strings.Contains(f.String(), "the clock is") {
					t.Error(f)
				}
			}
		})
	}
}

// compare finds what is kept this many days or more readable, and of all else
// neither the row nor the key.
func (w *world) compare(t *testing.T, segments map[string]*storage.Segment, days int, when string) {
	t.Helper()
	for _, k := range classes {
		s := segments[k.id]
		alive, err := w.Keys.Live(t.Context(), s.KeyID)
		if readable := w.reads(s) == nil; err != nil || readable != (k.kept >= days) || alive != readable {
			t.Errorf("%s, day %d, %s: readable %v, key alive %v, %v", k.id, days, when, readable, alive, err)
		}
	}
}
