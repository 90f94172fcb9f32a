package pool

// A worker's streams take turns by deficit round-robin (Shreedhar and Varghese
// 1996) in microseconds of CPU time: a camera with large pictures gets fewer
// of them decoded when there is not enough for all, and none starves.

const (
	quantum = 2000 // microseconds a turn
	// window bounds what a process may have in hand: enough to keep it busy,
	// little enough that a death has few suspects.
	windowUnits = 16
	windowBytes = 1 << 20
	// debt bounds how long one very dear unit can shut its camera out.
	debt = 50 * quantum
)

// flight is a unit in the hands of a process.
type flight struct {
	s    *stream
	num  uint64
	size int
	cost int64 // what it was charged beforehand
	key  bool  // a key frame decoded by itself
}

// wake puts a stream with work into the round.
func (w *worker) wake(s *stream) {
	if s.ready || s.n == 0 || s.closed {
		return
	}
	s.ready, s.next = true, nil
	if w.tail == nil {
		w.first = s
	} else {
		w.tail.next = s
	}
	w.tail = s
	w.cond.Signal()
}

// pop takes the first stream out of the round.
func (w *worker) pop() *stream {
	s := w.first
	w.first = s.next
	if w.first == nil {
		w.tail = nil
	}
	s.ready, s.next = false, nil
	return s
}

// remove takes a stream out of the round, wherever it stands.
func (w *worker) remove(s *stream) {
	for n := w.count(); n > 0; n-- {
		if o := w.pop(); o != s {
			w.wake(o)
		}
	}
}

func (w *worker) count() int {
	n := 0
	for s := w.first; s != nil; s = s.next {
		n++
	}
	return n
}

// pick returns the stream whose turn it is, or nil.
func (w *worker) pick() *stream {
	for w.first != nil {
		s := w.first
		switch {
		case s.n == 0 || s.closed:
			w.pop()
			s.deficit = min(s.deficit, quantum) // idle streams save nothing up
		case s.deficit <= 0:
			w.pop()
			if s.deficit += quantum; s.stale() {
				// A round of many cameras is long: debts are not paid off for minutes.
				s.deficit = max(s.deficit, 1)
			}
			w.wake(s)
		default:
			return s
		}
	}
	return nil
}

// open reports whether the process may be given size bytes more.
func (w *worker) open(size int) bool {
	limit := windowUnits
	if w.probe {
		limit = 1
	}
	return len(w.flights) < limit && (len(w.flights) == 0 || w.flightBytes+size <= windowBytes)
}

// charge books a unit as handed to the process.
func (w *worker) charge(s *stream, num uint64, size int, key bool) {
	s.deficit -= s.cost
	s.inflight++
	w.flights = append(w.flights, flight{s, num, size, s.cost, key})
	w.flightBytes += size
}

// settle books the answer to the oldest unit in hand. It returns false when
// the answer is not to that unit: the process then cannot be trusted.
func (w *worker) settle(handle uint32, num uint64, micros int64) (*stream, bool) {
	if len(w.flights) == 0 {
		return nil, false
	}
	f := w.flights[0]
	if f.s.handle != handle || f.num != num {
		return nil, false
	}
	copy(w.flights, w.flights[1:])
	w.flights[len(w.flights)-1] = flight{}
	w.flights = w.flights[:len(w.flights)-1]
	w.flightBytes -= f.size
	w.progress++
	w.busy += uint64(micros)
	s := f.s
	if s.inflight > 0 {
		s.inflight--
	}
	s.deficit = max(s.deficit-(micros-f.cost), -debt)
	s.cost += (micros - s.cost) / 8
	s.stats.Answered++
	s.stats.CPUMicros += uint64(micros)
	if f.key {
		s.stats.Keys++
		s.stats.KeyMicros += uint64(micros)
	}
	w.p.stats.Answered++
	s.signal()
	w.cond.Signal()
	return s, true
}
