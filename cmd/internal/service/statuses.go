package service

import (
	"context"
	"sync"

	"shouwang"
)

// statuses carries changes of streams' states to the bus. Only the newest of
// each stream waits, so a flapping camera fills nothing.
type statuses struct {
	mu      sync.Mutex
	waiting map[string]shouwang.StreamStatus
	wake    chan struct{}
}

func newStatuses() *statuses {
	return &statuses{waiting: map[string]shouwang.StreamStatus{}, wake: make(chan struct{}, 1)}
}

// push notes a state; it never blocks.
func (s *statuses) push(st shouwang.StreamStatus) {
	s.mu.Lock()
	s.waiting[string(st.Camera)+"/"+string(st.Stream)] = st
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *statuses) take() []shouwang.StreamStatus {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]shouwang.StreamStatus, 0, len(s.waiting))
	for _, st := range s.waiting {
		out = append(out, st)
	}
	clear(s.waiting)
	return out
}

// tellStatuses publishes changes of state until ctx ends.
func (n *node) tellStatuses(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-n.statuses.wake:
		}
		for _, st := range n.statuses.take() {
			if _, err := n.bus.Publish(ctx, shouwang.TopicCamera, st); err != nil && ctx.Err() == nil {
				n.log.Error("state of a camera could not be told", "camera", st.Camera, "error", err)
			}
		}
	}
}

// pushAuth checks a camera's publish token.
func (n *node) pushAuth(camera shouwang.CameraID, token string) error {
	ok, err := n.registry.CheckPublishToken(n.life, camera, token)
	if err != nil {
		return err
	}
	if !ok {
		return shouwang.Errorf(shouwang.CodeDenied, "the publish token of camera %s is wrong", camera)
	}
	return nil
}
