package service

import (
	"context"
	"log/slog"

	"shouwang/storage/registry"
	"shouwang/web/auth"
)

// OpenRegistry opens the township's register in the data folder, making both
// where they are missing. Command-line tools use it beside a running service,
// which notices what they change.
func OpenRegistry(ctx context.Context, cfg Config, log *slog.Logger) (*registry.Registry, error) {
	if err := cfg.makeData(); err != nil {
		return nil, err
	}
	return registry.Open(ctx, registry.Config{Path: cfg.path("registry.db"), Log: log})
}

// HashPassword turns a password into what an account keeps.
func HashPassword(ctx context.Context) func(password string) (string, error) {
	hasher := auth.NewHasher(auth.DefaultParams(), 1)
	return func(password string) (string, error) { return hasher.Hash(ctx, password) }
}
