package viewgate

import (
	"context"
	"fmt"
	"io"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/fragment"
	"shouwang/web/front"
	"shouwang/web/look"
	"shouwang/web/viewcopy"
	"shouwang/web/watch"
)

type cameraInput struct {
	Camera shouwang.CameraID `path:"camera" maxLength:"64"`
}

type statusOutput struct{ Body ViewStatus }

type viewsOutput struct {
	Body struct {
		Views []ViewStatus `json:"views"`
	}
}

func (r *room) list(ctx context.Context, c *front.Caller, _ *struct{}) (*viewsOutput, error) {
	all, err := r.deps.Views.Views(ctx)
	if err != nil {
		return nil, err
	}
	known := map[string]*policy.View{}
	for _, v := range all {
		known[v.Camera] = v
	}
	out := &viewsOutput{}
	out.Body.Views = []ViewStatus{}
	for _, cam := range c.World.Cameras() {
		if c.Knows(cam) && (known[cam.ID] != nil || cam.Quarantined || r.may(c, cam)) {
			out.Body.Views = append(out.Body.Views, r.status(c, cam, known[cam.ID]))
		}
	}
	return out, nil
}

// view finds a camera that the caller may know of, and its record.
func (r *room) view(ctx context.Context, c *front.Caller, id shouwang.CameraID) (*policy.Camera, *policy.View, error) {
	cam, err := c.Camera(id)
	if err != nil {
		return nil, nil, err
	}
	all, err := r.deps.Views.Views(ctx)
	if err != nil {
		return nil, nil, err
	}
	for _, v := range all {
		if v.Camera == cam.ID {
			return cam, v, nil
		}
	}
	return cam, nil, nil
}

func (r *room) get(ctx context.Context, c *front.Caller, in *cameraInput) (*statusOutput, error) {
	cam, v, err := r.view(ctx, c, in.Camera)
	if err != nil {
		return nil, err
	}
	return &statusOutput{Body: r.status(c, cam, v)}, nil
}

// approving is a look at a camera in order to approve its view: allowed by the
// gate, and in the access log before anything is taken or shown.
func (r *room) approving(ctx context.Context, c *front.Caller, cam *policy.Camera) (*look.Look, error) {
	l, err := r.looks.Decide(ctx, c, c.Request(policy.ApproveView, cam, front.Why{}, r.Now()), cam)
	if err != nil {
		return nil, err
	}
	return l, l.Commit(ctx)
}

func (r *room) take(ctx context.Context, c *front.Caller, in *cameraInput) (*statusOutput, error) {
	cam, _, err := r.view(ctx, c, in.Camera)
	if err != nil {
		return nil, err
	}
	if err := policy.CheckOnboarding(cam.LegalClass, cam.Mount); err != nil {
		return nil, err
	}
	l, err := r.approving(ctx, c, cam)
	if err != nil {
		return nil, err
	}
	v, err := r.deps.Views.Take(ctx, cam.CameraID(), c.Who.ID)
	l.End(0, "reference_taken")
	if err != nil {
		return nil, err
	}
	return r.now(c, &v)
}

// now is the status after a change, in the world that it made.
func (r *room) now(c *front.Caller, v *policy.View) (*statusOutput, error) {
	fresh := *c
	fresh.World = r.World()
	cam, ok := fresh.World.Camera(v.Camera)
	if !ok {
		return nil, shouwang.Errorf(shouwang.CodeNotFound, "camera %s is no longer filed", v.Camera)
	}
	return &statusOutput{Body: r.status(&fresh, cam, v)}, nil
}

type approveInput struct {
	Camera shouwang.CameraID `path:"camera" maxLength:"64"`
	Body   struct {
		Reference string `json:"reference" maxLength:"80" doc:"The hash of the picture that was seen"`
	}
}

func (r *room) approve(ctx context.Context, c *front.Caller, in *approveInput) (*statusOutput, error) {
	cam, _, err := r.view(ctx, c, in.Camera)
	if err != nil {
		return nil, err
	}
	d := r.deps.Gate.Decide(c.Request(policy.ApproveView, cam, front.Why{}, r.Now()))
	if !d.Allowed() {
		return nil, front.Denial(&d, r.TextFor(c, &d))
	}
	if err := r.note(ctx, c, cam, "view approved: "+in.Body.Reference); err != nil {
		return nil, err
	}
	v, err := r.deps.Views.Change(ctx, cam.CameraID(), func(old policy.View) (policy.View, error) {
		return old.Approve(c.World, in.Body.Reference, c.Who.ID, r.Now())
	})
	if err != nil {
		return nil, err
	}
	if v.Open() {
		if err := r.deps.Views.Approved(context.WithoutCancel(ctx), v); err != nil {
			return nil, err
		}
	}
	return r.now(c, &v)
}

