package ingest

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"shouwang"
)

var (
	someParams = &shouwang.Params{Codec: shouwang.CodecH264, Width: 640, Height: 360}
	noon       = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
)

// unitAt makes the n-th unit of a stream of 10 a second, a key frame each 10th.
func unitAt(n, size int) *shouwang.AccessUnit {
	t := time.Duration(n) * 100 * time.Millisecond
	return &shouwang.AccessUnit{
		Camera: "cam", Epoch: 1, Seq: uint64(n), Key: n%10 == 0, Params: someParams,
		PTS: shouwang.MediaTimeOf(t), DTS: shouwang.MediaTimeOf(t),
		Wall: shouwang.WallStamp{At: noon.Add(t)}, Received: noon.Add(t), Data: make([]byte, size),
	}
}

func drain(t *testing.T, r *Reader) (units []*shouwang.AccessUnit, overs []*shouwang.Overrun) {
	t.Helper()
	for {
		u, err, ok := r.TryNext()
		if !ok || errors.Is(err, ErrHubClosed) {
			return units, overs
		}
		var over *shouwang.Overrun
		if errors.As(err, &over) {
			overs = append(overs, over)
			continue
		}
		units = append(units, u)
	}
}

func TestReaderStartsAtKeyFrame(t *testing.T) {
	h := NewHub(HistoryLimits{})
	h.Publish(unitAt(3, 10))
	r := h.Subscribe(ReaderConfig{})
	for n := 4; n < 25; n++ {
		h.Publish(unitAt(n, 10))
	}
	units, _ := drain(t, r)
	if len(units) != 15 || units[0].Seq != 10 {
		t.Fatalf("%d units from %d", len(units), units[0].Seq)
	}
	if s := r.Stats(); s.Skipped != 0 || s.Delivered != 15 {
		t.Errorf("waiting for a key frame counts as loss: %+v", s)
	}
}

func TestSlowSkipperRejoinsAtKeyFrame(t *testing.T) {
	h := NewHub(HistoryLimits{})
	r := h.Subscribe(ReaderConfig{MaxUnits: 15})
	fast := h.Subscribe(ReaderConfig{})
	for n := range 48 {
		h.Publish(unitAt(n, 10))
	}
	units, overs := drain(t, r)
	if len(overs) != 0 || !units[0].Key || units[0].Seq != 40 || units[len(units)-1].Seq != 47 {
		t.Fatalf("%d units from %d, %d overruns", len(units), units[0].Seq, len(overs))
	}
	for i := 1; i < len(units); i++ {
		if units[i].Seq != units[i-1].Seq+1 {
			t.Fatalf("hole inside after %d", units[i-1].Seq)
		}
	}
	if s := r.Stats(); s.Skipped != 40 || s.SkippedSize != 400 || s.Overflows == 0 {
		t.Errorf("%+v", s)
	}
	if all, _ := drain(t, fast); len(all) != 48 {
		t.Errorf("the slow reader cost another one units: %d of 48", len(all))
	}
}

func TestSkipperWithGroupsLargerThanItsQueue(t *testing.T) {
	h := NewHub(HistoryLimits{})
	r := h.Subscribe(ReaderConfig{MaxUnits: 4})
	for n := range 100 {
		h.Publish(unitAt(n, 10))
	}
	units, _ := drain(t, r)
	if len(units) != 0 && !units[0].Key {
		t.Errorf("begins at %d, no key frame", units[0].Seq)
	}
	if s := r.Stats(); int(s.Skipped)+len(units) != 100 {
		t.Errorf("%d units and %+v of 100", len(units), s)
	}
}

func TestRecorderIsToldOnceWhatItLost(t *testing.T) {
	h := NewHub(HistoryLimits{})
	r := h.Subscribe(ReaderConfig{MaxUnits: 12, Policy: Report})
	for n := range 38 {
		h.Publish(unitAt(n, 10))
	}
	first, overs := drain(t, r)
	if len(first) != 12 || first[0].Seq != 0 || first[11].Seq != 11 || len(overs) != 0 {
		t.Fatalf("%d units, %d overruns", len(first), len(overs))
	}
	for n := 38; n < 45; n++ {
		h.Publish(unitAt(n, 10))
	}
	second, overs := drain(t, r)
	if len(overs) != 1 || len(second) != 5 || second[0].Seq != 40 {
		t.Fatalf("%d overruns, then %d units", len(overs), len(second))
	}
	o := overs[0]
	if o.Units != 28 || o.Bytes != 280 || !o.Span.From.Equal(unitAt(12, 0).Wall.At) || !o.Span.To.Equal(unitAt(40, 0).Wall.At) {
		t.Errorf("%+v, want units 12 to 39", o)
	}
}

func TestLossAtTheEndIsReportedToo(t *testing.T) {
	h := NewHub(HistoryLimits{})
	r := h.Subscribe(ReaderConfig{MaxBytes: 55, Policy: Report})
	for n := range 8 {
		h.Publish(unitAt(n, 10))
	}
	h.Close()
	units, overs := drain(t, r)
	if len(units) != 5 || len(overs) != 1 || overs[0].Units != 3 {
		t.Fatalf("%d units, %+v", len(units), overs)
	}
	if _, err := r.Next(context.Background()); !errors.Is(err, ErrHubClosed) {
		t.Errorf("after the end: %v", err)
	}
}

