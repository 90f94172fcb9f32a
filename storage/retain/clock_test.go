package retain_test

import (
	"testing"
	"time"

	"shouwang"
	"shouwang/storage"
	"shouwang/storage/catalog"
	"shouwang/storage/retain"
)

// believe lets the sweeps pass that make a leap of the clock believed.
func (w *world) believe(t testing.TB) (total retain.Swept) {
	t.Helper()
	for range 30 {
		done, err := w.Keeper.Sweep(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		total.Expired, total.Keys, total.Holds, total.Deleted = total.Expired+done.Expired, total.Keys+done.Keys, total.Holds+done.Holds, total.Deleted+done.Deleted
		w.pass(time.Minute)
	}
	return total
}

func TestExpiredIsUnreadableWithinTheHourWhateverTheClockDoes(t *testing.T) {
	clocks := map[string]func(w *world, minute int){
		"right":    func(*world, int) {},
		"set back": func(w *world, minute int) { w.set(start.Add(-400 * day)) },
		"set back, with restarts": func(w *world, minute int) {
			w.set(start.Add(-400 * day))
			if minute%300 == 100 {
				w.restart()
			}
		},
		"leaps about": func(w *world, minute int) { w.set(w.clock().Add(time.Duration(minute%3-1) * 8 * time.Minute)) },
	}
	for name, spoil := range clocks {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, nil)
			s := w.segment(t, "cam-a", start, day, marked)
			young := w.segment(t, "cam-a", start.Add(40*time.Minute), 3*day, marked)
			lateBy := -1
			for minute := range 26 * 60 {
				w.pass(time.Minute)
				spoil(w, minute)
				if minute%10 != 0 {
					continue
				}
				if _, err := w.Keeper.Sweep(t.Context()); err != nil {
					t.Fatal(err)
				}
				alive, _ := w.Keys.Live(t.Context(), s.KeyID)
				if lateBy < 0 && minute >= 23*60+50 && w.reads(s) != nil && !alive {
					lateBy = minute - 24*60
				}
				if minute < 23*60+50 && w.reads(s) != nil {
					t.Fatalf("unreadable %d minutes before its time", 24*60-minute)
				}
			}
			if lateBy < 0 || lateBy > 60 {
				t.Fatalf("unreadable, from a backup too, %d minutes after the deadline", lateBy)
			}
			if err := w.reads(young); err != nil {
				t.Fatal(err)
			}
			if list, _ := w.Catalog.Deletions(t.Context(), "cam-a", shouwang.Span{}); len(list) != 1 || list[0].Cause != "expired" {
				t.Fatalf("deletions %+v", list)
			}
		})
	}
}

func TestClockSetWrongForAMomentDestroysNothing(t *testing.T) {
	w := newWorld(t, nil)
	s := w.segment(t, "cam-a", start, 30*day, marked)
	_, _ = w.Keeper.Sweep(t.Context())
	w.set(start.Add(1000 * day))
	for range 10 {
		if done, err := w.Keeper.Sweep(t.Context()); err != nil || done.Expired > 0 {
			t.Fatalf("%+v, %v", done, err)
		}
		w.pass(time.Minute)
	}
	w.set(start.Add(10 * time.Minute))
	w.believe(t)
	if err := w.reads(s); err != nil {
		t.Fatal(err)
	}
}

func TestHoldNeedsTwoPeopleACaseAndAnEnd(t *testing.T) {
	w := newWorld(t, nil)
	w.segment(t, "cam-a", start, day, marked)
	good := catalog.Hold{
		ID: "h", Case: "c", Camera: "cam-a", Span: shouwang.Span{From: start, To: start.Add(time.Hour)},
		PlacedBy: "officer:a", Second: "officer:b", Until: start.Add(day), Decision: "d",
	}
	for name, spoil := range map[string]func(*catalog.Hold){
		"one person":  func(h *catalog.Hold) { h.Second = h.PlacedBy },
		"nobody":      func(h *catalog.Hold) { h.Second = "" },
		"no case":     func(h *catalog.Hold) { h.Case = "" },
		"no end":      func(h *catalog.Hold) { h.Until = time.Time{} },
		"past end":    func(h *catalog.Hold) { h.Until = start.Add(-time.Second) },
		"no decision": func(h *catalog.Hold) { h.Decision = "" },
		"no span":     func(h *catalog.Hold) { h.Span.To = h.Span.From },
	} {
		bad := good
		spoil(&bad)
		if _, err := w.Keeper.Place(t.Context(), bad); shouwang.CodeOf(err) != shouwang.CodeBadUsage {
			t.Errorf("%s: %v", name, err)
		}
		// The database itself refuses what a later caller might forget.
		if bad.Second == bad.PlacedBy || bad.Second == "" || bad.Case == "" || bad.Until.IsZero() {
			bad.Placed = start
			if err := w.Catalog.PutHold(t.Context(), bad, nil); err == nil {
				t.Errorf("%s: the catalog took it", name)
			}
		}
	}
	if n, err := w.Keeper.Place(t.Context(), good); n != 1 || err != nil {
		t.Fatalf("%d %v", n, err)
	}
	w.pass(20 * time.Hour)
	w.pass(10 * time.Hour) // expired, and the hold ended
	w.believe(t)
	if list, _ := w.Catalog.Segments(t.Context(), "cam-a", "", shouwang.Span{}); list[0].State != storage.SegmentErased {
		t.Fatal("neither retention nor the end of the hold erased the segment")
	}
}
