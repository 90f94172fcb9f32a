package ledger_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"
)

// The promise of the design: 1,000 entries a second, sustained, each durable
// before its picture, and a look delayed by less than 500 ms (p99).
// Measured up to three times, since other tests share the machine.
func TestThroughputAndLatency(t *testing.T) {
	for range 3 {
		rate, p99 := measure(t)
		if rate >= 1000 && p99 <= 500*time.Millisecond {
			return
		}
	}
	t.Error("three times slower than 1,000 entries a second or 500 ms at p99")
}

func measure(t *testing.T) (rate float64, p99 time.Duration) {
	t.Helper()
	l := open(t, t.TempDir())
	const writers, each = 20, 150
	took := make([][]time.Duration, writers)
	var wg sync.WaitGroup
	start := time.Now()
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				began := time.Now()
				if _, err := l.Append(context.Background(), look(fmt.Sprint("camera:", w), i)); err != nil {
					t.Error(err)
					return
				}
				took[w] = append(took[w], time.Since(began))
			}
		})
	}
	wg.Wait()
	total := time.Since(start)
	all := slices.Concat(took...)
	slices.Sort(all)
	if len(all) != writers*each {
		t.Fatalf("%d entries were written", len(all))
	}
	if _, err := l.Proof(t.Context(), writers*each-1); err != nil {
		t.Fatal(err)
	}
	rate, p99 = float64(len(all))/total.Seconds(), all[len(all)*99/100]
	t.Logf("%.0f entries/s; a look waits p50 %v, p99 %v, worst %v; the last is published %v after it was durable",
		rate, all[len(all)/2], p99, all[len(all)-1], time.Since(start)-total)
	return rate, p99
}

func BenchmarkAppendAlone(b *testing.B) {
	l := open(b, b.TempDir())
	for b.Loop() {
		if _, err := l.Append(b.Context(), look("camera:a", 1)); err != nil {
			b.Fatal(err)
		}
	}
}
