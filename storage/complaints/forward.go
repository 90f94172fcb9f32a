package complaints

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"shouwang"
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
	u, err := url.Parse(c.Webhook)
	local := err == nil && (u.Hostname() == "127.0.0.1" || u.Hostname() == "localhost" || u.Hostname() == "::1")
	if err != nil || u.Host == "" || u.Scheme != "https" && !(u.Scheme == "http" && local) {
		return shouwang.Errorf(shouwang.CodeBadConfig, "complaints.webhook %q: write an address with https://; complaints do not travel in clear", c.Webhook)
	}
	return nil
}

const (
	sendTimeout = 20 * time.Second
	retryAfter  = time.Minute
)

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
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	raw, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("send complaint: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.cfg.Webhook, bytes.NewReader(raw))
	if err != nil {
		return fmt.Errorf("send complaint: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", c.ID) // it may be sent twice
	if s.cfg.Token != "" {
		req.Header.Set("Authorization", "Bearer "+s.cfg.Token)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return shouwang.Errorf(shouwang.CodeUnreachable, "send complaint: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10)) // so that the connection can be used again
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return shouwang.Errorf(shouwang.CodeUnreachable, "send complaint: the outside body answers %s", res.Status)
	}
	return nil
}
