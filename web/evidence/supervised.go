package evidence

import (
	"context"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/front"
)

// OpenSupervised begins a look that the caller, the custodian who agreed, shows
// to a filmed person: the gate is asked for that person, under their request,
// and the pieces are the caller's alone to fetch. Who asked is clear where the
// request has them marked.
func (r *Room) OpenSupervised(ctx context.Context, c *front.Caller, request *policy.SubjectRequest, width int) (Play, error) {
	cam, ok := c.World.Camera(request.Camera)
	if !ok {
		return Play{}, shouwang.Errorf(shouwang.CodeNotFound, "the camera of this request is gone")
	}
	p := &play{
		id: front.NewID("play"), caller: c, span: shouwang.Span{From: request.From, To: request.To}, width: width, views: map[shouwang.CameraID]*view{},
		action: policy.Playback, looks: r.looks.Supervised(request.Marks), subject: request, why: front.Why{Purpose: "public_safety"},
	}
	out := p.answer().Body
	played, err := r.openView(ctx, p, cam.CameraID())
	if err == nil && len(p.views) > 0 {
		err = r.keep(p)
		out.ID = p.id
	}
	if err != nil {
		r.drop(p, "failed")
		return Play{}, err
	}
	out.Cameras = append(out.Cameras, *played)
	return out, nil
}
