package service

import (
	"context"
	"hash/maphash"
	"sync"
	"sync/atomic"

	"shouwang"
)

// telling carries events from the looking, which must not wait, to recorder,
// catalog and bus. Cameras are spread over lanes, so that the writing of one
// camera's pre-roll does not hold up others; within a camera the order is kept.
// When a lane is behind, an update that waits is replaced by the next one of its
// event, so what waits is bounded by the events that live.
type telling struct {
	lanes [tellLanes]tellLane
	seed  maphash.Seed
	lost  atomic.Uint64
}

const (
	tellLanes = 8
	tellBatch = 32
	tellMost  = 1 << 14 // events that wait in a lane
)

type tellLane struct {
	mu    sync.Mutex
	queue []shouwang.Event
	wake  chan struct{}
}

func newTelling() *telling {
	t := &telling{seed: maphash.MakeSeed()}
	for i := range t.lanes {
		t.lanes[i].wake = make(chan struct{}, 1)
	}
	return t
}

// push takes an event and never waits. It reports false when the event is lost:
// thousands of them wait already.
func (t *telling) push(e *shouwang.Event) bool {
	l := &t.lanes[maphash.String(t.seed, string(e.Camera))%tellLanes]
	l.mu.Lock()
	defer l.mu.Unlock()
	if e.Phase != shouwang.PhaseBegin {
		for i := len(l.queue) - 1; i >= 0; i-- {
			if q := &l.queue[i]; q.ID == e.ID && q.Phase == shouwang.PhaseUpdate {
				*q = *e
				return true
			}
		}
	}
	if len(l.queue) >= tellMost {
		t.lost.Add(1)
		return false
	}
	l.queue = append(l.queue, *e)
	select {
	case l.wake <- struct{}{}:
	default:
	}
	return true
}

// take removes the oldest events of a lane.
func (l *tellLane) take(into []shouwang.Event) []shouwang.Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := min(len(l.queue), tellBatch)
	into = append(into[:0], l.queue[:n]...)
	m := copy(l.queue, l.queue[n:])
	clear(l.queue[m:])
	l.queue = l.queue[:m]
	return into
}

// waiting is how many events wait.
func (t *telling) waiting() (n int) {
	for i := range t.lanes {
		l := &t.lanes[i]
		l.mu.Lock()
		n += len(l.queue)
		l.mu.Unlock()
	}
	return n
}

// happened takes an event from the looking.
func (n *node) happened(e shouwang.Event) {
	if !n.telling.push(&e) {
		n.log.Error("an event was lost: disk and catalog are too slow", "camera", e.Camera, "event", e.ID)
	}
}

// tell works through the events until ctx ends.
func (n *node) tell(ctx context.Context) {
	var lanes sync.WaitGroup
	for i := range n.telling.lanes {
		lanes.Go(func() { n.tellLane(ctx, &n.telling.lanes[i]) })
	}
	lanes.Wait()
}

func (n *node) tellLane(ctx context.Context, l *tellLane) {
	var batch []shouwang.Event
	for {
		if batch = l.take(batch); len(batch) == 0 {
			select {
			case <-ctx.Done():
				return
			case <-l.wake:
			}
			continue
		}
		for i := range batch {
			n.recorder.OnEvent(ctx, batch[i])
		}
		if err := n.archive.Catalog.PutEvents(ctx, batch); err != nil && ctx.Err() == nil {
			n.log.Error("events could not be kept", "first", batch[0].ID, "events", len(batch), "error", err)
		}
		for i := range batch {
			if _, err := n.bus.Publish(ctx, shouwang.TopicEvent, batch[i]); err != nil && ctx.Err() == nil {
				n.log.Error("event could not be told", "event", batch[i].ID, "error", err)
			}
		}
		if ctx.Err() != nil {
			return
		}
	}
}