func TestHistoryKeepsWholeGroupsWithinBounds(t *testing.T) {
	h := NewHub(HistoryLimits{Bytes: 1 << 20, For: 3 * time.Second})
	for n := range 100 {
		h.Publish(unitAt(n, 100))
		kept := h.History(time.Time{})
		if !kept[0].Key {
			t.Fatalf("after %d units history begins inside a group", n+1)
		}
		if d := kept[len(kept)-1].Wall.At.Sub(kept[0].Wall.At); n > 50 && (d < 3*time.Second || d > 4*time.Second) {
			t.Fatalf("after %d units history covers %s", n+1, d)
		}
	}
	from := h.History(unitAt(85, 0).Wall.At)
	if from[0].Seq != 80 || from[len(from)-1].Seq != 99 {
		t.Errorf("history from 85 is %d to %d", from[0].Seq, from[len(from)-1].Seq)
	}
}

func TestHistoryIsBoundedInBytesWhateverTheCameraDoes(t *testing.T) {
	h := NewHub(HistoryLimits{Bytes: 1000, For: time.Hour})
	rnd := rand.New(rand.NewPCG(3, 4))
	for n := range 5000 {
		u := unitAt(n, rnd.IntN(300))
		u.Key = rnd.IntN(40) == 0
		h.Publish(u)
		kept := h.History(time.Time{})
		total := 0
		for _, k := range kept {
			total += k.Size()
		}
		if s := h.Stats(); total > 1000 || int64(total) != s.HistoryBytes || len(kept) != s.HistoryUnits {
			t.Fatalf("%d bytes in %d units, stats %+v", total, len(kept), s)
		}
		if len(kept) > 0 && (!kept[0].Key || kept[len(kept)-1].Seq != uint64(n)) {
			t.Fatalf("history %d..%d at unit %d", kept[0].Seq, kept[len(kept)-1].Seq, n)
		}
	}
}

func TestReplayJoinsLiveWithoutHoleOrDuplicate(t *testing.T) {
	h := NewHub(HistoryLimits{Bytes: 1 << 20, For: 10 * time.Second})
	var wg sync.WaitGroup
	start := make(chan struct{})
	wg.Go(func() {
		for n := range 3000 {
			if n == 100 {
				close(start)
			}
			h.Publish(unitAt(n, 10))
		}
		h.Close()
	})
	<-start
	for range 50 {
		wg.Go(func() {
			r := h.Subscribe(ReaderConfig{MaxUnits: 1 << 20, From: noon})
			defer r.Close()
			next := uint64(0)
			for i := 0; ; i++ {
				u, err := r.Next(context.Background())
				if errors.Is(err, ErrHubClosed) {
					return
				}
				if i == 0 {
					if !u.Key {
						t.Error("replay begins inside a group")
					}
				} else if u.Seq != next {
					t.Errorf("unit %d after %d", u.Seq, next-1)
					return
				}
				next = u.Seq + 1
			}
		})
	}
	wg.Wait()
}

func TestNextEndsWithContextAndClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := NewHub(HistoryLimits{})
		r := h.Subscribe(ReaderConfig{})
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if _, err := r.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
		ended := make(chan error)
		go func() { _, err := r.Next(context.Background()); ended <- err }()
		synctest.Wait()
		r.Close()
		if err := <-ended; !errors.Is(err, ErrHubClosed) {
			t.Errorf("%v", err)
		}
		h.Publish(unitAt(0, 1)) // to nobody, without a panic
		r.Close()
		h.Close()
		h.Close()
	})
}

// TestPublishAllocatesNothing while nobody wants bytes: one reader keeps up, one
// is slow, one asks for bytes later.
func TestPublishAllocatesNothing(t *testing.T) {
	h := NewHub(HistoryLimits{Bytes: 1 << 20, For: 5 * time.Second})
	defer h.Close()
	readers := []*Reader{h.Subscribe(ReaderConfig{Lean: true}), h.Subscribe(ReaderConfig{Policy: Report, Lean: true}), h.Subscribe(ReaderConfig{MaxUnits: 8, Lean: true})}
	units := make([]*shouwang.AccessUnit, 4000)
	for n := range units {
		units[n] = unitAt(n, 100)
	}
	n := 0
	publish := func() {
		h.Publish(units[n])
		n++
		for _, r := range readers[:2] {
			if _, err, ok := r.TryNext(); err != nil || !ok {
				t.Fatal(err, ok)
			}
		}
	}
	for range 1000 {
		publish()
	}
	if a := testing.AllocsPerRun(2000, publish); a != 0 {
		t.Errorf("%.2f allocations a unit", a)
	}
}

func BenchmarkPublish(b *testing.B) {
	h := NewHub(HistoryLimits{Bytes: 1 << 20, For: 5 * time.Second})
	defer h.Close()
	for range 3 {
		h.Subscribe(ReaderConfig{MaxUnits: 64, Lean: true})
	}
	u := unitAt(0, 6400)
	data := u.Data
	b.ReportAllocs()
	for b.Loop() {
		u.Data = data
		h.Publish(u)
	}
}
