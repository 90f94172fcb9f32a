// Package bustest is the conformance suite of package bus: what its contract
// says, tried against an implementation.
package bustest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"shouwang"
	"shouwang/storage/bus"
)

// Open returns an empty bus that keeps what is said. Cleaning up is its own
// duty (t.Cleanup).
type Open func(t *testing.T, keep bus.Keep) bus.Bus

const patience = 5 * time.Second

// Run tries the whole contract.
func Run(t *testing.T, open Open) {
	for name, test := range map[string]func(*testing.T, Open){
		"CarriesWhole":         carriesWhole,
		"ResumesAfterEach":     resumesAfterEach,
		"OneOrderOverTopics":   oneOrderOverTopics,
		"NowIsFixedAtRead":     nowIsFixedAtRead,
		"OnlyTopicsAsked":      onlyTopicsAsked,
		"SlowReaderIsTold":     slowReaderIsTold,
		"LateReaderIsTold":     lateReaderIsTold,
		"ForeignCursorIsTold":  foreignCursorIsTold,
		"RefusesBadInput":      refusesBadInput,
		"NextHonoursContext":   nextHonoursContext,
		"CloseWakesNext":       closeWakesNext,
		"ManyReadersOneOrder":  manyReadersOneOrder,
		"WaitingReaderIsWoken": waitingReaderIsWoken,
	} {
		t.Run(name, func(t *testing.T) { test(t, open) })
	}
}

// Publish publishes or fails the test, and returns the ID.
func Publish(t *testing.T, b bus.Bus, topic shouwang.Topic, body any) string {
	t.Helper()
	id, err := b.Publish(t.Context(), topic, body)
	if err != nil {
		t.Fatalf("publish: %v", err)
	}
	return id
}

