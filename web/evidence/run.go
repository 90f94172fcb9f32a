package evidence

import (
	"context"
	"errors"
	"io"
	"time"

	"shouwang"
	"shouwang/web/watch"
)

const (
	// warmUp is how far before its first picture a rendering is shown key
	// pictures, so that it knows the scene, and warmStep how far these lie apart.
	warmUp   = 40 * time.Second
	warmStep = 2 * time.Second
	// breaks is the longest hole in a recording over which a rendering goes on:
	// after a longer one it must learn the scene anew.
	breaks = 30 * time.Second
	// mostUnits bounds a piece.
	mostUnits = 4000
)

// run is a recording on its way to one view, from one piece on and as far as
// pieces are asked for in order.
type run struct {
	at    int       // the next piece
	start time.Time // pictures before this are for learning the scene only
	keys  bool      // key pictures only

	ctx    context.Context //nolint:containedctx // it lives over many requests
	cancel context.CancelFunc
	source *source
	make   func(ctx context.Context) (watch.Rendering, error) // nil: as recorded
	flow   watch.Rendering
	fed    chan error // the feeding's end, one value
	next   *shouwang.AccessUnit
	ended  bool
}

// source reads what is recorded, one unit ahead.
type source struct {
	units watch.Units
	held  *shouwang.AccessUnit
}

func (s *source) next(ctx context.Context) (*shouwang.AccessUnit, error) {
	if au := s.held; au != nil {
		s.held = nil
		return au, nil
	}
	for {
		au, err := s.units.Next(ctx)
		var over *shouwang.Overrun
		if !errors.As(err, &over) {
			return au, err
		}
	}
}

// read returns the next picture to show; io.EOF after the last.
func (r *run) read(ctx context.Context) (*shouwang.AccessUnit, error) {
	if au := r.next; au != nil {
		r.next = nil
		return au, nil
	}
	for {
		au, err := r.pull(ctx)
		if err != nil {
			return nil, err
		}
		if !au.Wall.At.Before(r.start) && (!r.keys || au.Key) {
			return au, nil
		}
	}
}

// pull returns the next picture of the rendering, beginning a new one behind a
// long hole.
func (r *run) pull(ctx context.Context) (*shouwang.AccessUnit, error) {
	if r.make == nil {
		return r.source.next(ctx)
	}
	for {
		if r.ended {
			return nil, io.EOF
		}
		if r.flow == nil {
			if err := r.begin(); err != nil {
				return nil, err
			}
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case au, ok := <-r.flow.Out():
			if ok {
				return au, nil
			}
		}
		err := errors.Join(r.flow.Err(), <-r.fed)
		r.flow.Close()
		r.flow = nil
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		r.ended = errors.Is(err, io.EOF)
	}
}

// begin starts a rendering and its feeding.
func (r *run) begin() error {
	flow, err := r.make(r.ctx)
	if err != nil {
		return err
	}
	r.flow, r.fed = flow, make(chan error, 1)
	go func() {
		err := r.feed(flow)
		if err == nil || errors.Is(err, io.EOF) {
			flow.Finish()
		} else {
			flow.Close()
		}
		r.fed <- err
	}()
	return nil
}

// feed hands pictures to the rendering until the recording ends (io.EOF) or has
// a long hole (nil).
func (r *run) feed(flow watch.Rendering) error {
	var last, warm time.Time
	for {
		au, err := r.source.next(r.ctx)
		if err != nil {
			return err
		}
		at := au.Wall.At
		if !last.IsZero() && at.Sub(last) > breaks {
			r.source.held = au
			return nil
		}
		last = at
		if at.Before(r.start) {
			if !au.Key || at.Sub(warm) < warmStep {
				continue
			}
			warm = at
		} else if r.keys && !au.Key {
			continue
		}
		if err := flow.PushWait(r.ctx, au); err != nil {
			return err
		}
	}
}

func (r *run) close() {
	r.cancel()
	if r.flow != nil {
		r.flow.Close()
		<-r.fed
	}
	r.source.units.Close()
}

// cut returns the pictures of one piece: the groups of pictures whose key
// picture was taken before end and that were not handed out yet.
func (r *run) cut(ctx context.Context, end time.Time) ([]*shouwang.AccessUnit, error) {
	var out []*shouwang.AccessUnit
	for {
		au, err := r.read(ctx)
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		if au.Key && !au.Wall.At.Before(end) {
			r.next = au
			return out, nil
		}
		if len(out) == 0 && !au.Key {
			continue // the tail of a group whose begin lies before
		}
		if len(out) == mostUnits {
			return nil, shouwang.Errorf(shouwang.CodeTooLarge, "this camera's groups of pictures are too long to be played here")
		}
		out = append(out, au)
	}
}
