package complaints

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"shouwang/storage/post"
)

// Config says where complaints go.
type Config struct {
	// Body and BodyEn name who gets them, as residents read it.
	Body   string `yaml:"body"`
	BodyEn string `yaml:"body_en"`
	// Webhook is the outside body's address: each complaint is posted to it as
	// JSON until it answers 2xx. Empty keeps them for the oversight role alone.
	Webhook string `yaml:"webhook"`
	// Token is sent along as a bearer token when set.
	Token string `yaml:"token"`
}

// Validate returns the first setting that cannot work.
func (c *Config) Validate() error {
	if c.Webhook == "" {
		return nil
	}
	return post.CheckURL("complaints.webhook", c.Webhook)
}

const retryAfter = time.Minute

// Run sends what waits until ctx ends.
func (s *Store) Run(ctx context.Context) {
	if s.cfg.Webhook == "" {
		return
	}
	retry := time.NewTimer(0)
	defer retry.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.kick:
		case <-retry.C:
		}
		if err := s.Forward(ctx); err != nil && ctx.Err() == nil {
			s.log.Error("complaints wait: the outside body does not take them", "error", err)
			retry.Reset(retryAfter)
		}
	}
}

// Forward sends every complaint that the outside body does not have yet, the
// oldest first, and stops at the first that it does not take.
func (s *Store) Forward(ctx context.Context) error {
	if s.cfg.Webhook == "" {
		return nil
	}
	waiting, err := s.query(ctx, `WHERE forwarded_at IS NULL ORDER BY at LIMIT 100`)
	if err != nil {
		return err
	}
	for _, c := range waiting {
		if err := s.send(ctx, &c); err != nil {
			return err
		}
		if _, err := s.db.ExecContext(ctx, `UPDATE complaints SET forwarded_at = ? WHERE id = ?`, s.clock().UnixMilli(), c.ID); err != nil {
			return fmt.Errorf("note that complaint %s was sent: %w", c.ID, err)
		}
	}
	return nil
}

func (s *Store) send(ctx context.Context, c *Complaint) error {
	raw, err := json.Marshal(c)
	if err == nil {
		err = post.Send(ctx, &post.Parcel{URL: s.cfg.Webhook, ID: c.ID, Body: raw, Token: s.cfg.Token})
	}
	if err != nil {
		return fmt.Errorf("send complaint: %w", err)
	}
	return nil
}
