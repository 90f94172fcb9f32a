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

// errNotSetUp is of a letter for which nothing carries any more.
var errNotSetUp = errors.New("nothing that carries it is set up")

// Run sends what waits until ctx ends.
func (s *Store) Run(ctx context.Context) {
	retry := time.NewTimer(0)
	defer retry.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.kick:
		case <-retry.C:
		}
		more, err := s.Forward(ctx)
		if err != nil && ctx.Err() == nil {
			s.log.Error("notices wait", "error", err)
		}
		switch {
		case err != nil:
			if !rest(ctx) { // a new letter does not hurry who just failed
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

func rest(ctx context.Context) bool {
	t := time.NewTimer(restAfter)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// Forward tries once what is due, the oldest first. A carrier that fails is not
// asked again this time: its other letters stay due. It reports whether more
// is due, and what failed.
func (s *Store) Forward(ctx context.Context) (more bool, err error) {
	due, err := s.due(ctx)
	if err != nil {
		return false, err
	}
	failed := map[bool]error{}
	for i := range due {
		l := &due[i]
		byMail := l.To != ""
		if failed[byMail] != nil {
			continue
		}
		if failed[byMail], err = s.try(ctx, l); err != nil || ctx.Err() != nil {
			return false, errors.Join(err, ctx.Err())
		}
	}
	return len(due) == batch, errors.Join(failed[true], failed[false])
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

// try sends one letter and notes the outcome. failed is what the carrier said,
// err of the disk.
func (s *Store) try(ctx context.Context, w *waiting) (failed, err error) {
	failed = s.carry(ctx, &w.Letter)
	now := s.clock()
	switch {
	case failed == nil:
		s.count(func(t *Totals) { t.Sent++ })
		return nil, s.exec(ctx, `DELETE FROM waiting WHERE id = ?`, w.ID)
	case ctx.Err() != nil:
		return nil, nil
	case errors.Is(failed, errNotSetUp) || now.Sub(w.At) >= giveUpAfter:
		s.count(func(t *Totals) { t.Failed++; t.Lost++ })
		s.log.Error("a notice is given up", "notice", w.ID, "kind", w.Kind, "tries", w.tries+1, "error", failed)
		return nil, errors.Join(
			s.exec(ctx, `DELETE FROM lost WHERE at <= ?`, now.Add(-giveUpAfter).UnixMilli()),
			s.exec(ctx, `INSERT INTO lost (at) VALUES (?)`, now.UnixMilli()), s.exec(ctx, `DELETE FROM waiting WHERE id = ?`, w.ID))
	}
	s.count(func(t *Totals) { t.Failed++ })
	return failed, s.exec(ctx, `UPDATE waiting SET tries = tries + 1, due = ? WHERE id = ?`, now.Add(backoff(w.tries)).UnixMilli(), w.ID)
}

func (s *Store) exec(ctx context.Context, query string, args ...any) error {
	if _, err := s.db.ExecContext(ctx, query, args...); err != nil {
		return fmt.Errorf("note what became of a notice: %w", err)
	}
	return nil
}

func (s *Store) carry(ctx context.Context, l *Letter) error {
	c := s.hook
	if l.To != "" {
		c = s.mailer
	}
	if c == nil {
		return errNotSetUp
	}
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	return c.carry(ctx, l)
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
	return post.Send(ctx, &post.Parcel{URL: h.url, ID: l.ID, Body: raw, Secret: h.secret, At: h.clock()})
}
