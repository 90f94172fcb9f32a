package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"shouwang"
	"shouwang/storage/ledger"
)

// Check verifies the invariants that live in data and writes findings with
// say; deep reads every byte. The service must not be running.
func Check(ctx context.Context, cfg Config, deep bool, log *slog.Logger, say func(string)) (err error) {
	if _, err := os.Stat(cfg.Data); err != nil {
		return shouwang.Errorf(shouwang.CodeDataUnreadable, "data folder %s cannot be read: %w", cfg.Data, err)
	}
	if !HasData(cfg) {
		return shouwang.Errorf(shouwang.CodeDataUnreadable, "%s is no data folder of shouwang, and nothing was checked: name it with --data", cfg.Data)
	}
	locked, err := lock(cfg)
	if err != nil {
		return err
	}
	defer locked.Close()
	kept, err := openArchive(ctx, cfg, false, time.Now, log)
	if err != nil {
		return err
	}
	defer kept.Close()
	// Opening the register verifies every consent's hash chain.
	reg, err := OpenRegistry(ctx, cfg, log)
	if err != nil {
		return err
	}
	defer reg.Close()
	if err := checkLedger(ctx, cfg, say); err != nil {
		return err
	}
	findings, err := kept.Keeper.Check(ctx, deep)
	for _, f := range findings {
		say(f.String())
	}
	if err == nil && len(findings) > 0 {
		err = errors.New("findings above: start the service once, which repairs what can be, and check again")
	}
	return err
}

// HasData reports whether the folder was ever a service's: it has a register.
func HasData(cfg Config) bool {
	_, err := os.Stat(cfg.path("registry.db"))
	return err == nil
}

// checkLedger verifies the access log: every entry's commitment, and the tree
// over them up to the signed checkpoint.
func checkLedger(ctx context.Context, cfg Config, say func(string)) error {
	if _, err := os.Stat(cfg.path("ledger")); errors.Is(err, os.ErrNotExist) {
		return nil // nothing was ever logged
	}
	report, err := ledger.Check(ctx, ledger.Config{Dir: cfg.path("ledger")}, nil, nil)
	if err != nil {
		return err
	}
	for _, problem := range report.Problems {
		say("access log: " + problem)
	}
	if !report.OK() {
		return shouwang.Errorf(shouwang.CodeTampered, "the access log is not as it was written: keep a copy of %s and tell the oversight body", cfg.path("ledger"))
	}
	say(fmt.Sprintf("access log: %d entries verified, %d wait for the next checkpoint", report.Size, report.Waiting))
	return nil
}
