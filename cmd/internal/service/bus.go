package service

import (
	"context"
	"io"
	"log/slog"
	"time"

	"shouwang/storage/bus"
	"shouwang/storage/bus/redisbus"
)

// closingBus is a bus that is closed at the end.
type closingBus interface {
	bus.Bus
	io.Closer
}

// openBus opens the bus the configuration names: Redis, or the one in process.
func openBus(ctx context.Context, cfg BusConfig, clock func() time.Time, log *slog.Logger) (closingBus, error) {
	if cfg.Redis == "" {
		return bus.NewLocal(bus.Keep{}, clock), nil
	}
	return redisbus.Open(ctx, redisbus.Config{URL: cfg.Redis, Clock: clock, Log: log})
}
