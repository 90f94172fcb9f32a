package service

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"shouwang"
	"shouwang/analyze/event/rules"
	ruleroom "shouwang/web/rules"
)

// ruleFiles are the files that pipelines follow, for the room in which they are
// drawn: rules/CAMERA.json in the data folder.
type ruleFiles struct {
	dir string

	mu sync.Mutex // one change at a time
}

func newRuleFiles(dir string) *ruleFiles { return &ruleFiles{dir: dir} }

func (f *ruleFiles) path(camera shouwang.CameraID) string {
	return filepath.Join(f.dir, string(camera)+".json")
}

// Read returns a camera's rules, defaults filled in.
func (f *ruleFiles) Read(_ context.Context, camera shouwang.CameraID) (ruleroom.Sheet, error) {
	if !camera.Valid() { // it becomes a file's name
		return ruleroom.Sheet{}, shouwang.Errorf(shouwang.CodeNotFound, "no camera %q", camera)
	}
	raw, err := os.ReadFile(f.path(camera))
	if errors.Is(err, fs.ErrNotExist) {
		return ruleroom.Sheet{}, nil
	}
	if err != nil {
		return ruleroom.Sheet{}, fmt.Errorf("read rules: %w", err)
	}
	list, err := ruled(raw)
	sheet := ruleroom.Sheet{Rules: list, Revision: revision(raw)}
	if err != nil {
		sheet.Fault = err.Error()
	}
	return sheet, nil
}

// Write replaces a camera's rules if they are still those of the revision.
func (f *ruleFiles) Write(ctx context.Context, camera shouwang.CameraID, before string, list []ruleroom.Rule) (ruleroom.Sheet, error) {
	if list == nil {
		list = []ruleroom.Rule{}
	}
	raw, err := json.MarshalIndent(list, "", "  ")
	if err != nil {
		return ruleroom.Sheet{}, fmt.Errorf("write rules: %w", err)
	}
	if _, err := ruled(raw); err != nil {
		return ruleroom.Sheet{}, shouwang.Errorf(shouwang.CodeBadUsage, "%s", err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	now, err := f.Read(ctx, camera)
	if err != nil {
		return now, err
	}
	if now.Revision != before {
		return now, shouwang.Errorf(shouwang.CodeConflict, "somebody else changed these rules in the meantime; load them again")
	}
	if err := f.replace(camera, append(raw, '\n')); err != nil {
		return now, fmt.Errorf("write rules: %w", err)
	}
	return f.Read(ctx, camera)
}

// replace writes the file whole or not at all: a pipeline reads it any time.
func (f *ruleFiles) replace(camera shouwang.CameraID, raw []byte) error {
	if err := os.MkdirAll(f.dir, 0o700); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(f.dir, ".rules-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(raw)
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), f.path(camera))
}

// ruled reads rules as a pipeline would.
func ruled(raw []byte) ([]ruleroom.Rule, error) {
	parsed, err := rules.Parse(raw)
	if err != nil {
		return nil, err
	}
	full, err := json.Marshal(parsed)
	if err != nil {
		return nil, err
	}
	var list []ruleroom.Rule
	return list, json.Unmarshal(full, &list)
}

func revision(raw []byte) string {
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:8])
}
