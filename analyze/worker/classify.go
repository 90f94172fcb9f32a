package worker

import (
	"shouwang"
	"shouwang/analyze/decode"
	"shouwang/analyze/wire"
)

const (
	sheetFull = 4 // things that one run of the network answers for
	// patience is how many units a thing waits for others to share its run
	// with; the next picture of its camera is often among them.
	patience = 8
	maxAsks  = 4 // of one camera at a time
)

func (w *loop) classifier() string {
	if w.cfg.Classifier == nil {
		return ""
	}
	return w.cfg.Classifier.Name()
}

// ask notes a question until the camera's next picture. Without a classifier,
// or of a camera that is gone, it goes unanswered: whoever asks expects that.
func (w *loop) ask(body []byte) error {
	var a wire.Ask
	if err := wire.ParseAsk(body, &a); err != nil {
		return err
	}
	if c := w.cameras[a.Handle]; c != nil && w.cfg.Classifier != nil && len(c.asks) < maxAsks {
		c.asks = append(c.asks, a)
	}
	return nil
}

// cut takes what was asked about out of a picture.
func (w *loop) cut(c *camera, p *decode.Picture) {
	for i := range c.asks {
		a := &c.asks[i]
		w.cfg.Classifier.Cut(p, a.Handle, a.Ticket, c.near(shouwang.Box{float64(a.X), float64(a.Y), float64(a.W), float64(a.H)}))
	}
	c.asks = c.asks[:0]
}

// near returns where the thing of an earlier picture is in this one: the
// moving region that shares most with where it was, or there when none does.
func (c *camera) near(was shouwang.Box) shouwang.Box {
	best, top := was, 0.0
	for i := range c.regions {
		r := &c.regions[i]
		box := shouwang.Box{float64(r.X), float64(r.Y), float64(r.W), float64(r.H)}
		if share := was.IoU(box); share > top {
			best, top = box, share
		}
	}
	return best
}

// classify runs the network when a sheet is full, when there is nothing else
// to do, or when things have waited long enough.
func (w *loop) classify(more bool) error {
	c := w.cfg.Classifier
	if c == nil || c.Waiting() == 0 {
		w.patience = 0
		return nil
	}
	w.patience++
	if more && c.Waiting() < sheetFull && w.patience < patience {
		return nil
	}
	w.patience = 0
	if w.records > 0 { // what was seen does not wait for what it was
		if err := w.flushObs(); err != nil {
			return err
		}
	}
	w.answers = wire.Begin(w.answers[:0], wire.KindFound)
	if err := c.Run(func(f *wire.Found) { w.answers = wire.AppendFound(w.answers, f) }); err != nil {
		w.log("error", err.Error())
	}
	wire.End(w.answers, 0)
	return w.writeRaw(w.answers)
}