// note writes an entry of the access log that shows nobody a picture.
func (r *room) note(ctx context.Context, c *front.Caller, cam *policy.Camera, detail string) error {
	_, err := r.looks.Append(ctx, policy.Entry{
		At: r.Now(), Kind: "consent", Principal: c.Who.ID, Person: c.Who.Name, Unit: c.Who.Unit, Action: policy.ApproveView,
		Camera: cam.ID, Detail: detail,
	})
	return err
}

type signInput struct {
	Camera shouwang.CameraID `path:"camera" maxLength:"64"`
	Body   struct {
		Text  string    `json:"text" minLength:"1" maxLength:"500" doc:"What the sign says"`
		Hung  time.Time `json:"hung,omitempty" doc:"Since when it hangs; now when absent"`
		Photo string    `json:"photo,omitempty" maxLength:"80" pattern:"^sha256:[0-9a-f]{64}$" doc:"Hash of a photograph of it"`
	}
}

func (r *room) sign(ctx context.Context, c *front.Caller, in *signInput) (*statusOutput, error) {
	cam, _, err := r.view(ctx, c, in.Camera)
	if err != nil {
		return nil, err
	}
	d := r.deps.Gate.Decide(c.Request(policy.ManageConsent, cam, front.Why{}, r.Now()))
	if !d.Allowed() && !r.may(c, cam) {
		return nil, front.Denial(&d, r.TextFor(c, &d))
	}
	sign := &policy.ViewSign{Text: in.Body.Text, Hung: in.Body.Hung, By: c.Who.ID, Photo: in.Body.Photo}
	if sign.Hung.IsZero() {
		sign.Hung = r.Now()
	}
	if sign.Hung.After(r.Now()) {
		return nil, shouwang.Errorf(shouwang.CodeBadUsage, "hung: a sign is recorded when it hangs")
	}
	if err := r.note(ctx, c, cam, "sign recorded"); err != nil {
		return nil, err
	}
	v, err := r.deps.Views.Change(ctx, cam.CameraID(), func(old policy.View) (policy.View, error) {
		old.Sign = sign
		return old, nil
	})
	if err != nil {
		return nil, err
	}
	return r.now(c, &v)
}

type pictureOutput struct {
	ContentType  string `header:"Content-Type"`
	CacheControl string `header:"Cache-Control"`
	Disposition  string `header:"Content-Disposition"`
	Body         []byte
}

// largest bounds the viewing copy of one picture.
const largest = 8 << 20

func (r *room) picture(ctx context.Context, c *front.Caller, in *cameraInput) (*pictureOutput, error) {
	cam, v, err := r.view(ctx, c, in.Camera)
	if err != nil {
		return nil, err
	}
	l, err := r.looks.Decide(ctx, c, c.Request(policy.ApproveView, cam, front.Why{}, r.Now()), cam)
	if err != nil {
		return nil, err
	}
	if v == nil || v.Reference == "" {
		return nil, shouwang.Errorf(shouwang.CodeNotFound, "camera %s has no reference picture", cam.CameraID())
	}
	units, err := r.deps.Views.Reference(ctx, cam.CameraID())
	if err != nil {
		return nil, err
	}
	if err := l.Commit(ctx); err != nil {
		return nil, err
	}
	out := &pictureOutput{ContentType: "video/mp4", CacheControl: "no-store", Disposition: "inline"}
	out.Body, err = r.render(ctx, l.Options, units)
	l.End(int64(len(out.Body)), "reference")
	return out, err
}

// render makes a film of the reference: as it is where nothing is owed, else
// through the renderer, which learns the scene from the reference first: else
// whoever is to say what the camera sees would see nothing of it for 15 seconds.
func (r *room) render(ctx context.Context, o watch.Options, units []*shouwang.AccessUnit) ([]byte, error) {
	whole := fragment.NewWhole(largest)
	if o.Plain() && watch.Playable(units[0]) {
		for _, u := range units {
			if err := whole.Add(u); err != nil {
				return nil, err
			}
		}
		return whole.File()
	}
	if r.deps.Renderer == nil {
		return nil, shouwang.Errorf(shouwang.CodeDenied, "nothing runs here that could mask this picture")
	}
	o.Camera = units[0].Camera
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	film, err := viewcopy.Render(ctx, r.deps.Renderer, &reel{units: units}, o, largest)
	if err != nil {
		return nil, fmt.Errorf("render reference of %s: %w", o.Camera, err)
	}
	return film, nil
}

// reel is the pictures of a reference as a run.
type reel struct{ units []*shouwang.AccessUnit }

// Next implements watch.Units.
func (r *reel) Next(context.Context) (*shouwang.AccessUnit, error) {
	if len(r.units) == 0 {
		return nil, io.EOF
	}
	au := r.units[0]
	r.units = r.units[1:]
	return au, nil
}

// Close implements watch.Units.
func (r *reel) Close() {}
