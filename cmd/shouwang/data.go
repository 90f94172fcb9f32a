package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"shouwang"
	"shouwang/cmd/internal/service"
	"shouwang/storage/registry"
)

// dataFlags say which data a command works on.
type dataFlags struct {
	Config string `help:"Configuration file." type:"path"`
	Data   string `help:"Data folder (default shouwang-data)." type:"path"`
}

func (f dataFlags) config() (service.Config, error) {
	cfg, err := service.LoadConfig(f.Config)
	if err != nil {
		return cfg, err
	}
	if f.Data != "" {
		cfg.Data = f.Data
	}
	return cfg, nil
}

// withRegister is withRegistry over data that is there: to read a folder that was
// mistyped would make an empty register in it and find nothing.
func (f dataFlags) withRegister(ctx context.Context, a app, do func(*registry.Registry) error) error {
	cfg, err := f.config()
	if err != nil {
		return err
	}
	if !service.HasData(cfg) {
		return usage("%s is no data folder of shouwang: name it with --data, or begin one with shouwang place import FILE", cfg.Data)
	}
	return f.withRegistry(ctx, a, do)
}

// withRegistry opens the register, hands it to do and closes it.
func (f dataFlags) withRegistry(ctx context.Context, a app, do func(*registry.Registry) error) (err error) {
	cfg, err := f.config()
	if err != nil {
		return err
	}
	reg, err := service.OpenRegistry(ctx, cfg, slog.New(slog.NewTextHandler(a.err, &slog.HandlerOptions{Level: slog.LevelWarn})))
	if err != nil {
		return err
	}
	defer func() {
		if cerr := reg.Close(); err == nil {
			err = cerr
		}
	}()
	return do(reg)
}

// jsonLine writes one value as one line of JSON.
func jsonLine(w io.Writer, v any) error {
	raw, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	_, err = fmt.Fprintf(w, "%s\n", raw)
	return err
}

func usage(format string, args ...any) error {
	return shouwang.Errorf(shouwang.CodeBadUsage, format, args...)
}

func lower(s string) string { return strings.ToLower(s) }
