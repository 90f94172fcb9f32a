package registry

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"shouwang"
	"shouwang/policy"
)

// Views returns what is on record about every camera's view, by camera.
func (r *Registry) Views(ctx context.Context) (all []*policy.View, err error) {
	err = bodies(ctx, r.reader, `SELECT body FROM views ORDER BY camera`, nil, func(raw []byte) error {
		v := new(policy.View)
		if err := json.Unmarshal(raw, v); err != nil {
			return unreadable("read views: %w", err)
		}
		all = append(all, v)
		return nil
	})
	return all, err
}

// ViewPicture returns the reference picture and its grid, as TakeView was given
// them, or CodeNotFound.
func (r *Registry) ViewPicture(ctx context.Context, id shouwang.CameraID) (picture, grid []byte, err error) {
	var sealedPicture, sealedGrid []byte
	err = r.reader.QueryRowContext(ctx, `SELECT sealed_picture, sealed_grid FROM views WHERE camera = ?`, id).Scan(&sealedPicture, &sealedGrid)
	if errors.Is(err, sql.ErrNoRows) || err == nil && len(sealedPicture) == 0 {
		return nil, nil, shouwang.Errorf(shouwang.CodeNotFound, "camera %s has no reference picture", id)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("read view of %s: %w", id, err)
	}
	if picture, err = r.seal.Open(pictureName(id), sealedPicture); err != nil {
		return nil, nil, err
	}
	grid, err = r.seal.Open(gridName(id), sealedGrid)
	return picture, grid, err
}

func pictureName(id shouwang.CameraID) string { return "the reference picture of camera " + string(id) }
func gridName(id shouwang.CameraID) string    { return "the reference grid of camera " + string(id) }

// TakeView keeps a new reference picture with its grid. Until two people have
// approved it the camera is quarantined.
func (r *Registry) TakeView(ctx context.Context, id shouwang.CameraID, picture, grid []byte, change func(policy.View) (policy.View, error)) (policy.View, error) {
	return r.changeView(ctx, id, change, func(e *edit) error {
		return e.exec(`UPDATE views SET sealed_picture = ?, sealed_grid = ? WHERE camera = ?`,
			r.seal.Seal(pictureName(id), picture), r.seal.Seal(gridName(id), grid), id)
	})
}

// ChangeView changes the record of a view, and the camera's quarantine, sign
// and drifted stretches with it.
func (r *Registry) ChangeView(ctx context.Context, id shouwang.CameraID, change func(policy.View) (policy.View, error)) (policy.View, error) {
	return r.changeView(ctx, id, change, nil)
}

func (r *Registry) changeView(ctx context.Context, id shouwang.CameraID, change func(policy.View) (policy.View, error), also func(*edit) error) (next policy.View, err error) {
	err = r.apply(ctx, func(e *edit) error {
		cam, err := r.camera(e.ctx, e.tx, id)
		if err != nil {
			return err
		}
		old, err := e.view(id)
		if err != nil {
			return err
		}
		if next, err = change(old); err != nil {
			return err
		}
		body, err := json.Marshal(next)
		if err != nil {
			return fmt.Errorf("write view of %s: %w", id, err)
		}
		if err := e.exec(`INSERT INTO views (camera, body) VALUES (?, ?) ON CONFLICT (camera) DO UPDATE SET body = excluded.body`, id, string(body)); err != nil {
			return err
		}
		if also != nil {
			if err := also(e); err != nil {
				return err
			}
		}
		cam.follow(&old, &next, r.cfg.Clock())
		return r.writeCamera(e, &cam)
	})
	return next, err
}

// keepView keeps what only the view's record may say of a camera, whoever
// writes the rest: that it is closed, what it saw while it had drifted, and who
// approved it. A file that is imported again opens nothing.
func (r *Registry) keepView(e *edit, c *Camera) error {
	old, err := r.camera(e.ctx, e.tx, c.ID)
	if shouwang.CodeOf(err) == shouwang.CodeNotFound {
		c.Drifted, c.ViewApprovedBy = nil, nil
		return nil
	}
	if err != nil {
		return err
	}
	c.Drifted, c.ViewApprovedBy = old.Drifted, old.ViewApprovedBy
	v, err := e.view(c.ID)
	if err == nil && v.Reference != "" {
		c.Quarantined = !v.Open()
	}
	return err
}

func (e *edit) view(id shouwang.CameraID) (v policy.View, err error) {
	v = policy.View{Camera: policy.CameraResource(id), Signatures: []policy.ViewSignature{}}
	err = bodies(e.ctx, e.tx, `SELECT body FROM views WHERE camera = ?`, []any{id}, func(raw []byte) error {
		if err := json.Unmarshal(raw, &v); err != nil {
			return unreadable("read view of %s: %w", id, err)
		}
		return nil
	})
	return v, err
}

// follow brings the camera in line with its view: quarantined from a drift or a
// new reference until two people approve, and what was captured between stays
// closed for good.
func (c *Camera) follow(old, next *policy.View, now time.Time) {
	if next.Sign != nil {
		c.Sign = true
	}
	switch {
	case next.Reference == "":
		return
	case next.Drift != nil && old.Drift == nil:
		c.Drifted = append(c.Drifted, shouwang.Span{From: next.Drift.At})
	case next.Drift == nil && old.Drift != nil && len(c.Drifted) > 0:
		if last := &c.Drifted[len(c.Drifted)-1]; last.To.IsZero() {
			last.To = now
		}
	}
	c.Quarantined, c.ViewApprovedBy = !next.Open(), nil
	if next.Open() {
		c.ViewApprovedBy = next.Signers()
	}
}
