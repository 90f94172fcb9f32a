package service

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"gopkg.in/yaml.v3"

	"shouwang"
)

// The sample that operators copy must name every setting, with its default.
func TestSampleConfigurationIsTheDefaults(t *testing.T) {
	const sample = "../../../deploy/shouwang.yaml"
	if os.Getenv("UPDATE_SAMPLE") != "" {
		raw, err := yaml.Marshal(Defaults())
		if err != nil {
			t.Fatal(err)
		}
		head := "# Every setting of shouwang with its default. Leave out what you do not change;\n" +
			"# an unknown key is an error. Durations are written as 5s, 2m, 1h.\n"
		if err := os.WriteFile(sample, append([]byte(head), raw...), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cfg, err := LoadConfig(sample)
	if err != nil {
		t.Fatal(err)
	}
	if want := Defaults(); !reflect.DeepEqual(normal(t, cfg), normal(t, want)) {
		t.Error("deploy/shouwang.yaml differs from the defaults: run UPDATE_SAMPLE=1 go test ./cmd/internal/service")
	}
	raw, err := os.ReadFile(sample)
	if err != nil {
		t.Fatal(err)
	}
	all, _ := yaml.Marshal(Defaults())
	for line := range strings.Lines(string(all)) {
		if key, _, ok := strings.Cut(line, ":"); ok && !strings.HasPrefix(strings.TrimSpace(key), "-") && !strings.Contains(string(raw), strings.TrimSpace(key)+":") {
			t.Errorf("deploy/shouwang.yaml does not name %s", key)
		}
	}
	if err := cfg.Validate(); err != nil {
		t.Errorf("the sample does not work: %v", err)
	}
}

// normal makes nil and empty lists the same.
func normal(t *testing.T, c Config) string {
	t.Helper()
	raw, err := yaml.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestBadConfigurationIsOneClearLine(t *testing.T) {
	for name, c := range map[string]struct{ text, says string }{
		"unknown key":      {"storge: {}", "unknown key \"storge\""},
		"unknown deep key": {"web:\n  htpp: x", "line 2: unknown key \"htpp\""},
		"not yaml":         {"a: [", "yaml"},
		"wrong type":       {"analyze: {workers: many}", "many"},
		"open http":        {"web: {http: \"0.0.0.0:80\"}", "tls must be auto or files"},
		"half an S3":       {"storage: {s3: {endpoint: x}}", "bucket, access_key and secret_key"},
		"policy":           {"analyze: {policy: sometimes}", "write auto, full, track or presence"},
		"log":              {"log: loud", "write debug"},
		"watchdog":         {"analyze: {watchdog: 1ms}", "at least 100ms"},
		"workers":          {"analyze: {workers: -1}", "workers"},
		"no data":          {"data: \"\"", "name a folder"},
	} {
		path := filepath.Join(t.TempDir(), "c.yaml")
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		cfg, err := LoadConfig(path)
		if err == nil {
			err = cfg.Validate()
		}
		if shouwang.CodeOf(err) != shouwang.CodeBadConfig || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got %q, want one line that says %q", name, err, c.says)
		}
	}
	if _, err := LoadConfig("/nowhere.yaml"); shouwang.CodeOf(err) != shouwang.CodeBadConfig {
		t.Errorf("a missing file: %v", err)
	}
}

// TestViewDriftIsBounded: shorter than its least a lorry that unloads would close
// a camera, longer than its most a turned one would go on for long.
func TestViewDriftIsBounded(t *testing.T) {
	if got := Defaults().Analyze.ViewDrift; got != 45*time.Second {
		t.Errorf("without a word it is %s", got)
	}
	for text, good := range map[string]bool{
		"15s": true, "45s": true, "10m": true, "14.999s": false, "10m1ms": false, "0s": false, "-45s": false, "1h": false,
	} {
		path := filepath.Join(t.TempDir(), "c.yaml")
		if err := os.WriteFile(path, []byte("analyze: {view_drift: "+text+"}"), 0o600); err != nil {
			t.Fatal(err)
		}
		cfg, err := LoadConfig(path)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		err = cfg.Validate()
		if good != (err == nil) {
			t.Errorf("view_drift %s: %v", text, err)
		}
		want, _ := time.ParseDuration(text)
		if err == nil && cfg.Analyze.ViewDrift != want {
			t.Errorf("view_drift %s is read as %s", text, cfg.Analyze.ViewDrift)
		}
		if err != nil && (shouwang.CodeOf(err) != shouwang.CodeBadConfig || !strings.Contains(err.Error(), "analyze.view_drift") || !strings.Contains(err.Error(), "write 15s to 10m0s")) {
			t.Errorf("view_drift %s: it does not say what to write: %v", text, err)
		}
	}
	path := filepath.Join(t.TempDir(), "c.yaml")
	if err := os.WriteFile(path, []byte("analyze: {view_drift: soon}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadConfig(path); shouwang.CodeOf(err) != shouwang.CodeBadConfig || !strings.Contains(err.Error(), "line 1") {
		t.Errorf("no duration at all: %v", err)
	}
}

func TestDataFolderThatCannotBeUsedSaysSo(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	cfg := Defaults()
	cfg.Data = filepath.Join(file, "data")
	if err := cfg.makeData(); shouwang.CodeOf(err) != shouwang.CodeDataUnreadable || !strings.Contains(err.Error(), "--data") {
		t.Errorf("got %v", err)
	}
}

func TestTwoServicesDoNotShareAFolder(t *testing.T) {
	cfg := Defaults()
	cfg.Data = t.TempDir()
	first, err := lock(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lock(cfg); shouwang.CodeOf(err) != shouwang.CodeConflict {
		t.Errorf("the second service got %v", err)
	}
	first.Close()
	again, err := lock(cfg)
	if err != nil {
		t.Errorf("the folder is not given back: %v", err)
	}
	again.Close()
}
