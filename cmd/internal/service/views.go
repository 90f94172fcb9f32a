package service

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"shouwang"
	"shouwang/analyze"
	"shouwang/analyze/pool"
	"shouwang/analyze/view"
	"shouwang/policy"
	"shouwang/web/watch"
)

// A reference is key frames of some twenty seconds: long enough that who walks
// by is told from what stands, and veiled. They lie as far apart as those from
// which a scene is learnt (web/viewcopy).
const (
	referenceFor    = 20 * time.Second
	referenceStep   = 2 * time.Second
	referenceWithin = 30 * time.Second
	referenceFrames = 12
	referenceBytes  = 6 << 20
)

// views keeps what cameras see as it was approved, and watches over it.
type views struct {
	s *Service

	mu       sync.Mutex
	watchers map[shouwang.CameraID]*watched
	drifts   chan drift
}

// watched is one camera's watcher and the reference that it watches.
type watched struct {
	reference string
	watcher   *view.Watcher
}

// drift is a view that was found to be another.
type drift struct {
	camera shouwang.CameraID
	result view.Result
}

func (s *Service) newViews() *views {
	return &views{s: s, watchers: map[shouwang.CameraID]*watched{}, drifts: make(chan drift, 64)}
}

// Views returns all records.
func (v *views) Views(ctx context.Context) ([]*policy.View, error) {
	return v.s.node.registry.Views(ctx)
}

// Change changes a record, puts it in force and watches the view from then on.
func (v *views) Change(ctx context.Context, camera shouwang.CameraID, change func(policy.View) (policy.View, error)) (policy.View, error) {
	next, err := v.s.node.registry.ChangeView(ctx, camera, change)
	if err != nil {
		return next, err
	}
	return next, errors.Join(v.s.node.refresh(ctx), v.load(ctx))
}

// Take looks at the camera, as somebody who approves it may, and keeps key
// frames and the grid of what stands still in them.
func (v *views) Take(ctx context.Context, camera shouwang.CameraID, by string) (policy.View, error) {
	units, err := v.s.node.demand.Live(ctx, camera, shouwang.StreamSub)
	if err != nil {
		return policy.View{}, err
	}
	frames, err := keyFrames(ctx, units)
	units.Close()
	if err != nil {
		return policy.View{}, err
	}
	grid, err := v.gridOf(ctx, camera, frames)
	if err != nil {
		return policy.View{}, err
	}
	raw, err := json.Marshal(frames)
	if err != nil {
		return policy.View{}, fmt.Errorf("keep reference of %s: %w", camera, err)
	}
	sum := sha256.Sum256(raw)
	next, err := v.s.node.registry.TakeView(ctx, camera, raw, grid[:], func(old policy.View) (policy.View, error) {
		return old.Take("sha256:"+hex.EncodeToString(sum[:]), by, v.s.clock()), nil
	})
	if err != nil {
		return next, err
	}
	return next, errors.Join(v.s.node.refresh(ctx), v.load(ctx))
}

// keyFrames reads key frames of about referenceFor.
func keyFrames(ctx context.Context, units watch.Units) (frames []*shouwang.AccessUnit, err error) {
	ctx, cancel := context.WithTimeout(ctx, referenceWithin)
	defer cancel()
	bytes := 0
	for len(frames) < referenceFrames && bytes < referenceBytes {
		u, err := units.Next(ctx)
		var over *shouwang.Overrun
		switch {
		case errors.As(err, &over):
			continue
		case errors.Is(err, io.EOF), err != nil && ctx.Err() != nil:
			return frames, enough(frames)
		case err != nil:
			return nil, err
		}
		if !u.Key || len(frames) > 0 && u.Wall.At.Sub(frames[len(frames)-1].Wall.At) < referenceStep-referenceStep/10 {
			continue
		}
		frames, bytes = append(frames, u), bytes+len(u.Data)
		if u.Wall.At.Sub(frames[0].Wall.At) >= referenceFor {
			break
		}
	}
	return frames, enough(frames)
}

func enough(frames []*shouwang.AccessUnit) error {
	if len(frames) == 0 {
		return shouwang.Errorf(shouwang.CodeUnreachable, "no whole picture came within %s; see whether the camera sends key frames", referenceWithin)
	}
	return nil
}

// gridOf has an analyzer reduce the frames, and takes what most of them show.
func (v *views) gridOf(ctx context.Context, camera shouwang.CameraID, frames []*shouwang.AccessUnit) (view.Grid, error) {
	grids := make(chan view.Grid, referenceFrames)
	session, err := v.s.node.pool.Open(camera, pool.Options{View: func(g view.Grid) {
		select {
		case grids <- g:
		default:
		}
	}}, func(analyze.Observation) {})
	if err != nil {
		return view.Grid{}, err
	}
	defer session.Close()
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for _, u := range frames {
		if err := session.PushWait(ctx, u, analyze.ModeKey); err != nil {
			return view.Grid{}, err
		}
	}
	if err := session.Drain(ctx); err != nil {
		return view.Grid{}, err
	}
	var list []view.Grid
	select { // the first comes right behind the last observation
	case g := <-grids:
		list = append(list, g)
	case <-ctx.Done():
		return view.Grid{}, shouwang.Errorf(shouwang.CodeBadStream, "the pictures of %s cannot be decoded", camera)
	}
	for {
		select {
		case g := <-grids:
			list = append(list, g)
			continue
		default:
		}
		return view.Median(list), nil
	}
}

// Reference returns the frames on record.
func (v *views) Reference(ctx context.Context, camera shouwang.CameraID) (frames []*shouwang.AccessUnit, err error) {
	raw, _, err := v.s.node.registry.ViewPicture(ctx, camera)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(raw, &frames); err != nil || len(frames) == 0 {
		return nil, shouwang.Errorf(shouwang.CodeDataUnreadable, "the reference of %s cannot be read; take it again", camera)
	}
	return frames, nil
}

// Approved notes the reference, the two people and the sign in every consent
// for the camera that is in force.
func (v *views) Approved(ctx context.Context, approved policy.View) error {
	world := v.s.node.gate.World()
	cam, ok := world.Camera(approved.Camera)
	if !ok {
		return nil
	}
	for _, c := range world.CurrentConsents(approved.Camera) {
		if !c.State.Live() && c.State != policy.Paused {
			continue
		}
		next, err := c.Seen(policy.Change{At: v.s.clock(), By: approved.Signatures[len(approved.Signatures)-1].By, Channel: "view_gate"}, &approved, cam)
		if err != nil {
			return err
		}
		if _, err := v.s.consents().Append(ctx, next); err != nil {
			return err
		}
	}
	return nil
}