// Read opens a reader that ends with the test.
func Read(t *testing.T, b bus.Bus, after string, topics ...shouwang.Topic) shouwang.MessageReader {
	t.Helper()
	if len(topics) == 0 {
		topics = []shouwang.Topic{"a", "b"}
	}
	r, err := b.Read(t.Context(), topics, after)
	if err != nil {
		t.Fatalf("read after %q: %v", after, err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

// Next waits for a message, at most five seconds.
func Next(t *testing.T, r shouwang.MessageReader) (shouwang.Message, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	return r.Next(ctx)
}

// Want reads one message and compares its ID.
func Want(t *testing.T, r shouwang.MessageReader, id string) shouwang.Message {
	t.Helper()
	msg, err := Next(t, r)
	if err != nil || msg.ID != id {
		t.Fatalf("next: got %q, %v; want %q", msg.ID, err, id)
	}
	return msg
}

// WantNone checks that nothing comes for a moment.
func WantNone(t *testing.T, r shouwang.MessageReader) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if msg, err := r.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("next: got %v %v, want nothing until the deadline", msg, err)
	}
}

// WantMissed checks that the reader is told of a loss.
func WantMissed(t *testing.T, r shouwang.MessageReader) {
	t.Helper()
	if msg, err := Next(t, r); !errors.Is(err, shouwang.ErrMissed) {
		t.Fatalf("next: got %v %v, want ErrMissed", msg, err)
	}
}

func carriesWhole(t *testing.T, open Open) {
	b := open(t, bus.Keep{})
	before := time.Now().Add(-time.Minute)
	want := shouwang.ConsentChange{Camera: "door-17", State: "撤回 \"withdrawn\"\n"}
	id := Publish(t, b, shouwang.TopicConsent, want)
	msg := Want(t, Read(t, b, bus.FromOldest, shouwang.TopicConsent), id)
	var got shouwang.ConsentChange
	if err := json.Unmarshal(msg.Body, &got); err != nil || got != want {
		t.Errorf("body: got %+v, %v", got, err)
	}
	if msg.Topic != shouwang.TopicConsent || msg.At.Before(before) || msg.At.After(time.Now().Add(time.Minute)) {
		t.Errorf("topic %q at %v", msg.Topic, msg.At)
	}
	big := Publish(t, b, "a", strings.Repeat("x", bus.MaxBody-2))
	if msg := Want(t, Read(t, b, id), big); len(msg.Body) != bus.MaxBody {
		t.Errorf("largest body came back with %d bytes", len(msg.Body))
	}
}

func resumesAfterEach(t *testing.T, open Open) {
	b := open(t, bus.Keep{})
	var ids []string
	for i := range 20 {
		ids = append(ids, Publish(t, b, []shouwang.Topic{"a", "b"}[i%2], i))
	}
	for i, after := range append([]string{bus.FromOldest}, ids...) {
		r := Read(t, b, after)
		for _, id := range ids[i:] {
			Want(t, r, id)
		}
		WantNone(t, r)
		_ = r.Close()
	}
}

func oneOrderOverTopics(t *testing.T, open Open) {
	b := open(t, bus.Keep{})
	r := Read(t, b, bus.FromNow)
	last := bus.ID{}
	for i := range 300 {
		Publish(t, b, []shouwang.Topic{"b", "a"}[i%2], i)
		msg, err := Next(t, r)
		if err != nil {
			t.Fatal(err)
		}
		id, err := bus.ParseID(msg.ID)
		if err != nil || !last.Less(id) || string(msg.Body) != fmt.Sprint(i) {
			t.Fatalf("message %d: id %v after %v, body %s, %v", i, id, last, msg.Body, err)
		}
		last = id
	}
}

func nowIsFixedAtRead(t *testing.T, open Open) {
	b := open(t, bus.Keep{})
	empty := Read(t, b, bus.FromNow)
	first := Publish(t, b, "a", 1)
	full := Read(t, b, bus.FromNow)
	second := Publish(t, b, "a", 2)
	Want(t, empty, first)
	Want(t, empty, second)
	Want(t, full, second)
}

func onlyTopicsAsked(t *testing.T, open Open) {
	b := open(t, bus.Keep{})
	r := Read(t, b, bus.FromNow, "b")
	Publish(t, b, "a", 1)
	two := Publish(t, b, "b", 2)
	Publish(t, b, "a", 3)
	four := Publish(t, b, "b", 4)
	Want(t, r, two)
	Want(t, r, four)
	WantNone(t, r)
	// The cursor of a reader that skipped other topics is good as it stands.
	Want(t, Read(t, b, two, "b"), four)
}

// flood publishes far more than keep.Count, over any slack of the adapter.
func flood(t *testing.T, b bus.Bus, n int) (ids []string) {
	t.Helper()
	for i := range n {
		ids = append(ids, Publish(t, b, "a", i))
	}
	return ids
}

func slowReaderIsTold(t *testing.T, open Open) {
	b := open(t, bus.Keep{Count: 10})
	r := Read(t, b, bus.FromNow)
	first := Publish(t, b, "a", "first")
	Want(t, r, first)
	ids := flood(t, b, 1200)
	missed := 0
	var got []string
	for len(got) == 0 || got[len(got)-1] != ids[len(ids)-1] {
		msg, err := Next(t, r)
		if errors.Is(err, shouwang.ErrMissed) {
			missed++
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, msg.ID)
	}
	if missed != 1 {
		t.Errorf("was told %d times, want once", missed)
	}
	// What came is a run from the front that was read ahead, if any, and a run
	// up to the end, each without a hole.
	if n := len(got); n < 10 || n >= len(ids) || !slices.Equal(got[n-10:], ids[len(ids)-10:]) {
		t.Errorf("got %d of %d messages", len(got), len(ids))
	}
	holes := 0
	for i := 1; i < len(got); i++ {
		if slices.Index(ids, got[i]) != slices.Index(ids, got[i-1])+1 {
			holes++
		}
	}
	if holes > missed {
		t.Errorf("%d holes, %d of them told", holes, missed)
	}
}

func lateReaderIsTold(t *testing.T, open Open) {
	b := open(t, bus.Keep{Count: 10})
	ids := flood(t, b, 600)
	oldest, err := Next(t, Read(t, b, bus.FromOldest))
	if err != nil {
		t.Fatal(err)
	}
	at := slices.Index(ids, oldest.ID)
	if at < 2 {
		t.Fatalf("the oldest of 600 messages kept is number %d, want the bound to be felt", at)
	}
	late := Read(t, b, ids[at-2])
	WantMissed(t, late)
	Want(t, late, ids[at])
	Want(t, late, ids[at+1])
	// Nothing lies between the newest dropped and the oldest kept.
	Want(t, Read(t, b, ids[at-1]), ids[at])
}

func foreignCursorIsTold(t *testing.T, open Open) {
	b := open(t, bus.Keep{})
	first := Publish(t, b, "a", 1)
	for _, cursor := range []string{"99999999999999-0", "1000-7"} {
		r := Read(t, b, cursor)
		WantMissed(t, r)
		Want(t, r, first)
		WantNone(t, r)
	}
}

func refusesBadInput(t *testing.T, open Open) {
	b := open(t, bus.Keep{})
	for _, cursor := range []string{"x", "1", "-", "1-", "-1", "1-2-3", "+1-2", "01-2", "1-2\n", "１-2", strings.Repeat("9", 40) + "-1"} {
		if r, err := b.Read(t.Context(), []shouwang.Topic{"a"}, cursor); shouwang.CodeOf(err) != shouwang.CodeBadUsage {
			t.Errorf("read after %q: got %v, %v", cursor, r, err)
		}
	}
	if _, err := b.Read(t.Context(), nil, bus.FromNow); shouwang.CodeOf(err) != shouwang.CodeBadUsage {
		t.Errorf("read of no topic: %v", err)
	}
	for _, bad := range []struct {
		topic shouwang.Topic
		body  any
		code  shouwang.Code
	}{
		{"", 1, shouwang.CodeBadUsage},
		{"a", make(chan int), shouwang.CodeBadUsage},
		{"a", strings.Repeat("x", bus.MaxBody), shouwang.CodeTooLarge},
	} {
		if id, err := b.Publish(t.Context(), bad.topic, bad.body); shouwang.CodeOf(err) != bad.code {
			t.Errorf("publish on %q: got %q, %v; want %s", bad.topic, id, err, bad.code)
		}
	}
}

func nextHonoursContext(t *testing.T, open Open) {
	b := open(t, bus.Keep{})
	r := Read(t, b, bus.FromNow)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { _, err := r.Next(ctx); done <- err }()
	cancel()
	select {
	case err := <-done:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("next: %v, want the context's error", err)
		}
	case <-time.After(patience):
		t.Fatal("next did not return when its context ended")
	}
	Want(t, r, Publish(t, b, "a", 1)) // and still reads
}

