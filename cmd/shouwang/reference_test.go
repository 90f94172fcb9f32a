package main

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"
)

// commands are all that a person may type; the reference shows the help of
// each.
var commands = []string{
	"", "serve", "analyze", "decide", "check", "camera add", "camera list", "camera test", "camera remove",
	"button add", "button list", "button remove", "user add", "user list", "user key list", "user key remove", "place import", "policy check", "policy write", "bench", "eval",
	"receipt verify", "evidence verify", "log verify", "report", "witness", "version", "healthcheck",
}

func ask(t *testing.T, line string) (code int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	code = run(context.Background(), strings.Fields(line), app{strings.NewReader(""), &o, &e})
	return code, o.String(), e.String()
}

func TestReferenceOfTheCommandLineIsCurrent(t *testing.T) {
	const path = "../../docs/reference/cli.md"
	var doc strings.Builder
	doc.WriteString("# Command line\n\nGenerated from the code: `UPDATE_DOCS=1 go test ./cmd/shouwang`. Exit 0 success, 1 failed, 2 bad usage.\n")
	for _, c := range commands {
		code, out, errs := ask(t, c+" --help")
		if code != 0 {
			t.Fatalf("%s --help: exit %d: %s", c, code, errs)
		}
		doc.WriteString("\n## shouwang " + c + "\n\n```\n" + strings.TrimSpace(out) + "\n```\n")
	}
	text := strings.ReplaceAll(doc.String(), "shouwang \n", "shouwang\n")
	if os.Getenv("UPDATE_DOCS") != "" {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(kept) != text {
		t.Error("docs/reference/cli.md is not what the code says: run UPDATE_DOCS=1 go test ./cmd/shouwang")
	}
}

func TestBadUsageIsOneLineAndExitTwo(t *testing.T) {
	for line, says := range map[string]string{
		"":                             "expected one of",
		"fly":                          "unexpected argument fly",
		"serve --role web":             "only all works",
		"serve --config /nowhere.yaml": "read configuration",
		"decide --world /nowhere.json": "cannot be read",
		"place import /nowhere.yaml":   "cannot be read",
		"healthcheck --http nonsense":  "is not HOST:PORT",
		"analyze x --model /nowhere":   "name an ONNX file",
		"user add nobody":              "write officer:NAME",
		"camera add x --place p --legal-class resident --mount own_premises --owner resident:li": "one of them",
	} {
		code, _, errs := ask(t, line)
		last := strings.TrimSpace(errs)
		if i := strings.LastIndex(last, "\n"); i >= 0 {
			last = last[i+1:]
		}
		if code != exitBadUsage || !strings.HasPrefix(last, "shouwang: ") || !strings.Contains(last, says) {
			t.Errorf("shouwang %s: exit %d, %q; want 2 and %q", line, code, last, says)
		}
	}
}

func TestVersionAndHealthcheck(t *testing.T) {
	if code, out, _ := ask(t, "version"); code != 0 || !strings.HasPrefix(out, "shouwang ") {
		t.Errorf("version: %d %q", code, out)
	}
	if code, _, errs := ask(t, "healthcheck --http 127.0.0.1:1"); code != exitFailed || !strings.Contains(errs, "nothing answers") {
		t.Errorf("healthcheck of nothing: %d %q", code, errs)
	}
}
