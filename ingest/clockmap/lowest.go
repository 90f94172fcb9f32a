package clockmap

import "time"

// lowest tracks the smallest and largest of the values seen within the last one
// to two half windows, in constant space.
type lowest struct {
	began    time.Time // of the current half
	cur, old half
}

type half struct {
	low, high time.Duration
	n         int
}

func (h *half) add(v time.Duration) {
	if h.n == 0 {
		h.low, h.high = v, v
	}
	h.low, h.high = min(h.low, v), max(h.high, v)
	h.n++
}

func (l *lowest) add(now time.Time, v, window time.Duration) {
	if l.began.IsZero() || now.Sub(l.began) >= window/2 || now.Before(l.began) {
		l.old, l.cur, l.began = l.cur, half{}, now
	}
	l.cur.add(v)
}

// value returns the lowest value and how far the values spread above it.
func (l *lowest) value() (low, spread time.Duration) {
	a, b := l.cur, l.old
	if a.n == 0 {
		a, b = b, a
	}
	if b.n == 0 {
		return a.low, a.high - a.low
	}
	low = min(a.low, b.low)
	return low, max(a.high, b.high) - low
}

// drift returns by how much the lowest value rose or fell between the halves.
func (l *lowest) drift() time.Duration {
	if l.cur.n == 0 || l.old.n == 0 {
		return 0
	}
	return max(l.cur.low-l.old.low, l.old.low-l.cur.low)
}

func (l *lowest) count() int { return l.cur.n + l.old.n }
