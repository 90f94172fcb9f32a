package service

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"shouwang"
	"shouwang/ingest/buttons"
	papers "shouwang/storage/desk"
)

// OpenDesk opens the dispatchers' papers in the data folder. Command-line tools
// use it beside a running service.
func OpenDesk(ctx context.Context, cfg Config) (*papers.DB, error) {
	return papers.Open(ctx, cfg.path("desk.db"), time.Now)
}

// listenToButtons takes what call buttons say over MQTT, until ctx ends.
func (s *Service) listenToButtons(ctx context.Context) {
	l := buttons.New(s.cfg.Buttons, buttons.Deps{
		Hear: s.hearButton, Admits: s.papers.Admits, Clock: s.clock, Log: s.log,
	})
	if s.cfg.Buttons.Broker != "" {
		up := prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "shouwang_buttons_broker_up", Help: "1 while the broker of the call buttons is reached."},
			func() float64 {
				if l.Up() {
					return 1
				}
				return 0
			})
		refused := prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "shouwang_buttons_refused_total", Help: "Messages under the buttons' topic that no known button sent."},
			func() float64 { return float64(l.Refused()) })
		s.metrics.MustRegister(up, refused)
	}
	l.Run(ctx)
}

// hearButton keeps a signal and then tells whoever sits at a wall. That it
// could not be told is no failure: the walls ask by themselves as well.
func (s *Service) hearButton(ctx context.Context, signal shouwang.Signal) error {
	call, changed, err := s.papers.Hear(ctx, signal)
	if err != nil || !changed {
		return err
	}
	s.log.Warn("call for help", "button", call.Button, "call", call.ID, "presses", call.Presses, "via", signal.Via)
	// The call is durable and heard whatever becomes of its incident: a
	// dispatcher can still open one by hand.
	if err := s.openForCall(context.WithoutCancel(ctx), &call); err != nil {
		s.log.Error("an incident could not be opened for a call", "call", call.ID, "error", err)
	}
	s.tellDesk(ctx, shouwang.DeskChange{Kind: shouwang.DeskCall, ID: call.ID})
	return nil
}

// tellDesk says that something on the desk changed.
func (s *Service) tellDesk(ctx context.Context, change shouwang.DeskChange) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	if _, err := s.node.bus.Publish(ctx, shouwang.TopicDesk, change); err != nil {
		s.log.Warn("a change of the desk could not be told", "kind", change.Kind, "error", err)
	}
}
