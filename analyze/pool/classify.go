package pool

import (
	"bytes"
	"context"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"shouwang"
	"shouwang/analyze/wire"
)

// Found says what a thing is that Session.Ask asked about. Label is "person",
// "vehicle" or "animal", or "" when nothing was found where something moved.
type Found struct {
	Ticket uint32
	Label  string
	Score  float64      // 0..1
	Box    shouwang.Box // of the thing
}

// labels are the classes of package classify by number, as events carry them.
var labels = [...]string{"", string(shouwang.KindPerson), string(shouwang.KindVehicle), string(shouwang.KindAnimal)}

// tryWithin bounds loading a model and running it once: a quarter of a second
// on an idle machine, and OpenCV takes a second to load on a busy one.
const tryWithin = 30 * time.Second

// tryModel asks an analyzer of its own whether the model can be used, so that
// one that cannot takes no camera's analyzer with it. An unusable model is left
// out; the reason is returned and logged once.
func (p *Pool) tryModel(ctx context.Context) error {
	if p.cfg.Model == "" {
		return nil
	}
	for _, path := range []*string{&p.cfg.Model, &p.cfg.Runtime} { // analyzers run in /
		if abs, err := filepath.Abs(*path); err == nil && *path != "" {
			*path = abs
		}
	}
	ctx, cancel := context.WithTimeout(ctx, tryWithin)
	defer cancel()
	cmd := exec.CommandContext(ctx, p.binary, append([]string{"--try-model"}, p.modelArguments()...)...)
	cmd.Env = environment()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		said, _, _ := strings.Cut(strings.TrimSpace(errs.String()), "\n")
		err = shouwang.Errorf(shouwang.CodeBadConfig, "the classifier's model %s cannot be used: %w: %s", p.cfg.Model, err, said)
		p.cfg.Logger.Warn("nothing is named: motion and rules work without", "error", err)
		p.cfg.Model = ""
		return err
	}
	p.classifier = strings.TrimSpace(out.String())
	p.cfg.Logger.Info("moving things are named", "by", p.classifier, "model", p.cfg.Model)
	return nil
}

func (p *Pool) modelArguments() []string {
	if p.cfg.Model == "" {
		return nil
	}
	return []string{"--model=" + p.cfg.Model, "--onnxruntime=" + p.cfg.Runtime}
}

// Classifier says what names moving things, "" if nothing does.
func (p *Pool) Classifier() string { return p.classifier }

// Ask wants to know what the thing is that was last seen in the box: it is cut
// out of the stream's next decoded picture. The answer goes to Options.Found
// under the ticket. It may never come: the camera may fall asleep, its process
// may end, or too much may be asked already. False says at once that it will
// not.
func (s *Session) Ask(ticket uint32, box shouwang.Box) bool {
	st := s.s
	st.p.mu.Lock()
	defer st.p.mu.Unlock()
	if st.p.classifier == "" || st.closed || st.sent == nil || st.home.proc == nil || s.opts.Found == nil || st.p.degraded(st) {
		return false
	}
	st.home.ctl = wire.AppendAsk(st.home.ctl, &wire.Ask{
		Handle: st.handle, Ticket: ticket, X: float32(box[0]), Y: float32(box[1]), W: float32(box[2]), H: float32(box[3]),
	})
	st.home.cond.Signal()
	return true
}

// degraded reports whether units of the stream were dropped lately: naming is
// the first thing that an overloaded analyzer is spared.
func (p *Pool) degraded(s *stream) bool {
	return !s.lastDrop.IsZero() && p.cfg.Now().Sub(s.lastDrop) < 10*time.Second
}

// found hands answers on.
func (w *worker) found(body []byte) error {
	var f wire.Found
	for n := 0; len(body) > 0; n++ {
		var err error
		if body, err = wire.NextFound(body, &f); err != nil {
			return err
		}
		if n == wire.MaxFound || int(f.Class) >= len(labels) {
			return errViolation
		}
		w.p.mu.Lock()
		s := w.p.streams[f.Handle]
		ok := s != nil && s.sess != nil && s.home == w && s.sess.opts.Found != nil
		w.p.stats.Asked++
		w.p.stats.ClassifyMicros += uint64(f.Micros)
		w.p.mu.Unlock()
		if ok {
			s.sess.opts.Found(Found{
				Ticket: f.Ticket, Label: labels[f.Class], Score: float64(f.Score),
				Box: shouwang.Box{float64(f.X), float64(f.Y), float64(f.W), float64(f.H)},
			})
		}
	}
	return nil
}
