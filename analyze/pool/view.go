package pool

import (
	"shouwang/analyze/view"
	"shouwang/analyze/wire"
)

// viewed hands a grid on.
func (w *worker) viewed(body []byte) error {
	var v wire.View
	if err := wire.ParseView(body, &v); err != nil {
		return err
	}
	grid, err := view.Parse(v.Cells)
	if err != nil {
		return errViolation
	}
	w.p.mu.Lock()
	s := w.p.streams[v.Handle]
	ok := s != nil && s.sess != nil && s.home == w && s.sess.opts.View != nil
	w.p.mu.Unlock()
	if ok {
		s.sess.opts.View(grid)
	}
	return nil
}
