package evidence

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"shouwang"
	"shouwang/web/fragment"
	"shouwang/web/front"
	"shouwang/web/watch"
)

// pieceWithin is how long the making of one piece may take.
const pieceWithin = 45 * time.Second

type pieceInput struct {
	ID     string            `path:"id" maxLength:"64"`
	Camera shouwang.CameraID `path:"camera" maxLength:"64"`
	Piece  int               `path:"piece" minimum:"0" maximum:"100000"`
	Keys   bool              `query:"keys" doc:"Key pictures only, in longer pieces"`
}

// piece answers with one piece. Its header X-Shouwang-Frames lists when each
// picture was taken, in milliseconds from the play's begin, key pictures behind
// a k; the body is empty where nothing is recorded.
func (r *Room) piece(ctx context.Context, c *front.Caller, in *pieceInput) (*huma.StreamResponse, error) {
	return r.film(ctx, c, in.ID, in.Camera, func(ctx context.Context, p *play, v *view) (units []*shouwang.AccessUnit, data []byte, err error) {
		units, next, err := r.cutPiece(ctx, p, v, in)
		if err != nil {
			return nil, nil, err
		}
		data, err = fragment.Piece(units, p.span.From, next, pieceLength(in.Keys)*3/4)
		return units, data, err
	})
}

// film answers with what render makes of one camera of a play, in its turn, and
// books it on the look. Nothing is answered when the look ended meanwhile.
func (r *Room) film(ctx context.Context, c *front.Caller, id string, camera shouwang.CameraID,
	render func(context.Context, *play, *view) (units []*shouwang.AccessUnit, data []byte, err error),
) (*huma.StreamResponse, error) {
	p, err := r.find(c, id)
	if err != nil {
		return nil, err
	}
	v := p.views[camera]
	if v == nil {
		return nil, shouwang.Errorf(shouwang.CodeNotFound, "this play does not show camera %q", camera)
	}
	p.last.Store(r.front.Now().UnixNano())
	ctx, cancel := context.WithTimeout(ctx, pieceWithin)
	defer cancel()
	done, err := r.turn(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	units, data, err := render(ctx, p, v)
	if err != nil {
		return nil, fmt.Errorf("film of camera %s: %w", camera, err)
	}
	if v.over.Load() != nil {
		return nil, shouwang.Errorf(shouwang.CodeConflict, "what may be shown changed just now; open the play again")
	}
	v.bytes.Add(int64(len(data)))
	p.last.Store(r.front.Now().UnixNano())
	return answerPiece(data, frames(units, p.span.From), v.look.Decision.DecisionID), nil
}

// turn waits until a rendering may run, and shows nothing while the access log
// cannot be written; done lets the next one.
func (r *Room) turn(ctx context.Context) (done func(), err error) {
	if err := r.looks.MayShow(); err != nil {
		return nil, err
	}
	select {
	case r.turns <- struct{}{}:
		return func() { <-r.turns }, nil
	case <-ctx.Done():
		return nil, shouwang.Errorf(shouwang.CodeOverloaded, "too much is being rendered just now; ask again: %w", context.Cause(ctx))
	}
}

func pieceLength(keys bool) time.Duration {
	if keys {
		return keysSpan
	}
	return pieceSpan
}

// cutPiece takes the piece from the rendering that is there, or from a new one
// when another piece was expected next. next is when the picture after it was
// taken, if there is one.
func (r *Room) cutPiece(ctx context.Context, p *play, v *view, in *pieceInput) (units []*shouwang.AccessUnit, next time.Time, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.over.Load() != nil || !r.front.Now().Before(v.expires) {
		return nil, next, shouwang.Errorf(shouwang.CodeConflict, "this look is over; open the play again")
	}
	length, which := pieceLength(in.Keys), 0
	if in.Keys {
		which = 1
	}
	from := p.span.From.Add(time.Duration(in.Piece) * length)
	end := from.Add(length)
	if !from.Before(v.span.To) || !end.After(v.span.From) {
		return nil, next, nil
	}
	run := v.runs[which]
	if run == nil || run.at != in.Piece {
		if run != nil {
			run.close()
			v.runs[which] = nil
		}
		if run, err = r.newRun(ctx, p, v, from, in.Keys); err != nil {
			return nil, next, err
		}
		run.at = in.Piece
		v.runs[which] = run
	}
	if units, err = run.cut(ctx, end); err != nil {
		run.close()
		v.runs[which] = nil
		return nil, next, told(err)
	}
	run.at++
	if run.next != nil {
		next = run.next.Wall.At
	}
	return units, next, nil
}

// told keeps what went wrong for the log and says what to do.
func told(err error) error {
	if shouwang.CodeOf(err) != shouwang.CodeInternal {
		return err
	}
	return &shouwang.Error{Code: shouwang.CodeOverloaded, Err: err, Message: "the pictures could not be rendered as they must be shown, so none is shown; try again"}
}

// newRun opens the recording a little before from, within what the look is for.
func (r *Room) newRun(ctx context.Context, p *play, v *view, from time.Time, keys bool) (*run, error) {
	span := v.span
	if warm := from.Add(-warmUp); warm.After(span.From) {
		span.From = warm
	}
	life, cancel := context.WithCancel(v.life)
	units, err := r.deps.Footage.Units(life, v.look.Grant, v.look.Camera, span)
	if err != nil {
		cancel()
		return nil, err
	}
	n := &run{start: later(from, v.span.From), keys: keys, ctx: life, cancel: cancel, source: &source{units: units}}
	options := v.look.Options
	first, err := n.source.next(ctx)
	if err != nil {
		n.close()
		return nil, err
	}
	n.source.held = first
	if !options.Plain() || !watch.Playable(first) {
		options.Camera, options.Width, options.Keys = v.look.Camera, p.width, true
		n.make = func(ctx context.Context) (watch.Rendering, error) { return r.deps.Renderer.Render(ctx, options) }
	}
	return n, nil
}

// frames lists when the pictures were taken.
func frames(units []*shouwang.AccessUnit, zero time.Time) string {
	var b strings.Builder
	for i, au := range units {
		if i > 0 {
			b.WriteByte(',')
		}
		if au.Key {
			b.WriteByte('k')
		}
		b.WriteString(strconv.FormatInt(au.Wall.At.Sub(zero).Milliseconds(), 10))
	}
	return b.String()
}

func answerPiece(data []byte, frames, decision string) *huma.StreamResponse {
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		_, w := humago.Unwrap(hc)
		h := w.Header()
		h.Set("Content-Type", "video/mp4")
		h.Set("Content-Disposition", "inline")
		h.Set("Content-Length", strconv.Itoa(len(data)))
		h.Set("X-Shouwang-Frames", frames)
		h.Set("X-Shouwang-Decision", decision)
		w.WriteHeader(http.StatusOK)
		_, _ = w.Write(data) // the viewer may be gone
	}}
}
