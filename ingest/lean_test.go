package ingest

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"shouwang"
)

// stamped is a unit whose bytes tell which one it is, all of them.
func stamped(n, size int, into []byte) *shouwang.AccessUnit {
	u := unitAt(n, 0)
	u.Data = append(into[:0], stampOf(u, size)...)
	return u
}

func stampOf(u *shouwang.AccessUnit, size int) []byte {
	mark := binary.BigEndian.AppendUint64(nil, u.Seq+1)
	return bytes.Repeat(mark, 1+size/len(mark))[:size]
}

func checkStamp(t *testing.T, u *shouwang.AccessUnit) {
	t.Helper()
	if !u.Whole() || u.Camera != "cam" || u.Params != someParams || !bytes.Equal(u.Data, stampOf(u, u.Size())) {
		t.Errorf("unit %d is not what was published", u.Seq)
	}
}

// TestBytesAreCopiedOrLeft publishes out of one buffer that is written over each
// time, as sessions do, and looks at what every kind of reader gets.
func TestBytesAreCopiedOrLeft(t *testing.T) {
	h := NewHub(HistoryLimits{Bytes: 1 << 20, For: 3 * time.Second})
	defer h.Close()
	whole, lean := h.Subscribe(ReaderConfig{}), h.Subscribe(ReaderConfig{Lean: true})
	rnd, buf := rand.New(rand.NewPCG(1, 2)), make([]byte, 0, 40_000)
	for n := range 100 {
		h.Publish(stamped(n, 1+rnd.IntN(40_000), buf))
	}
	clear(buf[:cap(buf)])
	units, _ := drain(t, whole)
	for _, u := range units {
		checkStamp(t, u)
	}
	heads, _ := drain(t, lean)
	if len(units) != 100 || len(heads) != 100 {
		t.Fatalf("%d and %d units", len(units), len(heads))
	}
	first := h.History(time.Time{})[0].Seq
	if first == 0 {
		t.Fatal("the history holds everything: nothing is tested")
	}
	for i, u := range heads {
		if u.Data != nil || u.Size() != units[i].Size() {
			t.Fatalf("unit %d: %d bytes of %d came along", i, len(u.Data), u.Size())
		}
		got := lean.Load(u)
		if (got == nil) != (u.Seq < first) {
			t.Fatalf("unit %d of a history from %d on: %v", u.Seq, first, got)
		}
		if got != nil {
			checkStamp(t, got)
			if u.Data != nil {
				t.Fatal("a unit that others have was changed")
			}
		}
	}
	for _, u := range h.History(time.Time{}) {
		checkStamp(t, u)
	}
}

// TestLeanReaderGetsWhatIsNotKept: bytes that the history does not hold come
// with the unit.
func TestLeanReaderGetsWhatIsNotKept(t *testing.T) {
	for name, limits := range map[string]HistoryLimits{"none": {}, "small": {Bytes: 50, For: time.Minute}} {
		h := NewHub(limits)
		r := h.Subscribe(ReaderConfig{Lean: true})
		for n := range 10 {
			h.Publish(stamped(n, 100, nil))
		}
		units, _ := drain(t, r)
		for _, u := range units {
			checkStamp(t, u)
		}
		if len(units) != 10 {
			t.Errorf("%s: %d units", name, len(units))
		}
		h.Close()
	}
}

// TestWhatIsForgottenCannotBeLoaded: neither by who waits with a unit in hand
// nor from the history, and what comes afterwards is what it is.
func TestWhatIsForgottenCannotBeLoaded(t *testing.T) {
	h := NewHub(HistoryLimits{Bytes: 1 << 20, For: time.Minute})
	defer h.Close()
	r := h.Subscribe(ReaderConfig{Lean: true})
	for n := range 10 {
		h.Publish(stamped(n, 5000, nil))
	}
	h.Forget()
	old, _ := drain(t, r)
	for _, u := range old {
		if r.Load(u) != nil {
			t.Fatalf("unit %d is still there", u.Seq)
		}
	}
	for n := 10; n < 20; n++ {
		h.Publish(stamped(n, 5000, nil))
	}
	fresh, _ := drain(t, r)
	for _, u := range fresh {
		checkStamp(t, r.Load(u))
	}
	if len(old) != 10 || len(fresh) != 10 {
		t.Errorf("%d and %d units", len(old), len(fresh))
	}
}

// TestNothingIsLostWhereReadingTurnsWhole: a recorder that begins to want bytes
// has each picture from the history or from its queue.
func TestNothingIsLostWhereReadingTurnsWhole(t *testing.T) {
	h := NewHub(HistoryLimits{Bytes: 64 << 20, For: time.Hour})
	r := h.Subscribe(ReaderConfig{Lean: true, MaxUnits: 1 << 20, MaxBytes: 1 << 40})
	var publishing sync.WaitGroup
	begun := make(chan struct{})
	publishing.Go(func() {
		buf := make([]byte, 0, 1000)
		for n := range 20_000 {
			if n == 3000 {
				close(begun)
			}
			h.Publish(stamped(n, 500+n%400, buf))
		}
	})
	<-begun
	r.SetLean(false)
	before := h.History(noon)
	publishing.Wait()
	next := before[len(before)-1].Seq + 1
	for _, u := range before {
		checkStamp(t, u)
	}
	units, _ := drain(t, r)
	for _, u := range units {
		if u.Seq < next {
			continue
		}
		if u.Seq != next {
			t.Fatalf("unit %d behind %d", u.Seq, next-1)
		}
		checkStamp(t, u)
		next++
	}
	if next != 20_000 {
		t.Errorf("up to unit %d", next)
	}
	h.Close()
}

// TestCamerasDoNotSeeEachOther: hubs share memory in turns; what one lets go of
// another writes over, while others read.
func TestCamerasDoNotSeeEachOther(t *testing.T) {
	var all sync.WaitGroup
	for c := range 8 {
		all.Go(func() {
			h := NewHub(HistoryLimits{Bytes: 300_000, For: 2 * time.Second})
			defer h.Close()
			r := h.Subscribe(ReaderConfig{Lean: true})
			rnd := rand.New(rand.NewPCG(uint64(c), 3))
			for n := range 2000 {
				h.Publish(stamped(n, 1+rnd.IntN(20_000), nil))
				u, _, ok := r.TryNext()
				if got := r.Load(u); ok && got != nil {
					checkStamp(t, got)
				}
				switch rnd.IntN(200) {
				case 0:
					h.Forget()
				case 1:
					for _, u := range h.History(time.Time{}) {
						checkStamp(t, u)
					}
				}
			}
		})
	}
	all.Wait()
}
