package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// TestThePagesLookAsTheyDid compares the built pages with the pictures that are
// kept of them (web/ui/e2e/pictures), over answers that never change; no service
// runs. After a change on purpose: cd web/ui && npm run pictures, and look.
func TestThePagesLookAsTheyDid(t *testing.T) {
	ui := filepath.Join(root(t), "web", "ui")
	runner := filepath.Join(ui, "node_modules", ".bin", "playwright")
	if _, err := os.Stat(runner); err != nil {
		missing(t, "there is no %s: run make build", runner)
	}
	cmd := exec.CommandContext(t.Context(), tool(t, "node"), runner, "test", "-c", "e2e/playwright.config.ts",
		"--output", filepath.Join(root(t), "test-artifacts", "pictures"), "--update-snapshots=none", `(gallery|pages)\.spec\.ts`)
	cmd.Dir = ui
	cmd.WaitDelay = 5 * time.Second
	cmd.Env = append(os.Environ(), "CHROMIUM="+tool(t, "chromium"), "FORCE_COLOR=0")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("pages look otherwise than in web/ui/e2e/pictures (what they look like now, and where they differ: test-artifacts/pictures): %v\n%s", err, out)
	}
	t.Logf("the browser says:\n%s", out)
}