func closeWakesNext(t *testing.T, open Open) {
	b := open(t, bus.Keep{})
	r := Read(t, b, bus.FromNow)
	done := make(chan error, 1)
	go func() { _, err := r.Next(t.Context()); done <- err }()
	start := time.Now()
	if err := r.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	select {
	case err := <-done:
		if !errors.Is(err, bus.ErrClosed) {
			t.Errorf("next: %v, want ErrClosed", err)
		}
	case <-time.After(patience):
		t.Fatal("next did not return when the reader was closed")
	}
	if took := time.Since(start); took > time.Second {
		t.Errorf("closing took %v", took)
	}
}

func waitingReaderIsWoken(t *testing.T, open Open) {
	b := open(t, bus.Keep{})
	r := Read(t, b, bus.FromNow)
	WantNone(t, r)
	start := time.Now()
	Want(t, r, Publish(t, b, "a", 1))
	if took := time.Since(start); took > time.Second {
		t.Errorf("a waiting reader was woken after %v", took)
	}
}

func manyReadersOneOrder(t *testing.T, open Open) {
	const readers, writers, each = 6, 4, 50
	b := open(t, bus.Keep{})
	got := make([][]string, readers)
	var wg sync.WaitGroup
	for i := range readers {
		r := Read(t, b, bus.FromNow)
		wg.Go(func() {
			for range writers * each {
				msg, err := Next(t, r)
				if err != nil {
					t.Errorf("reader %d: %v", i, err)
					return
				}
				got[i] = append(got[i], msg.ID)
			}
		})
	}
	for i := range writers {
		wg.Go(func() {
			for n := range each {
				if _, err := b.Publish(t.Context(), "a", i*each+n); err != nil {
					t.Errorf("publish: %v", err)
				}
			}
		})
	}
	wg.Wait()
	for i := range got {
		if !slices.Equal(got[i], got[0]) {
			t.Errorf("reader %d saw another order than reader 0", i)
		}
	}
}
