// Package redisbus is the bus between processes: one Redis stream under the
// contract of package bus. It needs Redis 5 or later (streams, scripts).
//
// All topics share one stream, since one stream gives one order and one cursor.
// History is trimmed with Redis' approximate bounds, so up to a stream node
// (100 entries by default) more than Keep.Count stays.
package redisbus

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"shouwang"
	"shouwang/storage/bus"
)

//go:embed publish.lua
var publishScript string

// Config says which Redis and how much of the log it keeps.
type Config struct {
	// URL is redis://[user:password@]host:port/db or rediss://… (TLS).
	URL string
	// Stream is the key that holds the log, "shouwang:bus" when empty.
	Stream string
	Keep   bus.Keep
	Clock  func() time.Time // time.Now when nil
	Log    *slog.Logger     // silent when nil
}

// Bus implements bus.Bus over Redis.
type Bus struct {
	cfg     Config
	options *redis.Options
	client  *redis.Client
	script  *redis.Script
	// life ends with Close and takes every reader along.
	life    context.Context
	end     context.CancelFunc
	readers sync.WaitGroup
}

// Open connects and checks that the server answers. Errors carry
// CodeBadConfig for an unreadable address and CodeStorageAway for a server that
// does not answer; neither holds the password.
func Open(ctx context.Context, cfg Config) (*Bus, error) {
	options, err := redis.ParseURL(cfg.URL)
	if err != nil {
		// The cause may quote the address with its password.
		return nil, shouwang.Errorf(shouwang.CodeBadConfig,
			"open bus: the Redis address is not of the form redis://user:password@host:port/0")
	}
	if cfg.Stream == "" {
		cfg.Stream = "shouwang:bus"
	}
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	cfg.Keep = cfg.Keep.WithDefaults()
	options.Protocol = 2 // the script and XINFO parse RESP2's flat answers
	options.DisableIdentity = true
	options.ContextTimeoutEnabled = true
	options.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	b := &Bus{
		cfg: cfg, options: options, client: redis.NewClient(options),
		script: redis.NewScript(publishScript),
	}
	b.life, b.end = context.WithCancel(context.Background())
	if err := b.Ping(ctx); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return b, nil
}

// Ping returns nil when the server answers, for readiness checks.
func (b *Bus) Ping(ctx context.Context) error {
	if err := b.client.Ping(ctx).Err(); err != nil {
		return b.away("reach", err)
	}
	return nil
}

// Publish implements bus.Bus. After a lost connection it tries again a few
// times, so a message may be there twice.
func (b *Bus) Publish(ctx context.Context, topic shouwang.Topic, body any) (string, error) {
	raw, err := bus.Encode(topic, body)
	if err != nil {
		return "", err
	}
	if b.life.Err() != nil {
		return "", bus.ErrClosed
	}
	at := b.cfg.Clock().UTC().Format(time.RFC3339Nano)
	id, err := b.script.Run(ctx, b.client, []string{b.cfg.Stream},
		string(topic), at, string(raw), b.cfg.Keep.Count, b.cfg.Keep.Age.Milliseconds()).Text()
	if err != nil {
		return "", b.away("publish on "+string(topic)+" to", err)
	}
	return id, nil
}

func (b *Bus) away(verb string, err error) error {
	if b.life.Err() != nil {
		return bus.ErrClosed
	}
	if errors.Is(err, context.Canceled) {
		return fmt.Errorf("%s the bus: %w", verb, err)
	}
	return shouwang.Errorf(shouwang.CodeStorageAway,
		"%s the bus: Redis at %s does not answer as it should: %w", verb, b.options.Addr, err)
}

// Close ends all readers and the connections.
func (b *Bus) Close() error {
	b.end()
	b.readers.Wait()
	if err := b.client.Close(); err != nil && !errors.Is(err, redis.ErrClosed) {
		return fmt.Errorf("close bus: %w", err)
	}
	return nil
}

// newest returns the last ID the stream ever gave, zero when there is none.
func newest(ctx context.Context, c *redis.Client, stream string) (bus.ID, error) {
	info, err := c.XInfoStream(ctx, stream).Result()
	if err != nil {
		if err.Error() == "ERR no such key" {
			return bus.ID{}, nil
		}
		return bus.ID{}, err
	}
	return bus.ParseID(info.LastGeneratedID)
}
