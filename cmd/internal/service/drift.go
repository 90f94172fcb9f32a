package service

import (
	"context"

	"shouwang"
	"shouwang/analyze/view"
	"shouwang/policy"
)

// load begins to watch the views that are approved, and those only. A watcher
// whose reference is still the same goes on.
func (v *views) load(ctx context.Context) error {
	all, err := v.s.node.registry.Views(ctx)
	if err != nil {
		return err
	}
	next := map[shouwang.CameraID]*watched{}
	for _, known := range all {
		if !known.Open() {
			continue
		}
		id := cameraOf(known.Camera)
		v.mu.Lock()
		old := v.watchers[id]
		v.mu.Unlock()
		if old != nil && old.reference == known.Reference {
			next[id] = old
			continue
		}
		_, raw, err := v.s.node.registry.ViewPicture(ctx, id)
		if err != nil {
			return err
		}
		grid, err := view.Parse(raw)
		if err != nil {
			return shouwang.Errorf(shouwang.CodeDataUnreadable, "the reference of %s: %w; take it again", id, err)
		}
		next[id] = &watched{reference: known.Reference, watcher: view.Watch(grid, v.s.cfg.Analyze.ViewDrift)}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.watchers = next
	return nil
}

// see takes a grid from a camera's analysis. It must not block: what is found
// is written by run.
func (v *views) see(camera shouwang.CameraID, grid view.Grid) {
	v.mu.Lock()
	defer v.mu.Unlock()
	w := v.watchers[camera]
	if w == nil {
		return
	}
	result, drifted := w.watcher.See(grid, v.s.clock())
	if !drifted {
		return
	}
	select {
	case v.drifts <- drift{camera, result}:
	default: // it is said again when the view is still another
	}
}

// run writes down drifts until ctx ends.
func (v *views) run(ctx context.Context) {
	if err := v.load(ctx); err != nil && ctx.Err() == nil {
		v.s.log.Error("views cannot be watched", "error", err)
	}
	for {
		select {
		case <-ctx.Done():
			return
		case d := <-v.drifts:
			if err := v.quarantine(ctx, d); err != nil && ctx.Err() == nil {
				v.s.log.Error("a view has drifted and could not be closed", "camera", d.camera, "error", err)
			}
		}
	}
}

// quarantine closes a camera whose view is not the approved one. It takes two
// people and a new reference to open it again.
func (v *views) quarantine(ctx context.Context, d drift) error {
	v.s.log.Warn("CAMERA QUARANTINED: its view is not the approved one", "camera", d.camera, "verdict", d.result.Verdict,
		"match", d.result.Match, "dx", d.result.DX, "dy", d.result.DY)
	next, err := v.Change(ctx, d.camera, func(old policy.View) (policy.View, error) {
		if old.Drift == nil {
			old.Drift = &policy.ViewDrift{
				At: d.result.Since, Verdict: string(d.result.Verdict), Match: d.result.Match, DX: d.result.DX, DY: d.result.DY,
			}
		}
		return old, nil
	})
	if err != nil {
		return err
	}
	_, err = v.s.ledger.Append(ctx, policy.Entry{
		At: v.s.clock(), Kind: "consent", Principal: "service:shouwang", Action: policy.ApproveView, Camera: next.Camera,
		Detail: "view drifted: " + string(d.result.Verdict),
	})
	return err
}
