package notices

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"shouwang/storage/post"
)

const (
	giveUpAfter  = 72 * time.Hour
	firstRetry   = time.Minute
	longestRetry = 6 * time.Hour
	restAfter    = 30 * time.Second // of a carrier that failed
	batch        = 100
	sendTimeout  = 30 * time.Second
)

// Run sends what waits until ctx ends. What waited before is tried at once:
// whoever starts the service anew has perhaps just mended why.
func (s *Store) Run(ctx context.Context) {
	if err := s.Hurry(ctx); err != nil && ctx.Err() == nil {
		s.log.Error("notices wait", "error", err)
	}
	retry := time.NewTimer(0)
	defer retry.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.kick:
		case <-s.hurry:
		case <-retry.C:
		}
		more, err := s.Forward(ctx)
		if err != nil && ctx.Err() == nil {
			s.log.Error("notices wait", "error", err)
		}
		switch {
		case err != nil:
			if !s.rest(ctx) { // a new letter does not hurry who just failed
				return
			}
			retry.Reset(0)
		case more:
			retry.Reset(0)
		default:
			retry.Reset(firstRetry)
		}
	}
}

func (s *Store) rest(ctx context.Context) bool {
	t := time.NewTimer(restAfter)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-s.hurry:
	case <-t.C:
	}
	return true
}

// Hurry makes everything that waits due now.
func (s *Store) Hurry(ctx context.Context) error {
	now := s.clock().UnixMilli()
	defer nudge(s.hurry)
	return s.exec(ctx, `UPDATE waiting SET due = ? WHERE due > ?`, now, now)
}

// Forward tries once what is due, the oldest first. A way out that is closed is
// not tried again this time: its other letters stay due. It reports whether
// more is due, and what is closed. A process that dies between the other side's
// yes and the note of it sends that letter again, under the same id.
func (s *Store) Forward(ctx context.Context) (more bool, err error) {
	due, err := s.due(ctx)
	if err != nil {
		return false, err
	}
	closed := map[string]error{}
	for i := range due {
		l := &due[i]
		if closed[l.way()] != nil {
			continue
		}
		if closed[l.way()], err = s.try(ctx, l); err != nil || ctx.Err() != nil {
			return false, errors.Join(err, ctx.Err())
		}
	}
	return len(due) == batch, errors.Join(closed[WayMail], closed[WayWebhook])
}

// waiting is a letter in the queue.
type waiting struct {
	Letter
	tries int
}

func (s *Store) due(ctx context.Context) (list []waiting, err error) {
	rows, err := s.db.QueryContext(ctx, `SELECT id, person, tries, sealed FROM waiting WHERE due <= ? ORDER BY due, at LIMIT ?`, s.clock().UnixMilli(), batch)
	if err != nil {
		return nil, fmt.Errorf("read notices: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var w waiting
		var id, person string
		var sealed []byte
		if err := rows.Scan(&id, &person, &w.tries, &sealed); err != nil {
			return nil, fmt.Errorf("read notices: %w", err)
		}
		raw, err := s.box.Open(id, sealed)
		if err == nil {
			err = json.Unmarshal(raw, &w.Letter)
		}
		if err != nil {
			return nil, fmt.Errorf("read notice %s: %w", id, err)
		}
		w.Person = person
		list = append(list, w)
	}
	return list, rows.Err()
}

// try sends one letter and notes the outcome. closed is why its way out is, err
// of the disk.
func (s *Store) try(ctx context.Context, w *waiting) (closed, err error) {
	failed := s.carry(ctx, &w.Letter)
	now := s.clock()
	switch {
	case failed == nil:
		s.count(func(t *Totals) { t.Sent++ })
		return nil, s.sent(ctx, w, now)
	case ctx.Err() != nil:
		return nil, nil
	}
	s.count(func(t *Totals) { t.Failed++ })
	if failed.final || now.Sub(w.At) >= giveUpAfter {
		s.count(func(t *Totals) { t.Lost++ })
		s.log.Error("a notice is given up", "notice", w.ID, "kind", w.Kind, "tries", w.tries+1, "error", failed)
		return nil, s.lose(ctx, w, failed, now)
	}
	err = s.exec(ctx, `UPDATE waiting SET tries = tries + 1, due = ? WHERE id = ?`, now.Add(backoff(w.tries)).UnixMilli(), w.ID)
	if failed.one {
		return nil, err
	}
	return failed, errors.Join(err, s.closed(ctx, w.way(), failed, now))
}

func (s *Store) exec(ctx context.Context, query string, args ...any) error {
	if _, err := s.db.ExecContext(ctx, query, args...); err != nil {
		return fmt.Errorf("note what became of a notice: %w", err)
	}
	return nil
}

func (s *Store) carry(ctx context.Context, l *Letter) *answer {
	c := s.hook
	if l.To != "" {
		c = s.mailer
	}
	if c == nil {
		return &answer{text: "nothing that carries it is set up", one: true, final: true}
	}
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	var said *answer
	if err := c.carry(ctx, l); err != nil && !errors.As(err, &said) {
		said = &answer{text: plainAnswer(err.Error())}
	}
	return said
}

// backoff doubles from a minute to six hours, give or take a fifth, so that what
// failed together does not come together again.
func backoff(tries int) time.Duration {
	d := min(firstRetry<<min(tries, 12), longestRetry)
	return d + time.Duration((rand.Float64()-0.5)*0.4*float64(d)) //nolint:gosec // no secret
}

// hook posts letters to the staff's webhook.
type hook struct {
	url    string
	secret []byte
	clock  func() time.Time
}

func (h *hook) carry(ctx context.Context, l *Letter) error {
	raw, err := json.Marshal(l)
	if err != nil {
		return fmt.Errorf("send notice: %w", err)
	}
	if err := post.Send(ctx, &post.Parcel{URL: h.url, ID: l.ID, Body: raw, Secret: h.secret, At: h.clock()}); err != nil {
		return hookAnswer(err)
	}
	return nil
}
