package look

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/front"
)

// disk is an access log that can be full; of one kind it takes nothing ever.
type disk struct {
	mu    sync.Mutex
	full  bool
	kinds []string
	tries int
}

func (d *disk) Append(_ context.Context, e policy.Entry) (uint64, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.full || e.Kind == "bad" {
		return 0, errors.New("no space left on device")
	}
	d.kinds = append(d.kinds, e.Kind)
	return uint64(len(d.kinds) - 1), nil
}

func (d *disk) try(context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.tries++
	if d.full {
		return errors.New("no space left on device")
	}
	return nil
}

func (d *disk) set(full bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.full = full
}

func (d *disk) has() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]string{}, d.kinds...)
}

func looksOn(t *testing.T, d *disk) *Looks {
	t.Helper()
	f, err := front.New(humago.New(http.NewServeMux(), huma.DefaultConfig("test", "1")), nil, nil, time.Now, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return New(f, Deps{Audit: d})
}

// TestTheLogIsTriedAndWhatIsOwedIsWritten follows a log over a full disk, with
// the clock of the test: found out by the regular try and by the first refusal,
// tried every two seconds then, and nothing that was owed is lost, also behind an
// entry that is never taken.
func TestTheLogIsTriedAndWhatIsOwedIsWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{}
		s := looksOn(t, d)
		beside := s.Supervised(nil) // shares the log
		var stops atomic.Int32
		ctx, end := context.WithCancel(t.Context())
		go s.Watch(ctx, 15*time.Second, d.try, func() { stops.Add(1) })
		time.Sleep(16 * time.Second)
		synctest.Wait()
		if d.tries != 1 || stops.Load() != 0 || s.MayShow() != nil {
			t.Fatalf("a log in order: %d tries, %d stops", d.tries, stops.Load())
		}
		d.set(true)
		time.Sleep(15 * time.Second)
		synctest.Wait()
		if stops.Load() != 1 || shouwang.CodeOf(beside.MayShow()) != shouwang.CodeAuditUnavailable {
			t.Fatalf("a full disk: %d stops, %v", stops.Load(), beside.MayShow())
		}
		for _, kind := range []string{"bad", "one", "two"} {
			beside.Owe(ctx, policy.Entry{Kind: kind})
		}
		time.Sleep(6 * time.Second)
		synctest.Wait()
		if got := d.has(); len(got) != 0 || stops.Load() != 4 {
			t.Fatalf("while full: %v, %d stops", got, stops.Load())
		}
		d.set(false)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if s.MayShow() != nil {
			t.Fatal("with room again nothing is shown")
		}
		time.Sleep(15 * time.Second) // "bad" went behind the others
		synctest.Wait()
		if got := d.has(); len(got) != 2 || got[0] != "one" || got[1] != "two" {
			t.Errorf("what was owed: %v", got)
		}
		d.set(true)
		if _, err := s.Append(ctx, policy.Entry{Kind: "three"}); shouwang.CodeOf(err) != shouwang.CodeAuditUnavailable {
			t.Errorf("refused with %v", err)
		}
		synctest.Wait() // no time passes
		if s.MayShow() == nil {
			t.Error("a refused entry is not seen to at once")
		}
		end()
		synctest.Wait()
	})
}

// TestWhatIsOwedIsBounded: memory is, too.
func TestWhatIsOwedIsBounded(t *testing.T) {
	d := &disk{full: true}
	s := looksOn(t, d)
	for range maxOwed + 5 {
		s.Owe(t.Context(), policy.Entry{Kind: "look_end"})
	}
	if len(s.journal.owed) != maxOwed || s.journal.lost != 5 {
		t.Errorf("%d wait, %d lost", len(s.journal.owed), s.journal.lost)
	}
	d.set(false)
	if left := s.Settle(t.Context()); left != 0 || len(d.has()) != maxOwed {
		t.Errorf("%d still wait, %d written", left, len(d.has()))
	}
}
