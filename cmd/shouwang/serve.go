package main

import (
	"context"
	"fmt"
	"log/slog"

	"shouwang/cmd/internal/service"
)

type serveCmd struct {
	dataFlags
	HTTP string `name:"http" help:"Address of the pages (default 127.0.0.1:8080)."`
	RTSP string `name:"rtsp" help:"Address that cameras push to (default :8554)."`
	Role string `default:"all" enum:"all,node,web,classify" help:"What this process does; only all is built so far."`
	Log  string `help:"debug, info, warn or error."`
}

// Run serves until it is interrupted.
func (c serveCmd) Run(ctx context.Context, a app) error {
	if c.Role != "all" {
		return usage("--role %s: this version runs everything in one process, so only all works; see docs/operate/install.md", c.Role)
	}
	cfg, err := c.config()
	if err != nil {
		return err
	}
	if c.HTTP != "" {
		cfg.Web.HTTP = c.HTTP
	}
	if c.RTSP != "" {
		cfg.Ingest.Push = c.RTSP
	}
	if c.Log != "" {
		cfg.Log = lower(c.Log)
	}
	log := slog.New(slog.NewTextHandler(a.err, &slog.HandlerOptions{Level: service.Level(cfg.Log)}))
	return service.Run(ctx, cfg, log)
}

type checkCmd struct {
	dataFlags
	Deep bool `help:"Read and authenticate every byte."`
}

// Run verifies the invariants that live in data.
func (c checkCmd) Run(ctx context.Context, a app) error {
	cfg, err := c.config()
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(a.err, &slog.HandlerOptions{Level: slog.LevelWarn}))
	if err := service.Check(ctx, cfg, c.Deep, log, func(line string) { fmt.Fprintln(a.out, line) }); err != nil {
		return err
	}
	_, err = fmt.Fprintln(a.out, "clean")
	return err
}
