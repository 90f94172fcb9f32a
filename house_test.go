package shouwang_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// mayImport is the import table of docs/design/house.md: what each room may
// import of this module. A room may always import its own subfolders.
var mayImport = map[string][]string{
	"":        {},
	"policy":  {""},
	"ingest":  {"", "policy"},
	"analyze": {"", "policy"},
	"storage": {"", "policy"},
	"web":     {"", "policy"},
	"cmd":     {"", "policy", "ingest", "analyze", "storage", "web", "deploy"},
	"deploy":  {"", "policy", "ingest", "analyze", "storage", "web", "cmd"},
}

// lives says in which one folder a third-party technology may be imported.
var lives = map[string]string{
	"github.com/bluenviron/gortsplib/":  "ingest/",
	"github.com/pion/webrtc/":           "web/live",
	"github.com/eclipse/paho.mqtt":      "ingest/buttons",
	"github.com/minio/minio-go/":        "storage/s3",
	"github.com/redis/go-redis/":        "storage/bus/redisbus",
	"modernc.org/sqlite":                "storage/",
	"github.com/cedar-policy/":          "policy/gate",
	"gocv.io/x/gocv":                    "analyze/",
	"github.com/transparency-dev/":      "storage/ledger",
	"github.com/danielgtaylor/huma/":    "web",
	"github.com/wneessen/go-mail":       "storage/notices",
	"github.com/coreos/go-oidc/":        "web/oidc",
	"golang.org/x/oauth2":               "web/oidc",
	"github.com/go-webauthn/":           "web/passkey",
	"github.com/landlock-lsm/":          "analyze/sandbox",
	"github.com/elastic/go-seccomp-bpf": "analyze/sandbox",
	"github.com/yalue/onnxruntime_go":   "analyze/classify",
	"github.com/alecthomas/kong":        "cmd/",
}

// TestImportTable walks every Go file in-process: a test that shells out to
// the go tool is served from the test cache and stays green.
func TestImportTable(t *testing.T) {
	files := 0
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && path != "." || d.Name() == "node_modules" || d.Name() == "bin") {
			return filepath.SkipDir
		}
		if !d.IsDir() && strings.HasSuffix(path, ".go") {
			files++
			checkFile(t, filepath.ToSlash(path))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 10 {
		t.Fatalf("saw only %d Go files: the walk is broken", files)
	}
}

func checkFile(t *testing.T, path string) {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
	if err != nil {
		t.Errorf("parse %s: %v", path, err)
		return
	}
	room := roomOf(strings.TrimSuffix(path, "/"+filepath.Base(path)), path)
	if _, known := mayImport[room]; !known {
		t.Errorf("%s: room %q is not in the plan of the house", path, room)
	}
	for _, spec := range parsed.Imports {
		name, _ := strconv.Unquote(spec.Path.Value)
		checkImport(t, path, room, name)
	}
}

func checkImport(t *testing.T, path, room, name string) {
	t.Helper()
	for prefix, home := range lives {
		if strings.HasPrefix(name, prefix) && !strings.HasPrefix(path, home) {
			t.Errorf("%s imports %s, which lives in %s only", path, name, home)
		}
	}
	if name != "shouwang" && !strings.HasPrefix(name, "shouwang/") {
		if room == "" && strings.Contains(strings.SplitN(name, "/", 2)[0], ".") && !strings.HasSuffix(path, "_test.go") {
			t.Errorf("%s: the root package uses the standard library only, not %s", path, name)
		}
		return
	}
	to := roomOf(strings.TrimPrefix(strings.TrimPrefix(name, "shouwang"), "/"), "x/"+name)
	if to == room && room != "" {
		return
	}
	for _, ok := range mayImport[room] {
		if to == ok {
			return
		}
	}
	if room == "" && strings.HasSuffix(path, "_test.go") {
		return
	}
	t.Errorf("%s: room %q may not import %q", path, room, name)
}

// roomOf returns the top-level folder of a slash path, "" for the root.
func roomOf(dir, path string) string {
	if !strings.Contains(path, "/") {
		return ""
	}
	room, _, _ := strings.Cut(dir, "/")
	return room
}
