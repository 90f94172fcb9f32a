package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"

	"shouwang/cmd/internal/service"
	"shouwang/web/transparency"
)

type reportCmd struct {
	dataFlags
	Month string `required:"" help:"The month, such as 2026-11; one under way is counted so far, and the public is not told of it yet."`
	HTML  string `name:"html" enum:"zh-CN,en," default:"" help:"Write a page in this language, zh-CN or en, instead of JSON."`
}

// Run counts the month and prints the public report.
func (c reportCmd) Run(ctx context.Context, a app) error {
	cfg, err := c.config()
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(a.err, &slog.HandlerOptions{Level: slog.LevelWarn}))
	report, err := service.Report(ctx, cfg, c.Month, log)
	if err != nil {
		return err
	}
	if c.HTML != "" {
		var page bytes.Buffer
		if err := transparency.WritePage(&page, report, c.HTML); err != nil {
			return err
		}
		_, err = a.out.Write(page.Bytes())
		return err
	}
	raw, err := json.MarshalIndent(report, "", "  ")
	if err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	_, err = fmt.Fprintf(a.out, "%s\n", raw)
	return err
}
