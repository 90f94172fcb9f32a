package service

import (
	"context"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/storage/catalog"
	"shouwang/web/evidence"
)

// evidenceRoom joins the investigators' room to its neighbours.
func (s *Service) evidenceRoom() *evidence.Room {
	n := s.node
	return evidence.New(evidence.Deps{
		Gate: n.gate, Renderer: renderer{n.pool}, Journal: s.casebook,
		Index:   evidenceIndex{s.index()},
		Footage: footage{archive: n.archive, recorder: n.recorder},
	})
}

// evidenceIndex shows the catalog to the investigators' room.
type evidenceIndex struct{ index }

func catalogSearch(q evidence.Query) catalog.EventSearch {
	out := catalog.EventSearch{
		Cameras: q.Cameras, Kinds: q.Kinds, Labels: q.Labels, Span: q.Span, MinArea: q.MinArea, MaxArea: q.MaxArea,
		Region: q.Region, Before: q.Before, Limit: q.Limit,
	}
	for _, h := range q.Headings {
		out.Headings = append(out.Headings, catalog.Heading(h))
	}
	return out
}

// Search returns the latest events that match.
func (x evidenceIndex) Search(ctx context.Context, q evidence.Query) ([]evidence.Event, bool, error) {
	found, more, err := x.catalog.Search(ctx, catalogSearch(q))
	if err != nil {
		return nil, false, err
	}
	out := make([]evidence.Event, len(found))
	for i, e := range found {
		out[i] = evidence.Event{Event: e.Event, Verdict: e.Verdict, By: e.By}
	}
	return out, more, nil
}

// Activity counts what matches by steps.
func (x evidenceIndex) Activity(ctx context.Context, q evidence.Query, step time.Duration) (map[shouwang.CameraID][]int, error) {
	return x.catalog.Activity(ctx, catalogSearch(q), step)
}

// Cover returns what of a stretch can be played.
func (x evidenceIndex) Cover(ctx context.Context, camera shouwang.CameraID, span shouwang.Span) (evidence.Cover, error) {
	c, err := x.catalog.Cover(ctx, camera, span)
	return evidence.Cover{Recorded: c.Recorded, Erased: c.Erased, Gaps: c.Gaps}, err
}

// Stamps returns how well times are known.
func (x evidenceIndex) Stamps(ctx context.Context, camera shouwang.CameraID, span shouwang.Span) ([]evidence.Stamped, error) {
	found, err := x.catalog.Stamps(ctx, camera, span)
	if err != nil {
		return nil, err
	}
	out := make([]evidence.Stamped, len(found))
	for i, s := range found {
		out[i] = evidence.Stamped{Span: s.Span, Offset: s.Offset, Uncertainty: s.Uncertainty, Source: s.Source}
	}
	return out, nil
}

// Keys tells what has become of the keys of a stretch.
func (x evidenceIndex) Keys(ctx context.Context, camera shouwang.CameraID, span shouwang.Span) (policy.KeyState, error) {
	clip, err := x.stored(ctx, shouwang.Clip{Camera: camera, Span: span})
	return clip.Keys, err
}

// Settle has what is being recorded just now stand in the index.
func (f footage) Settle(ctx context.Context, camera shouwang.CameraID) { f.recorder.Flush(ctx, camera) }
