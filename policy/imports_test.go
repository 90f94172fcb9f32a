package policy

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// TestOnlyTestsForgeGrants keeps package policytest out of every binary.
func TestOnlyTestsForgeGrants(t *testing.T) {
	seen := 0
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "node_modules" || d.Name() == ".git" || d.Name() == "bin") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") {
			return nil
		}
		seen++
		parsed, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return nil // another room's half-written file is its own test's matter
		}
		for _, spec := range parsed.Imports {
			if spec.Path.Value == `"shouwang/policy/policytest"` && !strings.HasSuffix(path, "_test.go") {
				t.Errorf("%s imports policytest, which can forge grants", path)
			}
		}
		return nil
	})
	if err != nil || seen < 20 {
		t.Fatalf("walked %d files: %v", seen, err)
	}
}
