package export

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/front"
)

// kept is a granted package as it is written down, so that a restart loses
// none. The grant itself cannot be: the gate gives it anew, under the same
// decision, when the package is fetched.
type kept struct {
	ID        string            `json:"id"`
	Session   string            `json:"session"`
	Made      time.Time         `json:"made"`
	Expires   time.Time         `json:"expires"`
	Camera    shouwang.CameraID `json:"camera"`
	Place     []string          `json:"place,omitempty"`
	Span      shouwang.Span     `json:"span"`
	Request   policy.Request    `json:"request"`
	Decision  policy.Decision   `json:"decision"`
	Reason    string            `json:"reason"`
	Recipient string            `json:"recipient"`
	LogEntry  uint64            `json:"log_entry"`
	Form      Form              `json:"form"`
	Footage   *policy.Footage   `json:"footage"`
}

// sessionOf names the caller's session without its secret.
func sessionOf(c *front.Caller) string {
	sum := sha256.Sum256([]byte("export\n" + c.Token))
	return hex.EncodeToString(sum[:])
}

// load reads what was granted before a restart. Call under mu.
func (r *room) load(ctx context.Context, world *policy.World) {
	if r.jobs != nil {
		return
	}
	raw, err := r.Store.Kept(ctx)
	var list []kept
	if err == nil && len(raw) > 0 {
		err = json.Unmarshal(raw, &list)
	}
	if err != nil {
		r.Log.Error("packages granted before the restart cannot be read; they must be asked for again", "error", err)
		if ctx.Err() != nil {
			return // the next request tries again
		}
	}
	r.jobs = map[string]*job{}
	for _, k := range list {
		cam, ok := world.Camera(policy.CameraResource(k.Camera))
		if !ok {
			continue
		}
		j := &job{session: k.Session, expires: k.Expires}
		j.Job = Job{
			ID: k.ID, Made: k.Made, Camera: cam, Place: k.Place, Span: k.Span, Request: k.Request, Decision: k.Decision,
			Reason: k.Reason, Recipient: k.Recipient, LogEntry: k.LogEntry, Form: k.Form,
		}
		j.Request.Footage, j.Request.Form = k.Footage, k.Form
		r.jobs[k.ID] = j
	}
}

// keep adds a package, and forgets those whose time is over.
func (r *room) keep(ctx context.Context, j *job) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.load(ctx, r.Front.World())
	if r.jobs == nil {
		r.jobs = map[string]*job{}
	}
	r.jobs[j.ID] = j
	r.save(ctx)
}

// save writes down what may still be fetched. Call under mu.
func (r *room) save(ctx context.Context) {
	list := []kept{}
	for id, j := range r.jobs {
		if !r.Now().Before(j.expires) {
			delete(r.jobs, id)
			continue
		}
		list = append(list, kept{
			ID: j.ID, Session: j.session, Made: j.Made, Expires: j.expires, Camera: j.Camera.CameraID(), Place: j.Place, Span: j.Span, Request: j.Request,
			Decision: j.Decision, Reason: j.Reason, Recipient: j.Recipient, LogEntry: j.LogEntry, Form: j.Form, Footage: j.Request.Footage,
		})
	}
	raw, err := json.Marshal(list)
	if err == nil {
		err = r.Store.Keep(context.WithoutCancel(ctx), raw)
	}
	if err != nil {
		r.Log.Error("a granted package is not kept over a restart", "error", err)
	}
}

type mineOutput struct {
	Body struct {
		Packages []ExportView `json:"packages"`
	}
}

// mine lists what the caller's session may still fetch.
func (r *room) mine(ctx context.Context, c *front.Caller, _ *struct{}) (*mineOutput, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.load(ctx, c.World)
	out := &mineOutput{}
	out.Body.Packages = []ExportView{}
	session := sessionOf(c)
	for _, j := range r.jobs {
		if j.session == session && r.Now().Before(j.expires) {
			out.Body.Packages = append(out.Body.Packages, j.view(c.Lang))
		}
	}
	slices.SortFunc(out.Body.Packages, func(a, b ExportView) int { return b.Expires.Compare(a.Expires) })
	return out, nil
}
