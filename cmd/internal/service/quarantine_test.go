package service

import (
	"log/slog"
	"os"
	"testing"
	"time"

	"shouwang"
)

// TestQuarantineIsListedAndReleased: what one process notes another lists and
// releases, and nonsense in the folder shuts nobody out.
func TestQuarantineIsListedAndReleased(t *testing.T) {
	cfg := Defaults()
	cfg.Data = t.TempDir()
	now := time.Date(2026, 11, 28, 3, 0, 0, 0, time.UTC)
	n := &node{cfg: cfg, log: slog.New(slog.DiscardHandler), clock: func() time.Time { return now }}
	if list, err := ListBarred(cfg.Data); err != nil || len(list) != 0 {
		t.Fatalf("%v %v", list, err)
	}
	q := newQuarantine(n)
	q.add("door-2", "signal: segmentation fault")
	q.add("door-1", "exit status 3")
	if err := os.WriteFile(quarantineDir(cfg.Data)+"/gate.json", []byte(`{"camera":"../gate"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	list, err := ListBarred(cfg.Data)
	if err != nil || len(list) != 2 || list[0].Camera != "door-1" || list[1].Reason != "signal: segmentation fault" || list[0].Until.Sub(now) != time.Hour {
		t.Fatalf("%+v %v", list, err)
	}
	if err := ReleaseBarred(cfg.Data, "door-1"); err != nil {
		t.Fatal(err)
	}
	if err := ReleaseBarred(cfg.Data, "door-1"); shouwang.CodeOf(err) != shouwang.CodeNotFound {
		t.Error(err)
	}
	if err := ReleaseBarred(cfg.Data, "../door-2"); shouwang.CodeOf(err) != shouwang.CodeBadUsage {
		t.Error(err)
	}
	if list, _ := ListBarred(cfg.Data); len(list) != 1 || list[0].Camera != "door-2" {
		t.Errorf("%+v", list)
	}
}
