package recorder_test

import (
	"strings"
	"testing"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/storage/catalog"
)

func TestDiskNearlyFullGivesUpTheOldest(t *testing.T) {
	r := newRig(t, policy.RecordRolling)
	r.play(t, fake(start, 190, 10), nil)
	held := shouwang.Span{From: at(0), To: at(30)}
	if _, err := r.Keeper.Place(t.Context(), catalog.Hold{
		ID: "h-1", Case: "case-1", Camera: camera, Span: held, PlacedBy: "officer:a", Second: "officer:b", Until: at(90 * 24 * 3600), Decision: "d-hold",
	}); err != nil {
		t.Fatal(err)
	}
	before, _ := r.Catalog.Segments(t.Context(), camera, "", shouwang.Span{})
	r.full = func() int64 { // full until one more segment than the held one is gone
		list, _ := r.Catalog.Unswept(t.Context(), 10)
		deleted, _ := r.Catalog.Deletions(t.Context(), "", shouwang.Span{})
		if len(deleted) > 0 && len(list) == 0 {
			return 1 << 40
		}
		return 0
	}
	r.play(t, fake(at(200), 20, 10), nil)
	after, _ := r.Catalog.Segments(t.Context(), camera, "", shouwang.Span{})
	if len(after) != len(before)+1 || after[0].State == "erased" || after[1].State != "erased" {
		t.Fatalf("before %d, after %d, held %s, next %s", len(before), len(after), after[0].State, after[1].State)
	}
	stated := false
	for _, g := range r.gaps(t) {
		stated = stated || g.Cause == shouwang.GapDiskFull && g.From.Equal(after[1].From) && g.To.Equal(after[1].To)
	}
	if !stated {
		t.Fatalf("what was given up is not stated: %+v", r.gaps(t))
	}
	r.clean(t)
}

func TestFullDiskIsRefusedVisiblyAndLeftAgain(t *testing.T) {
	r := newRig(t, policy.RecordRolling)
	units := fake(start, 60, 10)
	r.play(t, units, func(i int, _ *shouwang.AccessUnit) error {
		switch i {
		case 0:
			r.free = 0
		case 305:
			r.free = 1 << 40
		}
		return nil
	})
	gaps := r.gaps(t)
	if len(gaps) != 1 || gaps[0].Cause != shouwang.GapDiskFull || !gaps[0].From.Equal(at(0)) || !gaps[0].To.Equal(at(32)) || !strings.Contains(gaps[0].Detail, "full") {
		t.Fatalf("gaps: %+v", gaps)
	}
	if total, _ := r.segments(t); total < 27*time.Second {
		t.Fatalf("only %s were recorded when there was room again", total)
	}
	r.clean(t)
}

// TestDiskFullWithinASegment lets real writes fail: a file system with a few
// hundred kilobytes.
func TestDiskFullWithinASegment(t *testing.T) {
	dir := tinyDisk(t)
	r := newRigAt(t, policy.RecordRolling, dir)
	units := fake(start, 60, 10)
	for _, u := range units {
		u.Data = append([]byte{0, 0, 0x27, 0x0c}, make([]byte, 9996)...)
	}
	r.play(t, units, nil)
	list, _ := r.Catalog.Segments(t.Context(), camera, "", shouwang.Span{})
	if len(list) == 0 {
		t.Fatal("what fitted on the disk was not saved")
	}
	gaps := r.gaps(t)
	if len(gaps) == 0 || gaps[0].Cause != shouwang.GapDiskFull {
		t.Fatalf("gaps: %+v", gaps)
	}
	r.clean(t)
}
