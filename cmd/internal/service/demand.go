package service

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"shouwang"
	"shouwang/ingest"
	"shouwang/policy"
	"shouwang/policy/gate"
	"shouwang/web/watch"
)

// demand counts who watches a camera live. A camera nobody analyses or records
// now is connected only while somebody who may see it does.
type demand struct {
	gate    *gate.Gate
	clock   func() time.Time
	manager *ingest.Manager

	mu      sync.Mutex
	viewers map[shouwang.CameraID]int
}

// allowed is what ingest asks before it connects: nil when the camera may be
// analysed or recorded now, or somebody with a grant is watching it.
func (d *demand) allowed(camera shouwang.CameraID) error {
	now := d.clock()
	if d.gate.Analyze(camera, now).Covers(policy.Analyze, camera, now) {
		return nil
	}
	record := d.gate.Record(camera, now)
	if record.Covers(policy.Record, camera, now) && record.Recording().Mode != policy.RecordNone {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.viewers[camera] > 0 {
		return nil
	}
	decision := record.Decision()
	reason := "no_consent"
	if len(decision.Reasons) > 0 {
		reason = string(decision.Reasons[0])
	}
	return shouwang.Errorf(shouwang.CodeDenied, "%s", reason)
}

// Live opens a camera's stream for viewers, connecting it if need be and
// waiting a while for its first picture. The caller holds a grant.
func (d *demand) Live(ctx context.Context, camera shouwang.CameraID, kind shouwang.StreamKind) (watch.Units, error) {
	d.add(camera, 1)
	hub, ok := d.manager.Hub(camera, kind)
	if !ok {
		d.add(camera, -1)
		return nil, shouwang.Errorf(shouwang.CodeNotFound, "camera %s has no stream", camera)
	}
	d.manager.Refresh(camera)
	reader := hub.Subscribe(ingest.ReaderConfig{Name: "live", Policy: ingest.SkipToKey, From: d.clock()})
	units := &liveUnits{reader: reader, done: sync.OnceFunc(func() {
		reader.Close()
		d.add(camera, -1)
	})}
	wait, cancel := context.WithTimeout(ctx, firstPicture)
	defer cancel()
	if units.first, _ = reader.Next(wait); units.first == nil {
		units.Close()
		return nil, d.silent(camera, kind)
	}
	return units, nil
}

// firstPicture is how long a viewer waits for a camera that was not connected.
const firstPicture = 8 * time.Second

// silent says why nothing arrives from a camera.
func (d *demand) silent(camera shouwang.CameraID, kind shouwang.StreamKind) error {
	for _, s := range d.manager.Status() {
		if s.Camera == camera && (s.Stream == kind || s.Detail != "") {
			return shouwang.Errorf(shouwang.CodeUnreachable, "nothing arrives from %s: %s %s", camera, s.State, s.Detail)
		}
	}
	return shouwang.Errorf(shouwang.CodeUnreachable, "nothing arrives from %s", camera)
}

func (d *demand) add(camera shouwang.CameraID, n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.viewers[camera] += n
	if d.viewers[camera] == 0 {
		delete(d.viewers, camera)
	}
}

// liveUnits is a hub's reader as viewers see it.
type liveUnits struct {
	reader *ingest.Reader
	first  *shouwang.AccessUnit
	done   func()
}

// Next returns the next unit, io.EOF when the camera was taken down.
func (l *liveUnits) Next(ctx context.Context) (*shouwang.AccessUnit, error) {
	if u := l.first; u != nil {
		l.first = nil
		return u, nil
	}
	u, err := l.reader.Next(ctx)
	if errors.Is(err, ingest.ErrHubClosed) {
		return nil, io.EOF
	}
	return u, err
}

// Close gives the reader back and ends the demand.
func (l *liveUnits) Close() { l.done() }
