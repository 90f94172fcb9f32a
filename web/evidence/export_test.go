package evidence

import "context"

// Judge asks the gate again about every play, as Run does every 15 seconds.
func (r *Room) Judge(ctx context.Context) {
	r.mu.Lock()
	r.stale[""] = true
	r.mu.Unlock()
	r.judge(ctx)
}
