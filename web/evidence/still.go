package evidence

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"shouwang"
	"shouwang/web/fragment"
	"shouwang/web/front"
)

// stillReach is how far before the moment a still's key picture may lie; the
// nearest to the moment is shown.
const stillReach = 4 * time.Second

type stillInput struct {
	ID     string            `path:"id" maxLength:"64"`
	Camera shouwang.CameraID `path:"camera" maxLength:"64"`
	At     time.Time         `query:"at" required:"true" doc:"The moment wanted"`
}

// picture answers with the key picture nearest to a moment of a play, rendered
// as the play's look must be, as fragmented MP4 of one picture. The body is
// empty where nothing is recorded about then. It is part of the play's look,
// which the access log has since the play was opened.
func (r *Room) picture(ctx context.Context, c *front.Caller, in *stillInput) (*huma.StreamResponse, error) {
	return r.film(ctx, c, in.ID, in.Camera, func(ctx context.Context, p *play, v *view) (units []*shouwang.AccessUnit, data []byte, err error) {
		au, err := r.nearest(ctx, p, v, in.At)
		if err != nil {
			return nil, nil, err
		}
		zero := p.span.From
		if au != nil { // a player shows the first picture of a film that begins at its zero
			units, zero = []*shouwang.AccessUnit{au}, au.Wall.At
		}
		data, err = fragment.Piece(units, zero, time.Time{}, time.Second)
		return units, data, err
	})
}

// nearest renders the key pictures about a moment within the look and returns
// the one closest to it, nil where there is none.
func (r *Room) nearest(ctx context.Context, p *play, v *view, at time.Time) (*shouwang.AccessUnit, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.over.Load() != nil || !r.front.Now().Before(v.expires) {
		return nil, shouwang.Errorf(shouwang.CodeConflict, "this look is over; open the play again")
	}
	if at.Before(v.span.From) || !at.Before(v.span.To) {
		return nil, nil
	}
	run, err := r.newRun(ctx, p, v, at.Add(-stillReach), true)
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer run.close()
	var best *shouwang.AccessUnit
	for {
		au, err := run.read(ctx)
		if errors.Is(err, io.EOF) {
			return best, nil
		}
		if err != nil {
			return nil, told(err)
		}
		if best == nil || au.Wall.At.Sub(at).Abs() < best.Wall.At.Sub(at).Abs() {
			best = au
		}
		if !au.Wall.At.Before(at) {
			return best, nil
		}
	}
}
