package service

import (
	"cmp"
	"context"
	"slices"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/storage/catalog"
	"shouwang/web"
)

// index shows the catalog to web.
type index struct {
	catalog *catalog.DB
	clock   func() time.Time
	world   func() *policy.World
}

// index is whole only from here: without the world it cannot tell keys apart.
func (s *Service) index() index {
	return index{catalog: s.node.archive.Catalog, clock: s.clock, world: s.node.gate.World}
}

// Events returns events, newest first.
func (x index) Events(ctx context.Context, q web.EventQuery) ([]web.StoredEvent, error) {
	found, err := x.catalog.Events(ctx, catalog.EventQuery{Camera: q.Camera, Kind: q.Kind, Span: q.Span, Before: q.Before, Limit: q.Limit})
	if err != nil {
		return nil, err
	}
	out := make([]web.StoredEvent, len(found))
	for i, e := range found {
		out[i] = seen(e)
	}
	return out, nil
}

// Event returns one event.
func (x index) Event(ctx context.Context, id shouwang.EventID) (web.StoredEvent, error) {
	e, err := x.catalog.Event(ctx, id)
	return seen(e), err
}

func seen(e catalog.StoredEvent) web.StoredEvent {
	return web.StoredEvent{Event: e.Event, Verdict: e.Verdict, By: e.By}
}

// SetVerdict notes what a person made of an event.
func (x index) SetVerdict(ctx context.Context, id shouwang.EventID, verdict, by string) error {
	return x.catalog.SetVerdict(ctx, id, verdict, by, x.clock())
}

// Clips returns clips, newest first.
func (x index) Clips(ctx context.Context, q web.ClipQuery) ([]web.StoredClip, error) {
	found, err := x.catalog.Clips(ctx, catalog.ClipQuery{Camera: q.Camera, Event: q.Event, Span: q.Span, Limit: q.Limit})
	if err != nil {
		return nil, err
	}
	out := make([]web.StoredClip, len(found))
	for i, c := range found {
		if out[i], err = x.stored(ctx, c); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// ClipsOf returns which clip keeps each of the events.
func (x index) ClipsOf(ctx context.Context, events []shouwang.EventID) (map[shouwang.EventID]shouwang.ClipID, error) {
	return x.catalog.ClipsOf(ctx, events)
}

// Clip returns one clip.
func (x index) Clip(ctx context.Context, id shouwang.ClipID) (web.StoredClip, error) {
	c, err := x.catalog.Clip(ctx, id)
	if err != nil {
		return web.StoredClip{}, err
	}
	return x.stored(ctx, c)
}

func (x index) stored(ctx context.Context, c shouwang.Clip) (web.StoredClip, error) {
	segments, err := x.catalog.Segments(ctx, c.Camera, shouwang.StreamMain, c.Span)
	if err != nil {
		return web.StoredClip{}, err
	}
	gaps, err := x.catalog.Gaps(ctx, c.Camera, shouwang.StreamMain, c.Span)
	return web.StoredClip{Clip: c, Keys: keyState(x.world(), c.Camera, x.clock(), segments), Gaps: gaps}, err
}

// Timeline returns what of a stretch is recorded and what is not, and why.
func (x index) Timeline(ctx context.Context, camera shouwang.CameraID, span shouwang.Span) ([]web.Recorded, []shouwang.Gap, error) {
	line, err := x.catalog.Timeline(ctx, camera, span)
	if err != nil {
		return nil, nil, err
	}
	out := make([]web.Recorded, len(line.Segments))
	for i, s := range line.Segments {
		out[i] = web.Recorded{Span: s.Span, Bytes: s.Bytes, State: s.State}
	}
	slices.SortFunc(out, func(a, b web.Recorded) int { return cmp.Compare(a.From.UnixNano(), b.From.UnixNano()) })
	return out, line.Gaps, nil
}
