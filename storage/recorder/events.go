package recorder

import (
	"context"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/storage"
)

// happening is an event that wants, or wanted, recording.
type happening struct {
	event shouwang.Event
	heard time.Time // our clock when it was last told
	over  bool
	span  shouwang.Span // with pre-roll and, when over, post-roll
	begun bool          // a segment holds its beginning
}

// maxLive bounds the events a session remembers.
const maxLive = 256

func (s *Session) onEvent(ctx context.Context, e shouwang.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return
	}
	now := s.rec.deps.Clock()
	h, known := s.live[e.ID]
	if !known {
		if len(s.live) >= maxLive {
			s.rec.deps.Log.Warn("too many events at once; one is not recorded for itself", "camera", s.camera, "event", e.ID)
			return
		}
		h = &happening{span: shouwang.Span{From: e.Start.Add(-s.rec.cfg.PreRoll)}}
		s.live[e.ID] = h
	}
	h.event, h.heard = e, now
	if e.Phase == shouwang.PhaseEnd {
		s.over(h, e.End)
	}
	if !known {
		s.preRoll(ctx, h.span.From)
	}
}

// over ends an event; recording goes on for the post-roll.
func (s *Session) over(h *happening, end time.Time) {
	if end.Before(h.event.Start) {
		end = h.event.Start
	}
	h.over, h.span.To = true, end.Add(s.rec.cfg.PostRoll)
	if h.span.To.After(s.until) {
		s.until = h.span.To
	}
}

// expire ends events that nobody has spoken of for too long.
func (s *Session) expire(now time.Time) {
	for _, h := range s.live {
		if !h.over && now.Sub(h.heard) > s.rec.cfg.MaxEvent {
			s.over(h, h.heard)
		}
	}
}

// wanted reports whether an event wants the moment recorded.
func (s *Session) wanted(at time.Time) bool {
	s.expire(s.rec.deps.Clock())
	if at.Before(s.until) {
		return true
	}
	for _, h := range s.live {
		if !h.over {
			return true
		}
	}
	return false
}

// preRoll writes what the history still holds from before the event, as far as
// it is permitted and not written yet.
func (s *Session) preRoll(ctx context.Context, from time.Time) {
	if s.history == nil || s.rolling() && s.seg != nil {
		return
	}
	s.spare(false) // first: what comes behind the history is to be whole
	s.bulk = true
	defer s.synced()
	for _, u := range s.history(from) {
		if s.wroteAny && !s.written.before(u) {
			continue
		}
		if s.seenAny && s.seen.before(u) {
			s.observe(u)
		}
		if !s.permitted(ctx, u) {
			s.close(ctx)
			continue
		}
		how := s.grant.Recording()
		if how.Mode != policy.RecordEvents || how.Stream != "" && how.Stream != s.stream {
			return
		}
		s.write(ctx, u)
		if !s.seenAny || s.seen.before(u) {
			s.seen, s.seenAny = position{u.Epoch, u.Seq}, true
		}
	}
}

// synced ends writing in bulk: what was written is made durable at once. If that
// fails the next fragment fails too, and says why.
func (s *Session) synced() {
	s.bulk = false
	if s.seg == nil || s.seg.sequence == 0 {
		return
	}
	if err := s.seg.file.Progress(); err != nil {
		s.rec.deps.Log.Error("what was before an event is not yet durable", "camera", s.camera, "segment", s.seg.meta.ID, "error", err)
	}
}

// putClips writes the clips of the events that the segment just closed holds
// something of, and forgets those that are whole.
func (s *Session) putClips(ctx context.Context, row *storage.Segment) {
	for id, h := range s.live {
		span := h.span
		if span.To.IsZero() || span.To.After(row.To) {
			span.To = row.To
		}
		if !span.Overlaps(row.Span) && !h.over {
			continue
		}
		// A segment that goes on within a GOP is played from the one before it.
		if !h.begun && span.From.Before(s.run) {
			h.span.From, span.From = s.run, s.run
		}
		h.begun = true
		s.putClip(ctx, h, span, row.Grant)
		if h.over && !h.span.To.After(row.To) {
			delete(s.live, id)
		}
	}
}

func (s *Session) putClip(ctx context.Context, h *happening, span shouwang.Span, grant string) {
	if s.rec.deps.Past != nil {
		bytes, err := s.rec.deps.Past.BytesIn(ctx, s.camera, span)
		if err != nil || bytes == 0 {
			return
		}
		clip := shouwang.Clip{
			ID: shouwang.ClipID("clip-" + string(h.event.ID)), Camera: s.camera, Span: span,
			Reason: "event", Event: h.event.ID, Grant: grant, Bytes: bytes,
		}
		if err := s.rec.deps.Index.PutClip(ctx, clip); err != nil {
			s.rec.deps.Log.Error("clip could not be noted", "camera", s.camera, "event", h.event.ID, "error", err)
			return
		}
		if s.rec.deps.OnClip != nil {
			s.rec.deps.OnClip(clip)
		}
	}
}

// settleClips forgets events that are over once nothing more of them will be
// recorded.
func (s *Session) settleClips(context.Context) {
	for id, h := range s.live {
		if h.over {
			delete(s.live, id)
		}
	}
}

// cutForClip closes a rolling segment soon after an event, so that its clip
// can be played.
func (s *Session) cutForClip(at time.Time) {
	for _, h := range s.live {
		if h.over && !at.Before(h.span.To) {
			s.cut = true
		}
	}
}
