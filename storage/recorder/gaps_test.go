package recorder_test

import (
	"context"
	"testing"
	"time"

	"shouwang"
	"shouwang/policy"
)

// oneGap fails unless there is exactly one gap, of the cause and near the
// seconds given.
func (r *rig) oneGap(t *testing.T, cause shouwang.GapCause, from, to float64) {
	t.Helper()
	gaps := r.gaps(t)
	if len(gaps) != 1 || gaps[0].Cause != cause {
		t.Fatalf("gaps: %+v, want one of %s", gaps, cause)
	}
	if a, b := gaps[0].From.Sub(at(from)).Abs(), gaps[0].To.Sub(at(to)).Abs(); a > 200*time.Millisecond || b > 200*time.Millisecond {
		t.Fatalf("gap from %s to %s", gaps[0].From.Sub(start), gaps[0].To.Sub(start))
	}
	r.clean(t)
}

func TestOverrunIsAGap(t *testing.T) {
	r := newRig(t, policy.RecordRolling)
	units := fake(start, 30, 10)
	told := false
	src := &tape{rig: r, units: append(append([]*shouwang.AccessUnit(nil), units[:105]...), units[160:]...)}
	src.before = func(i int, _ *shouwang.AccessUnit) error {
		if i == 105 && !told {
			told = true
			return &shouwang.Overrun{Units: 55, Bytes: 5000, Span: shouwang.Span{From: at(10.5), To: at(16)}}
		}
		return nil
	}
	_ = r.rec.Session(camera, shouwang.StreamMain).Run(t.Context(), src, nil)
	r.oneGap(t, shouwang.GapOverflow, 10.5, 16)
}

func TestLossStallAndReconnect(t *testing.T) {
	cases := []struct {
		name  string
		cause shouwang.GapCause
		bend  func(after []*shouwang.AccessUnit)
	}{
		{"loss", shouwang.GapLoss, func(after []*shouwang.AccessUnit) { after[0].Lost = 50 }},
		{"stall", shouwang.GapStalled, func([]*shouwang.AccessUnit) {}},
		{"reconnect", shouwang.GapOffline, func(after []*shouwang.AccessUnit) {
			for i, u := range after {
				u.Epoch, u.Seq = 1, uint64(i)
				u.DTS, u.PTS = u.DTS-after[0].DTS, u.PTS-after[0].PTS
			}
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, policy.RecordRolling)
			units := fake(start, 30, 10)
			after := units[160:]
			if c.name == "reconnect" { // DTS is relative to the first: copy it before it changes
				first := *after[0]
				after[0] = &first
			}
			c.bend(after)
			r.play(t, append(append([]*shouwang.AccessUnit(nil), units[:105]...), after...), nil)
			r.oneGap(t, c.cause, 10.5, 16)
		})
	}
}

func TestShortBreakIsNoGap(t *testing.T) {
	r := newRig(t, policy.RecordRolling)
	units := fake(start, 30, 10)
	r.play(t, append(append([]*shouwang.AccessUnit(nil), units[:105]...), units[113:]...), nil)
	if gaps := r.gaps(t); len(gaps) != 0 {
		t.Fatalf("gaps: %+v", gaps)
	}
}

func TestNewParametersBeginANewSegment(t *testing.T) {
	r := newRig(t, policy.RecordRolling)
	units := fake(start, 30, 10)
	changed := *units[0].Params
	changed.PPS, changed.Width = []byte{0x68, 9, 9}, 1280
	for _, u := range units[140:] {
		u.Params = &changed
	}
	r.play(t, units, nil)
	if _, n := r.segments(t); n != 2 {
		t.Fatalf("%d segments", n)
	}
	file, err := r.Assemble(t.Context(), camera, "", shouwang.Span{From: start, To: at(30)}, "d-1")
	if err != nil || len(file.Params()) != 2 || file.Len() != 300 {
		t.Fatalf("%v", err)
	}
	r.clean(t)
}

func TestRestartIsAGap(t *testing.T) {
	r := newRig(t, policy.RecordRolling)
	r.play(t, fake(start, 20, 10), nil)
	r.play(t, fake(at(3000), 20, 10), nil)
	r.oneGap(t, shouwang.GapRestart, 20, 3000)
}

func TestLongBreakIsSplitByConsent(t *testing.T) {
	r := newRig(t, policy.RecordRolling)
	r.denied = func(t time.Time) bool { h := t.Hour(); return h >= 12 && h < 14 }
	r.play(t, fake(start, 20, 10), nil)
	r.play(t, fake(at(6*3600), 20, 10), nil)
	gaps := r.gaps(t)
	if len(gaps) != 3 || gaps[0].Cause != shouwang.GapRestart || gaps[1].Cause != shouwang.GapNoConsent || gaps[2].Cause != shouwang.GapRestart {
		t.Fatalf("gaps: %+v", gaps)
	}
	if !gaps[1].From.Equal(at(2*3600)) || !gaps[1].To.Equal(at(4*3600)) {
		t.Fatalf("no consent from %s to %s", gaps[1].From, gaps[1].To)
	}
	r.clean(t)
}

