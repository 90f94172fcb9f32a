package registry

import (
	"context"
	"time"
)

// Watch returns a channel that gets a value after changes, by whichever
// process; several changes may come as one. World already shows them. The
// channel closes when ctx ends or the registry closes.
func (r *Registry) Watch(ctx context.Context) <-chan struct{} {
	ch := make(chan struct{}, 1)
	r.watch.Lock()
	defer r.watch.Unlock()
	if r.closed {
		close(ch)
		return ch
	}
	r.watchers[ch] = true
	context.AfterFunc(ctx, func() {
		r.watch.Lock()
		defer r.watch.Unlock()
		if r.watchers[ch] {
			delete(r.watchers, ch)
			close(ch)
		}
	})
	return ch
}

func (r *Registry) notify() {
	r.watch.Lock()
	defer r.watch.Unlock()
	for ch := range r.watchers {
		select {
		case ch <- struct{}{}:
		default: // it has one waiting already
		}
	}
}

func (r *Registry) closeWatchers() {
	r.watch.Lock()
	defer r.watch.Unlock()
	r.closed = true
	for ch := range r.watchers {
		delete(r.watchers, ch)
		close(ch)
	}
}

// poll looks for other processes' commits until ctx ends. PRAGMA data_version
// reads one counter in shared memory, so asking is cheap.
func (r *Registry) poll(ctx context.Context) {
	tick := time.NewTicker(PollEvery)
	defer tick.Stop()
	last := int64(-1)
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if version, err := r.lookForChange(ctx, last); err == nil {
			last = version
			r.stale.Store(nil)
		} else if ctx.Err() == nil && r.stale.Swap(&err) == nil {
			r.cfg.Log.Error("cannot read the registry's change, trying again", "err", err)
			r.notify()
		}
	}
}

// lookForChange reloads when the data version is not last, and returns it.
func (r *Registry) lookForChange(ctx context.Context, last int64) (int64, error) {
	var version int64
	r.change.Lock()
	defer r.change.Unlock()
	if err := r.writer.QueryRowContext(ctx, `PRAGMA data_version`).Scan(&version); err != nil {
		return last, err
	}
	if version == last {
		return last, nil
	}
	before := r.now.Load()
	if err := r.reload(ctx); err != nil {
		return last, err
	}
	if r.now.Load() != before || r.stale.Load() != nil {
		r.stale.Store(nil)
		r.notify()
	}
	return version, nil
}
