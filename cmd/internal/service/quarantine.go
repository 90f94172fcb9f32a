package service

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"shouwang"
	"shouwang/analyze/pool"
)

// Barred is a camera that is shut out of analysis because its stream kills
// analyzers.
type Barred struct {
	Camera shouwang.CameraID `json:"camera"`
	Since  time.Time         `json:"since"`
	Until  time.Time         `json:"until"`
	Reason string            `json:"reason"` // how the analyzer died
}

// quarantine keeps cameras that are shut out as files quarantine/CAMERA.json of
// the data folder: a restart must not let a poison stream in again, and an
// operator's command, which is another process, releases one by taking its
// file away.
type quarantine struct {
	node *node
	dir  string

	mu   sync.Mutex
	held map[shouwang.CameraID]bool // whose file we know of
}

// releaseEvery is how soon a release is noticed.
const releaseEvery = time.Second

func quarantineDir(data string) string { return filepath.Join(data, "quarantine") }

func newQuarantine(n *node) *quarantine {
	return &quarantine{node: n, dir: quarantineDir(n.cfg.Data), held: map[shouwang.CameraID]bool{}}
}

// ListBarred returns the cameras that are shut out, as the data folder says.
func ListBarred(data string) ([]Barred, error) {
	files, err := os.ReadDir(quarantineDir(data))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, shouwang.Errorf(shouwang.CodeDataUnreadable, "the list of quarantined cameras cannot be read: %w", err)
	}
	var list []Barred
	for _, f := range files {
		raw, err := os.ReadFile(filepath.Join(quarantineDir(data), f.Name()))
		var b Barred
		if err == nil && json.Unmarshal(raw, &b) == nil && b.Camera.Valid() && f.Name() == string(b.Camera)+".json" {
			list = append(list, b)
		}
	}
	slices.SortFunc(list, func(a, b Barred) int { return strings.Compare(string(a.Camera), string(b.Camera)) })
	return list, nil
}

// ReleaseBarred lets a camera in again; a running service notices within two
// seconds. CodeNotFound when it is not shut out.
func ReleaseBarred(data string, camera shouwang.CameraID) error {
	if !camera.Valid() {
		return shouwang.Errorf(shouwang.CodeBadUsage, "camera id %q: write lower-case letters, digits, dots and hyphens", camera)
	}
	err := os.Remove(filepath.Join(quarantineDir(data), string(camera)+".json"))
	if errors.Is(err, fs.ErrNotExist) {
		return shouwang.Errorf(shouwang.CodeNotFound, "camera %s is not in quarantine", camera)
	}
	if err != nil {
		return shouwang.Errorf(shouwang.CodeDataUnreadable, "camera %s cannot be released: %w", camera, err)
	}
	return nil
}

// add notes a camera that was just shut out.
func (q *quarantine) add(camera shouwang.CameraID, reason string) {
	now := q.node.clock()
	b := Barred{Camera: camera, Since: now, Until: now.Add(pool.DefaultQuarantine), Reason: reason}
	if err := q.write(b); err != nil {
		q.node.log.Error("a quarantine could not be noted; it ends with this process", "camera", camera, "error", err)
		return
	}
	q.mu.Lock()
	q.held[camera] = true
	q.mu.Unlock()
}

func (q *quarantine) write(b Barred) error {
	raw, err := json.Marshal(b)
	if err != nil {
		return fmt.Errorf("note quarantine: %w", err)
	}
	if err := os.MkdirAll(q.dir, 0o700); err != nil {
		return err
	}
	name := filepath.Join(q.dir, string(b.Camera)+".json")
	if err := os.WriteFile(name+".new", raw, 0o600); err != nil {
		return err
	}
	return os.Rename(name+".new", name)
}

// restore shuts out again who was shut out before a restart.
func (q *quarantine) restore() error {
	list, err := ListBarred(q.node.cfg.Data)
	if err != nil {
		return err
	}
	for _, b := range list {
		if !q.node.clock().Before(b.Until) {
			_ = os.Remove(filepath.Join(q.dir, string(b.Camera)+".json"))
			continue
		}
		q.held[b.Camera] = true
		q.node.pool.Quarantine(b.Camera, b.Until)
	}
	return nil
}

// watch releases cameras whose file was taken away or whose time is over.
func (q *quarantine) watch(ctx context.Context) {
	for sleep(ctx, releaseEvery) {
		q.mu.Lock()
		none := len(q.held) == 0
		q.mu.Unlock()
		if none {
			continue
		}
		list, err := ListBarred(q.node.cfg.Data)
		if err != nil {
			q.node.log.Error("quarantine", "error", err)
			continue
		}
		q.release(list)
	}
}

func (q *quarantine) release(list []Barred) {
	still := map[shouwang.CameraID]bool{}
	for _, b := range list {
		if q.node.clock().Before(b.Until) {
			still[b.Camera] = true
		} else {
			_ = os.Remove(filepath.Join(q.dir, string(b.Camera)+".json"))
		}
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	for camera := range q.held {
		if still[camera] {
			continue
		}
		delete(q.held, camera)
		q.node.pool.Release(camera)
		q.node.log.Log(context.Background(), slog.LevelWarn, "camera released from quarantine", "camera", camera)
		q.node.mu.Lock()
		if w := q.node.works[camera]; w != nil {
			w.sight.retry()
		}
		q.node.mu.Unlock()
	}
}
