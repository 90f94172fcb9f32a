package retain

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Tide is the clock of retention. It never goes back, and believes a leap
// forward only after it has lasted: expired footage must go in time though the
// clock was set back, and a month of footage must not go because the clock was
// set wrong for a moment. It is safe for concurrent use.
type Tide struct {
	clock func() time.Time
	mono  func() time.Duration

	mu      sync.Mutex
	last    time.Time
	lastAt  time.Duration
	leaping bool
	leapAt  time.Duration
}

// A leap of more than leapSize is believed after leapWait. After a downtime
// the clock is ahead of the tide by it, so leapWait is also how long expired
// footage may outlive a restart.
const (
	leapSize = 10 * time.Minute
	leapWait = 20 * time.Minute
)

// NewTide returns a tide over a wall clock and a monotonic clock, which counts
// from anywhere.
func NewTide(clock func() time.Time, mono func() time.Duration) *Tide {
	return &Tide{clock: clock, mono: mono}
}

// Wall returns the wall clock as it is, for stamps.
func (t *Tide) Wall() time.Time { return t.clock() }

// restore begins at the time that an earlier process had reached, unless the
// tide has begun already.
func (t *Tide) restore(reached time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.last.IsZero() && !reached.IsZero() {
		t.last, t.lastAt = reached, t.mono()
	}
}

// Now returns the believed time and how far the clock is behind it.
func (t *Tide) Now() (now time.Time, behind time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	wall, at := t.clock(), t.mono()
	if t.last.IsZero() {
		t.last, t.lastAt = wall, at
		return wall, 0
	}
	expected := t.last.Add(at - t.lastAt)
	now = wall
	switch {
	case wall.Before(expected):
		now, behind, t.leaping = expected, expected.Sub(wall), false
	case wall.Sub(expected) <= leapSize:
		t.leaping = false
	case !t.leaping:
		now, t.leaping, t.leapAt = expected, true, at
	case at-t.leapAt < leapWait:
		now = expected
	default:
		t.leaping = false
	}
	t.last, t.lastAt = now, at
	return now, behind
}

// tideName is where the catalog keeps how far the tide has come.
const tideName = "tide"

// tide returns the believed time, going on from where the last process was.
func (k *Keeper) tide(ctx context.Context) (now time.Time, behind time.Duration, err error) {
	saved, err := k.Catalog.Meta(ctx, tideName)
	if err != nil {
		return time.Time{}, 0, err
	}
	if reached, err := time.Parse(time.RFC3339Nano, saved); err == nil {
		k.Tide.restore(reached)
	}
	now, behind = k.Tide.Now()
	return now, behind, nil
}

// keepTide notes how far the tide has come.
func (k *Keeper) keepTide(ctx context.Context, now time.Time) error {
	if err := k.Catalog.SetMeta(ctx, tideName, now.UTC().Format(time.RFC3339Nano)); err != nil {
		return fmt.Errorf("note the time reached: %w", err)
	}
	return nil
}
