package service

import (
	"context"

	"shouwang"
	"shouwang/storage/catalog"
	"shouwang/web/approvals"
)

// approvalsRoom joins the room of second approvals to the register.
func (s *Service) approvalsRoom() approvals.Deps {
	return approvals.Deps{Store: s.approvals, Gate: s.node.gate, Clips: clipSpans{s.node.archive.Catalog}}
}

// clipSpans finds what a clip stands for.
type clipSpans struct{ catalog *catalog.DB }

// ClipSpan returns a clip's camera and stretch of time.
func (c clipSpans) ClipSpan(ctx context.Context, id shouwang.ClipID) (shouwang.CameraID, shouwang.Span, error) {
	clip, err := c.catalog.Clip(ctx, id)
	return clip.Camera, clip.Span, err
}
