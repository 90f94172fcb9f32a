package bus_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"shouwang"
	"shouwang/storage/bus"
	"shouwang/storage/bus/bustest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestLocalConforms(t *testing.T) {
	bustest.Run(t, func(t *testing.T, keep bus.Keep) bus.Bus {
		b := bus.NewLocal(keep, time.Now)
		t.Cleanup(func() { _ = b.Close() })
		return b
	})
}

// fakeClock is a clock the test moves.
type fakeClock struct{ now time.Time }

func (c *fakeClock) Now() time.Time { return c.now }

func TestLocalForgetsByAge(t *testing.T) {
	clock := &fakeClock{now: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)}
	b := bus.NewLocal(bus.Keep{Age: time.Hour}, clock.Now)
	old := bustest.Publish(t, b, "a", 1)
	waiting := bustest.Read(t, b, bus.FromOldest)
	clock.now = clock.now.Add(30 * time.Minute)
	mid := bustest.Publish(t, b, "a", 2)
	clock.now = clock.now.Add(45 * time.Minute)
	fresh := bustest.Publish(t, b, "a", 3)

	bustest.WantMissed(t, waiting)
	bustest.Want(t, waiting, mid)
	bustest.Want(t, bustest.Read(t, b, old), mid)
	clock.now = clock.now.Add(24 * time.Hour)
	// Only reading, nobody publishes: age is felt all the same.
	bustest.Want(t, bustest.Read(t, b, bus.FromOldest), fresh)
}

func TestLocalForgetsByBytes(t *testing.T) {
	b := bus.NewLocal(bus.Keep{Bytes: 1000}, time.Now)
	for range 50 {
		bustest.Publish(t, b, "a", strings.Repeat("x", 98))
	}
	last := bustest.Publish(t, b, "a", strings.Repeat("y", 5000))
	// One message above the bound is still delivered, alone.
	r := bustest.Read(t, b, bus.FromOldest)
	bustest.Want(t, r, last)
	bustest.WantNone(t, r)
}

func TestLocalIDsGrowWhenTheClockGoesBack(t *testing.T) {
	clock := &fakeClock{now: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)}
	b := bus.NewLocal(bus.Keep{}, clock.Now)
	var last bus.ID
	for i := range 10 {
		id, err := bus.ParseID(bustest.Publish(t, b, "a", i))
		if err != nil || !last.Less(id) {
			t.Fatalf("id %v after %v, %v", id, last, err)
		}
		last = id
		clock.now = clock.now.Add(-time.Hour)
	}
}

func TestLocalRestartIsTold(t *testing.T) {
	clock := &fakeClock{now: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)}
	cursor := bustest.Publish(t, bus.NewLocal(bus.Keep{}, clock.Now), "a", 1)
	clock.now = clock.now.Add(time.Minute)
	again := bus.NewLocal(bus.Keep{}, clock.Now)
	r := bustest.Read(t, again, cursor)
	bustest.WantMissed(t, r)
	bustest.WantNone(t, r)
	bustest.Want(t, r, bustest.Publish(t, again, "a", 2))
}

func TestLocalCloseEndsEverything(t *testing.T) {
	b := bus.NewLocal(bus.Keep{}, time.Now)
	r := bustest.Read(t, b, bus.FromNow)
	done := make(chan error, 1)
	go func() { _, err := r.Next(context.Background()); done <- err }()
	for range 2 {
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := <-done; !errors.Is(err, bus.ErrClosed) {
		t.Errorf("waiting next: %v", err)
	}
	if _, err := b.Publish(t.Context(), "a", 1); !errors.Is(err, bus.ErrClosed) {
		t.Errorf("publish: %v", err)
	}
	if _, err := b.Read(t.Context(), []shouwang.Topic{"a"}, bus.FromNow); !errors.Is(err, bus.ErrClosed) {
		t.Errorf("read: %v", err)
	}
}

func FuzzParseID(f *testing.F) {
	for _, s := range []string{"1-0", "18446744073709551615-18446744073709551615", "x", "1-", "01-1", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if id, err := bus.ParseID(s); err == nil && id.String() != s {
			t.Errorf("%q was read as %q", s, id)
		}
	})
}

func BenchmarkLocalPublishRead(b *testing.B) {
	l := bus.NewLocal(bus.Keep{}, time.Now)
	r, _ := l.Read(b.Context(), []shouwang.Topic{"a"}, bus.FromNow)
	for b.Loop() {
		if _, err := l.Publish(b.Context(), "a", 1); err != nil {
			b.Fatal(err)
		}
		if _, err := r.Next(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
