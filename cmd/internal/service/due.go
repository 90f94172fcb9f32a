package service

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"shouwang"
	"shouwang/policy"
)

// dueEvery is how often consents are looked through for what time alone brings
// about. The rules go by the clock themselves: nothing is open a moment too
// long while a version is still to be written.
const dueEvery = 15 * time.Second

// clockwork writes down what time does to consents: terms that end, pauses
// that end.
type clockwork struct {
	s      *Service
	ending prometheus.Gauge
}

func (s *Service) newClockwork() *clockwork {
	c := &clockwork{s: s, ending: prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "shouwang_consents_ending", Help: "Consents that end by themselves within thirty days.",
	})}
	s.metrics.MustRegister(c.ending)
	return c
}

// run looks through the consents until ctx ends.
func (c *clockwork) run(ctx context.Context) {
	for {
		c.tick(ctx)
		if !sleep(ctx, dueEvery) {
			return
		}
	}
}

// tick writes every version that is due now.
func (c *clockwork) tick(ctx context.Context) {
	now, world := c.s.clock(), c.s.node.gate.World()
	c.ending.Set(float64(len(world.Renewals(now, policy.RenewWithin))))
	if err := c.s.forget(ctx, now); err != nil && ctx.Err() == nil {
		c.s.log.Error("closed requests of filmed persons could not be removed", "error", err)
	}
	for _, due := range world.Due(now) {
		next, err := due.Due(now)
		if err == nil && next != nil {
			err = c.write(ctx, next)
		}
		switch {
		case err == nil || ctx.Err() != nil:
		case shouwang.CodeOf(err) == shouwang.CodeConflict: // its owner was quicker
		default:
			c.s.log.Error("what time brought about could not be written down", "consent", due.Ref(), "error", err)
		}
	}
}

func (c *clockwork) write(ctx context.Context, next *policy.Consent) error {
	last := next.Events[len(next.Events)-1]
	entry := policy.Entry{
		At: last.Time, Kind: "consent", Principal: last.By, Action: policy.ManageConsent, Camera: next.Camera,
		Purpose: next.Purpose, Consent: next.Ref(), Detail: last.Type,
	}
	if next.State.Live() { // a pause is over: what opens is logged first
		if _, err := c.s.ledger.Append(ctx, entry); err != nil {
			return err
		}
	}
	if _, err := c.s.consents().Append(ctx, next); err != nil {
		return err
	}
	c.s.consentChanged(ctx, next)
	if !next.State.Live() {
		if _, err := c.s.ledger.Append(ctx, entry); err != nil {
			return err
		}
	}
	c.s.log.Info("consent changed by the clock", "consent", next.Ref(), "state", next.State)
	return nil
}
