package export

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/front"
)

type fetchInput struct {
	ID string `path:"id" maxLength:"64"`
}

// take finds a granted package of this very session, and asks the gate again:
// a consent may have been withdrawn since.
func (r *room) take(ctx context.Context, c *front.Caller, id string) (*job, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.load(ctx, c.World)
	j := r.jobs[id]
	if j == nil || j.session != sessionOf(c) || !r.Now().Before(j.expires) {
		return nil, shouwang.Errorf(shouwang.CodeNotFound, "no package %q of yours: its time is over, or it was never granted", id)
	}
	if j.busy {
		return nil, shouwang.Errorf(shouwang.CodeConflict, "this package is being fetched already")
	}
	req := j.Request
	req.At, req.Within = r.Now(), j.Decision.DecisionID
	req.SecondFactorAge = 1 // it was fresh when the package was granted, and the grant is short
	var d policy.Decision
	if j.Grant.ID() != "" {
		d = r.Gate.Decide(req)
	} else {
		d, j.Grant = r.Gate.Look(req) // after a restart; the approval was used up for this decision already
	}
	if !d.Allowed() {
		delete(r.jobs, id)
		r.save(ctx)
		return nil, front.Denial(&d, r.TextFor(c, &d))
	}
	if err := r.veil(c, j.Camera, j); err != nil { // the masks of now
		return nil, err
	}
	j.busy = true
	return j, nil
}

func (r *room) release(j *job) {
	r.mu.Lock()
	defer r.mu.Unlock()
	j.busy = false
}

// fetch streams a package. What breaks off has no manifest and is none; its end
// is logged with the bytes that left.
func (r *room) fetch(ctx context.Context, c *front.Caller, in *fetchInput) (*huma.StreamResponse, error) {
	j, err := r.take(ctx, c, in.ID)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		defer r.release(j)
		req, w := humago.Unwrap(hc)
		w.Header().Set("Content-Type", "application/zip")
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Content-Disposition", `attachment; filename="shouwang-`+j.ID+`.zip"`)
		out := &counted{w: w, control: http.NewResponseController(w)}
		err := r.Store.Pack(req.Context(), out, &j.Job)
		r.ended(c, j, out.n, err)
		if err != nil {
			panic(http.ErrAbortHandler) // half a zip must not look whole
		}
	}}, nil
}

func (r *room) ended(c *front.Caller, j *job, bytes int64, failed error) {
	e := policy.NewEntry("look_end", r.Now(), c.World, j.Request, j.Decision)
	e.BytesOut, e.Detail = bytes, "fetched "+j.ID
	if failed != nil {
		e.Detail = "broke off " + j.ID
		r.Log.Warn("evidence package broke off", "export", j.ID, "error", failed)
	}
	r.looks.Owe(context.Background(), e)
}

// counted counts what leaves, and gives a slow but living reader time.
type counted struct {
	w       http.ResponseWriter
	control *http.ResponseController
	n       int64
}

func (c *counted) Write(p []byte) (int, error) {
	_ = c.control.SetWriteDeadline(time.Now().Add(30 * time.Second))
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}
