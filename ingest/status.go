package ingest

import (
	"time"

	"shouwang"
)

// unit takes every access unit of the stream, from the session's goroutine.
func (l *link) unit(u *shouwang.AccessUnit) {
	now := u.Received
	l.mu.Lock()
	if l.denied { // permission ended while this unit was on its way
		l.mu.Unlock()
		return
	}
	s := &l.status
	s.Units++
	s.Bytes += uint64(u.Size())
	s.Lost += uint64(u.Lost)
	s.Width, s.Height = u.Params.Width, u.Params.Height
	s.Offset, s.Uncertainty = u.Wall.Offset, u.Wall.Uncertainty
	s.LastUnit = now
	l.meter.add(u, now)
	live := s.State == shouwang.LinkLive
	l.mu.Unlock()
	if !live {
		l.set(shouwang.LinkLive, "", "")
	}
	l.hub.Publish(u)
}

// set changes the state and tells about it, once per change.
func (l *link) set(state shouwang.LinkState, code shouwang.Code, detail string) {
	l.tell.Lock()
	defer l.tell.Unlock()
	l.mu.Lock()
	s := &l.status
	changed := s.State != state || s.Code != code || s.Detail != detail
	if s.State != state {
		s.Since = l.m.deps.Clock()
	}
	s.State, s.Code, s.Detail = state, code, detail
	l.mu.Unlock()
	if !changed {
		return
	}
	l.m.deps.Log.Info("stream state", "camera", l.camera, "stream", l.source.Kind,
		"state", state, "code", code, "detail", detail)
	l.m.deps.OnStatus(l.snapshot())
}

// checkStall marks a live stream that fell silent; its session gives up later.
func (l *link) checkStall(now time.Time) {
	l.mu.Lock()
	quiet := l.status.State == shouwang.LinkLive && now.Sub(l.status.LastUnit) >= l.m.cfg.StallAfter
	l.mu.Unlock()
	if quiet {
		l.set(shouwang.LinkStalled, shouwang.CodeStalled, "connected, but no picture arrives")
	}
}

// snapshot returns the status with what the meter measured.
func (l *link) snapshot() shouwang.StreamStatus {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.status
	s.FPS, s.Bitrate, s.GOP = l.meter.fps, l.meter.bitrate, l.meter.gop
	return s
}
