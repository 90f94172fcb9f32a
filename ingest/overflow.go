package ingest

import "shouwang"

// push queues a unit or decides what to drop. Called with Hub.mu held, by the
// one writer.
func (r *Reader) push(o *offer) {
	u := o.head
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended {
		return
	}
	if !r.fits(u) {
		r.overflow(u)
	}
	if r.waitKey && (!u.Key || !r.roomy(u)) {
		r.drop(u)
		return
	}
	r.resume(u)
	r.put(entry{unit: o.to(r.lean)})
	r.bytes += int64(u.Size())
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

func (r *Reader) fits(u *shouwang.AccessUnit) bool {
	return r.n < r.cfg.MaxUnits && r.bytes+int64(u.Size()) <= r.cfg.MaxBytes
}

// roomy asks for half the queue before a reader that overran goes on, so that a
// recorder that keeps falling behind writes few long gaps, not many short ones.
func (r *Reader) roomy(u *shouwang.AccessUnit) bool {
	if r.over == nil {
		return r.fits(u)
	}
	return r.n <= r.cfg.MaxUnits/2 && r.bytes <= r.cfg.MaxBytes/2 && r.fits(u)
}

// overflow begins a stretch of dropping, unless one is already under way.
func (r *Reader) overflow(u *shouwang.AccessUnit) {
	if r.waitKey && (r.over != nil || r.cfg.Policy == SkipToKey && r.n == 0) {
		return
	}
	r.stats.Overflows++
	r.waitKey = true
	if r.cfg.Policy == Report {
		r.over = &shouwang.Overrun{Span: shouwang.Span{From: u.Wall.At, To: u.Wall.At}}
		return
	}
	r.dropQueued(u)
}

// dropQueued empties a skipping reader's queue up to its newest key frame, if
// with that there is room for u; else altogether.
func (r *Reader) dropQueued(u *shouwang.AccessUnit) {
	key := -1
	for i := r.n - 1; i > 0; i-- {
		if e := r.queue[(r.head+i)&(len(r.queue)-1)]; e.unit != nil && e.unit.Key {
			key = i
			break
		}
	}
	if key < 0 {
		key = r.n
	}
	for range key {
		r.count(r.pop().unit)
	}
	if r.n > 0 && r.fits(u) {
		r.waitKey = false
		return
	}
	for r.n > 0 {
		r.count(r.pop().unit)
	}
}

// drop counts a unit that is not handed on. Before the first key frame that is
// no loss: nothing could be decoded yet.
func (r *Reader) drop(u *shouwang.AccessUnit) {
	if r.stats.Overflows == 0 {
		return
	}
	r.count(u)
	if r.over != nil {
		r.over.Units++
		r.over.Bytes += int64(u.Size())
		r.over.Span.To = u.Wall.At
	}
}

func (r *Reader) count(u *shouwang.AccessUnit) {
	r.stats.Skipped++
	r.stats.SkippedSize += uint64(u.Size())
}

// resume ends a stretch of dropping at the unit about to be queued.
func (r *Reader) resume(u *shouwang.AccessUnit) {
	r.waitKey = false
	if r.over != nil {
		r.over.Span.To = u.Wall.At
		r.put(entry{over: r.over})
		r.over = nil
	}
}

func (r *Reader) put(e entry) {
	if r.n == len(r.queue) {
		q := make([]entry, max(16, 2*len(r.queue)))
		for i := range r.n {
			q[i] = r.queue[(r.head+i)&(len(r.queue)-1)]
		}
		r.queue, r.head = q, 0
	}
	r.queue[(r.head+r.n)&(len(r.queue)-1)] = e
	r.n++
}

func (r *Reader) pop() entry {
	e := r.queue[r.head]
	r.queue[r.head] = entry{}
	r.head = (r.head + 1) & (len(r.queue) - 1)
	r.n--
	if e.unit != nil {
		r.bytes -= int64(e.unit.Size())
	}
	return e
}
