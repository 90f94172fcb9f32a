package pool

import (
	"shouwang/analyze"
	"shouwang/analyze/wire"
)

// masks are those that came before their observations.
type masks []waitingMask

type waitingMask struct {
	num uint64
	analyze.Mask
}

// take returns the mask of a unit, if one came, and forgets those before it.
func (m *masks) take(num uint64) *analyze.Mask {
	for i := range *m {
		if w := (*m)[i]; w.num == num {
			*m = append((*m)[:0], (*m)[i+1:]...)
			return &w.Mask
		}
	}
	return nil
}

// masked keeps a mask until its observation comes. No more wait than units can
// be in hand.
func (w *worker) masked(body []byte) error {
	var m wire.Mask
	if err := wire.ParseMask(body, &m); err != nil {
		return err
	}
	w.p.mu.Lock()
	defer w.p.mu.Unlock()
	s := w.p.streams[m.Handle]
	if s == nil || s.sess == nil || s.home != w || !s.sess.opts.Mask {
		return nil
	}
	if len(s.sess.masks) == recent {
		return errViolation
	}
	s.sess.masks = append(s.sess.masks, waitingMask{m.Seq, analyze.Mask{Cols: m.Cols, Rows: m.Rows, Runs: m.Runs}})
	return nil
}