func TestClockJumpIsAGap(t *testing.T) {
	r := newRig(t, policy.RecordRolling)
	units := fake(start, 30, 10)
	for _, u := range units[160:] {
		u.Wall.At = u.Wall.At.Add(time.Minute)
	}
	r.play(t, units, nil)
	r.oneGap(t, shouwang.GapClock, 16, 76)
}

func TestClockGoingBackLosesNothing(t *testing.T) {
	r := newRig(t, policy.RecordRolling)
	units := fake(start, 30, 10)
	for _, u := range units[160:] {
		u.Wall.At = u.Wall.At.Add(-5 * time.Second)
	}
	r.play(t, units, nil)
	pictures := 0
	list, _ := r.Catalog.Segments(t.Context(), camera, "", shouwang.Span{})
	for _, s := range list {
		pictures += len(s.Samples)
	}
	if pictures != 300 {
		t.Fatalf("%d of 300 pictures were kept", pictures)
	}
	r.clean(t)
}

// TestHostileTimes feeds nonsense clocks; nothing may panic and what is
// recorded must check.
func TestHostileTimes(t *testing.T) {
	r := newRig(t, policy.RecordRolling)
	units := fake(start, 60, 10)
	for i, u := range units {
		switch i % 97 {
		case 11:
			u.DTS = -1 << 60
		case 23:
			u.DTS, u.PTS = 1<<60, 1<<60
		case 37:
			u.PTS = u.DTS - 1<<40
		case 41:
			u.Data = nil
		case 53:
			u.Data = make([]byte, 17<<20)
		case 71:
			u.DTS = units[i-1].DTS
		}
	}
	r.play(t, units, nil)
	r.clean(t)
}

func TestLongGOPIsCut(t *testing.T) {
	r := newRig(t, policy.RecordRolling)
	units := fake(start, 400, 2)
	for i, u := range units {
		u.Key = i == 0 || i == 600
	}
	r.play(t, units, nil)
	gaps := r.gaps(t)
	if len(gaps) == 0 || gaps[0].Cause != shouwang.GapOverflow {
		t.Fatalf("gaps: %+v", gaps)
	}
	r.clean(t)
}

// quiet is a source that gives units and then nothing until it is told to end.
type quiet struct {
	tape
	asked int
}

func (q *quiet) Next(ctx context.Context) (*shouwang.AccessUnit, error) {
	if q.at < len(q.units) {
		return q.tape.Next(ctx)
	}
	if q.asked++; q.asked > 3 {
		return nil, errEnd
	}
	q.rig.set(q.rig.clock().Add(20 * time.Second))
	<-ctx.Done() // the session's own patience
	return nil, ctx.Err()
}

func TestIdleStreamIsClosedAndStated(t *testing.T) {
	r := newRig(t, policy.RecordRolling)
	src := &quiet{tape: tape{rig: r, units: fake(start, 12, 10)}}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	r.set(start)
	_ = r.shortIdle(t).Session(camera, shouwang.StreamMain).Run(ctx, src, nil)
	if total, n := r.segments(t); n != 1 || total < 11*time.Second {
		t.Fatalf("%d segments of %s", n, total)
	}
	gaps := r.gaps(t)
	if len(gaps) != 1 || gaps[0].Cause != shouwang.GapOffline || gaps[0].Duration() < 40*time.Second {
		t.Fatalf("gaps: %+v", gaps)
	}
}

func TestFlushLosesNothing(t *testing.T) {
	r := newRig(t, policy.RecordRolling)
	units := fake(start, 30, 10)
	r.play(t, units, func(i int, _ *shouwang.AccessUnit) error {
		if i%77 == 33 { // within GOPs
			r.rec.Flush(t.Context(), camera)
			r.rec.Flush(t.Context(), camera)
		}
		return nil
	})
	file, err := r.Assemble(t.Context(), camera, "", shouwang.Span{From: start, To: at(30)}, "d-1")
	if err != nil || file.Len() != 300 {
		t.Fatalf("%v", err)
	}
	if _, n := r.segments(t); n != 5 || len(r.gaps(t)) != 0 {
		t.Fatalf("%d segments, gaps %v", n, r.gaps(t))
	}
	r.clean(t)
}

// TestADayOfReconnects runs 24 hours of a camera that comes back every three
// seconds of each quarter of an hour, and one hour that nobody consented to.
func TestADayOfReconnects(t *testing.T) {
	r := newRig(t, policy.RecordRolling)
	r.denied = func(t time.Time) bool { return t.Hour() == 3 }
	var units []*shouwang.AccessUnit
	epoch := uint32(0)
	for quarter := range 24 * 4 {
		for session := range 5 {
			for _, u := range fake(at(float64(quarter*900+session*6)), 3, 2) {
				u.Epoch, u.Key = epoch, u.Seq == 0
				units = append(units, u)
			}
			epoch++
		}
	}
	r.play(t, units, nil)
	r.clean(t)
	if whole, open, err := r.Keeper.Spool.List(); err != nil || len(open) != 0 || len(whole) != 23*4*5 {
		t.Fatalf("%d whole and %d open segments in the spool, %v", len(whole), len(open), err)
	}
	for {
		n, err := r.Uploader.Drain(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			break
		}
	}
	if r.Keeper.Spool.Waiting() != 0 {
		t.Fatalf("%d bytes are said to wait in an empty spool", r.Keeper.Spool.Waiting())
	}
	r.clean(t)
}
